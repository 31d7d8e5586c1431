"""The files of a simulation: read, replayed, and each bad row told with its line."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.cli.documents import document_name, opened_rows
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.item_rows import rows
from sellable.cli.show import number
from sellable.cli.verify import progress_bar
from sellable.errors import InvalidFields, UnknownMarket
from sellable.ingest.compressed import unpacked
from sellable.ingest.rows import FileProblem
from sellable.places.destination import located
from sellable.places.reading import read_postal_codes
from sellable.rpc.convert.inventory import item
from sellable.simulate import BadRow, RefusedRow, UnusableFile, read_orders, read_snapshot
from sellable.stock import FactResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sellable.geo import Point
    from sellable.network import Network
    from sellable.simulate import Replay, Snapshot, TimedOrder
    from sellable.stock import Item

Span: TypeAlias = "tuple[int | None, int | None]"  # in ms; None does not bound it

_TOLD_MAX: Final = 1_000  # bad rows in JSON
_SHOWN_MAX: Final = 20  # and for people
_ORDERS_PER_STEP: Final = 20  # of the progress bar


class BadRows:
    """Rows that are left out, by file; so many are kept as are told.

    Args:
        skipped: Whether to go on without them.
    """

    def __init__(self, *, skipped: bool) -> None:
        self.skipped = skipped
        self.count = 0
        self.kept: list[tuple[str, BadRow]] = []

    def add(self, name: str, row: BadRow) -> None:
        """Count a row."""
        self.count += 1
        if len(self.kept) < _TOLD_MAX:
            self.kept.append((name, row))

    def notes(self) -> list[str]:
        """Return what people read, one a row."""
        shown = [f"{name}:{row.line}: {row.problem}" for name, row in self.kept[:_SHOWN_MAX]]
        more = self.count - len(shown)
        return [*shown, f"... and {number(more)} more rows"] if more else shown

    def values(self) -> list[dict[str, Any]]:
        """Return what scripts read."""
        return [{"file": name, "line": row.line, "problem": row.problem} for name, row in self.kept]

    def refuse(self) -> None:
        """End the command if there is any that may not be skipped."""
        if self.count and not self.skipped:
            rows_told = f"{number(self.count)} row{'s' if self.count > 1 else ''}"
            raise Failure(
                f"{rows_told} not valid: nothing was simulated",
                exit_code=ExitCode.USAGE,
                reason="INVALID_ROWS",
                notes=self.notes(),
                hint="--skip-bad leaves them out",
                bad_row_count=self.count,
                bad_rows=self.values(),
            )


class Places:
    """Where destinations are: as they state, or by a table of postal codes."""

    def __init__(self, table: Path | None) -> None:
        """Read the table, if there is one.

        Raises:
            SettingsRefused: If it cannot be read.
        """
        self._codes = read_postal_codes(table) if table else None

    def locate(self, country: str, postal_code: str, point: Point | None) -> Point:
        """Return the point of a destination.

        Raises:
            RefusedRow: If there is none, or it is at sea.
        """
        if point is None and self._codes is None:
            raise RefusedRow("destination: has no point; --postal-codes FILE looks up postal codes")
        try:
            return located(self._codes, country, postal_code, point, field="destination")
        except InvalidFields as error:
            [violation] = error.violations
            raise RefusedRow(f"{violation.field}: {violation.description}") from error


def play(
    file: Path, network: Network, replay: Replay, span: Span, places: Places, bad: BadRows
) -> int:
    """Play every order of a span, from the first until just before the last ms; count the others.

    Once a row is bad that may not be skipped, the rest is only read for what else is bad.

    Raises:
        Failure: If the file cannot be read, or has no order.
    """
    name, left_out, before_ms, played = document_name(file), 0, None, 0
    sourcing = network.sourcing
    with _unpacked(file) as (stream, fraction), progress_bar("simulating") as bar:
        task = bar.add_task("", total=1.0)
        orders = read_orders(stream, sourcing.currency, sourcing.exchange_rates, places.locate)
        for order in orders:
            if isinstance(order, BadRow):
                bad.add(name, order)
                continue
            if before_ms is not None and order.at_ms < before_ms:
                problem = "is placed before the order above it: sort the file by time"
                bad.add(name, BadRow(order.line, problem))
                continue
            before_ms = order.at_ms
            if not _within(span, order.at_ms):
                left_out += 1
            elif bad.skipped or not bad.count:
                _play_one(order, replay, name, bad)
                played += 1
                if played % _ORDERS_PER_STEP == 0:
                    told = f"{number(played)} orders"
                    bar.update(task, completed=fraction(), description=told)
    if not played and not left_out and not bad.count:
        raise usage(f"{name} has no order")
    return left_out


def _within(span: Span, at_ms: int) -> bool:
    from_ms, until_ms = span
    return (from_ms is None or at_ms >= from_ms) and (until_ms is None or at_ms < until_ms)


def _play_one(order: TimedOrder, replay: Replay, name: str, bad: BadRows) -> None:
    try:
        replay.play(order)
    except (InvalidFields, UnknownMarket) as error:
        bad.add(name, BadRow(order.line, str(error)))


def snapshot_of(file: Path, network: Network, bad: BadRows) -> Snapshot:
    """Return the positions of a file.

    Raises:
        Failure: If it cannot be read, or has none.
    """
    name = document_name(file)
    locations = {location.id for location in network.locations}
    with _unpacked(file) as (stream, _):
        return read_snapshot(stream, locations, lambda row: bad.add(name, row))


def items_of(file: Path | None, bad: BadRows) -> dict[str, Item]:
    """Return the master data of a file, or none without one.

    Raises:
        Failure: If it cannot be read.
    """
    if file is None:
        return {}
    name = document_name(file)
    found: dict[str, Item] = {}
    now = Timestamp()
    now.GetCurrentTime()
    with _unpacked(file) as (stream, _):
        for row in rows(stream, name, now):
            made = row.problem if row.item is None else item(row.item)
            if isinstance(made, FactResult):
                made = made.detail
            if isinstance(made, str):
                bad.add(name, BadRow(row.line, made))
            else:
                found[made.sku] = made
    return found


@contextmanager
def _unpacked(file: Path) -> Iterator[tuple[BinaryIO, Callable[[], float | None]]]:
    """Open a file, packed or not, and give a function that says how far it was read, 0 to 1.

    Raises:
        Failure: If it cannot be read, or is not what it should be.
    """
    try:
        with opened_rows(file) as opened:
            size = file.stat().st_size if str(file) != "-" else 0
            stream = unpacked(opened)
            if isinstance(stream, io.RawIOBase):
                stream = io.BufferedReader(stream)
            yield stream, lambda: opened.tell() / size if size else None
    except (FileProblem, UnusableFile) as problem:
        raise usage(f"{document_name(file)}: {problem}") from problem
