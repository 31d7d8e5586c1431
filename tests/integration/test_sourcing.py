"""Sourcing over real gRPC, on both transports and a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sellable.v1 import common_pb2, reservations_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint
from support.client import Want, bound, refusal_of, state_of
from support.service import service
from support.sourcing import FR, LYON, hold, network, order, plan, refused, shipped, source_again

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client


@pytest.fixture(params=["native", "grpcio"])
async def client(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Serve a store in which each location has some of A, and only DC has B."""
    async with service(store_url, transport=request.param) as one:
        await one.client.apply_network(network(split_lines=False))
        for location, quantity in (("NEAR", 2), ("DC", 5), ("FAR", 5)):
            await one.client.count("A", location, quantity)
        await one.client.count("B", "DC", 3)
        yield one.client


async def test_plan_says_who_ships_what_and_takes_nothing(client: Client) -> None:
    """The nearest location that has it ships; terms add up to the objective."""
    answer = await plan(client, Want("A", 2, line_id="1"), explain=True)
    best = answer.plan
    assert {"NEAR": {"A": 2}} == shipped(best)
    assert (True, 0.0, "cheapest", "plain", 1) == (
        best.optimal,
        best.relative_gap,
        best.strategy,
        answer.profile,
        answer.network_version,
    )
    (parcel,) = best.parcels
    assert ("NEAR", "post/standard", 1) == (parcel.location, parcel.service, parcel.parcel_count)
    assert "EUR" == parcel.shipping_cost.currency_code
    assert parcel.arrive_time.seconds > parcel.ship_time.seconds > 0
    assert round(sum(term.weighted for term in best.cost_terms) * 1e6) == round(
        best.objective * 1e6
    )
    assert [12] == await client.sellable(FR, "A")
    assert {"DC", "FAR"} == {one.location for one in answer.rejections}


async def test_hold_takes_what_is_planned(client: Client) -> None:
    """The reservation is bound where the plan says; the plan is kept for repeats."""
    first = await hold(client, "cart", Want("A", 1), Want("B", 1))
    assert {"DC": {"A": 1, "B": 1}} == shipped(first.plan)
    assert {"DC": 2} == bound(first.reservation)
    assert ("HELD", 1, False) == (state_of(first.reservation), first.attempts, first.replayed)
    await client.count("A", "DC", 0)
    again = await hold(client, "cart", Want("A", 1), Want("B", 1))
    assert (first.plan, 0, True) == (again.plan, again.attempts, again.replayed)
    assert (first.profile, first.network_version) == (again.profile, again.network_version)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ttl": None}, "ttl"),
        ({"allow_unfilled": True}, "allow_unfilled"),
        ({"profile": "plain"}, "source.profile"),
        ({"of": {"order_reference": "O-2"}}, "source.order.order_reference"),
        (
            {"of": {"destination": sourcing_pb2.Destination(country="FR", point=LYON.point)}},
            "source.order.destination.postal_code",
        ),
        (
            {"of": {"lines": [common_pb2.Line(sku="A", quantity=2)]}},
            "source.order.lines[0]",
        ),
    ],
)
async def test_other_content_under_a_known_id_is_a_conflict(
    client: Client, changes: dict[str, Any], field: str
) -> None:
    """The first field that differs is named; nothing is planned or changed."""
    await hold(client, "cart", Want("A"))
    told = await refusal_of(hold(client, "cart", Want("A"), **changes))
    assert ("ALREADY_EXISTS", "IDEMPOTENCY_CONFLICT", field) == (
        told.code,
        told.reason,
        told.metadata["field"],
    )
    assert [11] == await client.sellable(FR, "A")


async def test_what_was_held_otherwise_is_no_plan(client: Client) -> None:
    """An id of ReserveStock is no id of SourceAndReserve."""
    await client.reserve("cart", FR, Want("A"))
    told = await refusal_of(hold(client, "cart", Want("A")))
    assert "IDEMPOTENCY_CONFLICT" == told.reason


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
    await client.count("A", "NEAR", 9)
    await hold(client, "cart", Want("A", 3))
    answer = await source_again(client, "cart", "one", refusals=[refused("A", "NEAR", 1)])
    assert {"NEAR": 2, "DC": 1} == bound(answer.reservation)
    assert 8 == (await client.positions("A"))["NEAR"].on_hand_quantity


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


async def test_partial_plan_is_held_only_where_that_is_allowed(client: Client) -> None:
    """A caller that did not say so gets every unit, or none."""
    await client.apply_network(network(split_lines=False, partial=True))
    wants = (Want("A", 2, line_id="a"), Want("B", 9, line_id="b"))
    told = await refusal_of(hold(client, "cart", *wants))
    assert "NO_FEASIBLE_PLAN" == told.reason
    answer = await hold(client, "cart", *wants, allow_unfilled=True)
    assert {"NEAR": {"A": 2}} == shipped(answer.plan)
    assert {"a": 2, "b": 0} == {
        line.line_id: line.granted_quantity for line in answer.reservation.lines
    }
    told = await refusal_of(hold(client, "none", Want("B", 9), allow_unfilled=True))
    assert told.reason in {"INSUFFICIENT_STOCK", "NO_FEASIBLE_PLAN"}


async def test_delivery_options(client: Client) -> None:
    """Each service with its date and cost."""
    request = sourcing_pb2.ListDeliveryOptionsRequest(
        channel="web",
        country="FR",
        destination=LYON,
        lines=[common_pb2.Line(sku="A", quantity=1)],
    )
    answer = await client.sourcing.ListDeliveryOptions(request)
    (option,) = answer.options
    assert ("post/standard", True, 1, "EUR") == (
        option.service,
        option.complete,
        option.parcel_count,
        option.cost.currency_code,
    )
    assert option.arrive_time.seconds > option.order_by_time.seconds


async def refusal_of_plan(client: Client, *wants: Want, **more: Any) -> Any:
    """Plan what is to be refused; return reason, name or field paths."""
    told = await refusal_of(plan(client, *wants, **more))
    return told.reason, [v.field for v in told.violations] or sorted(told.metadata.values())


async def test_what_only_the_network_knows_is_told(client: Client) -> None:
    """Unknown names are NOT_FOUND; another currency is a fault of its field."""
    at_sea = {"destination": sourcing_pb2.Destination(country="FR", postal_code="99999")}
    dollars = {"value": common_pb2.Money(currency_code="USD", units=5)}
    euros = {"value": common_pb2.Money(currency_code="EUR", units=5)}
    await client.reserve("cart", FR, Want("A"))
    found = {
        "market": await refusal_of_plan(client, Want("A"), of={"channel": "shop"}),
        "sku": await refusal_of_plan(client, Want("Z")),
        "profile": await refusal_of_plan(client, Want("A"), profile="green"),
        "reservation": await refusal_of_plan(client, Want("A"), reservation_id="none"),
        "location": await refusal_of_plan(client, Want("A", location="MOON")),
        "postal_code": await refusal_of_plan(client, Want("A"), of=at_sea),
        "value": await refusal_of_plan(client, Want("A"), of=dollars),
    }
    assert {
        "market": ("UNKNOWN_MARKET", ["shop/FR"]),
        "sku": ("UNKNOWN_SKU", ["Z"]),
        "profile": ("UNKNOWN_PROFILE", ["green"]),
        "reservation": ("UNKNOWN_RESERVATION", ["none"]),
        "location": ("UNKNOWN_LOCATION", ["MOON"]),
        "postal_code": ("INVALID_FIELD", ["order.destination.postal_code"]),
        "value": ("INVALID_FIELD", ["order.value.currency_code"]),
    } == found
    await plan(client, Want("A"), of=euros)
    hold_in_dollars = await refusal_of(hold(client, "dear", Want("A"), of=dollars))
    assert ["source.order.value.currency_code"] == [v.field for v in hold_in_dollars.violations]


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


async def test_network_that_changed_is_decided_by_at_once(client: Client) -> None:
    """The version of the answer is the one in force, also where it takes a market away."""
    assert 1 == (await plan(client, Want("A"))).network_version
    version = await client.apply_network(network(split_lines=False, excluded=["NEAR"]))
    answer = await plan(client, Want("A"))
    assert (version, {"DC": {"A": 1}}) == (answer.network_version, shipped(answer.plan))
    document = network(split_lines=False)
    document["markets"].append({"channel": "app", "country": "FR", "locations": ["FAR"]})
    await client.apply_network(document)
    of = {"channel": "app"}
    assert {"FAR": {"A": 1}} == shipped((await plan(client, Want("A"), of=of)).plan)


async def test_point_may_be_given_without_a_postal_code(client: Client) -> None:
    """A point alone is enough."""
    place = sourcing_pb2.Destination(country="FR", point=GeoPoint(latitude=50.6, longitude=3.0))
    answer = await plan(client, Want("A"), of={"destination": place})
    assert {"FAR": {"A": 1}} == shipped(answer.plan)
    assert order(Want("A")).destination == LYON
