"""Which SKUs are known to be recomputed under an epoch, and the recomputing of the others.

While a network change is rolled out, every read has to make sure of its SKUs first. What a process
has once seen recomputed stays so until the next epoch, so it asks for each SKU once. One question
of a market is under way at a time, and what is asked for meanwhile is the next one: reads of SKUs
that are done find the engine free in between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

Refresh: TypeAlias = "Callable[[str, Sequence[str]], Awaitable[int]]"

_KNOWN_MAX: Final = 200_000  # names: some 20 MB


class Refreshes:
    """The recomputing that the reads of one process cause.

    Args:
        refresh: Recomputes these SKUs of a market, and returns the epoch that their numbers have
            at least.
        connects: How often the store was found again; what was known before is not trusted then,
            as a failover may have lost it.
    """

    def __init__(self, refresh: Refresh, connects: Callable[[], int]) -> None:
        self._refresh = refresh
        self._connects = connects
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, tuple[asyncio.Future[int], dict[str, None]]] = {}
        self._running: dict[str, asyncio.Future[None]] = {}
        self._tick = 0
        self._epoch = 0
        self._connected = 0
        self._known: dict[str, int] = {}  # SKU: the last tick before it was known

    def next_tick(self) -> int:
        """Count a question to the store; return its number."""
        self._tick += 1
        return self._tick

    def cover(self, skus: Iterable[str], epoch: int, tick: int) -> bool:
        """Tell whether all SKUs had been recomputed when the question of this tick was put."""
        if self._epoch < epoch or self._connected != self._connects():
            return False
        known = self._known
        return all(known.get(sku, tick) < tick for sku in skus)

    async def refresh(self, market: str, skus: Sequence[str]) -> int:
        """Recompute SKUs, together with what others ask for until it is their turn."""
        if market not in self._waiting:
            self._waiting[market] = (self._loop.create_future(), {})
            if market not in self._running:
                self._loop.call_soon(self._start, market)
        future, together = self._waiting[market]
        together.update(dict.fromkeys(skus))
        return await asyncio.shield(future)  # one that leaves does not take the others with it

    def _start(self, market: str) -> None:
        if market in self._running or market not in self._waiting:
            return
        future, skus = self._waiting.pop(market)
        running = asyncio.ensure_future(self._run(market, list(skus), future))
        self._running[market] = running
        running.add_done_callback(lambda _: self._end(market))

    def _end(self, market: str) -> None:
        del self._running[market]
        self._start(market)

    async def _run(self, market: str, skus: list[str], future: asyncio.Future[int]) -> None:
        future.add_done_callback(_looked_at)
        connected = self._connects()
        try:
            epoch = await self._refresh(market, skus)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
            future.set_exception(error)
        else:
            if connected == self._connects():
                self._note(skus, epoch, connected)
            future.set_result(epoch)

    def _note(self, skus: list[str], epoch: int, connected: int) -> None:
        if epoch < self._epoch and connected == self._connected:
            return
        full = len(self._known) + len(skus) > _KNOWN_MAX
        if epoch != self._epoch or connected != self._connected or full:
            self._known.clear()
        self._epoch, self._connected = epoch, connected
        for sku in skus:
            self._known.setdefault(sku, self._tick)


def _looked_at(future: asyncio.Future[int]) -> None:
    # Callers may all have left; a failure is then no news that the loop should log.
    if not future.cancelled():
        future.exception()
