"""`sellable serve`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation at run time
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from sellable.logs import configure_logs
from sellable.rpc.run import run_event_loop
from sellable.service import serve
from sellable.settings import load_settings

if TYPE_CHECKING:
    from sellable.rpc.server import RunningServer


def serve_command(
    *,
    listen: Annotated[str | None, typer.Option(help="host:port, [ipv6]:port or unix:path")] = None,
    store: Annotated[
        str | None, typer.Option(help="redis://, rediss:// or unix:// URL; none: embedded")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="data folder of the embedded store")] = None,
    transport: Annotated[str | None, typer.Option(help="auto, native or grpcio")] = None,
    durability: Annotated[str | None, typer.Option(help="fsync or primary")] = None,
    partitions: Annotated[int | None, typer.Option(help="units of atomicity; 1 for now")] = None,
) -> None:
    """Serve the API until SIGTERM or SIGINT; every setting is also a SELLABLE_* variable."""
    settings = load_settings(
        listen=listen,
        store=store,
        data=data,
        transport=transport,
        durability=durability,
        partitions=partitions,
    )
    configure_logs(level=settings.log_level, form=settings.log_format)

    def ready(server: RunningServer) -> None:
        structlog.get_logger("sellable").info(
            "serving", address=server.address, transport=server.transport
        )

    run_event_loop(serve(settings, ready))
