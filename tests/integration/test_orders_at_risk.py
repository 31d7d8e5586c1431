"""Orders at risk: what a sourcing worker finds, does, and leaves to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sellable.dispatch.worker.acting import AGAIN
from sellable.v1 import sourcing_pb2
from support.client import Want, bound, refusal_of, state_of
from support.risk import PARTITION, caught_up, causes, noted, placed, to_decide, worker_of
from support.sourcing import FR, hold, network, refused, source_again

if TYPE_CHECKING:
    from support.server import ValkeyProcess
    from support.service import Service


async def test_shortage_is_sourced_elsewhere_youngest_first(
    risky: Service, valkey: ValkeyProcess
) -> None:
    """Exactly the orders that the shortage falls on move, once, and the position is whole again."""
    client, worker = risky.client, worker_of(risky.store)
    for name in ("old", "young", "youngest"):
        await placed(client, name, Want("A"))
    await client.count("A", "DC", 5)
    assert {} == await caught_up(worker)
    await client.count("A", "NEAR", 1)
    assert {"sourced": 2} == await caught_up(worker)
    assert [{"NEAR": 1}, {"DC": 1}, {"DC": 1}] == [
        bound(await client.get(name)) for name in ("old", "young", "youngest")
    ]
    positions = await client.positions("A")
    assert (1, 1, 0) == (
        positions["NEAR"].on_hand_quantity,
        positions["NEAR"].reserved_quantity,
        positions["NEAR"].overcommitted_quantity,
    )
    assert (5, 2) == (positions["DC"].on_hand_quantity, positions["DC"].reserved_quantity)
    assert {} == await caught_up(worker)
    with valkey.client() as store:
        assert {("SOURCED", "old"): 1, ("SOURCED", "young"): 2, ("SOURCED", "youngest"): 2} == (
            noted(store, "SOURCED", "ESCALATED")
        )
    assert ([], []) == (await client.differences(), await to_decide(client))


async def test_order_keeps_what_is_there_for_it(risky: Service) -> None:
    """Only the units that are short have to move; whether the others do is the profile's choice."""
    client, worker = risky.client, worker_of(risky.store)
    await placed(client, "order", Want("A", 3))
    await client.count("A", "DC", 1)
    await client.count("A", "NEAR", 2)
    await caught_up(worker)
    assert {"NEAR": 2, "DC": 1} == bound(await client.get("order"))


async def test_confirm_leaves_it_to_sourcing_where_days_are_limited(risky: Service) -> None:
    """A hold that is short when it is confirmed moves with an order of the day of its new place."""
    client, worker = risky.client, worker_of(risky.store)
    days = {"NEAR": 9, "DC": 9, "FAR": 0}
    await client.apply_network(network(split_lines=False, capacities=days))
    await client.count("A", "DC", 5)
    await hold(client, "order", Want("A"))
    await client.count("A", "NEAR", 0)
    await client.confirm("order")
    assert {"NEAR": 1} == bound(await client.get("order"))
    assert {"sourced": 1} == await caught_up(worker)
    assert {"DC": 1} == bound(await client.get("order"))
    kept = await risky.store.sourced.observe(FR, ["A"], ["DC"], [], "order")
    assert kept.kept is not None
    assert 2 == kept.kept.sourced_count
    assert [] == await client.differences()


async def test_hold_that_is_short_is_left_alone(risky: Service) -> None:
    """It may expire; once it is an order it is seen to."""
    client, worker = risky.client, worker_of(risky.store)
    await hold(client, "cart", Want("A", 2))
    await client.count("A", "NEAR", 1)
    assert {} == await caught_up(worker)
    assert {"NEAR": 2} == bound(await client.get("cart"))
    await client.confirm("cart")
    await client.count("A", "DC", 1)
    assert {"sourced": 1} == await caught_up(worker)
    assert {"NEAR": 1, "DC": 1} == bound(await client.get("cart"))


async def test_without_plan_a_person_is_asked_once(risky: Service, valkey: ValkeyProcess) -> None:
    """However often and by whomever it is found; the list names what blocks each line."""
    client = risky.client
    workers = [worker_of(risky.store, name) for name in "abc"]
    await placed(client, "order", Want("A", 2, line_id="1"))
    await client.count("A", "NEAR", 0)
    for worker in workers:
        await caught_up(worker)
    (order,) = await to_decide(client)
    assert ("order", "O-order", {"OVERCOMMITTED"}) == (
        order.reservation.reservation_id,
        order.reservation.order_reference,
        causes(order),
    )
    (danger,) = order.dangers
    assert ("1", "A", "NEAR", 2) == (
        danger.quantity.line_id,
        danger.quantity.sku,
        danger.quantity.location,
        danger.quantity.quantity,
    )
    (told,) = order.escalations
    assert "NO_FEASIBLE_PLAN" == told.reason
    assert [("1", "A", "stock")] == [
        (line.line_id, line.sku, line.constraint) for line in told.blocked_lines
    ]
    assert order.sourced_count == 1
    assert order.HasField("since_time")
    assert order.HasField("ship_by_time")
    with valkey.client() as store:
        assert {("ESCALATED", "order"): 1} == noted(store, "ESCALATED", "RELIEVED")
    await client.release("order")
    assert [] == await to_decide(client)


async def test_what_nobody_need_decide_leaves_the_list(
    risky: Service, valkey: ValkeyProcess, risk_ms: list[int]
) -> None:
    """At once where a count says so; the worker notes it; the same may come again."""
    client, worker = risky.client, worker_of(risky.store)
    await placed(client, "order", Want("A"))
    await client.count("A", "NEAR", 0)
    await caught_up(worker)
    assert 1 == len(await to_decide(client))
    risk_ms[0] += 1_000
    await client.count("A", "NEAR", 1)
    assert [] == await to_decide(client)
    assert {"relieved": 1} == await caught_up(worker)
    risk_ms[0] += 1_000
    await client.count("A", "NEAR", 0)
    await caught_up(worker)
    assert 1 == len(await to_decide(client))
    with valkey.client() as store:
        assert {("ESCALATED", "order"): 2, ("RELIEVED", "order"): 1} == noted(
            store, "ESCALATED", "RELIEVED"
        )


async def test_stock_that_comes_later_is_used(risky: Service, valkey: ValkeyProcess) -> None:
    """What a person was asked is tried again after a while, not at every look."""
    client, worker = risky.client, worker_of(risky.store)
    await placed(client, "order", Want("A"))
    await client.count("A", "NEAR", 0)
    await caught_up(worker)
    await client.count("A", "FAR", 1)
    assert {"waiting"} == set(await caught_up(worker))
    with valkey.client() as store:
        store.delete(PARTITION.lease(f"sourcing:order{AGAIN}"))  # as after its time
    assert {"sourced": 1} == await caught_up(worker)
    assert {"FAR": 1} == bound(await client.get("order"))
    assert [] == await to_decide(client)


async def test_order_that_was_never_sourced_is_for_a_person(risky: Service) -> None:
    """Nobody knows where it goes."""
    client, worker = risky.client, worker_of(risky.store)
    await client.reserve("order", FR, Want("A"))
    await client.confirm("order")
    await client.count("A", "NEAR", 0)
    await client.count("A", "DC", 5)
    await caught_up(worker)
    (order,) = await to_decide(client)
    assert [("POLICY", "it was never sourced, so nobody knows where it goes")] == [
        (one.reason, one.detail) for one in order.escalations
    ]
    assert 0 == order.sourced_count


@pytest.mark.parametrize("change", ["disabled", "left"])
async def test_order_at_a_location_that_is_gone_moves(risky: Service, change: str) -> None:
    """A location that was disabled, or left the market, ships nothing any more."""
    client, worker = risky.client, worker_of(risky.store)
    await placed(client, "order", Want("A"))
    await client.count("A", "DC", 5)
    await caught_up(worker)
    document = network(split_lines=True)
    if change == "disabled":
        document["locations"][0]["enabled"] = False
    else:
        document["markets"][0]["locations"] = ["DC", "FAR"]
    await client.apply_network(document)
    assert {"sourced": 1} == await caught_up(worker)
    assert {"DC": 1} == bound(await client.get("order"))
    assert [] == await client.differences()


async def test_unit_that_is_not_found_is_sourced_once_there_is_one(
    risky: Service, valkey: ValkeyProcess, risk_ms: list[int]
) -> None:
    """A refusal without any plan is kept: listed, tried again, and on hand falls in the end."""
    client, worker = risky.client, worker_of(risky.store)
    await placed(client, "order", Want("A", 2))
    lost = [refused("A", "NEAR")]
    told = await refusal_of(source_again(client, "order", "lost", refusals=lost))
    assert "NO_FEASIBLE_PLAN" == told.reason
    await refusal_of(source_again(client, "order", "again", refusals=lost))  # the same unit
    (order,) = await to_decide(client)
    assert {"REFUSED"} == causes(order)
    assert [1, 1] == [units.refusals[0].quantity.quantity for units in order.escalations]
    assert {"waiting"} == set(await caught_up(worker))
    await client.count("A", "DC", 1)
    risk_ms[0] += 60_000  # the goods are missed after they were counted
    with valkey.client() as store:
        store.delete(PARTITION.lease(f"sourcing:order{AGAIN}"))
    assert {"sourced": 1} == await caught_up(worker)
    assert {"NEAR": 1, "DC": 1} == bound(await client.get("order"))
    positions = await client.positions("A")
    assert (2, 1) == (positions["NEAR"].on_hand_quantity, positions["NEAR"].reserved_quantity)
    assert (1, 1) == (positions["DC"].on_hand_quantity, positions["DC"].reserved_quantity)
    assert ([], []) == (await to_decide(client), await client.differences())
    assert {} == await caught_up(worker)


async def test_refusal_is_kept_where_the_network_lost_the_profile(risky: Service) -> None:
    """Nobody can plan the order any more, and yet its location has not what it should."""
    client, lost = risky.client, [refused("A", "NEAR")]
    await hold(client, "order", Want("A"), profile="plain")
    await client.confirm("order")
    renamed = network(split_lines=True)
    renamed["sourcing"]["profiles"][0]["name"] = "other"
    await client.apply_network(renamed)
    told = await refusal_of(source_again(client, "order", "lost", refusals=lost))
    assert "UNKNOWN_PROFILE" == told.reason
    (order,) = await to_decide(client)
    assert {"REFUSED"} == causes(order)
    await client.count("A", "DC", 5)
    await source_again(client, "order", "lost", refusals=lost, profile="other")
    assert ({"DC": 1}, []) == (bound(await client.get("order")), await to_decide(client))


async def test_refusal_of_a_hold_is_not_kept(risky: Service) -> None:
    """A cart is nobody's to decide about."""
    await hold(risky.client, "cart", Want("A"))
    lost = [refused("A", "NEAR")]
    await refusal_of(source_again(risky.client, "cart", "lost", refusals=lost))
    assert [] == await to_decide(risky.client)


async def test_what_happened_while_no_worker_ran_is_found(risky: Service) -> None:
    """Also when the ledger has dropped what told of it, and for what no index has."""
    client = risky.client
    for name in ("gone", "short"):
        await placed(client, name, Want("A", location="NEAR"))
    await client.count("A", "DC", 5)
    document = network(split_lines=True)
    document["locations"][0]["enabled"] = False
    await client.apply_network(document)
    first = worker_of(risky.store, "first")
    # A line that is bound to a location has no other.
    assert 2 == (await caught_up(first))["escalated"]
    for name in ("gone", "short"):
        await client.release(name)
    document["locations"][0]["enabled"] = True
    await client.apply_network(document)
    await placed(client, "order", Want("A"))
    await caught_up(first)
    document["locations"][0]["enabled"] = False
    await client.apply_network(document)
    execute = risky.store.runner.connection.execute
    await execute("XTRIM", PARTITION.ledger, "MAXLEN", 0)
    await client.count("A", "FAR", 1)  # the only entry left
    assert {"sourced": 1} == await caught_up(worker_of(risky.store, "second"))
    assert {"DC": 1} == bound(await client.get("order"))


async def test_page_token_that_is_none_is_refused(risky: Service) -> None:
    """And a page that is too large."""
    for fields, path in (
        ({"page_token": "x.order"}, "page_token"),
        ({"page_token": "12"}, "page_token"),
        ({"page_size": 1_001}, "page_size"),
    ):
        request = sourcing_pb2.ListAtRiskOrdersRequest(**fields)
        told = await refusal_of(risky.client.sourcing.ListAtRiskOrders(request))
        assert [path] == [violation.field for violation in told.violations]


async def test_list_has_pages(risky: Service) -> None:
    """Every order once, also those that were found at the same moment."""
    client, worker = risky.client, worker_of(risky.store)
    for name in ("a", "b", "c"):
        await placed(client, name, Want("A"))
    await client.count("A", "NEAR", 0)
    await caught_up(worker)
    found = await to_decide(client)
    assert ["a", "b", "c"] == sorted(order.reservation.reservation_id for order in found)
    assert {"CONFIRMED"} == {state_of(order.reservation) for order in found}
