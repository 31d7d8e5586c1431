"""The service of the demo as a process of its own, embedded store included."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from sellable.errors import SellableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_CHILD: Final = "sellable.demo.serving"  # not imported: this process needs no store
_STOP_S_MAX: Final = 30.0
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class ServiceEnded(SellableError):
    """The service of the demo did not start, or ended by itself."""


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
        *(sys.executable, "-P", "-m", _CHILD, listen, *([str(data)] if data else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: the service ends when we let it
    )
    try:
        ready = await _ready(process)
        yield ServiceProcess(ready.address, ready.transport, process)
    finally:
        await _end(process)


async def _ready(process: asyncio.subprocess.Process) -> Ready:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise ServiceEnded(f"the service ended with code {await process.wait()} before it served")
    ready = msgspec.json.decode(line, type=Ready)
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
