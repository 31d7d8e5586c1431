"""Reads that are answered by the batch, over a real socket, beside the ordinary way."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest

from sellable.rpc.express.batches import Batched
from sellable.store.columns import COLUMN_MAX
from sellable.v1.availability_pb2 import CheckAvailabilityRequest, CheckSellableRequest, StockStatus
from support.client import CALL_S_MAX, Want, event, refusal_of
from support.service import ServiceProcess, service
from support.views import calls
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sellable.rpc.express.batches import Group
    from support.client import Client
    from support.server import ValkeyProcess
    from support.service import Service

FR: Final = "web/FR"
NETWORK: Final[dict[str, Any]] = {
    "locations": [
        {"id": "DC", "type": "warehouse", "country": "FR"},
        {"id": "SHOP", "type": "store", "country": "FR"},
    ],
    "markets": [
        {"channel": "web", "country": "FR", "locations": ["DC", "SHOP"], "low_stock_threshold": 2},
        {"channel": "web", "country": "DE", "locations": ["DC"]},
    ],
}


class Seen:
    """What was answered by the batch."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, int, int]] = []  # market, calls, SKUs
        self.left = 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Note each group that is answered, and the calls of it that are left to the ordinary way."""
    noted, answer = Seen(), Batched._answer

    async def spied(self: Batched, group: Group, server: Any) -> None:
        noted.groups.append((group.market, len(group.events), group.skus))
        left = server.go_ordinary

        class Server:
            respond, fail = server.respond, server.fail

            def go_ordinary(self, events: list[Any]) -> None:
                noted.left += len(events)
                left(events)

        await answer(self, group, Server())

    monkeypatch.setattr(Batched, "_answer", spied)
    return noted


@pytest.fixture
async def served(store_url: str, seen: Seen) -> AsyncIterator[Service]:
    """Serve a network of two markets on the native transport; both have been read once."""
    async with service(store_url, transport="native") as started:
        await started.client.apply_network(NETWORK)
        for number, sku in enumerate(("A", "B", "C")):
            await started.client.count(sku, "DC", number)
        for market in (FR, "web/DE"):
            await started.client.sellable(market, "A")
            await rich(started.client, market, ["A"])
        seen.groups.clear()
        seen.left = 0
        yield started


async def rich(client: Client, market: str, skus: Iterable[str], **more: Any) -> Any:
    """Ask for items."""
    channel, country = market.split("/")
    request = CheckAvailabilityRequest(channel=channel, country=country, skus=skus, **more)
    return await client.availability.CheckAvailability(request, timeout=CALL_S_MAX)


async def answered_by_batch(served: Service, seen: Seen) -> bool:
    """Tell whether the market is read by the batch, which it is not while a change goes on."""
    seen.groups.clear()
    seen.left = 0
    await served.client.sellable(FR, "A")
    return bool(seen.groups) and not seen.left


async def test_calls_at_once_are_one_question(
    served: Service, seen: Seen, valkey: ValkeyProcess
) -> None:
    """Many calls that arrive together share an HMGET a market, and each gets its own numbers."""
    with valkey.client() as client:
        client.config_resetstat()
        answers = await asyncio.gather(
            *[served.client.sellable(FR, *("ABC"[: 1 + n % 3])) for n in range(100)],
            *[served.client.sellable("web/DE", "C", "NONE") for _ in range(100)],
        )
        assert calls(client, "hmget") == len(seen.groups) < 50
    assert answers == [[0, 1, 2][: 1 + n % 3] for n in range(100)] + [[2, -1]] * 100
    assert 200 == sum(count for _, count, _ in seen.groups)
    assert not seen.left


async def test_both_ways_answer_the_same(served: Service, seen: Seen) -> None:
    """Items by the batch are those of the ordinary way, which a location-free call never takes."""
    skus = ["A", "B", "C", "NONE", "größe 42"]
    await served.client.count("größe 42", "SHOP", 10**12)
    by_batch = await rich(served.client, FR, skus)
    assert seen.groups == [(FR, 1, 5)]
    found, revision = await served.store.availability.items(FR, skus)
    assert revision == by_batch.revision
    assert [
        (item.sku, max(0, item.sellable), item.oldest_observe_us, item.market) for item in found
    ] == [
        (
            item.sku,
            item.sellable_quantity,
            item.oldest_observe_time.ToMicroseconds(),
            f"{item.channel}/{item.country}",
        )
        for item in by_batch.items
    ]
    words = [StockStatus.Name(item.status) for item in by_batch.items]
    expected = ("OUT_OF_STOCK", "LOW_STOCK", "LOW_STOCK", "UNKNOWN", "IN_STOCK")
    assert [f"STOCK_STATUS_{word}" for word in expected] == words


async def test_a_group_is_bounded(served: Service, seen: Seen) -> None:
    """Calls are put together up to the SKUs of one HMGET; what is larger goes the ordinary way."""
    many = [f"S{n:04}" for n in range(700)]
    answers = await asyncio.gather(*[served.client.sellable(FR, *many) for _ in range(3)])
    assert answers == [[-1] * 700] * 3
    assert all(skus <= COLUMN_MAX for _, _, skus in seen.groups)
    seen.groups.clear()
    assert [-1] * 1_000 == await served.client.sellable(FR, *many, *many[:300])
    assert not seen.groups


async def test_numbers_that_a_quota_limits_are_left_to_the_ordinary_way(
    served: Service, seen: Seen
) -> None:
    """One marked number sends its own call the other way, and no call beside it."""
    quotas = [{"market": FR, "sku": "C", "units": 1}]
    await served.client.apply_network({**NETWORK, "quotas": quotas})
    await eventually_async(lambda: answered_by_batch(served, seen))
    answers = await asyncio.gather(
        *[served.client.sellable(FR, *skus) for skus in ("AB", "BC", "AB")]
    )
    assert answers == [[0, 1], [1, 1], [0, 1]]
    assert 1 == seen.left
    await served.client.reserve("R", FR, Want("C"))
    assert [[1, 0], [1, 0]] == [
        await served.client.sellable(FR, "B", "C"),
        [i.sellable_quantity for i in (await rich(served.client, FR, "BC")).items],
    ]


async def test_a_change_of_the_network_is_seen_at_once(served: Service, seen: Seen) -> None:
    """Whatever is under way, the next read is under the new rules, by the batch once it is done."""
    for buffer in (2, 1, 0):
        markets = [{**NETWORK["markets"][0], "protection_buffer": buffer}, NETWORK["markets"][1]]
        await served.client.apply_network({**NETWORK, "markets": markets})
        assert [0, max(0, 1 - buffer), 2 - buffer] == await served.client.sellable(FR, *"ABC")
    await eventually_async(lambda: answered_by_batch(served, seen))
    assert [0, 1, 2] == await served.client.sellable(FR, *"ABC")
    assert [(FR, 1, 1), (FR, 1, 3)] == seen.groups


async def test_promises_of_future_supply_are_told(served: Service) -> None:
    """A market with a horizon says what is expected, which only the ordinary way knows."""
    markets = [{**NETWORK["markets"][0], "backorder_horizon": "30d"}]
    await served.client.apply_network({**NETWORK, "markets": markets})
    await served.client.apply(
        event(
            "A",
            "DC",
            future_supply={
                "supply_id": "PO-1",
                "quantity": 7,
                "expect_time": {"seconds": int(time.time()) + 86_400},
            },
        )
    )
    assert 7 == (await rich(served.client, FR, ["A"])).items[0].future_quantity


async def test_bad_calls_are_told_what_is_wrong(served: Service) -> None:
    """A refusal names the field or the market, also among good calls of the same moment."""
    unknown = CheckSellableRequest(channel="web", country="IT", skus=["A"])
    bad = CheckSellableRequest(channel="web", country="FR", skus=["A", "B\n"])
    stub = served.client.availability
    good, wrong, none = await asyncio.gather(
        served.client.sellable(FR, "B"),
        refusal_of(stub.CheckSellable(bad, timeout=CALL_S_MAX)),
        refusal_of(stub.CheckSellable(unknown, timeout=CALL_S_MAX)),
    )
    assert good == [1]
    assert "skus[1]" in str(wrong)
    assert "web/IT" in str(none)


async def test_a_lost_store_is_told(served: Service, valkey: ValkeyProcess) -> None:
    """Without a store nobody is given a number."""
    valkey.kill()
    try:
        for _ in range(2):
            refused = await refusal_of(
                served.client.availability.CheckSellable(
                    CheckSellableRequest(channel="web", country="FR", skus=["A"]),
                    timeout=CALL_S_MAX,
                )
            )
            assert refused.code == "UNAVAILABLE"
    finally:
        valkey.start()


async def test_a_caller_that_leaves_harms_nobody(served: Service, valkey: ValkeyProcess) -> None:
    """Calls that are cancelled or run out of time are dropped; the others are answered."""
    valkey.pause()
    try:
        request = CheckSellableRequest(channel="web", country="FR", skus=["B"])
        hurried = served.client.availability.CheckSellable(request, timeout=0.05)
        left = served.client.availability.CheckSellable(request, timeout=CALL_S_MAX)
        patient = asyncio.ensure_future(served.client.sellable(FR, "B"))
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await hurried
        assert grpc.StatusCode.DEADLINE_EXCEEDED == late.value.code()
        left.cancel()
    finally:
        valkey.resume()
    assert [1] == await patient
    assert [1] == await served.client.sellable(FR, "B")


async def test_a_drain_answers_what_was_accepted(store_url: str, valkey: ValkeyProcess) -> None:
    """Calls under way when the process is asked to end are answered; the gate counts them."""
    async with ServiceProcess(store_url, transport="native") as process, process.client() as client:
        await client.apply_network(NETWORK)
        await client.count("A", "DC", 5)
        await client.sellable(FR, "A")
        valkey.pause()
        waiting = [asyncio.ensure_future(client.sellable(FR, "A")) for _ in range(50)]
        ending = None
        try:
            await asyncio.sleep(0.1)  # they have arrived
            ending = asyncio.ensure_future(process.terminate())

            async def refuses() -> bool:
                return any(entry.get("event") == "draining" for entry in process.log)

            await eventually_async(refuses)
        finally:
            valkey.resume()
        assert [[5]] * 50 == await asyncio.gather(*waiting)
        assert 0 == await ending


async def test_a_fault_of_ours_leaves_no_call_without_an_answer(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a batch breaks, its calls are answered one by one."""

    def broken(*_: object) -> bytes:
        raise KeyError("broken")

    monkeypatch.setattr(Batched, "revision", broken)
    assert [[1]] * 10 == await asyncio.gather(*[served.client.sellable(FR, "B") for _ in range(10)])


async def test_reservations_are_answered_and_refused_as_ever(served: Service) -> None:
    """An answer, a refusal with its details, bad fields, and bytes that are no message."""
    assert "R" == (await served.client.reserve("R", FR, Want("B"))).reservation.reservation_id
    short = await refusal_of(served.client.reserve("S", FR, Want("B", 5)))
    assert ("FAILED_PRECONDITION", "INSUFFICIENT_STOCK") == (short.code, short.reason)
    assert [("B", 5, 0)] == [
        (line.sku, line.requested_quantity, line.sellable_quantity) for line in short.short_lines
    ]
    bad = await refusal_of(served.client.reserve("", FR, Want("B")))
    assert ("INVALID_ARGUMENT", "reservation_id") == (bad.code, bad.violations[0].field)
    call: Any = served.client.channel.unary_unary("/sellable.v1.ReservationService/ReserveStock")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"\xff\xff")
    assert grpc.StatusCode.INTERNAL == refused.value.code()
    await served.client.release("R")
    assert [1] == await served.client.sellable(FR, "B")
