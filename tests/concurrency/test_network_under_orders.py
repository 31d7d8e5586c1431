"""A location leaves a market, and comes back, while orders flow through two servers."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import grpc

from sellable.rpc.status import error_from_rpc
from support.arena import FR, crowd, network
from support.client import Client, Want, bound, refusal_of, state_of
from support.service import services
from support.wait import eventually_async

CLIENTS: Final = 12
CHANGES: Final = 6
ORDERS_BETWEEN: Final = 40
SKUS: Final = ("A", "B", "C")
UNITS: Final = 400
WITH_STORE: Final = network(web={"locations": ["STORE", "DC"]})
WITHOUT_STORE: Final = network(web={"locations": ["DC"]})


@dataclass
class Flow:
    """What the clients have seen of the orders so far."""

    without_store: int = 0  # the change that took the store away; 0: it may be there
    stopping: bool = False
    numbers: count[int] = field(default_factory=count)
    fulfilled: int = 0
    open: int = 0
    orders: int = 0
    at_store: int = 0

    async def order(self, client: Client) -> None:
        """Make one order of one or two lines and let it end in one of four ways."""
        name = f"order-{next(self.numbers)}"
        wants = [Want(sku, random.randint(1, 3)) for sku in random.sample(SKUS, 2)]
        removed = self.without_store
        try:
            held = (await client.reserve(name, FR, *wants)).reservation
        except grpc.aio.AioRpcError as error:
            assert "INSUFFICIENT_STOCK" == error_from_rpc(error).reason  # noqa: PT017 - or it held
            return
        places = bound(held)
        assert sum(places.values()) == sum(want.quantity for want in wants)
        # Only what was asked before the change was acknowledged, or is answered after the store
        # came back, may be bound there.
        assert not (removed and removed == self.without_store and "STORE" in places)
        self.orders += 1
        self.at_store += "STORE" in places
        await self._finish(client, name, sum(places.values()))

    async def _finish(self, client: Client, name: str, units: int) -> None:
        match random.choice(("release", "hold", "confirm", "fulfil")):
            case "release":
                assert "RELEASED" == state_of(await client.release(name))
            case "hold":
                self.open += units
            case "confirm":
                assert "CONFIRMED" == state_of(await client.confirm(name))
                self.open += units
            case "fulfil":
                assert "FULFILLED" == state_of(await client.fulfil(name))
                self.fulfilled += units

    async def more(self, orders: int) -> None:
        """Return once so many more orders were made."""
        enough = self.orders + orders

        async def made() -> bool:
            return self.orders >= enough

        await eventually_async(made)

    async def run(self, client: Client) -> None:
        """Order without a pause until told to stop."""
        while not self.stopping:
            await self.order(client)


async def test_location_leaves_a_market_while_orders_flow(store_url: str) -> None:
    """Once acknowledged, no new reservation is bound there, through either server.

    Reservations made before stay where they are and end as they like; nothing is oversold.
    """
    flow = Flow()
    async with (
        services(store_url, 2) as processes,
        crowd([process.address for process in processes], CLIENTS) as clients,
    ):
        first = clients[0]
        await first.apply_network(WITH_STORE)
        for sku in SKUS:
            await first.count(sku, "DC", UNITS)
            await first.count(sku, "STORE", UNITS)
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(flow.run(client))
            for change in range(1, CHANGES + 1):
                await flow.more(ORDERS_BETWEEN)
                flow.without_store = 0
                without = change % 2 == 1
                await clients[change % 2].apply_network(WITHOUT_STORE if without else WITH_STORE)
                flow.without_store = change if without else 0
            await flow.more(ORDERS_BETWEEN)
            flow.stopping = True
        await check_books(first, flow)


async def check_books(client: Client, flow: Flow) -> None:
    """Hold the positions against the orders, and let the location leave once it is empty."""
    on_hand = reserved = 0
    for sku in SKUS:
        for position in (await client.positions(sku)).values():
            on_hand += position.on_hand_quantity
            reserved += position.reserved_quantity
            assert 0 <= position.reserved_quantity <= position.on_hand_quantity
    assert flow.at_store > 0
    assert 2 * UNITS * len(SKUS) - flow.fulfilled == on_hand
    assert flow.open == reserved
    assert [] == await client.differences()
    left = {
        "locations": [place for place in WITH_STORE["locations"] if place["id"] == "DC"],
        "markets": [{"channel": "web", "country": "FR", "locations": ["DC"]}],
    }
    refusal = await refusal_of(client.apply_network(left))
    assert ("LOCATION_IN_USE", "STORE") == (refusal.reason, refusal.metadata["location"])
    assert [] == await client.differences()
