"""`sellable ingest watch`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.ingest_options import (
    MAX_ZEROED,
    PROFILE,
    Delimiter,
    Encoding,
    Format,
    Location,
    MaxZeroed,
    ProfileName,
    Reading,
    Source,
    Sync,
    give_way,
    order_of,
)
from sellable.ingest.forms import Form
from sellable.settings import InForce

if TYPE_CHECKING:
    from sellable.ingest.order import Loaded, Order
    from sellable.ingest.rows import Row
    from sellable.ingest.watch import Seen
    from sellable.settings import Settings


def watch_command(
    in_force: InForce,
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", show_default=False),
    ],
    *,
    source: Source,
    form: Format = Form.AUTO,
    profile: ProfileName = PROFILE,
    location: Location = "",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    sync: Sync = False,
    max_zeroed_fraction: MaxZeroed = MAX_ZEROED,
    settle: Annotated[
        float, typer.Option(min=0, max=3_600, help="seconds without a change: the file is complete")
    ] = 2.0,
    marker: Annotated[
        bool,
        typer.Option("--marker", help="A file is complete once FILE.done or FILE.ok is there."),
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Load what is there and end, as cron wants it.")
    ] = False,
) -> None:
    """Load the files that arrive in a folder, then move them to done/ or failed/ in it.

    A file is taken once nobody writes to it. Each content is loaded once, whatever it is called and
    whenever this is killed; failed/ has the reason beside the file. Names that begin with a dot or
    end in .part, .tmp or .filepart are left alone. Of several watchers one works, the others wait.

    Examples:
      sellable ingest watch /srv/feeds/erp --source erp --location DC-PARIS
      sellable ingest watch in --source 3pl --sync --marker
      sellable ingest watch in --source erp --once
    """
    # Only those who load need them, and they take long to read.
    from sellable.logs import configure_logs  # noqa: PLC0415
    from sellable.rpc.run import run_event_loop  # noqa: PLC0415

    if not folder.is_dir():
        raise usage(f"{folder} is not a folder")
    settings = in_force.settings
    configure_logs(level=settings.log_level, form=settings.log_format)
    reading = Reading(form, profile, location, encoding, delimiter)
    order = order_of(source, reading, sync=sync, max_zeroed_fraction=max_zeroed_fraction)
    seen: list[Seen] = []

    async def main() -> None:
        seen.append(
            await _watch(settings, folder, order, settle_s=settle, marked=marker, once=once)
        )

    run_event_loop(main())
    refused = any(one.failed or one.stuck or one.refused_rows for one in seen)
    raise typer.Exit(ExitCode.REFUSED if once and refused else ExitCode.DONE)


class _Unseen:
    """Nobody looks on: the log tells of each file."""

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        del loaded, bytes_read

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        del row, reason, detail


async def _watch(
    settings: Settings, folder: Path, order: Order, *, settle_s: float, marked: bool, once: bool
) -> Seen:
    from sellable.ingest.inbox import Inbox  # noqa: PLC0415
    from sellable.ingest.opening import open_ingest_store  # noqa: PLC0415
    from sellable.ingest.watch import Watch  # noqa: PLC0415

    give_way()
    async with open_ingest_store(settings) as store:
        watch = Watch(store, Inbox(folder, settle_s, marked), order, _Unseen())
        if once:
            if not await watch.once():
                raise Failure(
                    f"another process watches {folder}: nothing was done",
                    exit_code=ExitCode.REFUSED,
                    reason="FOLDER_IS_WATCHED",
                )
            return watch.seen
        working = asyncio.ensure_future(watch.run())
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            # What a file has of applied rows is in the store: the next start goes on behind it.
            loop.add_signal_handler(stop, working.cancel)
        with suppress(asyncio.CancelledError):
            await working
        return watch.seen
