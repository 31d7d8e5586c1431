"""What waiting for a replica costs reservations, and how long they hang where the replica does.

Run with `PYTHONPATH=tests python loadtests/replica_wait.py`; primary and replica are processes of
their own, on this machine. Reservations are made in this process, without a transport.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import TYPE_CHECKING, Final

import uvloop
from rich.console import Console
from rich.table import Table

from sellable.errors import DurabilityNotReached
from support.replicas import UNITS, WAIT_MS_SHORT, Replicated, replicated, waiting_store, want
from support.stocking import store_at

if TYPE_CHECKING:
    from sellable.store.store import Store

_IN_FLIGHT: Final = (1, 128)
_SECONDS: Final = 3.0
_ROUNDS: Final = 3
_HUNG: Final = 128
_APART_S: Final = 0.002

_ids: Final = count()


async def _measure(store: Store, in_flight: int) -> list[float]:
    """Hold a unit and give it back, over and over; return how long each hold took in seconds."""
    until = time.perf_counter() + _SECONDS
    took: list[float] = []

    async def one() -> None:
        while (begun := time.perf_counter()) < until:
            name = f"cart-{next(_ids)}"
            await store.reservations.reserve(want(name))
            took.append(time.perf_counter() - begun)
            await store.reservations.release(name)

    await asyncio.gather(*(one() for _ in range(in_flight)))
    return sorted(took)


async def _hang(pair: Replicated) -> list[float]:
    """Make calls one after the other while the replica hangs; return how long each took."""
    took: list[float] = []

    async def one(store: Store, at: int) -> None:
        await asyncio.sleep(at * _APART_S)
        begun = time.perf_counter()
        try:
            await store.reservations.reserve(want(f"cart-{next(_ids)}"))
        except DurabilityNotReached:
            took.append(time.perf_counter() - begun)

    async with waiting_store(pair.primary.url, wait_ms=WAIT_MS_SHORT) as store:
        pair.replica.pause()
        await asyncio.gather(*(one(store, at) for at in range(_HUNG)))
    return sorted(took)


async def main() -> None:
    """Measure in turn, and print the tables."""
    assert max(*_IN_FLIGHT, _HUNG) < UNITS
    table = Table("durability", "in flight", "calls/s", "median ms", "99 % ms", "calls a WAIT")
    with replicated() as pair:
        pair.follow()
        await pair.fill()
        for in_flight in _IN_FLIGHT:
            for _ in range(_ROUNDS):
                for name, opened in (("primary", store_at), ("replica:1", waiting_store)):
                    waits = pair.calls("wait")
                    async with opened(pair.primary.url) as store:
                        took = await _measure(store, in_flight)
                    waits = pair.calls("wait") - waits
                    table.add_row(
                        name,
                        str(in_flight),
                        f"{2 * len(took) / _SECONDS:,.0f}",
                        f"{took[len(took) // 2] * 1000:.2f}",
                        f"{took[len(took) * 99 // 100] * 1000:.2f}",
                        f"{2 * len(took) / waits:.0f}" if waits else "",
                    )
        Console().print(table)
        hung = await _hang(pair)
        pair.replica.resume()
    print(
        f"replica hangs, {len(hung)} calls {_APART_S * 1000:g} ms apart, {WAIT_MS_SHORT} ms a WAIT:"
        f" answered within {hung[-1] * 1000:.0f} ms, half of them within"
        f" {hung[len(hung) // 2] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    uvloop.run(main())
