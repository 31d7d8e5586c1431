"""Reservations that are sourced later, or again because a location has not what it should."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.v1 import reservations_pb2
from support.client import Want, bound, refusal_of, state_of
from support.sourcing import (
    FR,
    LYON,
    hold,
    network,
    plan,
    refused,
    shipped,
    source_again,
    stocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client


@pytest.fixture(params=["native"])
async def client(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Serve a store with stock."""
    async with stocked(store_url, request.param) as ready:
        yield ready


async def test_held_at_checkout_and_sourced_later(client: Client) -> None:
    """What the reservation holds counts as available to its own plan; state and expiry stay."""
    before = (await client.reserve("cart", FR, Want("A", 2))).reservation
    assert {"DC": 2} == bound(before)  # in the market's order
    await client.reserve("others", FR, Want("A", 2, location="NEAR"))
    told = await refusal_of(source_again(client, "cart", "source"))
    assert [("destination", "is required: the reservation was not sourced before")] == [
        (v.field, v.description) for v in told.violations
    ]
    answer = await source_again(client, "cart", "source", destination=LYON)
    assert {"DC": 2} == bound(answer.reservation)  # the nearest that has any
    await client.release("others")
    answer = await source_again(client, "cart", "again")
    assert {"NEAR": 2} == bound(answer.reservation)
    assert {"NEAR": {"A": 2}} == shipped(answer.plan)
    assert (before.expire_time, "HELD") == (
        answer.reservation.expire_time,
        state_of(answer.reservation),
    )
    # It holds the last ones of NEAR, and only its own plan has them.
    assert {"NEAR": {"A": 2}} == shipped(
        (await plan(client, Want("A", 2), reservation_id="cart")).plan
    )
    assert {"DC": {"A": 2}} == shipped((await plan(client, Want("A", 2))).plan)
    again = await source_again(client, "cart", "again")
    assert (answer.plan, True, 0) == (again.plan, again.replayed, again.attempts)
    other = await refusal_of(source_again(client, "cart", "again", profile="plain"))
    assert ("IDEMPOTENCY_CONFLICT", "profile") == (other.reason, other.metadata["field"])
    assert [] == await client.differences()


async def test_plan_that_is_best_already_stays(client: Client) -> None:
    """Sourcing anew is no error where nothing can be better."""
    first = await hold(client, "cart", Want("A", 2))
    answer = await source_again(client, "cart", "again")
    assert bound(first.reservation) == bound(answer.reservation)
    assert first.plan.assignments == answer.plan.assignments
    assert not answer.replayed


async def test_store_that_does_not_find_a_unit_is_not_asked_for_it_again(client: Client) -> None:
    """In one step the units go elsewhere, on hand falls, and the view with it."""
    await hold(client, "cart", Want("A", 2))
    await client.confirm("cart")
    assert [10] == await client.sellable(FR, "A")
    answer = await source_again(client, "cart", "lost", refusals=[refused("A", "NEAR", 2)])
    assert {"DC": 2} == bound(answer.reservation)
    assert "CONFIRMED" == state_of(answer.reservation)
    # 12 counted, 2 of them not there, 2 taken.
    assert [8] == await client.sellable(FR, "A")
    position = (await client.positions("A"))["NEAR"]
    assert (0, 0) == (position.on_hand_quantity, position.reserved_quantity)
    # A later count finds some there: others may have them, this order does not ask again.
    await client.count("A", "NEAR", 2)
    assert {"DC": 2} == bound((await source_again(client, "cart", "later")).reservation)
    assert {"NEAR": {"A": 1}} == shipped((await plan(client, Want("A"))).plan)
    assert [] == await client.differences()


async def test_location_that_found_a_part_keeps_it(client: Client) -> None:
    """Only what is refused must leave; the rest may stay where it is, and no more comes to it."""
    await client.apply_network(network())
    for location, quantity in (("NEAR", 9), ("DC", 1), ("FAR", 0)):
        await client.count("A", location, quantity)
    await hold(client, "cart", Want("A", 3))
    answer = await source_again(client, "cart", "one", refusals=[refused("A", "NEAR", 1)])
    assert {"NEAR": 2, "DC": 1} == bound(answer.reservation)
    assert 8 == (await client.positions("A"))["NEAR"].on_hand_quantity


async def test_two_lines_of_a_sku_share_what_their_location_has(client: Client) -> None:
    """A refusal names one line, and the units of the other line leave: that is the same goods."""
    await client.apply_network(network(split_lines=False))
    for location, quantity in (("NEAR", 4), ("DC", 1), ("FAR", 0)):
        await client.count("A", location, quantity)
    wants = (Want("A", 3, line_id="many"), Want("A", 1, line_id="one"))
    held = await hold(client, "cart", *wants)
    assert {"NEAR": 4} == bound(held.reservation)
    gone = refused("A", "NEAR", line_id="many")
    answer = await source_again(client, "cart", "lost", refusals=[gone])
    assert {"NEAR": 3, "DC": 1} == bound(answer.reservation)
    assert 3 == (await client.positions("A"))["NEAR"].on_hand_quantity
    assert [] == await client.differences()


async def test_refused_with_hands_full_keeps_the_stock(client: Client) -> None:
    """No capacity is no missing unit: on hand stays."""
    await hold(client, "cart", Want("A", 2))
    reason = reservations_pb2.REFUSAL_REASON_NO_CAPACITY
    answer = await source_again(
        client,
        "cart",
        "full",
        refusals=[refused("A", "NEAR", 2, reason)],
        excluded_locations=["DC"],
    )
    assert {"FAR": 2} == bound(answer.reservation)
    assert [10] == await client.sellable(FR, "A")


async def test_refusal_that_nobody_can_take_changes_nothing(client: Client) -> None:
    """Every unit has a place or nothing happens; the obstacles are named line by line."""
    await hold(client, "cart", Want("B", 3, line_id="b"))
    told = await refusal_of(source_again(client, "cart", "lost", refusals=[refused("B", "DC", 3)]))
    assert ("FAILED_PRECONDITION", "NO_FEASIBLE_PLAN") == (told.code, told.reason)
    assert ["b"] == [line.line_id for line in told.blocked_lines]
    assert {"DC": 3} == bound(await client.get("cart"))
    assert 3 == (await client.positions("B"))["DC"].on_hand_quantity


async def test_units_without_a_place_are_given_back_where_that_is_allowed(client: Client) -> None:
    """A partial profile and a caller that allows it: what is nowhere else is released."""
    await client.apply_network(network(split_lines=False, partial=True))
    await hold(client, "cart", Want("A", 2, line_id="a"), Want("B", 1, line_id="b"))
    answer = await source_again(
        client, "cart", "lost", refusals=[refused("B", "DC")], allow_unfilled=True
    )
    assert {"a": 2, "b": 0} == {
        line.line_id: line.open_quantity for line in answer.reservation.lines
    }
    assert [("b", 1)] == [(one.line_id, one.quantity) for one in answer.plan.unfilled]
    assert [2] == await client.sellable(FR, "B")
    assert [] == await client.differences()


async def test_what_cannot_be_sourced_again_is_told(client: Client) -> None:
    """Closed, unknown, and units that are not there."""
    await client.reserve("cart", FR, Want("A", 2, line_id="1"))
    told = await refusal_of(
        source_again(client, "cart", "x", destination=LYON, refusals=[refused("A", "NEAR", 1)])
    )
    assert ["refusals[0].quantity.quantity"] == [v.field for v in told.violations]
    told = await refusal_of(
        source_again(
            client, "cart", "x", destination=LYON, refusals=[refused("", "DC", 1, line_id="9")]
        )
    )
    assert ["refusals[0].quantity.line_id"] == [v.field for v in told.violations]
    told = await refusal_of(
        source_again(client, "cart", "x", destination=LYON, excluded_locations=["MOON"])
    )
    assert "UNKNOWN_LOCATION" == told.reason
    await client.release("cart")
    closed = await refusal_of(source_again(client, "cart", "x", destination=LYON))
    unknown = await refusal_of(source_again(client, "none", "x", destination=LYON))
    assert ("RESERVATION_CLOSED", "UNKNOWN_RESERVATION") == (closed.reason, unknown.reason)


async def test_capacity_moves_with_the_units(client: Client) -> None:
    """A location that ships nothing of the order any more has its day back, for others too."""
    await client.apply_network(
        network(capacities={"NEAR": 1, "DC": 1}, split_lines=False, ship_within_days=0)
    )
    await hold(client, "cart", Want("A", 1))
    assert {"DC": {"A": 1}} == shipped((await plan(client, Want("A"))).plan)
    answer = await source_again(client, "cart", "full", excluded_locations=["NEAR"])
    assert {"DC": 1} == bound(answer.reservation)
    assert {"NEAR": {"A": 1}} == shipped((await plan(client, Want("A"))).plan)
    # The day that it holds itself is free to its own plan.
    assert {"DC": 1} == bound(
        (await source_again(client, "cart", "same", excluded_locations=["NEAR"])).reservation
    )
    assert {"NEAR": 1} == bound((await source_again(client, "cart", "back")).reservation)
    await client.release("cart")
    assert [] == await client.differences()


async def test_two_that_source_the_same_reservation_do_it_one_after_the_other(
    client: Client,
) -> None:
    """Whoever comes second finds another reservation than planned for, and plans again."""
    await client.reserve("cart", FR, Want("A", 2))
    answers = await asyncio.gather(
        *(source_again(client, "cart", f"at-once-{at}", destination=LYON) for at in range(8))
    )
    assert all({"NEAR": 2} == bound(answer.reservation) for answer in answers)
    assert all(1 <= answer.attempts <= 5 for answer in answers)
    same = await asyncio.gather(
        *(source_again(client, "cart", "once", destination=LYON) for _ in range(8))
    )
    assert 1 == sum(not answer.replayed for answer in same)
    assert [] == await client.differences()
