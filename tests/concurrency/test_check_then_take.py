"""Why check and take are one script: the same crowd, with the two as two calls, oversells."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sellable.errors import InsufficientStock
from sellable.maintenance.verify import verify
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind, Outcome
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TASKS: Final = 60
UNITS: Final = 10
FR: Final = "web/FR"
NETWORK: Final = """
locations: [{id: DC, type: warehouse, country: FR}]
markets: [{channel: web, country: FR, locations: [DC]}]
"""


async def sold(take: Callable[[str], Awaitable[bool]]) -> int:
    """Let everybody try to take one unit at once; return how many believe that they did."""
    return sum(await asyncio.gather(*(take(f"cart-{number}") for number in range(TASKS))))


async def tell(store: Store, kind: FactKind, quantity: int, event_id: str) -> None:
    """Tell a fact of this moment."""
    seconds, microseconds = await store.runner.connection.execute("TIME")
    fact = Fact(
        kind=kind,
        event_id=event_id,
        source="test",
        sku="A",
        location="DC",
        observe_us=int(seconds) * 1_000_000 + int(microseconds),
        quantity=quantity,
    )
    ((row,), _) = await store.inventory.apply([fact])
    assert row.outcome == Outcome.APPLIED


async def test_checking_and_then_taking_oversells(store_url: str) -> None:
    """Two calls sell units that are not there; one script sells the last ten, and no more."""
    async with await Connection.open(store_url) as connection:
        store = await Store.attach(
            connection, retention=Retention(retention_ms=60_000, ledger_entries_max=1_000)
        )
        await store.networks.apply(NETWORK)
        await tell(store, FactKind.COUNT, UNITS, "opening")

        async def check_then_take(name: str) -> bool:
            (number,), _ = await store.reads.sellable(FR, ["A"])
            if number > 0:
                await tell(store, FactKind.DELTA, -1, name)
            return number > 0

        async def reserve(name: str) -> bool:
            lines = (Line(sku="A", quantity=1),)
            request = ReserveRequest(reservation_id=name, market=FR, lines=lines, ttl_ms=60_000)
            try:
                await store.reservations.reserve(request)
            except InsufficientStock:
                return False
            return True

        assert await sold(check_then_take) > UNITS
        assert (await store.inventory.positions("A"))[0][0].on_hand < 0

        await tell(store, FactKind.COUNT, UNITS, "recount")
        assert UNITS == await sold(reserve)
        assert ([0], [10]) == (
            (await store.reads.sellable(FR, ["A"]))[0],
            [position.reserved for position in (await store.inventory.positions("A"))[0]],
        )
        assert [] == [found async for step in verify(store.runner) for found in step.differences]
