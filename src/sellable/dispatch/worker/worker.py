"""The loop of a sourcing worker: follows the ledger, looks through the indexes, outlives failures.

Decisions

*The position moves on only when all that a page gave reason to look at was seen to.* An order that
another worker has claimed is looked at again until it is seen to, or that worker's claim lapses: so
one that dies with an order in hand leaves nothing undone.

*Whoever has never followed, or whose next entry was dropped, looks at every confirmed order first*,
and goes on from where the ledger ended when it began to look.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from sellable.dispatch.worker.acting import Acting, Outcome
from sellable.dispatch.worker.watching import Watching
from sellable.errors import Overloaded, StoreUnavailable
from sellable.stopping import until_stopped
from sellable.store.following import BEGINNING, Follower

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.dispatch.dispatch import Dispatch
    from sellable.dispatch.worker.acting import Policy
    from sellable.store.at_risk import OrderAtRisk
    from sellable.store.store import Store

NAME: Final = "sourcing"
_ENTRIES: Final = 1_000
_WAIT_MS: Final = 200
_TELL_INTERVAL_S: Final = 10.0
_PAUSE_S: Final = (0.05, 1.0)
_UNDONE: Final = frozenset({Outcome.OTHERS, Outcome.FAILED})

_log: Final = structlog.get_logger("sellable.sourcing")


class Worker:
    """Sees to orders at risk until it is stopped.

    Args:
        store: The store.
        dispatch: Makes the plans.
        name: Which worker this is; no other one has this name.
        policy: How orders at risk are treated.
        look_every_ms: How often the indexes are looked through.
        at_once: How many orders are seen to side by side.
        grace_ms: After a stop, how long what is in hand may take.
    """

    def __init__(
        self,
        store: Store,
        dispatch: Dispatch,
        *,
        name: str,
        policy: Policy,
        look_every_ms: int,
        at_once: int,
        grace_ms: int,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self._runner = store.runner
        self._at_risk = store.at_risk
        self._follower = Follower(store.runner, NAME, name)
        self._watching = Watching(store)
        self._acting = Acting(store, dispatch, self._follower, policy)
        self._policy = policy
        self._look_every_s = look_every_ms / 1000
        self._grace_s = grace_ms / 1000
        self._free = asyncio.Semaphore(at_once)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Look for no more; `run` returns when what is in hand is done, or the grace is over."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; the log says every 10 s what became of how many orders."""
        try:
            await until_stopped(
                self._work(),
                self._tell(),
                self._stopping,
                grace_s=self._grace_s,
                late=lambda: _log.warning("stopped_with_orders_in_hand", grace_s=self._grace_s),
            )
        finally:
            _log.info("worker_stopped", **self.outcomes)

    async def _work(self) -> None:
        looked_s = -self._look_every_s
        pause_s, longest_s = _PAUSE_S
        while not self._stopping.is_set():
            try:
                done = await self.follow()
                if time.monotonic() >= looked_s + self._look_every_s:
                    await self.look_through()
                    looked_s = time.monotonic()
            except (StoreUnavailable, Overloaded):
                done = False
            if done:
                pause_s = _PAUSE_S[0]
                continue
            # Many workers lose one store at the same moment and must not come back at one.
            await self._wait(pause_s * random.uniform(0.5, 1))  # noqa: S311 - not a secret
            pause_s = min(2 * pause_s, longest_s)

    async def follow(self) -> bool:
        """See to what the next page of the ledger tells; False where some of it is left to do."""
        position = await self._follower.position()
        if position == BEGINNING or await self._at_risk.is_dropped(position):
            end = await self._runner.ledger_position()
            if end == BEGINNING:  # a store that nobody has used
                await self._wait(_WAIT_MS / 1000)
                return True
            _log.info("looking_at_all_orders", position=position)
            return await self._seen_to(self._watching.confirmed(), position, end)
        page = await self._follower.page(position, _ENTRIES, wait_ms=_WAIT_MS)
        if not page:
            return True
        return await self._seen_to(self._watching.told(page), position, page[-1].position)

    async def look_through(self) -> bool:
        """See to what the indexes tell; False where some of it is left to do."""
        return await self._each(self._watching.indexed(self._policy.late_after_ms))

    async def _seen_to(self, ids: AsyncIterator[list[str]], begun_at: str, end: str) -> bool:
        if not await self._each(ids):
            return False
        await self._follower.advance(begun_at, end)
        return True

    async def _each(self, ids: AsyncIterator[list[str]]) -> bool:
        done = True
        async for few in ids:
            if self._stopping.is_set():
                return False
            found = await self._at_risk.look(few, self._policy.late_after_ms)
            random.shuffle(found)  # workers that have read the same page begin with different ones
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._see_to(order)) for order in found]
            done = done and _UNDONE.isdisjoint(task.result() for task in tasks)
        return done

    async def _see_to(self, order: OrderAtRisk) -> Outcome:
        async with self._free:
            outcome = await self._acting.see_to(order)
        self.outcomes[outcome.value] += 1
        return outcome

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _tell(self) -> None:
        told: Counter[str] = Counter()
        while True:
            await asyncio.sleep(_TELL_INTERVAL_S)
            new = self.outcomes - told
            if new:
                _log.info("orders_seen_to", seconds=_TELL_INTERVAL_S, **new)
                told = self.outcomes.copy()
