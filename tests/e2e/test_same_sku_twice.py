"""One SKU on several lines of one request: the lines share one stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from support.arena import FR, MARKETPLACE, network
from support.client import Client, Want, bound, refusal_of
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SKU: Final = "TWICE"


@pytest.fixture(params=["native", "grpcio"])
async def client(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Sell 3 units at DC, before 4 at STORE, on either transport."""
    async with service(store_url, transport=request.param) as one:
        await one.client.apply_network(network())
        await one.client.count(SKU, "DC", 3)
        await one.client.count(SKU, "STORE", 4)
        yield one.client
        assert [] == await one.client.differences()


async def test_second_line_sees_what_the_first_took(client: Client) -> None:
    """Lines of 5 and 3 are refused on 7 units, though each alone is no more than the number.

    The anomaly is the fault of shops that check line by line: both lines pass that check.
    """
    number = (await client.sellable(FR, SKU))[0]
    assert number >= 5
    assert number >= 3
    refusal = await refusal_of(
        client.reserve("cart", FR, Want(SKU, 5, line_id="a"), Want(SKU, 3, line_id="b"))
    )
    assert "INSUFFICIENT_STOCK" == refusal.reason
    assert [("b", 3, 2)] == [
        (line.line_id, line.requested_quantity, line.sellable_quantity)
        for line in refusal.short_lines
    ]
    assert [7] == await client.sellable(FR, SKU)

    held = await client.reserve("cart", FR, Want(SKU, 5, line_id="a"), Want(SKU, 2, line_id="b"))
    assert {"DC": 3, "STORE": 4} == bound(held.reservation)
    assert [0] == await client.sellable(FR, SKU)


async def test_line_bound_to_a_location_is_placed_first(client: Client) -> None:
    """A free line does not take the units that a later line needs at its own location."""
    held = await client.reserve(
        "cart", FR, Want(SKU, 4, line_id="free"), Want(SKU, 3, "DC", line_id="pickup")
    )
    free, pickup = held.reservation.lines
    assert [("STORE", 4)] == [(a.location, a.quantity) for a in free.allocations]
    assert [("DC", 3)] == [(a.location, a.quantity) for a in pickup.allocations]
    assert [[0], [0]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]


async def test_bound_line_is_refused_where_its_location_is_short(client: Client) -> None:
    """A line bound to DC gets no units of STORE; the refusal says what DC could give."""
    refusal = await refusal_of(
        client.reserve(
            "cart", FR, Want(SKU, 1, line_id="free"), Want(SKU, 4, "DC", line_id="pickup")
        )
    )
    assert [("pickup", 4, 3)] == [
        (line.line_id, line.requested_quantity, line.sellable_quantity)
        for line in refusal.short_lines
    ]
    assert [7] == await client.sellable(FR, SKU)
