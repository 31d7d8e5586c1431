"""200 clients want the last 10 units: exactly 10 are sold, through one server or through three."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import pytest

from support.arena import FR, at_once, bought, check_then_take, crowd, network
from support.client import Client, Want
from support.service import service, services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLIENTS: Final = 200
UNITS: Final = 10
SKU: Final = "LAST"

pytestmark = pytest.mark.parametrize("servers", ["native", "grpcio", "three processes"])


@asynccontextmanager
async def contest(servers: str, store_url: str) -> AsyncIterator[list[Client]]:
    """Serve as named, put the last units on the shelf, and connect everybody."""
    if servers == "three processes":
        async with (
            services(store_url, 3) as processes,
            crowd([process.address for process in processes], CLIENTS) as clients,
        ):
            await put_on_shelf(clients[0])
            yield clients
    else:
        async with (
            service(store_url, transport=servers) as one,
            crowd([one.server.address], CLIENTS) as clients,
        ):
            await put_on_shelf(clients[0])
            yield clients


async def put_on_shelf(client: Client) -> None:
    """Have the last units at two locations."""
    await client.apply_network(network())
    await client.count(SKU, "DC", UNITS // 2)
    await client.count(SKU, "STORE", UNITS - UNITS // 2)


async def reserve_one(client: Client, number: int) -> bool:
    """Hold one unit, or learn that none is left."""
    return await bought(client.reserve(f"cart-{number}", FR, Want(SKU)))


async def test_exactly_the_last_units_are_sold(servers: str, store_url: str) -> None:
    """Check and hold are one step: 10 of 200 succeed, and every count agrees.

    The anomaly first: the same crowd that checks and then takes, in two calls, sells more.
    """
    async with contest(servers, store_url) as clients:
        first = clients[0]
        sold = await at_once(clients, lambda c, _: check_then_take(c, FR, SKU, "DC"))
        assert sold > UNITS
        assert (await first.positions(SKU))["DC"].on_hand_quantity < 0

        await put_on_shelf(first)
        assert UNITS == await at_once(clients, reserve_one)
        assert [0] == await first.sellable(FR, SKU)
        positions = await first.positions(SKU)
        assert {"DC": (5, 5), "STORE": (5, 5)} == {
            name: (position.on_hand_quantity, position.reserved_quantity)
            for name, position in positions.items()
        }
        assert [] == await first.differences()
