"""Replicas that hang or leave: what is answered then, and what a failover would have forgotten."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest

from sellable.errors import DurabilityNotReached, InsufficientStock, StoreUnavailable
from sellable.reservation import State
from support.arena import FR
from support.replicas import (
    SKU,
    UNITS,
    WAIT_MS_MAX,
    WAIT_MS_SHORT,
    Replicated,
    replicated,
    waiting_store,
    want,
)
from support.stocking import store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.store.store import Store


@pytest.fixture(scope="module")
def servers() -> Iterator[Replicated]:
    """A primary with one replica, for all tests of this file."""
    with replicated() as pair:
        yield pair


@pytest.fixture
async def pair(servers: Replicated) -> Replicated:
    """Give the pair with its replica in step, and nothing but one SKU."""
    servers.follow()
    await servers.fill()
    return servers


async def _number(store: Store) -> int:
    ((number,), _) = await store.reads.sellable(FR, [SKU])
    return number


async def test_without_waiting_a_failover_forgets_what_was_answered(pair: Replicated) -> None:
    """The fault that is ruled out: the hold was acknowledged, and the new primary has none."""
    async with store_at(pair.primary.url) as store:
        pair.depart()
        assert (await store.reservations.reserve(want("cart"))).reservation.state is State.HELD
    assert not pair.replica_has("cart")


async def test_what_did_not_reach_the_replica_is_not_acknowledged(pair: Replicated) -> None:
    """It counts on the primary, is there under its id, and a repeat takes nothing twice."""
    async with waiting_store(pair.primary.url, wait_ms=WAIT_MS_SHORT) as store:
        pair.depart()
        for _ in range(2):
            with pytest.raises(DurabilityNotReached, match="0 of 1 replicas have it"):
                await store.reservations.reserve(want("cart"))
        assert (await store.reservations.get("cart")).state is State.HELD
        assert await _number(store) == UNITS - 1
        assert not pair.replica_has("cart")
    pair.follow()
    async with waiting_store(pair.primary.url) as store:
        again = await store.reservations.reserve(want("cart"))
        assert again.replayed
        assert pair.replica_has("cart")
        assert await _number(store) == UNITS - 1


async def test_a_repeat_waits_for_the_write_of_another_connection(pair: Replicated) -> None:
    """WAIT knows of what its own connection wrote, and a repeat writes nothing."""
    async with store_at(pair.primary.url) as other:
        with pair.primary.client() as client:
            client.set("before", 1)
            assert client.wait(1, WAIT_MS_MAX) == 1
            pair.replica.pause()
            await other.reservations.reserve(want("cart"))
            assert client.wait(1, WAIT_MS_SHORT) == 1  # the anomaly: the replica does not have it
    async with waiting_store(pair.primary.url, wait_ms=WAIT_MS_SHORT) as store:
        with pytest.raises(DurabilityNotReached):
            await store.reservations.reserve(want("cart"))
        with pytest.raises(DurabilityNotReached):
            await store.runner.change([])


async def test_reads_and_refusals_do_not_wait_for_a_hung_replica(pair: Replicated) -> None:
    """A batch waits as long as it may, and everybody else is answered meanwhile."""
    async with waiting_store(pair.primary.url) as store:
        pair.replica.pause()
        waiting = asyncio.ensure_future(store.reservations.reserve(want("cart")))

        async def taken() -> bool:
            return await _number(store) == UNITS - 1

        await eventually_async(taken)
        assert (await store.reservations.get("cart")).state is State.HELD
        assert not waiting.done()
        pair.replica.resume()
        await waiting
        assert pair.replica_has("cart")
    async with waiting_store(pair.primary.url, wait_ms=WAIT_MS_SHORT) as store:
        pair.replica.pause()
        with pytest.raises(InsufficientStock):
            await store.reservations.reserve(want("greedy", UNITS + 1))


async def test_many_writes_wait_for_a_hung_replica_together(pair: Replicated) -> None:
    """Not one after the other, although they come tick by tick: two batches have them all."""
    async with waiting_store(pair.primary.url, wait_ms=WAIT_MS_SHORT) as store:
        pair.replica.pause()
        waits = pair.calls("wait")
        calls = []
        for at in range(50):
            calls.append(asyncio.ensure_future(store.reservations.reserve(want(f"cart-{at}"))))
            await asyncio.sleep(0)
        refused = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in refused} == {DurabilityNotReached}
        assert pair.calls("wait") - waits == 2
        assert await _number(store) == UNITS - 50


@pytest.mark.parametrize("which", ["reads", "writes"])
async def test_both_connections_are_lost_and_found_together(pair: Replicated, which: str) -> None:
    """Else one of them might stay with a server that a failover has deposed."""
    async with waiting_store(pair.primary.url) as store:
        pair.replica.pause()
        waiting = asyncio.ensure_future(store.reservations.reserve(want("cart")))

        async def taken() -> bool:
            return await _number(store) == UNITS - 1

        await eventually_async(taken)
        with pair.primary.client() as client:
            first = {one["id"]: one for one in client.client_list() if one["name"] == "sellable"}
            waits = {number for number, one in first.items() if one["cmd"] == "wait"}
            (lost,) = waits if which == "writes" else first.keys() - waits
            client.client_kill_filter(_id=lost)
            with pytest.raises(StoreUnavailable) as refused:
                await waiting
            assert refused.value.outcome_unknown

            async def found_again() -> bool:
                names = {one["id"] for one in client.client_list() if one["name"] == "sellable"}
                return len(names) == 2 and not names & first.keys()

            await eventually_async(found_again)
        pair.replica.resume()
        assert (await store.reservations.reserve(want("cart"))).replayed
        assert pair.replica_has("cart")


async def test_a_deposed_primary_acknowledges_nothing(pair: Replicated) -> None:
    """A batch that waits while its server becomes a replica is not acknowledged."""
    async with waiting_store(pair.primary.url) as store:
        pair.replica.pause()
        waiting = asyncio.ensure_future(store.reservations.reserve(want("cart")))

        async def taken() -> bool:
            return await _number(store) == UNITS - 1

        await eventually_async(taken)
        with pair.primary.client() as client:
            try:
                client.replicaof("127.0.0.1", "1")
                with pytest.raises(StoreUnavailable) as refused:
                    await waiting
                assert refused.value.outcome_unknown
            finally:
                client.replicaof("NO", "ONE")


async def test_all_that_was_acknowledged_survives_a_failover(pair: Replicated) -> None:
    """The promise itself: a replica that takes over amidst it all has whatever was answered."""
    acknowledged: list[str] = []
    async with waiting_store(pair.primary.url, wait_ms=1_000) as store:

        async def buy_until_refused(buyer: int) -> None:
            for at in count():
                await store.reservations.reserve(want(f"cart-{buyer}-{at}"))
                acknowledged.append(f"cart-{buyer}-{at}")

        async def some() -> bool:
            return len(acknowledged) > 20

        buying = [asyncio.ensure_future(buy_until_refused(buyer)) for buyer in range(8)]
        await eventually_async(some)
        await asyncio.to_thread(pair.depart)
        refused = await asyncio.gather(*buying, return_exceptions=True)
        assert {type(one) for one in refused} == {DurabilityNotReached}
        assert [name for name in acknowledged if not pair.replica_has(name)] == []
