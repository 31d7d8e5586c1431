"""Readers at a steady rate: their calls come at times that do not wait for answers.

A call's time counts from the moment at which it should have been made, so that a stall is not
hidden.
"""

from __future__ import annotations

import asyncio
import random
import time
from itertools import accumulate, count
from typing import TYPE_CHECKING, Final

from support.arena import FR

if TYPE_CHECKING:
    from support.client import Client

SHARE: Final = 0.3  # of the most that is answered
SKUS_PER_CALL: Final = 20
_IN_FLIGHT: Final = 64
_PERCENT: Final = 100


class SteadyLoad:
    """Calls of random SKUs, and how long each took."""

    def __init__(self, client: Client, skus: int, *, zipf: bool) -> None:
        self.took_s: list[float] = []
        self._client = client
        numbers = random.Random(1)
        ranks = list(accumulate(1 / rank for rank in range(1, skus + 1))) if zipf else None
        self._pages = [
            [
                f"S{number}"
                for number in numbers.choices(range(skus), cum_weights=ranks, k=SKUS_PER_CALL)
            ]
            for _ in range(10_000)
        ]
        self._next = count()

    async def call(self, due_s: float) -> None:
        """Make one call that should have been made at `due_s`."""
        page = self._pages[next(self._next) % len(self._pages)]
        assert len(await self._client.sellable(FR, *page)) == SKUS_PER_CALL
        self.took_s.append(time.perf_counter() - due_s)

    async def most(self, seconds: float) -> float:
        """Return how many calls a second are answered at the most."""
        until_s = time.perf_counter() + seconds

        async def again() -> None:
            while time.perf_counter() < until_s:
                await self.call(time.perf_counter())

        self.took_s.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(_IN_FLIGHT):
                group.create_task(again())
        return len(self.took_s) / seconds

    async def steady(self, rate: float, until: asyncio.Event) -> list[float]:
        """Call at a rate until told to stop; return how long each call took, sorted."""
        self.took_s.clear()
        due_s = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            while not until.is_set():
                due_s += 1 / rate
                if (wait_s := due_s - time.perf_counter()) > 0:
                    await asyncio.sleep(wait_s)
                group.create_task(self.call(due_s))
        return sorted(self.took_s)


def told(name: str, took_s: list[float]) -> tuple[float, float]:
    """Print and return the median and the 99th percentile, in milliseconds."""
    p50, p99 = (took_s[len(took_s) * share // _PERCENT] * 1e3 for share in (50, 99))
    print(f"{name:>9}: {len(took_s):7,} calls, p50 {p50:7.2f} ms, p99 {p99:7.2f} ms")
    return p50, p99


async def set_after(seconds: float, until: asyncio.Event) -> None:
    """Set an event after a while."""
    await asyncio.sleep(seconds)
    until.set()
