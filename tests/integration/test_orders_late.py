"""Orders that should have left: when they are late, and how often they move for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.limits import SOURCING_LATE_MOVES_MAX
from support.client import Want, bound
from support.risk import DAY_MS, caught_up, causes, placed, to_decide, worker_of
from support.sourcing import network

if TYPE_CHECKING:
    from support.service import Service


async def test_late_order_moves_once(risky: Service, risk_ms: list[int]) -> None:
    """After its grace, to a location that is not the late one; then it is not late any more."""
    client, worker = risky.client, worker_of(risky.store)
    await client.count("A", "DC", 5)
    await placed(client, "order", Want("A"))
    risk_ms[0] += DAY_MS
    assert {} == await caught_up(worker)
    risk_ms[0] += 60_000
    assert {"sourced": 1} == await caught_up(worker)
    assert {"DC": 1} == bound(await client.get("order"))
    assert {} == await caught_up(worker)


async def test_order_behind_its_promise_is_late_too(risky: Service, risk_ms: list[int]) -> None:
    """Where it was to leave later than it was promised to arrive, the promise counts, once."""
    client, worker = risky.client, worker_of(risky.store, late_after_ms=0)
    document = network(split_lines=True)
    for place in document["locations"]:
        place |= {"cut_off": "00:00", "time_zone": "UTC"}  # nothing leaves today
    await client.apply_network(document)
    await client.count("A", "DC", 5)
    promised_s = risk_ms[0] // 1_000 + 2
    await placed(client, "order", Want("A"), promise_time={"seconds": promised_s})
    await caught_up(worker)
    assert {"NEAR": 1} == bound(await client.get("order"))
    risk_ms[0] = promised_s * 1_000 + 1
    assert {"sourced": 1} == await caught_up(worker)
    assert {} == await caught_up(worker)
    assert {"DC": 1} == bound(await client.get("order"))


async def test_late_order_is_for_a_person_where_the_policy_says_so(
    risky: Service, risk_ms: list[int]
) -> None:
    """It stays where it is, and leaves the list when it ships."""
    client, worker = risky.client, worker_of(risky.store, late_sourced=False)
    await client.count("A", "DC", 5)
    await placed(client, "order", Want("A"))
    risk_ms[0] += DAY_MS + 60_000
    assert 1 == (await caught_up(worker))["escalated"]
    (order,) = await to_decide(client)
    assert ({"LATE"}, {"NEAR": 1}) == (causes(order), bound(order.reservation))
    await client.fulfil("order")
    assert [] == await to_decide(client)


async def test_order_is_not_moved_for_ever(risky: Service, risk_ms: list[int]) -> None:
    """An order that is late wherever it goes is for a person in the end."""
    client, worker = risky.client, worker_of(risky.store)
    await client.count("A", "DC", 5)
    await placed(client, "order", Want("A"))
    moves = 0
    for _ in range(9):
        risk_ms[0] += DAY_MS + 60_000
        moves += (await caught_up(worker))["sourced"]
    assert SOURCING_LATE_MOVES_MAX == moves
    (order,) = await to_decide(client)
    assert "late once more" in order.escalations[0].detail


async def test_late_and_short_is_sourced_even_where_it_is_late(
    risky: Service, risk_ms: list[int]
) -> None:
    """What is short is more urgent than what is late."""
    client, worker = risky.client, worker_of(risky.store)
    await client.count("B", "DC", 1)
    await client.count("A", "DC", 0)
    await placed(client, "order", Want("A", 2), Want("B"))
    assert {"NEAR": 2, "DC": 1} == bound(await client.get("order"))
    await client.count("A", "NEAR", 1)
    await client.count("A", "DC", 1)
    risk_ms[0] += DAY_MS + 60_000
    await caught_up(worker)
    assert {"NEAR": 1, "DC": 2} == bound(await client.get("order"))


async def test_list_agrees_with_a_worker_that_is_less_patient(
    risky: Service, risk_ms: list[int]
) -> None:
    """What a worker called late is listed by a service whose own setting would wait longer."""
    client, worker = risky.client, worker_of(risky.store, late_after_ms=0, late_sourced=False)
    await placed(client, "order", Want("A"))
    risk_ms[0] += 1_000
    assert 1 == (await caught_up(worker))["escalated"]
    (order,) = await to_decide(client)
    assert {"LATE"} == causes(order)
