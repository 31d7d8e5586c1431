"""A service with a little of everything, for calls that are refused and must change none of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from support.client import Want
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Service

NETWORK: Final = """\
locations:
  - {id: DC-PARIS, type: warehouse, country: FR, tags: dc}
  - {id: STORE-LYON, type: store, country: FR}
  - {id: DC-OSLO, type: warehouse, country: NO, tags: dc}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON]}
  - {channel: web, country: NO, locations: DC-OSLO}
"""
SOURCING: Final = """\
sourcing:
  carriers:
    - id: post
      zones: [{name: france, countries: FR}]
      services:
        - {id: standard, lanes: [{zone: france, transit_days: 2, rates: [{per_parcel: 5}]}]}
  profiles:
    - {name: plain, strategies: [{name: cheapest, weights: {shipping_cost: 1}}]}
"""


@asynccontextmanager
async def arrange(store_url: str, transport: str, now_ms: int) -> AsyncIterator[Service]:
    """Serve a store with reservations in several states; its clock stands still.

    `held` and `order` have 2 and 1 of the 13 units of A at DC-PARIS; `released` and `lapsed` are
    closed, and all of B that `lapsed` had is now held by `taker`.
    """
    clock = [now_ms]
    async with service(store_url, now_ms=clock, transport=transport) as started:
        client = started.client
        await started.store.networks.apply(NETWORK + SOURCING)
        for sku, location, quantity in (
            ("A", "DC-PARIS", 13),
            ("A", "DC-OSLO", 5),
            ("B", "DC-PARIS", 5),
        ):
            await client.count(sku, location, quantity)
        await client.reserve("lapsed", "web/FR", Want("B", 5), ttl_ms=1_000)
        clock[0] += 1_000
        await started.store.runner.expire_all()
        await client.reserve("taker", "web/FR", Want("B", 5))
        await client.reserve("held", "web/FR", Want("A", 2))
        await client.reserve("order", "web/FR", Want("A", 1), order_reference="o1")
        await client.confirm("order")
        await client.reserve("released", "web/FR", Want("A", 1))
        await client.release("released")

        async def rolled_out() -> bool:
            return await client.rollout_fraction() == 1.0

        await eventually_async(rolled_out)
        yield started
