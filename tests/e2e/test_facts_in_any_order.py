"""Facts are about when they were observed, not about when they arrive."""

from __future__ import annotations

import asyncio
import time
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

from support.arena import FR, network
from support.client import Want, event
from support.service import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.v1.inventory_pb2 import InventoryEvent, Position

_MINUTE_US: Final = 60_000_000


def facts_of(sku: str, now_us: int) -> list[InventoryEvent]:
    """Make the history of one SKU; each fact with the time at which it was true.

    The base is the third: 8 units at minute 30, in sequence 7 of the tills. The sale with
    sequence 6 was known to it and the one with sequence 8 was not, though both have its time.
    """

    def at(minute: int, name: str, **fact: Any) -> InventoryEvent:
        observe_us = now_us - (60 - minute) * _MINUTE_US
        return event(sku, "DC", observe_us=observe_us, event_id=f"{sku}-{name}", **fact)

    return [
        at(10, "old count", on_hand_quantity=50),
        at(20, "old sale", delta_quantity=-4),
        at(30, "count", on_hand_quantity=8, source="tills", sequence=7),
        at(30, "known sale", delta_quantity=-2, source="tills", sequence=6),
        at(30, "sale", delta_quantity=-1, source="tills", sequence=8),
        at(40, "receipt", delta_quantity=5),
        at(45, "safety", safety_stock_quantity=2),
        at(50, "shipment", shipment={"reservation_id": f"order-{sku}", "quantity": 3}),
    ]


def told(position: Position) -> tuple[int, int, int, int, int, str]:
    """Return all that a position says."""
    return (
        position.on_hand_quantity,
        position.reserved_quantity,
        position.safety_stock_quantity,
        position.available_quantity,
        position.observe_time.ToMicroseconds(),
        position.source,
    )


def as_they_arrive(order: Sequence[int]) -> int:
    """Answer the on hand of a shop that applies its facts as they come."""
    on_hand = 0
    for index in order:
        fact = facts_of("naive", 60 * _MINUTE_US)[index]
        on_hand = fact.on_hand_quantity or on_hand + fact.delta_quantity
    return on_hand


async def test_every_order_of_arrival_gives_the_same_position(store_url: str) -> None:
    """Eight facts in 720 orders, one repeated, each order on a SKU of its own: one position.

    The anomaly first: applied as they arrive, the same facts leave many different numbers.
    """
    # Every order of the six facts that set on hand; the other two stand at changing places.
    orders = [
        (*order[: at % 7], 6, *order[at % 7 :], 7, order[at % 6])
        for at, order in enumerate(permutations(range(6)))
    ]
    assert len({as_they_arrive(order) for order in orders}) > 10

    now_us = time.time_ns() // 1_000
    skus = [f"S{number}" for number in range(len(orders))]
    async with service(store_url) as one:
        client = one.client
        await client.apply_network(network())
        await client.apply(*(event(sku, "STORE", on_hand_quantity=9) for sku in skus))
        await asyncio.gather(
            *(client.reserve(f"order-{sku}", FR, Want(sku, 3, "STORE")) for sku in skus)
        )
        rows = [
            facts_of(sku, now_us)[index]
            for sku, order in zip(skus, orders, strict=True)
            for index in order
        ]
        outcomes = await client.apply(*rows)
        assert {"APPLIED", "STALE", "DUPLICATE"} == set(outcomes)
        # 8 counted, 1 sold after it, 5 received, 3 shipped; 2 are kept back.
        expected = (9, 0, 2, 7, now_us - 30 * _MINUTE_US, "tills")
        for positions in await asyncio.gather(*map(client.positions, skus)):
            assert expected == told(positions["DC"])
        assert {7 + 9} == set(await client.sellable(FR, *skus))
        assert [] == await client.differences()
