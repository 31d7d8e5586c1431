"""Two markets that sell from one location: one stock, never two."""

from __future__ import annotations

from typing import Final

from support.arena import FR, MARKETPLACE, at_once, bought, check_then_take, crowd, network
from support.client import Client, Want
from support.service import service, services

CLIENTS: Final = 60
SKU: Final = "SHARED"


def market_of(number: int) -> str:
    """Send every second client to the marketplace."""
    return MARKETPLACE if number % 2 else FR


async def buy_two(client: Client, number: int) -> bool:
    """Hold two units in one market or the other."""
    return await bought(client.reserve(f"cart-{number}", market_of(number), Want(SKU, 2)))


async def test_sale_in_one_market_lowers_the_other(store_url: str) -> None:
    """What web/FR takes from DC is gone for marketplace/FR at once, and back when given back."""
    async with service(store_url) as one:
        client = one.client
        await client.apply_network(network(marketplace={"protection_buffer": 2}))
        await client.count(SKU, "DC", 10)
        await client.count(SKU, "STORE", 4)
        assert [[14], [8]] == [await client.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        await client.reserve("cart", FR, Want(SKU, 6))
        assert [[8], [2]] == [await client.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        await client.reserve("offer", MARKETPLACE, Want(SKU, 2))
        assert [[6], [0]] == [await client.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        await client.confirm("cart")
        await client.fulfil("cart")
        assert [[6], [0]] == [await client.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        await client.release("offer")
        assert [[8], [2]] == [await client.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        assert [] == await client.differences()


async def test_both_markets_never_sell_more_than_there_is(store_url: str) -> None:
    """30 clients in each market, through two servers, want 2 of 20 units each: 10 get them.

    The anomaly first: checked per market and taken in a second call, the units are sold twice.
    """
    async with (
        services(store_url, 2) as processes,
        crowd([process.address for process in processes], CLIENTS) as clients,
    ):
        first = clients[0]
        await first.apply_network(network())
        await first.count(SKU, "DC", 20)
        sold = await at_once(
            clients, lambda c, number: check_then_take(c, market_of(number), SKU, "DC")
        )
        assert sold > 20

        await first.count(SKU, "DC", 20)
        assert 10 == await at_once(clients, buy_two)
        assert [[0], [0]] == [await first.sellable(m, SKU) for m in (FR, MARKETPLACE)]
        assert 20 == (await first.positions(SKU))["DC"].reserved_quantity
        assert [] == await first.differences()
