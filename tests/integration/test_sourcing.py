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
