"""A quota of 200 units of a class under 64 clients who hold, order, release and forget: 200 go."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import inventory_pb2
from support.arena import FR, MARKETPLACE, at_once, bought, crowd, network
from support.client import Client, Want, refusal_of
from support.service import services
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterable

CLIENTS: Final = 64
QUOTA: Final = 200
SKUS: Final = ("LAUNCH-S", "LAUNCH-M", "LAUNCH-L")
STOCK: Final = 500
SHORT_MS: Final = 1_000
ROUNDS: Final = 6


def limited(**quota: Any) -> dict[str, Any]:
    """Make a network in which web/FR has a quota; marketplace/FR sells the same stock without."""
    return network() | {"quotas": [{"market": FR, **quota}]}


async def stock_up(client: Client) -> None:
    """Put more than the quota of every size on the shelf, and make them one class."""
    await client.apply_network(limited(item_class="launch", units=QUOTA))
    now = Timestamp()
    now.GetCurrentTime()
    items = [inventory_pb2.Item(sku=s, item_class="launch", update_time=now) for s in SKUS]
    await client.inventory.PutItems(inventory_pb2.PutItemsRequest(items=items))
    for sku in SKUS:
        await client.count(sku, "DC", STOCK)


async def visit(client: Client, number: int) -> int:
    """Hold some units and order, release or forget them; return the units that were ordered."""
    choices = random.Random(number)
    ordered = 0
    for turn in range(ROUNDS):
        name, quantity = f"cart-{number}-{turn}", choices.randint(1, 3)
        ttl_ms = choices.choice((SHORT_MS, 60_000))
        want = Want(choices.choice(SKUS), quantity)
        if not await bought(client.reserve(name, FR, want, ttl_ms=ttl_ms)):
            continue
        end = choices.choice(("order", "release", "forget"))
        if end == "order":
            await client.confirm(name)
            ordered += quantity
        elif end == "release" or ttl_ms != SHORT_MS:
            await client.release(name)
    return ordered


async def sell_out(clients: Iterable[Client]) -> int:
    """Order single units until nobody gets one; return how many were ordered."""
    counts = await asyncio.gather(*(order_all(c, at) for at, c in enumerate(clients)))
    return sum(counts)


async def order_all(client: Client, number: int) -> int:
    """Order single units until there are none."""
    ordered = 0
    while await bought(client.reserve(f"last-{number}-{ordered}", FR, Want(SKUS[number % 3]))):
        await client.confirm(f"last-{number}-{ordered}")
        ordered += 1
    return ordered


async def test_exactly_the_quota_is_sold(store_url: str) -> None:
    """What was released or ran out can be taken again, and not one unit more is ordered."""
    async with (
        services(store_url, 2) as processes,
        crowd([process.address for process in processes], CLIENTS) as clients,
    ):
        first = clients[0]
        await stock_up(first)
        ordered = sum(await asyncio.gather(*(visit(c, at) for at, c in enumerate(clients))))
        assert 0 < ordered <= QUOTA

        async def nothing_held() -> bool:
            reserved = [(await first.positions(s))["DC"].reserved_quantity for s in SKUS]
            return sum(reserved) == ordered

        await eventually_async(nothing_held)
        assert [QUOTA - ordered] * 3 == await first.sellable(FR, *SKUS)
        assert QUOTA == ordered + await sell_out(clients)
        assert [0, 0, 0] == await first.sellable(FR, *SKUS)
        assert STOCK * 3 - QUOTA == sum(await first.sellable(MARKETPLACE, *SKUS))
        assert [] == await first.differences()


async def test_a_quota_that_is_only_looked_at_is_passed(store_url: str) -> None:
    """The anomaly: the same crowd that reads what is left and then takes, sells more."""

    async def look_and_take(client: Client, number: int) -> bool:
        (left,) = await client.sellable(FR, SKUS[0])
        if left < 1:
            return False
        # Held where no quota is counted, then written into the count of the one that is.
        return await bought(client.reserve(f"a-{number}", MARKETPLACE, Want(SKUS[0])))

    async with (
        services(store_url, 1) as (process,),
        crowd([process.address], CLIENTS) as clients,
    ):
        await stock_up(clients[0])
        await clients[0].apply_network(limited(item_class="launch", units=10))
        assert await at_once(clients, look_and_take) > 10


async def test_a_late_confirm_respects_the_quota(store_url: str) -> None:
    """A hold that ran out cannot be ordered once others have used the quota up."""
    async with services(store_url, 1) as (process,), crowd([process.address], 1) as (client,):
        await stock_up(client)
        await client.apply_network(limited(item_class="launch", units=2))
        await client.reserve("late", FR, Want(SKUS[0], 2), ttl_ms=SHORT_MS)

        async def ran_out() -> bool:
            return [2] == await client.sellable(FR, SKUS[1])

        await eventually_async(ran_out)
        assert await bought(client.reserve("other", FR, Want(SKUS[1])))
        assert "RESERVATION_EXPIRED" == (await refusal_of(client.confirm("late"))).reason
