"""`sellable serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text

from sellable.cli.terminal import console_of
from sellable.settings import InForce

if TYPE_CHECKING:
    from sellable.rpc.server import RunningServer
    from sellable.settings import Settings
    from sellable.workers.messages import Ready


def serve_command(in_force: InForce) -> None:
    """Serve the API until SIGTERM or SIGINT.

    Several workers share the port, one core each; SIGHUP replaces them one by
    one. Each setting is a flag, a SELLABLE_* variable or a line of the settings
    file; the first of them that says something counts.

    Examples:
      sellable serve --data ./stock
      sellable serve --store redis://localhost:6379 --listen 0.0.0.0:50051
      sellable serve --config sellable.yaml --log-level debug
      sellable serve --workers 4 --metrics-listen 127.0.0.1:9090
    """
    # What serving needs takes seconds to load on a busy machine: no other command waits for it.
    import structlog  # noqa: PLC0415

    from sellable.logs import configure_logs  # noqa: PLC0415
    from sellable.rpc.run import run_event_loop  # noqa: PLC0415
    from sellable.service import serve  # noqa: PLC0415
    from sellable.workers.supervisor import supervise  # noqa: PLC0415

    settings = in_force.settings
    configure_logs(level=settings.log_level, form=settings.log_format)

    def ready(server: RunningServer | Ready) -> None:
        structlog.get_logger("sellable").info(
            "serving",
            address=server.address,
            transport=server.transport,
            workers=settings.workers,
        )
        if sys.stdout.isatty():
            console_of(sys.stdout).print(_greeting(server, settings), soft_wrap=True)

    main = serve if settings.workers == 1 else supervise
    run_event_loop(main(settings, ready))


def _greeting(server: RunningServer | Ready, settings: Settings) -> Text:
    """Tell a person where it serves, from what, and what to do next."""
    stock = f"stock in {settings.data}" if settings.store is None else "stock in the store given"
    return Text.assemble(
        "sellable serves at ",
        (server.address, "bold green"),
        f", {stock}. Ask it from another terminal: ",
        ("sellable check web/FR SKU", "bold"),
        ". Ctrl-C ends it.",
    )
