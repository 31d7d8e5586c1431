"""`sellable ingest file`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from sellable.cli.client import AsJson
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.ingest_options import (
    MAX_ZEROED,
    PROFILE,
    Delimiter,
    Encoding,
    Format,
    Location,
    MaxZeroed,
    ObservedAt,
    ProfileName,
    Reading,
    Source,
    Sync,
    give_way,
    order_of,
)
from sellable.cli.terminal import Answer, write_answer
from sellable.errors import Overloaded, StoreUnavailable
from sellable.ingest.forms import Form
from sellable.settings import InForce

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.cli.ingest_view import Display
    from sellable.errors import SellableError
    from sellable.ingest.order import Loaded, Order
    from sellable.settings import Settings
    from sellable.store.store import Store


_Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", show_default=False, help="- is standard input")
]
_Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where a load of the file was cut off.")
]
_Again = Annotated[
    bool, typer.Option("--again", help="Load a file that was loaded before once more.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would change.")]
_ShiftTime = Annotated[
    bool, typer.Option("--shift-time", help="Move all times so that the newest is now.")
]
_Rejects = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CSV of each row that is refused, and why")
]


def file_command(
    in_force: InForce,
    paths: _Paths,
    *,
    source: Source,
    form: Format = Form.AUTO,
    profile: ProfileName = PROFILE,
    location: Location = "",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    observed_at: ObservedAt = "",
    sync: Sync = False,
    max_zeroed_fraction: MaxZeroed = MAX_ZEROED,
    resume: _Resume = False,
    again: _Again = False,
    dry_run: _DryRun = False,
    shift_time: _ShiftTime = False,
    rejects: _Rejects = None,
    as_json: AsJson = False,
) -> None:
    """Load files of counts and changes: CSV, JSON Lines, Parquet, X12 846, EDIFACT INVRPT.

    Gzip and zstd are read as they are. Each row is applied exactly once, and has one outcome; rows
    that are refused are kept as dead letters, too. A load that was cut off goes on with --resume.

    Examples:
      sellable ingest file stock.csv --source erp --location DC-PARIS
      zcat all.jsonl.gz | sellable ingest file - --source wms --rejects bad.csv
      sellable ingest file a.csv --source shop --profile shopify-2024-long
      sellable ingest file stock.csv --source erp --dry-run
      sellable ingest file count.edi --source 3pl --location DC-3PL --sync
    """
    if shift_time and resume:
        raise usage(
            "--shift-time moves times by another span each time: load the file again without "
            "--resume, rows that were applied are recognised"
        )
    if shift_time and sync:
        raise usage("--shift-time is not for full counts: --sync --observed-at says when it was")
    reading = Reading(form, profile, location, encoding, delimiter, observed_at)
    order = order_of(source, reading, sync=sync, max_zeroed_fraction=max_zeroed_fraction)
    order = replace(order, resume=resume, again=again, shift=shift_time)
    results = _loaded(in_force.settings, paths, order, rejects, dry_run=dry_run)
    _write(results, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(_exit_code(results))


def _loaded(
    settings: Settings, paths: Sequence[str], order: Order, rejects: Path | None, *, dry_run: bool
) -> list[Loaded]:
    from sellable.cli.ingest_view import Display, Rejects  # noqa: PLC0415
    from sellable.rpc.run import run_event_loop  # noqa: PLC0415

    results: list[Loaded] = []
    with Rejects(rejects) as refused, Display(refused) as display:
        try:
            run_event_loop(_load_all(settings, paths, order, display, results, dry_run=dry_run))
        except KeyboardInterrupt:
            raise _interrupted(results, order) from None
    return results


def _write(results: Sequence[Loaded], *, dry_run: bool, as_json: bool) -> None:
    from sellable.cli.ingest_view import loaded_view  # noqa: PLC0415

    view = [part for loaded in results for part in loaded_view(loaded)]
    if dry_run:
        view.append(Text("nothing was changed: this was a dry run", style="bold"))
    write_answer(Answer({"files": [one.as_data() for one in results]}, view), as_json=as_json)


async def _load_all(
    settings: Settings,
    paths: Sequence[str],
    order: Order,
    display: Display,
    results: list[Loaded],
    *,
    dry_run: bool,
) -> None:
    # Only those who load need them, and they take long to read.
    from sellable.ingest.opening import open_ingest_store  # noqa: PLC0415

    give_way()
    async with open_ingest_store(settings) as store:
        for path in paths:
            display.begin(path)
            try:
                await _load_one(store, path, order, display, results, dry_run=dry_run)
            except (StoreUnavailable, Overloaded) as error:
                raise _lost(error, path, order, dry_run=dry_run) from error


async def _load_one(
    store: Store,
    path: str,
    order: Order,
    display: Display,
    results: list[Loaded],
    *,
    dry_run: bool,
) -> None:
    from sellable.ingest.content import opened  # noqa: PLC0415
    from sellable.ingest.counting import load_count  # noqa: PLC0415
    from sellable.ingest.dry_run import rehearse  # noqa: PLC0415
    from sellable.ingest.loading import LoadedBefore, LoadedElsewhere, load  # noqa: PLC0415
    from sellable.ingest.order import Loaded  # noqa: PLC0415
    from sellable.ingest.rows import FileProblem  # noqa: PLC0415

    work = rehearse if dry_run else load_count if order.sync else load
    try:
        with opened(path, sys.stdin.buffer) as content:
            results.append(await work(store, content, order, display))
    except FileProblem as problem:
        results.append(Loaded(name=path, problem=str(problem)))
    except LoadedElsewhere as other:
        results.append(Loaded(name=path, problem=str(other), known=True))
    except LoadedBefore as before:
        told = Loaded(name=path, problem=str(before), known=True)
        told.notes.append("--again loads it once more; rows that were applied are recognised")
        results.append(told)


def _exit_code(results: Sequence[Loaded]) -> ExitCode:
    if any(loaded.problem and not loaded.known for loaded in results):
        return ExitCode.USAGE
    stopped = any(isinstance(r, str) for loaded in results for r in loaded.counts.values())
    refused = any(loaded.refused or loaded.known for loaded in results)
    return ExitCode.REFUSED if refused or stopped else ExitCode.DONE


def _interrupted(results: Sequence[Loaded], order: Order) -> Failure:
    done = f"; {len(results)} files were loaded before it" if results else ""
    return Failure(
        f"interrupted: what was applied stays{done}",
        exit_code=ExitCode.INTERRUPTED,
        reason="INTERRUPTED",
        hint=_how_to_go_on(order),
    )


def _lost(error: SellableError, path: str, order: Order, *, dry_run: bool) -> Failure:
    """Say that the store was lost on the way, and how to go on."""
    kept = "nothing was changed" if dry_run else "what was applied stays"
    return Failure(
        f"the load of {path} was cut off, {kept}: {error}",
        exit_code=ExitCode.NO_ANSWER,
        reason=error.reason,
        hint="" if dry_run else _how_to_go_on(order),
    )


def _how_to_go_on(order: Order) -> str:
    if order.shift:
        return "the same command reads it from its start, and recognises what was applied"
    return "the same command with --resume goes on behind the last row that was applied"
