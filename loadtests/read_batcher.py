"""What a read costs in this process: CPU and wall time per call of the micro-batcher.

Run with `PYTHONPATH=tests python loadtests/read_batcher.py`; the server is a process of its own.
`--profile` prints where the time of the last run went.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import random
import time
from typing import TYPE_CHECKING, Final

import uvloop

from sellable.store.connection import Connection
from sellable.store.keys import Partition
from sellable.store.reads import Reads
from sellable.store.view import META_FIELD, NEVER_MS
from support.server import ValkeyProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

_SKUS: Final = 100_000
_IN_FLIGHT: Final = 128
_MARKET: Final = "web/FR"
_PARTITION: Final = Partition("0")
_CALLS_BY_SKUS: Final = {1: 100_000, 20: 50_000, 100: 20_000}


async def _no_refresh(market: str, skus: Sequence[str]) -> int:
    raise AssertionError(f"{market} is complete, nothing of {len(skus)} SKUs is to refresh")


async def _no_limit(market: str, skus: Sequence[str]) -> list[int]:
    raise AssertionError(f"{market} has no quota, nothing of {len(skus)} SKUs is to be asked again")


def _fill(server: ValkeyProcess) -> None:
    numbers = random.Random(1)
    view = _PARTITION.view(_MARKET)
    with server.client() as client:
        client.hset(view, META_FIELD, f"1 1 1 5 {NEVER_MS} 0 0")
        for start in range(0, _SKUS, 1_000):
            rows = {f"SKU-{n:06}": numbers.randrange(500) for n in range(start, start + 1_000)}
            client.hset(view, mapping=rows)
        client.xadd(_PARTITION.ledger, {"kind": "load test"})


def _pages(skus_per_call: int) -> list[list[str]]:
    numbers = random.Random(2)
    skus = [f"SKU-{n:06}" for n in range(_SKUS)]
    return [numbers.sample(skus, skus_per_call) for _ in range(1_000)]


async def _measure(reads: Reads, pages: list[list[str]], calls: int) -> None:
    skus_per_call = len(pages[0])
    left = iter(range(calls))

    async def client() -> None:
        for call in left:
            answer, _ = await reads.sellable(_MARKET, pages[call % len(pages)])
            assert len(answer) == skus_per_call

    wall_s, cpu_s = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as clients:
        for _ in range(_IN_FLIGHT):
            clients.create_task(client())
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    print(
        f"{skus_per_call:4} SKUs a call: {cpu_s / calls * 1e6:7.2f} us CPU, "
        f"{wall_s / calls * 1e6:7.2f} us wall a call, "
        f"{calls / wall_s:9,.0f} calls/s, {calls * skus_per_call / wall_s:11,.0f} answers/s"
    )


async def _run(url: str, *, profile: bool) -> None:
    async with await Connection.open(url) as connection:
        reads = Reads(
            connection, _PARTITION, refresh=_no_refresh, limited=_no_limit, clock=lambda: 0
        )
        for skus_per_call, calls in _CALLS_BY_SKUS.items():
            await _measure(reads, _pages(skus_per_call), calls)
        print(connection.traffic)
        if profile:
            pages = _pages(20)
            with cProfile.Profile() as profiler:
                await _measure(reads, pages, _CALLS_BY_SKUS[20])
            profiler.print_stats("tottime")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="where does the time go")
    arguments = parser.parse_args()
    with ValkeyProcess() as store:
        _fill(store)
        uvloop.run(_run(store.url, profile=arguments.profile))
