"""`kill -9` in the middle of a full count: before its commit nothing of it, after it all of it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Final

import grpc
import pytest

from sellable.store.keys import Partition
from sellable.store.syncs import STILL_MS, WORK_MAX, SyncHeader
from support.arena import network
from support.full_counts import commit, count_fully, header, outcomes, parts, rows
from support.server import ValkeyProcess
from support.service import ServiceProcess
from support.stocking import count_all, store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.v1 import inventory_pb2 as pb
    from support.client import Client

PARTITION: Final = Partition("0")
SKUS: Final = [f"S{at}" for at in range(6_000)]
_AT_ONCE: Final = 500
COUNTED: Final = [(sku, 7) for sku in SKUS[:3_000]]


async def quantities(store_url: str, skus: Sequence[str]) -> list[int]:
    """Return what is at DC of every SKU."""
    async with store_at(store_url) as store:
        found = []
        for at in range(0, len(skus), _AT_ONCE):
            asked = (store.inventory.positions(sku) for sku in skus[at : at + _AT_ONCE])
            found += await asyncio.gather(*asked)
    return [position.on_hand for (position,), _ in found]


async def stock(client: Client, store_url: str) -> None:
    """Put 5 units of every SKU into DC."""
    await client.apply_network(network())
    async with store_at(store_url) as store:
        await count_all(store, SKUS, "DC", lambda _: 5)


async def wait_for(valkey: ValkeyProcess, condition: str, at_least: int) -> None:
    """Wait until a number of the full count is so large."""
    with valkey.client() as redis:

        async def large() -> bool:
            return int(redis.hget(PARTITION.sync("DC"), condition) or 0) >= at_least

        await eventually_async(large)


@pytest.mark.parametrize("begun", ["applied", "zeroed"])
async def test_a_committed_count_is_finished(
    valkey: ValkeyProcess, store_url: str, begun: str
) -> None:
    """The service dies among the rows, or among the rest; whoever lives finishes it, once."""
    async with ServiceProcess(store_url) as process:
        async with process.client() as client:
            await stock(client, store_url)
            now_us = time.time_ns() // 1_000
            messages = parts(COUNTED, observe_us=now_us, max_zeroed_fraction=1.0)
            call = client.inventory.SyncInventory(iter(messages), timeout=60)
            await wait_for(valkey, begun, 100)
            process.kill()
            with pytest.raises(grpc.aio.AioRpcError):
                await call
        with valkey.client() as redis:
            assert redis.smembers(PARTITION.applying) == {b"DC"}, "it was finished before the kill"
            assert int(redis.hget(PARTITION.sync("DC"), "zeroed") or 0) < 3_000
        await process.start()
        with valkey.client() as redis:

            async def finished() -> bool:
                return not redis.exists(PARTITION.applying)

            await eventually_async(finished)
            feed = redis.hgetall(PARTITION.feed("wms"))
        assert [7] * 3_000 + [0] * 3_000 == await quantities(store_url, SKUS)
        assert 3_000 == sum(int(feed.get(name, 0)) for name in (b"applied", b"unchanged", b"stale"))
        async with process.client() as client:
            again = await count_fully(client, COUNTED, observe_us=now_us, max_zeroed_fraction=1.0)
            assert again.replayed
            assert outcomes(again) == {"applied": 3_000, "zeroed": 3_000}
            assert [] == await client.differences()


async def test_the_store_is_started_again_in_the_middle_of_the_walk() -> None:
    """An engine that comes back has its sets in another order; the walk misses no position."""
    with ValkeyProcess("--appendonly", "yes", "--appendfsync", "always") as valkey:
        async with store_at(valkey.url) as store:
            await store.networks.apply(json.dumps(network()))
            await count_all(store, SKUS, "DC", lambda _: 5)
            now_ms = await store.runner.now_ms()
            said = SyncHeader(
                sync_id="S1",
                source="wms",
                location="DC",
                observe_us=now_ms * 1_000,
                max_zeroed_fraction=1.0,
            )
            state = await store.syncs.add(await store.syncs.begin(said), 0, [("S0", 7)])
            await store.runner.run("sync_commit", "DC", state.token, 1, keeps=False)
            while (await store.runner.run("sync_rows", "DC", WORK_MAX)).body == "ROWS":
                pass
            for _ in range(40):
                step = await store.runner.run("sync_rest", "DC", WORK_MAX)
                assert step.body[0] == "REST", "it was finished before the kill"
        valkey.kill()
        valkey.start()
        async with store_at(valkey.url) as store:
            store.runner.clock = lambda: now_ms + 10 * STILL_MS
            assert 1 == await store.syncs.settle()
        assert [7] + [0] * 5_999 == await quantities(valkey.url, SKUS)


async def test_a_count_that_is_not_committed_is_nothing(
    valkey: ValkeyProcess, store_url: str
) -> None:
    """The service dies before the commit: no position changed, and the same count begins anew."""

    async def messages() -> AsyncIterator[pb.SyncInventoryRequest]:
        yield header()
        yield rows(*COUNTED[:1_000])
        await asyncio.Event().wait()
        yield commit(1_000)

    async with ServiceProcess(store_url) as process:
        async with process.client() as client:
            await stock(client, store_url)
            call = client.inventory.SyncInventory(messages(), timeout=60)
            await wait_for(valkey, "rows", 1_000)
            process.kill()
            with pytest.raises(grpc.aio.AioRpcError):
                await call
        assert [5] * 20 == await quantities(store_url, SKUS[:20])
        await process.start()
        async with process.client() as client:
            answer = await count_fully(client, COUNTED, max_zeroed_fraction=1.0)
            assert outcomes(answer) == {"applied": 3_000, "zeroed": 3_000}
