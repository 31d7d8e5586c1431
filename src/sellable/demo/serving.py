"""The service of the demo: a process of its own, embedded store included, that ends with ours.

Its standard input is a pipe that nobody writes to: when the process at the other end is gone, for
whatever reason, the pipe ends, and so does the service, cleanly. Its first line on standard output
says where it serves, or why it does not.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from sellable.errors import SellableError
from sellable.logs import configure_logs
from sellable.rpc.listen import parse_address, require_free
from sellable.rpc.run import run, run_event_loop
from sellable.service import answers, open_store, registrations, server_options
from sellable.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.rpc.server import RunningServer
    from sellable.settings import Settings

_STOP_S_MAX: Final = 30.0
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class ServiceEnded(SellableError):
    """The service of the demo did not start, or ended by itself."""


class _Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one line that the service tells its parent."""

    address: str = ""
    transport: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """The running service."""

    address: str
    transport: str
    process: asyncio.subprocess.Process

    async def until_stopped(self) -> None:
        """Return when a person or the system asks us to stop.

        Raises:
            ServiceEnded: The service is gone.
        """
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in _STOPS:
            loop.add_signal_handler(number, stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                gone = group.create_task(self._gone(stop))
                await stop.wait()
                gone.cancel()
        finally:
            for number in _STOPS:
                loop.remove_signal_handler(number)
        if self.process.returncode is not None:
            raise ServiceEnded(f"the service ended with code {self.process.returncode}")

    async def _gone(self, event: asyncio.Event) -> None:
        await self.process.wait()
        event.set()


@asynccontextmanager
async def service_process(listen: str, data: Path | None) -> AsyncIterator[ServiceProcess]:
    """Serve in a process of its own until the block ends.

    Args:
        listen: where.
        data: folder of the embedded store; None takes a temporary one.

    Raises:
        ServiceEnded: It could not start; the message says why.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__, listen, *([str(data)] if data else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: the service ends when we let it
    )
    try:
        ready = await _ready(process)
        yield ServiceProcess(ready.address, ready.transport, process)
    finally:
        await _end(process)


async def _ready(process: asyncio.subprocess.Process) -> _Ready:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise ServiceEnded(f"the service ended with code {await process.wait()} before it served")
    ready = msgspec.json.decode(line, type=_Ready)
    if ready.refusal:
        raise ServiceEnded(ready.refusal)
    return ready


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_STOP_S_MAX):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone; answer the exit code."""
    listen, *data = arguments
    try:
        # Whatever the environment says: the demo is not for anybody's data, nor for their keys.
        settings = load_settings(listen=listen, log_level="warning").model_copy(
            update={"store": None, "tls_certificate_file": None, "tls_key_file": None}
        )
        configure_logs(level=settings.log_level, form=settings.log_format)
        require_free(parse_address(settings.listen))
        run_event_loop(_serve(settings, Path(data[0]) if data else None))
    except SellableError as error:
        _tell(_Ready(refusal=str(error)))
        return 1
    return 0


async def _serve(settings: Settings, data: Path | None) -> None:
    def ready(server: RunningServer) -> None:
        _tell(_Ready(address=server.address, transport=server.transport))

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


def _tell(ready: _Ready) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
