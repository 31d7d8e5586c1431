"""Writes that wait for replicas, on a primary with a real one: one wait a batch, and who waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.errors import (
    InsufficientStock,
    Overloaded,
    SellableError,
    StoreRefused,
    UnknownSku,
)
from sellable.reservation import Reserved
from sellable.store.replicated import _ACKNOWLEDGES
from sellable.store.runner import _UNACKNOWLEDGED
from sellable.store.scripts import SCRIPTS
from sellable.store.store import PARTITION
from sellable.v1.inventory_pb2 import DeleteSkusRequest, Item, PutItemsRequest
from support.arena import FR, network
from support.client import Client, Want, refusal_of
from support.replicas import SKU, UNITS, Replicated, replicated, waiting_store, want
from support.service import service
from support.wait import eventually_async

# Answers of scripts that did nothing of what was asked, or are to be called again.
REFUSALS = {
    *(b"CLOSED", b"CONFLICT", b"EXPIRED", b"INVALID", b"IN_FUTURE", b"IN_PROGRESS", b"IN_USE"),
    *(
        b"LOCATION_NOT_IN_MARKET",
        b"LOST",
        b"MORE_DUE",
        b"OTHER_MARKET",
        b"OTHER_ORDER",
        b"OUT_OF_STEP",
    ),
    *(b"SHORT", b"STALE", b"TOO_OLD", b"UNKNOWN_LOCATION", b"UNKNOWN_MARKET"),
    *(b"UNKNOWN_RESERVATION", b"UNKNOWN_SKU", b"WRONG_COUNT"),
}

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

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


async def _outcome(store: Store, reservation_id: str, quantity: int = 1, sku: str = SKU) -> object:
    try:
        return await store.reservations.reserve(want(reservation_id, quantity, sku))
    except SellableError as refused:
        return refused


async def _exists(store: Store, reservation_id: str) -> bool:
    return bool(
        await store.runner.connection.execute("EXISTS", PARTITION.reservation(reservation_id))
    )


def _changes(client: Client) -> list[Awaitable[object]]:
    """Make one call of each kind that is answered with an acknowledgement."""
    now = Timestamp()
    now.GetCurrentTime()
    return [
        client.reserve("cart", FR, Want(SKU)),
        client.reserve("held", FR, Want(SKU)),
        client.confirm("held"),
        client.count(SKU, "DC", UNITS),
        client.apply_network(network()),  # changes nothing
        client.apply_network(network(web={"protection_buffer": 1})),
        client.inventory.PutItems(PutItemsRequest(items=[Item(sku=SKU, update_time=now)])),
        client.inventory.DeleteSkus(DeleteSkusRequest(skus=["NONE"])),
    ]


async def _not_reached(call: Awaitable[object]) -> None:
    refused = await refusal_of(call)
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "DURABILITY_NOT_REACHED")
    assert refused.metadata == {
        "outcome_unknown": "true",
        "replicas_reached": "0",
        "replicas_wanted": "1",
    }
    assert refused.retry_after_ms


async def test_the_replica_has_what_is_answered(pair: Replicated) -> None:
    """At the moment of the answer, every time."""
    async with waiting_store(pair.primary.url) as store:
        for at in range(20):
            await store.reservations.reserve(want(f"cart-{at}"))
            assert pair.replica_has(f"cart-{at}")


async def test_one_wait_for_all_writes_of_a_tick(pair: Replicated) -> None:
    """Each has its own answer or refusal, and all that succeeded are on the replica by then."""
    async with waiting_store(pair.primary.url) as store:
        await store.reservations.reserve(want("again"))
        waits = pair.calls("wait")
        *held, again, short, unknown = await asyncio.gather(
            *(_outcome(store, f"cart-{at}") for at in range(50)),
            _outcome(store, "again"),
            _outcome(store, "greedy", UNITS + 1),
            _outcome(store, "astray", sku="NONE"),
        )
        assert pair.calls("wait") - waits == 1
        assert [reserved.replayed for reserved in held if isinstance(reserved, Reserved)] == (
            [False] * 50
        )
        assert isinstance(again, Reserved)
        assert again.replayed
        assert isinstance(short, InsufficientStock)
        assert isinstance(unknown, UnknownSku)
        assert all(pair.replica_has(f"cart-{at}") for at in range(50))
        assert not pair.replica_has("greedy")


async def test_what_comes_meanwhile_is_the_next_batch(pair: Replicated) -> None:
    """However many ticks it took to come: while one batch waits, the next one collects."""
    async with waiting_store(pair.primary.url) as store:
        waits = pair.calls("wait")
        pair.replica.pause()
        calls = [asyncio.ensure_future(_outcome(store, "first"))]
        await eventually_async(lambda: _exists(store, "first"))
        for at in range(20):
            calls.append(asyncio.ensure_future(_outcome(store, f"later-{at}")))
            await asyncio.sleep(0)
        assert not any(call.done() for call in calls)
        pair.replica.resume()
        assert all(isinstance(answer, Reserved) for answer in await asyncio.gather(*calls))
        assert pair.calls("wait") - waits == 2


async def test_a_write_seen_before_its_answer_is_seen_after_it(pair: Replicated) -> None:
    """Reads ask the primary that took the write, over another connection."""
    async with waiting_store(pair.primary.url) as store:
        for at in range(10):
            reserved = await store.reservations.reserve(want(f"cart-{at}"))
            numbers, position = await store.reads.sellable(FR, [SKU])
            assert numbers == [UNITS - 1 - at]
            assert store.revisions.encode(position) == reserved.revision


async def test_scripts_that_the_store_forgot_are_loaded_once(pair: Replicated) -> None:
    """A batch of calls that all find their script missing goes again, as one batch."""
    async with waiting_store(pair.primary.url) as store:
        await store.runner.connection.execute("SCRIPT", "FLUSH")
        loads, waits = pair.calls("script|load"), pair.calls("wait")
        answers = await asyncio.gather(*(_outcome(store, f"cart-{at}") for at in range(20)))
        assert all(isinstance(answer, Reserved) for answer in answers)
        assert (pair.calls("script|load") - loads, pair.calls("wait") - waits) == (1, 2)


async def test_more_writes_than_may_wait_are_refused(pair: Replicated) -> None:
    """At once, and those that were accepted are not hurt."""
    async with waiting_store(pair.primary.url, writes_max=5) as store:
        answers = await asyncio.gather(*(_outcome(store, f"cart-{at}") for at in range(8)))
        assert [type(answer) for answer in answers] == [Reserved] * 5 + [Overloaded] * 3


async def test_nothing_is_written_for_who_left_before_it_was_sent(pair: Replicated) -> None:
    """A call whose deadline passed while another batch waited does not take stock."""
    async with waiting_store(pair.primary.url) as store:
        pair.replica.pause()
        first = asyncio.ensure_future(_outcome(store, "first"))
        await eventually_async(lambda: _exists(store, "first"))
        second = asyncio.ensure_future(_outcome(store, "second"))
        third = asyncio.ensure_future(_outcome(store, "third"))
        await asyncio.sleep(0)
        second.cancel()
        pair.replica.resume()
        assert isinstance(await first, Reserved)
        assert isinstance(await third, Reserved)
        assert not await _exists(store, "second")


@pytest.mark.parametrize(
    ("durability", "connections", "waits"), [("primary", 1, False), ("replica:1", 2, True)]
)
async def test_only_who_asks_for_it_pays(
    pair: Replicated, durability: str, connections: int, *, waits: bool
) -> None:
    """Without replicas there is one connection, no wait and no mark."""
    before = pair.calls("wait")
    with pair.primary.client() as client:
        client.delete("{0}:mark")
        async with service(pair.primary.url, durability=durability) as running:
            await running.client.confirm(
                (await running.client.reserve("cart", FR, Want(SKU))).reservation.reservation_id
            )
            named = [one for one in client.client_list() if one["name"] == "sellable"]
        assert len(named) == connections
        assert (pair.calls("wait") > before, client.exists("{0}:mark") == 1) == (waits, waits)


async def test_every_call_that_changes_something_waits(pair: Replicated) -> None:
    """And none that only looks: those say nothing of a replica that is gone."""
    async with service(
        pair.primary.url, durability="replica:1", command_timeout_ms=1_000
    ) as running:
        client = running.client
        await client.reserve("held", FR, Want(SKU))
        pair.depart()
        await asyncio.gather(*(_not_reached(call) for call in _changes(client)))
        assert await client.sellable(FR, SKU)
        assert await client.get("held")
        assert await client.positions(SKU)
        assert await client.differences() == []
    pair.follow()


def test_who_does_not_wait_is_a_script_that_may_write() -> None:
    """The list has no name that is wrong or that the engine holds to reading anyway."""
    assert {name for name in _UNACKNOWLEDGED if not SCRIPTS[name].writes} == set()


def test_every_outcome_is_an_acknowledgement_or_a_refusal() -> None:
    """Whoever adds an outcome to a script decides whether it waits."""
    acknowledged = [
        script for name, script in SCRIPTS.items() if script.writes and name not in _UNACKNOWLEDGED
    ]
    outcomes = {outcome.encode() for script in acknowledged for outcome in script.outcomes}
    assert outcomes == _ACKNOWLEDGES | REFUSALS


@pytest.mark.parametrize("wanted", [2, 8])
async def test_too_few_replicas_at_the_start(pair: Replicated, wanted: int) -> None:
    """The refusal says how many are connected."""
    told = f"durability replica:{wanted} needs as many replicas, and 1 is connected"
    with pytest.raises(StoreRefused, match=told):
        async with service(pair.primary.url, durability=f"replica:{wanted}"):
            pass


async def test_no_replica_at_the_start(store_url: str) -> None:
    """Nor does a primary without any serve."""
    with pytest.raises(StoreRefused, match="replica:1 needs as many replicas, and 0 are connected"):
        async with service(store_url, durability="replica:1"):
            pass
