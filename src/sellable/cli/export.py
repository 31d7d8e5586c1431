"""`sellable export-market`: every SKU of a market, as a file."""

from __future__ import annotations

import os
import secrets
import stat
import sys
import time
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.export_files import (
    CsvSheet,
    JsonLinesSheet,
    ParquetSheet,
    Sheet,
    require_parquet,
)
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.show import number
from sellable.cli.terminal import Answer, console_of
from sellable.cli.typed import market_name
from sellable.cli.verify import progress_bar
from sellable.v1.availability_pb2 import ExportAvailabilityRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, TextIO

_STANDARD_OUTPUT: Final = "-"


class Format(StrEnum):
    """What kind of file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


class _Done(NamedTuple):
    sku_count: int
    revision: str


def export_market_command(
    service: Service,
    context: typer.Context,
    market: Annotated[str, typer.Argument(metavar="MARKET", show_default=False)],
    *,
    form: Annotated[Format, typer.Option("--format", help="what kind of file")] = Format.CSV,
    out: Annotated[
        str, typer.Option(metavar="FILE|-", help="where to; - is standard output")
    ] = _STANDARD_OUTPUT,
) -> Answer:
    """Write every SKU of a market with its number, for a search index or a marketplace feed.

    The file appears when it is complete. The order is arbitrary, and a SKU may come twice: the
    later row is the newer one. SKUs are written as they are, also those that a spreadsheet would
    take for a formula. The last line on standard error has the revision that the export reflects.

    Examples:
      sellable export-market web/FR > web-FR.csv
      sellable export-market web/FR --format parquet --out web-FR.parquet
    """
    channel, country = market_name(market)
    if form is Format.PARQUET:
        require_parquet()
    request = ExportAvailabilityRequest(channel=channel, country=country)
    if out == _STANDARD_OUTPUT:
        if form is Format.PARQUET:
            raise usage("--format parquet needs --out FILE")
        if context.params.get("as_json"):
            raise usage("--json needs --out FILE: without it, standard output has the export")
        with _standard_output() as stream:
            done = _write(service, request, lambda _: _text_sheet(form, stream))
        return Answer({}, [])
    target = _target(out)
    with _appearing(target) as file:
        if form is Format.PARQUET:
            done = _write(service, request, lambda revision: ParquetSheet(file, revision))
        else:
            with open(file.fileno(), "w", encoding="utf-8", newline="", closefd=False) as stream:
                done = _write(service, request, lambda _: _text_sheet(form, stream))
    value = {
        "file": str(target),
        "format": str(form),
        "sku_count": done.sku_count,
        "revision": done.revision,
    }
    return Answer(value, [Text(f"{number(done.sku_count)} SKUs in {out}")])


def _write(
    service: Service, request: ExportAvailabilityRequest, begin: Callable[[str], Sheet]
) -> _Done:
    """Write every page as it comes, and tell a person how fast."""
    sheet: Sheet | None = None
    count, revision, begun = 0, "", time.monotonic()
    with progress_bar(f"exporting {request.channel}/{request.country}") as bar:
        task = bar.add_task("", total=1.0)
        for page in service.stream(service.availability.ExportAvailability, request):
            if sheet is None:
                revision = page.revision
                sheet = begin(revision)
            sheet.add(page.items)
            count += len(page.items)
            bar.update(task, completed=page.fraction, description=_told(count, begun))
    if sheet is None:
        raise Failure(
            "the export ended before it began",
            exit_code=ExitCode.NO_ANSWER,
            reason="STORE_UNAVAILABLE",
        )
    sheet.close()
    said = f"exported {_told(count, begun)}, revision {revision}"
    console_of(sys.stderr).print(Text(said), soft_wrap=True)
    return _Done(count, revision)


def _told(count: int, begun: float) -> str:
    rate = count / max(1e-3, time.monotonic() - begun)
    return f"{number(count)} SKUs, {number(round(rate))}/s"


def _text_sheet(form: Format, stream: TextIO) -> Sheet:
    return CsvSheet(stream) if form is Format.CSV else JsonLinesSheet(stream)


def _target(out: str) -> Path:
    """Return the file that is to appear, seen through links; nothing else may be replaced."""
    target = Path(out).resolve()
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except OSError as error:
        raise usage(f"cannot write {out}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise usage(f"cannot write {out}: it is not a file; --out - is standard output")
    return target


@contextmanager
def _appearing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file beside the target that takes its place at the end, or is gone."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise usage(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Give standard output in UTF-8; whoever closes it ends the export."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError as error:
        # What is still in the buffer would fail again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Failure(
            "standard output was closed before the export was complete",
            exit_code=ExitCode.REFUSED,
            reason="OUTPUT_CLOSED",
        ) from error
