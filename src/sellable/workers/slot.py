"""The place of one worker: filled at the start, again when it dies, and anew on request."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

import structlog

from sellable.errors import SellableError, StoreUnavailable
from sellable.workers.process import WorkerProcess

if TYPE_CHECKING:
    from sellable.metrics.series import Totals
    from sellable.workers.messages import Job, Ready

FAILED_STARTS_MAX: Final = 5  # in a row
_PAUSE_S_MIN: Final = 0.1
_PAUSE_S_MAX: Final = 5.0
_STEADY_S_MIN: Final = 10.0  # a worker that lived this long is started again without a pause

_log: Final = structlog.get_logger("sellable.workers")


class Slot:
    """A number, and the process that has it now.

    Args:
        number: From 1.
        job: What the process is to do.
        gone: Where to add what processes had counted that are gone.
    """

    def __init__(self, number: int, job: Job, gone: Totals) -> None:
        self.number = number
        self.restarts = 0
        self.processes: list[WorkerProcess] = []  # two while one takes over from another
        self._job = job
        self._gone = gone
        self._current: WorkerProcess | None = None
        self._changing = asyncio.Lock()
        self._seeing_off: set[asyncio.Task[None]] = set()
        self._ending = False

    @property
    def up(self) -> bool:
        """Whether its process serves."""
        return self._current in self.processes

    async def start(self) -> Ready:
        """Start the first process and return once it serves.

        Raises:
            SellableError: It cannot serve; the sentence says why.
        """
        async with self._changing:
            return await self._fill()

    async def keep(self) -> None:
        """Start a process again whenever one dies, until `end`.

        Raises:
            SellableError: It did not come to serve again, several times in a row.
        """
        clock = asyncio.get_running_loop().time
        pause_s = 0.0
        while not self._ending:
            process, since_s = self._current, clock()
            assert process is not None
            code = await process.ended()
            if self._ending or process is not self._current:
                continue  # it was asked to end
            _log.warning("worker_died", number=self.number, pid=process.pid, code=code)
            if clock() - since_s > _STEADY_S_MIN:
                pause_s = 0.0
            await asyncio.sleep(pause_s)
            pause_s = min(max(2 * pause_s, _PAUSE_S_MIN), _PAUSE_S_MAX)
            async with self._changing:
                await self._refill()

    async def renew(self) -> None:
        """Put a new process in the place of the present one, which drains once the new one serves.

        Raises:
            SellableError: The new one cannot serve; the present one goes on.
        """
        async with self._changing:
            if self._ending or not self.up:
                return  # it has just died, and is started again
            old = self._current
            await self._fill()
        assert old is not None
        await old.end(signal.SIGHUP)

    async def end(self) -> None:
        """Drain what is there; nothing is started any more."""
        self._ending = True
        await asyncio.gather(*(process.end() for process in self.processes))

    def stop(self) -> None:
        """Hurry what drains."""
        for process in self.processes:
            process.stop()

    async def _fill(self) -> Ready:
        process = await WorkerProcess.launch(self.number, self._job)
        self.processes.append(process)
        seeing_off = asyncio.create_task(self._see_off(process))
        self._seeing_off.add(seeing_off)
        seeing_off.add_done_callback(self._seeing_off.discard)
        try:
            ready = await process.ready()
        except BaseException:
            await process.kill()
            await seeing_off
            raise
        self._current = process
        _log.info("worker_serving", number=self.number, pid=process.pid)
        return ready

    async def _see_off(self, process: WorkerProcess) -> None:
        """Keep what it has counted when it is gone: totals never go down."""
        await process.ended()
        self.processes.remove(process)
        self._gone.keep(process.counted)

    async def _refill(self) -> None:
        failures, pause_s = 0, _PAUSE_S_MIN
        while not self._ending:
            try:
                await self._fill()
            except StoreUnavailable as problem:
                # The other workers wait for it as well, as a service of one process does.
                _log.warning("worker_not_started", number=self.number, problem=str(problem))
            except SellableError as problem:
                _log.error("worker_not_started", number=self.number, problem=str(problem))
                failures += 1
                if failures == FAILED_STARTS_MAX:
                    raise
            else:
                self.restarts += 1
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _PAUSE_S_MAX)
