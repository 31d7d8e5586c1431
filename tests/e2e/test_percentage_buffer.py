"""A percentage that a market keeps back does not shrink with each sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from support.arena import FR, MARKETPLACE, network
from support.client import Client, Want, refusal_of
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SKU: Final = "KEPT"


@pytest.fixture
async def client(store_url: str) -> AsyncIterator[Client]:
    """Have 100 units, of which web/FR keeps back 10 % and marketplace/FR at least 25."""
    async with service(store_url) as one:
        await one.client.apply_network(
            network(
                web={"protection_buffer": "10%"},
                marketplace={"protection_buffer": "10%, at least 25"},
            )
        )
        await one.client.count(SKU, "DC", 100)
        yield one.client
        assert [] == await one.client.differences()


async def test_buffer_does_not_erode_with_each_sale(client: Client) -> None:
    """Sold one at a time, 10 % of 100 stay: 90 carts are served, not one more.

    The anomaly first: a percentage of what is left melts away, and 99 units are sold.
    """
    left, eroded = 100, 0
    while left - -(-left // 10) > 0:
        left, eroded = left - 1, eroded + 1
    assert eroded == 99

    numbers = []
    for cart in range(90):
        numbers += await client.sellable(FR, SKU)
        await client.reserve(f"cart-{cart}", FR, Want(SKU))
    assert list(range(90, 0, -1)) == numbers
    assert [0] == await client.sellable(FR, SKU)
    refusal = await refusal_of(client.reserve("cart-90", FR, Want(SKU)))
    assert "INSUFFICIENT_STOCK" == refusal.reason


async def test_buffer_holds_through_confirm_and_shipment(client: Client) -> None:
    """A sale lowers the number once, when it is made; of what ships, only on hand loses its part.

    10 % of 100, of 95 rounded up, of 90: and the floor of 25 stays 25.
    """
    await client.reserve("order", FR, Want(SKU, 5))
    assert [[85], [70]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]
    await client.confirm("order")
    assert [[85], [70]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]
    await client.fulfil("order")
    assert [[85], [70]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]
    await client.reserve("next", FR, Want(SKU, 5))
    await client.fulfil("next")
    assert [[81], [65]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]
