"""`sellable sourcing simulate`: orders of the past under profiles that are not in force yet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final, NamedTuple

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from sellable.cli.client import AsJson
from sellable.cli.documents import document_name, opened_rows, parsed, read_document
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.picture import check_picture
from sellable.cli.show import number
from sellable.cli.terminal import write_answer
from sellable.cli.typed import duration_ms, timestamp
from sellable.cli.verify import progress_bar
from sellable.errors import UnknownMarket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network import Network
    from sellable.simulate import BadRow, Replay, Snapshot, TimedOrder
    from sellable.stock import Item

_DAY_MS: Final = 24 * 3600 * 1000
_TOLD_MAX: Final = 1_000  # bad rows in JSON
_SHOWN_MAX: Final = 20  # and for people
_ORDERS_PER_STEP: Final = 20  # of the progress bar

_Orders = Annotated[
    Path,
    typer.Option(metavar="FILE", help="JSON Lines or CSV, also packed; - is standard input"),
]
_Stock = Annotated[Path, typer.Option(metavar="FILE", help="CSV or JSON Lines of positions")]
_Network = Annotated[Path, typer.Option(metavar="FILE", help="a YAML document with profiles")]
_Items = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="weight, value and class, as `sellable items put` reads it"),
]
_Profiles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        show_default="every profile",
        help="to compare; the first one is what the others differ from",
    ),
]
_From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="leave out orders that were placed before")
]
_Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="leave out orders placed then or later")
]
_SlowAfter = Annotated[
    str, typer.Option(metavar="TIME", help="stock that needs longer to leave is slow")
]
_SolveLimit = Annotated[
    str, typer.Option(metavar="TIME", help="after it a decision is the best so far")
]
_SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="leave out rows that are not valid, and go on")
]
_Plot = Annotated[
    Path | None, typer.Option(metavar="FILE", help="draw it into a .png, .svg or .pdf as well")
]


class Span(NamedTuple):
    """Orders of which times count, in ms: from the first until just before the last."""

    from_ms: int | None
    until_ms: int | None

    def holds(self, at_ms: int) -> bool:
        """Tell whether a moment is within."""
        return (self.from_ms is None or at_ms >= self.from_ms) and (
            self.until_ms is None or at_ms < self.until_ms
        )


class BadRows:
    """Rows that are left out, by file; so many are kept as are told."""

    def __init__(self) -> None:
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
        """End the command if there is any."""
        if self.count:
            rows = f"{number(self.count)} row{'s' if self.count > 1 else ''}"
            raise Failure(
                f"{rows} not valid: nothing was simulated",
                exit_code=ExitCode.USAGE,
                reason="INVALID_ROWS",
                notes=self.notes(),
                hint="--skip-bad leaves them out",
                bad_row_count=self.count,
                bad_rows=self.values(),
            )


def add_simulate(group: typer.Typer) -> None:
    """Register the command."""
    group.command("simulate")(simulate_command)


def simulate_command(
    *,
    orders: _Orders,
    stock: _Stock,
    network: _Network,
    items: _Items = None,
    profile: _Profiles = None,
    from_time: _From = "",
    until_time: _Until = "",
    slow_after: _SlowAfter = "60d",
    solve_limit: _SolveLimit = "200ms",
    skip_bad: _SkipBad = False,
    plot: _Plot = None,
    as_json: AsJson = False,
) -> None:
    """Replay orders under profiles, each from the same stock, and say what differs.

    Asks no service. Each order is decided at its own time, so dated strategies apply as they
    would have; what it takes of stock and daily capacity is gone for the next. The columns of a
    CSV of orders are order, time, channel, country, destination_country, postal_code, latitude,
    longitude, sku, quantity, one row a line; of stock: sku, location, on_hand_quantity, and
    reserved_quantity, safety_stock_quantity, blocked, daily_outflow if there are such. Exit
    code 2 if a row is not valid.

    Examples:
      sellable sourcing simulate --orders o.csv.gz --stock s.csv --network n.yaml
      sellable sourcing simulate --orders o.jsonl --stock s.csv --network n.yaml
        --profile today --profile peak --from 2026-11-20 --until 2026-12-01
        --plot peak.png
    """
    check_picture(plot)
    span = Span(_bound(from_time, "--from"), _bound(until_time, "--until"))
    limit_ms = duration_ms(solve_limit, "--solve-limit")
    slow_after_days = duration_ms(slow_after, "--slow-after") / _DAY_MS
    document = parsed(document_name(network), read_document(network))
    names = _profiles(document, profile or [])
    bad = BadRows()
    snapshot = _snapshot(stock, document, bad)
    known = _items(items, bad)
    if not skip_bad:
        bad.refuse()
    # Only those who simulate need them: the solver takes long to read.
    from sellable.cli.sourcing_simulate_view import answer_of, draw_figures  # noqa: PLC0415
    from sellable.simulate import Replay  # noqa: PLC0415
    from sellable.sourcing.decide import Profiles  # noqa: PLC0415

    replay = Replay(
        document,
        Profiles(document, 1),
        snapshot,
        known,
        names,
        slow_after_days=slow_after_days,
        solve_limit_ms=limit_ms,
    )
    left_out = _play(orders, document, replay, span, bad, go_on=skip_bad)
    if not skip_bad:
        bad.refuse()
    answer = answer_of(replay.figures, document.sourcing.currency, left_out, bad)
    if plot is not None:
        draw_figures(replay.figures, document.sourcing.currency, plot)
        if not as_json:
            answer = answer._replace(view=[*answer.view, Text(f"picture in {plot}")])
    write_answer(answer, as_json=as_json)


def _play(
    file: Path, network: Network, replay: Replay, span: Span, bad: BadRows, *, go_on: bool
) -> int:
    """Play every order within the span; return how many were outside of it.

    Without `go_on` nothing is played after a bad row, and the rest is read for what else is bad.
    """
    from sellable.simulate import BadRow, read_orders  # noqa: PLC0415

    name, left_out, before_ms, played = document_name(file), 0, None, 0
    sourcing = network.sourcing
    with _unpacked(file) as (stream, fraction), progress_bar("simulating") as bar:
        task = bar.add_task("", total=1.0)
        for order in read_orders(stream, sourcing.currency, sourcing.exchange_rates):
            if isinstance(order, BadRow):
                bad.add(name, order)
                continue
            if before_ms is not None and order.at_ms < before_ms:
                problem = "is placed before the order above it: sort the file by time"
                bad.add(name, BadRow(order.line, problem))
                continue
            before_ms = order.at_ms
            if not span.holds(order.at_ms):
                left_out += 1
            elif go_on or not bad.count:
                _play_one(order, replay, name, bad)
                played += 1
                if played % _ORDERS_PER_STEP == 0:
                    told = f"{number(played)} orders"
                    bar.update(task, completed=fraction(), description=told)
    if not played and not left_out and not bad.count:
        raise usage(f"{name} has no order")
    return left_out


def _play_one(order: TimedOrder, replay: Replay, name: str, bad: BadRows) -> None:
    from sellable.simulate import BadRow  # noqa: PLC0415

    try:
        replay.play(order)
    except UnknownMarket as error:
        bad.add(name, BadRow(order.line, str(error)))


def _profiles(network: Network, asked: Sequence[str]) -> list[str]:
    known = [profile.name for profile in network.sourcing.profiles]
    if not known:
        raise usage("the network has no sourcing profile: nothing can be simulated")
    for name in asked:
        if name not in known:
            raise usage(f"the network has no profile {name!r}; it has {', '.join(known)}")
    return list(dict.fromkeys(asked)) or known


def _snapshot(file: Path, network: Network, bad: BadRows) -> Snapshot:
    from sellable.simulate import read_snapshot  # noqa: PLC0415

    name = document_name(file)
    locations = {location.id for location in network.locations}
    with _unpacked(file) as (stream, _):
        return read_snapshot(stream, locations, lambda row: bad.add(name, row))


def _items(file: Path | None, bad: BadRows) -> dict[str, Item]:
    if file is None:
        return {}
    from sellable.cli.item_rows import rows  # noqa: PLC0415
    from sellable.rpc.convert.inventory import item  # noqa: PLC0415
    from sellable.simulate import BadRow  # noqa: PLC0415
    from sellable.stock import FactResult  # noqa: PLC0415

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
def _unpacked(file: Path) -> Iterator[tuple[BinaryIO, Any]]:
    """Open a file, packed or not, and give a function that says how far it was read, 0 to 1.

    Raises:
        Failure: If it cannot be read, or is not what it should be.
    """
    from sellable.ingest.compressed import unpacked  # noqa: PLC0415
    from sellable.ingest.rows import FileProblem  # noqa: PLC0415
    from sellable.simulate import UnusableFile  # noqa: PLC0415

    try:
        with opened_rows(file) as opened:
            size = file.stat().st_size if str(file) != "-" else 0
            stream = unpacked(opened)
            if isinstance(stream, io.RawIOBase):
                stream = io.BufferedReader(stream)
            yield stream, lambda: opened.tell() / size if size else None
    except (FileProblem, UnusableFile) as problem:
        raise usage(f"{document_name(file)}: {problem}") from problem


def _bound(text: str, hint: str) -> int | None:
    return timestamp(text, hint).ToMilliseconds() if text else None
