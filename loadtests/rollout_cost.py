"""What a network change over many SKUs costs the readers while it is rolled out.

    PYTHONPATH=tests python loadtests/rollout_cost.py [--skus 100000] [--asked 5000] [--zipf]

One service process on a store of its own. The most that this arrangement answers is measured first
(64 calls in flight); then calls come at 30 % of that, at times that do not wait for answers, each
for 20 SKUs out of `--asked`, evenly or, with `--zipf`, the n-th most popular one as 1/n: what
shoppers look at in these seconds. With all SKUs asked for evenly the readers themselves are the
roll-out, which is the worst there is.

A call's time counts from the moment at which it should have been made, so that a stall is not
hidden. It is taken while nothing else happens, and while a change of a buffer that every SKU has is
rolled out.

Prints p50 and p99 of both, their ratios, and how long the roll-out took. Ends with 1 if the p99
during the roll-out is more than 3 times that of before.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Final

import uvloop

from sellable.limits import RETENTION_MS_DEFAULT
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store
from support.arena import FR, network
from support.server import ValkeyProcess
from support.service import ServiceProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from support.client import Client

RATIO_MAX: Final = 3.0
_SHARE: Final = 0.3
_IN_FLIGHT: Final = 64
_SKUS_PER_CALL: Final = 20
_FACTS_PER_CALL: Final = 5_000
_POLL_S: Final = 0.05
_ROLLOUT_S_MAX: Final = 600.0
_PERCENT: Final = 100


async def _fill(url: str, skus: int) -> None:
    async with await Connection.open(url) as connection:
        retention = Retention(retention_ms=RETENTION_MS_DEFAULT, ledger_entries_max=1_000_000)
        store = await Store.attach(connection, retention=retention)
        now_us = time.time_ns() // 1_000
        for start in range(0, skus, _FACTS_PER_CALL):
            numbers = range(start, min(start + _FACTS_PER_CALL, skus))
            await store.inventory.apply(
                [
                    Fact(
                        kind=FactKind.COUNT,
                        event_id="opening",
                        source="load test",
                        sku=f"S{number}",
                        location="DC",
                        observe_us=now_us,
                        quantity=50 + number % 50,
                    )
                    for number in numbers
                ]
            )


class _Load:
    """Calls of random SKUs, and how long each took."""

    def __init__(self, client: Client, skus: int, *, zipf: bool) -> None:
        self.took_s: list[float] = []
        self._client = client
        numbers = random.Random(1)
        ranks = list(accumulate(1 / rank for rank in range(1, skus + 1))) if zipf else None
        self._pages = [
            [
                f"S{number}"
                for number in numbers.choices(range(skus), cum_weights=ranks, k=_SKUS_PER_CALL)
            ]
            for _ in range(10_000)
        ]
        self._next = count()

    async def call(self, due_s: float) -> None:
        """Make one call that should have been made at `due_s`."""
        page = self._pages[next(self._next) % len(self._pages)]
        assert len(await self._client.sellable(FR, *page)) == _SKUS_PER_CALL
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


def _told(name: str, took_s: list[float]) -> tuple[float, float]:
    p50, p99 = (took_s[len(took_s) * share // _PERCENT] * 1e3 for share in (50, 99))
    print(f"{name:>9}: {len(took_s):7,} calls, p50 {p50:7.2f} ms, p99 {p99:7.2f} ms")
    return p50, p99


async def _after(seconds: float, until: asyncio.Event) -> None:
    await asyncio.sleep(seconds)
    until.set()


async def _rolled_out(client: Client, document: dict[str, Any], until: asyncio.Event) -> float:
    begun_s = time.perf_counter()
    await client.apply_network(document)

    async def done() -> bool:
        await asyncio.sleep(_POLL_S)
        return await client.rollout_fraction() == 1

    await eventually_async(done, _ROLLOUT_S_MAX)
    until.set()
    return time.perf_counter() - begun_s


async def _run(skus: int, asked: int, seconds: float, *, zipf: bool) -> bool:
    with ValkeyProcess() as valkey:
        async with ServiceProcess(valkey.url) as service, service.client() as client:
            await client.apply_network(network())
            await _fill(valkey.url, skus)
            load = _Load(client, min(asked, skus), zipf=zipf)
            await load.most(seconds / 2)
            most = await load.most(seconds)
            print(f"{skus:,} SKUs; at most {most:,.0f} calls/s, load {_SHARE * most:,.0f} calls/s")
            until = asyncio.Event()
            idle, _ = await asyncio.gather(
                load.steady(_SHARE * most, until), _after(seconds, until)
            )
            idle_p50, idle_p99 = _told("idle", idle)
            until = asyncio.Event()
            document = network(web={"protection_buffer": 7})
            busy, took_s = await asyncio.gather(
                load.steady(_SHARE * most, until), _rolled_out(client, document, until)
            )
            p50, p99 = _told("roll-out", busy)
    print(f"rolled out in {took_s:.1f} s, {skus / took_s:,.0f} SKUs/s")
    print(f"ratio p50 {p50 / idle_p50:.2f}, p99 {p99 / idle_p99:.2f} (at most {RATIO_MAX})")
    return p99 <= RATIO_MAX * idle_p99


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=5_000, help="SKUs that readers ask for")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--zipf", action="store_true", help="some SKUs are asked for more often")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        kept = _run(arguments.skus, arguments.asked, arguments.seconds, zipf=arguments.zipf)
        sys.exit(not runner.run(kept))
