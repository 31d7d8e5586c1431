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
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import uvloop

from sellable.limits import RETENTION_MS_DEFAULT
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store
from steady_load import SHARE, SteadyLoad, set_after, told
from support.arena import network
from support.server import ValkeyProcess
from support.service import ServiceProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from support.client import Client

RATIO_MAX: Final = 3.0
_FACTS_PER_CALL: Final = 5_000
_POLL_S: Final = 0.05
_ROLLOUT_S_MAX: Final = 600.0


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
            load = SteadyLoad(client, min(asked, skus), zipf=zipf)
            await load.most(seconds / 2)
            most = await load.most(seconds)
            print(f"{skus:,} SKUs; at most {most:,.0f} calls/s, load {SHARE * most:,.0f} calls/s")
            until = asyncio.Event()
            idle, _ = await asyncio.gather(
                load.steady(SHARE * most, until), set_after(seconds, until)
            )
            idle_p50, idle_p99 = told("idle", idle)
            until = asyncio.Event()
            document = network(web={"protection_buffer": 7})
            busy, took_s = await asyncio.gather(
                load.steady(SHARE * most, until), _rolled_out(client, document, until)
            )
            p50, p99 = told("roll-out", busy)
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
