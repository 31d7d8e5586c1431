"""The worker: takes batches of a source, has the store apply them, and outlives what goes wrong.

Decisions

*The store being away is no failure of a row.* A batch in hand waits, and is applied once the store
is back; what it may have taken before it went is left out then.

*A failure is narrowed down.* What cannot be applied is tried again in parts until the row at fault
is alone; the rest of its batch is applied without it.

*A stop reads no more and finishes what is in hand*, within a bound; beyond it the rest stays
pending, and another worker takes it over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from sellable.errors import Overloaded, StoreUnavailable
from sellable.ingest.pause import Pause
from sellable.stopping import until_stopped

if TYPE_CHECKING:
    from sellable.ingest.source import Batch, Source
    from sellable.store.feeds import Feeds

_TELL_INTERVAL_S: Final = 10.0

_log: Final = structlog.get_logger("sellable.ingest")


class Worker:
    """Applies everything that a source gives until it is stopped.

    Args:
        grace_ms: After a stop, how long what is in hand may take.
    """

    def __init__(self, feeds: Feeds, source: Source, *, grace_ms: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self._feeds = feeds
        self._source = source
        self._grace_s = grace_ms / 1000
        self._stopping = asyncio.Event()
        self._free = asyncio.Semaphore(source.at_once)

    def stop(self) -> None:
        """Read no more; `run` returns when what is in hand is applied, or the grace is over."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; the log says every 10 s how many rows came to which outcome."""
        try:
            await until_stopped(
                self._work(),
                self._tell(),
                self._stopping,
                grace_s=self._grace_s,
                late=lambda: _log.warning("stopped_with_rows_in_hand", grace_s=self._grace_s),
            )
        finally:
            _log.info("worker_stopped", **self.outcomes)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            async for batch in self._source.batches(self._stopping):
                await self._free.acquire()
                task = group.create_task(self._settle(batch))
                task.add_done_callback(lambda _: self._free.release())

    async def _settle(self, batch: Batch) -> None:
        """Apply a batch; where that fails, its parts."""
        waiting = [batch]
        pause = Pause(asyncio.Event())  # also while stopping: what is in hand is to be finished
        while waiting:
            current = waiting[0]
            try:
                self.outcomes.update(await current.apply(self._feeds))
                waiting.pop(0)
            except (StoreUnavailable, Overloaded):
                await pause.longer()
            except Exception as error:  # noqa: BLE001 - no row stops the rest, whatever it brings
                _log.exception("rows_not_applied", source=current.source, error=str(error))
                waiting[:1] = await self._parts(current, pause)
                if waiting[:1] == [current]:
                    await pause.longer()

    async def _parts(self, batch: Batch, pause: Pause) -> list[Batch]:
        while True:
            try:
                return list(await batch.failed(self._feeds))
            except (StoreUnavailable, Overloaded):
                await pause.longer()
            except Exception:  # noqa: BLE001 - it stays pending, and comes again
                _log.exception("rows_not_given_up", source=batch.source)
                return []

    async def _tell(self) -> None:
        told: Counter[str] = Counter()
        while True:
            await asyncio.sleep(_TELL_INTERVAL_S)
            new = self.outcomes - told
            if new:
                _log.info("rows_done", seconds=_TELL_INTERVAL_S, **new)
                told = self.outcomes.copy()
