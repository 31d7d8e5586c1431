"""What the process of the demo's service runs: `python -m sellable.demo.serving LISTEN [DATA]`.

Its standard input is a pipe that nobody writes to: when the process at the other end is gone, for
whatever reason, the pipe ends, and so does the service, cleanly. Its first line on standard output
says where it serves, or why it does not.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sellable.demo.process import Ready
from sellable.errors import SellableError
from sellable.logs import configure_logs
from sellable.registrations import registrations
from sellable.rpc.listen import parse_address, require_free
from sellable.rpc.run import run, run_event_loop
from sellable.service import answers, open_store, server_options
from sellable.settings import load_settings

if TYPE_CHECKING:
    from sellable.rpc.server import RunningServer
    from sellable.settings import Settings


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone; answer the exit code."""
    listen, *data = arguments
    try:
        # Whatever the environment says: the demo is not for anybody's data, nor for their keys.
        settings = replace(
            load_settings(listen=listen, log_level="warning"),
            store=None,
            tls_certificate_file=None,
            tls_key_file=None,
        )
        configure_logs(level=settings.log_level, form=settings.log_format)
        require_free(parse_address(settings.listen))
        run_event_loop(_serve(settings, Path(data[0]) if data else None))
    except SellableError as error:
        _tell(Ready(refusal=str(error)))
        return 1
    return 0


async def _serve(settings: Settings, data: Path | None) -> None:
    def ready(server: RunningServer) -> None:
        _tell(Ready(address=server.address, transport=server.transport))

    _end_with_parent()
    with suppress(asyncio.CancelledError):
        async with open_store(settings, data) as store:
            await run(
                registrations(store, settings),
                server_options(settings),
                store_answers=lambda: answers(store),
                on_ready=ready,
            )


def _end_with_parent() -> None:
    """Cancel this task, once, when the pipe ends: everything that is open is then closed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    pipe = sys.stdin.fileno()

    def ended() -> None:
        if not os.read(pipe, 1):
            loop.remove_reader(pipe)
            task.cancel()

    loop.add_reader(pipe, ended)


def _tell(ready: Ready) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
