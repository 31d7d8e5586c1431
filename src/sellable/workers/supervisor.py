"""`sellable serve --workers N`: N processes on one port, and this one, which answers no call.

It holds the port and the embedded store, does the background work on the store, starts workers
again that die, replaces them one by one on SIGHUP, and tells the metrics of all.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from sellable.errors import SellableError
from sellable.ingest.opening import attached
from sellable.maintenance.sweeper import Sweeps
from sellable.metrics import process as metrics
from sellable.metrics.endpoint import metrics_address, metrics_served
from sellable.metrics.process import Meter
from sellable.metrics.series import Totals
from sellable.rpc.listen import TcpAddress, shared_port
from sellable.rpc.run import STOPS, Signals
from sellable.rpc.server import cancel
from sellable.service import beside, maintenance, open_engine, server_options
from sellable.workers.messages import Job
from sellable.workers.slot import Slot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sellable.metrics.series import Series
    from sellable.settings import Settings
    from sellable.workers.messages import Ready

_SELF: Final = "supervisor"

_log: Final = structlog.get_logger("sellable.workers")


async def supervise(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Serve from several processes until SIGTERM or SIGINT, then drain them and close the store.

    SIGHUP replaces them, one by one; but where a terminal is closed, it ends the service.

    Args:
        settings: With more than one worker.
        on_ready: Called once all of them serve.

    Raises:
        SellableError: A worker cannot serve, at the start or several times in a row later.
    """
    address = server_options(settings).address
    assert isinstance(address, TcpAddress)
    if settings.metrics_listen is not None:
        metrics_address(settings.metrics_listen)
    with (
        Signals(*STOPS, signal.SIGHUP) as signals,
        shared_port(address) as shared,
        _kin() as kin,
    ):
        async with _store(settings) as (url, meter):
            job = Job(
                settings=replace(
                    settings,
                    listen=str(shared),
                    store=url,
                    durability=settings.durability_effective,
                ),
                embedded=settings.data if settings.store is None else None,
                kin=kin,
            )
            workers = _Workers(job, settings.workers, meter)
            with metrics_served(settings.metrics_listen, workers.read):
                await workers.run(signals, on_ready)
    _log.info("stopped")


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[tuple[str, Meter]]:
    """Open the store with its background work; give its URL, and what is counted here."""
    sweeps, meter = Sweeps(), Meter(_SELF)
    meter.add(partial(metrics.sweeper, sweeps))
    async with (
        open_engine(settings, settings.data) as engine,
        attached(settings, engine.url) as store,
        beside(*maintenance(engine, store, settings, sweeps), meter.run()),
    ):
        meter.add(partial(metrics.store, store))
        yield engine.url, meter


@contextmanager
def _kin() -> Iterator[tuple[int, int]]:
    """Make the pipe by which the last worker knows that it is the last."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


class _Workers:
    """All workers.

    Args:
        job: What each is to do.
        count: How many.
        meter: What this process counts.
    """

    def __init__(self, job: Job, count: int, meter: Meter) -> None:
        settings = job.settings
        self._patience_s = 0 if settings.drain_notice_ms else settings.drain_grace_ms / 1_000
        self._gone = Totals()
        self._meter = meter
        self._slots = [Slot(number, job, self._gone) for number in range(1, count + 1)]
        self._rolling: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rolling.set_result(None)

    async def run(self, signals: Signals, on_ready: Callable[[Ready], None]) -> None:
        """Start them, keep them and end them.

        Raises:
            SellableError, or a group of them: Some do not come to serve.
        """
        serving = asyncio.ensure_future(self._serve(on_ready))
        stopping = asyncio.ensure_future(self._stop_signal(signals))
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                _log.info("draining", signal=stopping.result())
        finally:
            # From here on nothing is started, and what does not serve yet is killed.
            tasks: list[asyncio.Future[Any]] = [serving, stopping, self._rolling]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._end(signals)
        if not serving.cancelled():
            serving.result()

    async def read(self) -> list[Series]:
        """Return the counters of all processes, together."""
        processes = [process for slot in self._slots for process in slot.processes]
        await asyncio.gather(*(process.count() for process in processes))
        # Without a pause in between: a process is there, or among those that are gone.
        totals = Totals()
        totals.add(self._gone.series())
        totals.add(self._meter.read())
        for slot in self._slots:
            for process in slot.processes:
                totals.add(process.counted)
            totals.add(metrics.worker_state(str(slot.number), up=slot.up, restarts=slot.restarts))
        return totals.series()

    async def _serve(self, on_ready: Callable[[Ready], None]) -> None:
        async with asyncio.TaskGroup() as group:
            starting = [group.create_task(slot.start()) for slot in self._slots]
        on_ready(starting[0].result())
        async with asyncio.TaskGroup() as group:
            for slot in self._slots:
                group.create_task(slot.keep())

    async def _stop_signal(self, signals: Signals) -> str:
        """Return the first signal that stops; on SIGHUP, replace the workers."""
        while True:
            name = await signals.next()
            if name != signal.SIGHUP.name or os.isatty(0):
                return name
            if self._rolling.done():
                self._rolling = asyncio.ensure_future(self._roll())

    async def _roll(self) -> None:
        _log.info("replacing_workers")
        for slot in self._slots:
            try:
                await slot.renew()
            except SellableError as problem:
                _log.error("workers_not_replaced", number=slot.number, problem=str(problem))
                return
        _log.info("workers_replaced")

    async def _drain(self) -> None:
        """Drain one after the other, as long as that takes no longer than the grace of one.

        Then, and where balancers are given notice, all at once: they may ask any of them for its
        health.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        endings = []
        for slot in self._slots:
            endings.append(asyncio.ensure_future(slot.end()))
            await asyncio.wait(endings, timeout=max(0.0, until - loop.time()))
        await asyncio.gather(*endings)

    async def _end(self, signals: Signals) -> None:
        ending = asyncio.ensure_future(self._drain())
        while not ending.done():
            hurry = asyncio.ensure_future(signals.next())
            both: list[asyncio.Future[Any]] = [ending, hurry]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if hurry.done():
                _log.warning("stopped_at_once", signal=hurry.result())
                for slot in self._slots:
                    slot.stop()
            await cancel(hurry)
        await ending
