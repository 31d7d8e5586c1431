"""Sourcing over real gRPC, on both transports and a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sellable.v1 import common_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint
from support.client import Want, bound, refusal_of, state_of
from support.sourcing import (
    FR,
    LYON,
    hold,
    network,
    order,
    plan,
    shipped,
    source_again,
    stocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.client import Client


@pytest.fixture(params=["native", "grpcio"])
async def client(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Serve a store with stock."""
    async with stocked(store_url, request.param) as ready:
        yield ready


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
        "sku": await refusal_of_plan(client, Want("A"), Want("Z")),
        "profile": await refusal_of_plan(client, Want("A"), profile="green"),
        "reservation": await refusal_of_plan(client, Want("A"), reservation_id="none"),
        "location": await refusal_of_plan(client, Want("A", location="MOON")),
        "postal_code": await refusal_of_plan(client, Want("A"), of=at_sea),
        "value": await refusal_of_plan(client, Want("A"), of=dollars),
    }
    assert {
        "market": ("UNKNOWN_MARKET", ["order", "shop/FR"]),
        "sku": ("UNKNOWN_SKU", ["Z", "order.lines[1].sku"]),
        "profile": ("UNKNOWN_PROFILE", ["green", "profile"]),
        "reservation": ("UNKNOWN_RESERVATION", ["none"]),
        "location": ("UNKNOWN_LOCATION", ["MOON", "order.lines[0].location"]),
        "postal_code": ("INVALID_FIELD", ["order.destination.point"]),
        "value": ("INVALID_FIELD", ["order.value.currency_code"]),
    } == found
    await plan(client, Want("A"), of=euros)
    hold_in_dollars = await refusal_of(hold(client, "dear", Want("A"), of=dollars))
    unknown = await refusal_of(hold(client, "odd", Want("Z")))
    assert {"sku": "Z", "field": "source.order.lines[0].sku"} == unknown.metadata
    assert ["source.order.value.currency_code"] == [v.field for v in hold_in_dollars.violations]


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


async def test_destination_is_looked_up_where_no_point_is_given(
    store_url: str, tmp_path: Path
) -> None:
    """The table of the settings counts; an unknown code and a point at sea have their paths."""
    table = tmp_path / "codes.csv"
    table.write_text("country,postal_code,latitude,longitude\nFR,59000,50.63,3.06\n")
    lille, nowhere = (
        sourcing_pb2.Destination(country="FR", postal_code=code) for code in ("59 000", "97999")
    )
    ocean = sourcing_pb2.Destination(
        country="FR", postal_code="59000", point=GeoPoint(latitude=30.0, longitude=-40.0)
    )
    async with stocked(store_url, "native", postal_codes=table) as client:
        answer = await plan(client, Want("A"), of={"destination": lille})
        assert {"FAR": {"A": 1}} == shipped(answer.plan)
        assert (50.63, 3.06) == (
            answer.destination_point.latitude,
            answer.destination_point.longitude,
        )
        assert ("INVALID_FIELD", ["order.destination.postal_code"]) == await refusal_of_plan(
            client, Want("A"), of={"destination": nowhere}
        )
        assert ("INVALID_FIELD", ["order.destination.point"]) == await refusal_of_plan(
            client, Want("A"), of={"destination": ocean}
        )
        told = await refusal_of(source_again(client, "cart", "x", destination=ocean))
        assert "UNKNOWN_RESERVATION" == told.reason
        await client.reserve("cart", FR, Want("A"))
        told = await refusal_of(source_again(client, "cart", "x", destination=ocean))
        assert ["destination.point"] == [v.field for v in told.violations]
