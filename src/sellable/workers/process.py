"""One worker process, as the supervisor sees it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from sellable.errors import ListenRefused, SellableError, StoreRefused, StoreUnavailable
from sellable.workers.messages import LINE_BYTES_MAX, Ready, Refused, line_of, message_of

if TYPE_CHECKING:
    from sellable.metrics.series import Series
    from sellable.workers.messages import Job

_PROGRAM: Final = "sellable.workers.worker"
_START_S_MAX: Final = 60.0
_COUNT_S_MAX: Final = 1.0
_HUNG_S: Final = 5.0  # beyond the grace of a drain
_KINDS: Final = {kind.__name__: kind for kind in (ListenRefused, StoreRefused, StoreUnavailable)}


class WorkerFailed(SellableError):
    """A worker did not come to serve."""


class WorkerProcess:
    """A process from `launch` until it has ended; `counted` is what it last told."""

    def __init__(
        self,
        number: int,
        job: Job,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.number = number
        self.counted: list[Series] = []
        self._process = process
        self._reader = reader
        self._writer = writer
        settings = job.settings
        self._stop_s_max = (settings.drain_notice_ms + settings.drain_grace_ms) / 1_000 + _HUNG_S
        self._ready: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        self._told = asyncio.Event()
        self._asked = False
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def launch(cls, number: int, job: Job) -> Self:
        """Start a worker; it may still fail to serve."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", _PROGRAM, str(number)),
                stdin=theirs.fileno(),
                pass_fds=job.kin,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=LINE_BYTES_MAX)
        writer.write(line_of(job))
        return cls(number, job, process, reader, writer)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ready(self) -> Ready:
        """Return once the worker serves.

        Raises:
            WorkerFailed: It ended before, or took too long.
            ListenRefused, StoreRefused, StoreUnavailable: What it was refused.
        """
        try:
            async with asyncio.timeout(_START_S_MAX):
                return await asyncio.shield(self._ready)
        except TimeoutError:
            raise WorkerFailed(f"worker {self.number} took over {_START_S_MAX:.0f} s") from None

    async def count(self) -> list[Series]:
        """Ask for the counters; return the last ones told if it does not answer in time."""
        if not self._ready.done() or self._writer.is_closing():
            return self.counted
        self._told.clear()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_COUNT_S_MAX):
                self._writer.write(b"\n")
                await self._told.wait()
        return self.counted

    async def ended(self) -> int:
        """Return the exit code once the process is gone, and has told its last counters."""
        code = await self._process.wait()
        await self._listening
        return code

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to drain, on SIGHUP without notice to balancers; a second time hurries it."""
        self._asked = True
        with suppress(ProcessLookupError):
            self._process.send_signal(how)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Drain it and wait until it is gone, by force when its grace is over."""
        if not self._asked:  # who drains already is not to be hurried
            self.stop(how)
        try:
            async with asyncio.timeout(self._stop_s_max):
                await self.ended()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self.ended()

    async def _listen(self) -> None:
        refusal: SellableError | None = None
        with suppress(ConnectionError):
            while line := await self._reader.readline():
                match message_of(line):
                    case Ready() as ready:
                        self._ready.set_result(ready)
                    case Refused(kind=kind, text=text):
                        refusal = _KINDS.get(kind, WorkerFailed)(text)
                    case counted:
                        self.counted = counted.series
                        self._told.set()
        self._told.set()  # nothing more comes
        self._writer.close()
        if not self._ready.done():
            code = await self._process.wait()
            self._ready.set_exception(refusal or WorkerFailed(self._why(code)))
            self._ready.exception()  # seen, also where nobody waits for it any more

    def _why(self, code: int) -> str:
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        return f"worker {self.number} (pid {self.pid}) ended {how} before it served"
