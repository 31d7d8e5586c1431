"""Plans that tests make by the plainest rule, on a store of two locations with limited days."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sellable.maintenance.verify import verify
from sellable.reservation import Line
from sellable.stock import Fact, FactKind, Outcome
from sellable.store.connection import Connection
from sellable.store.planned import DayCapacity, PlannedHold, PlannedMove, Units, Wanted, open_units
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sellable.reservation import Reservation
    from sellable.store.planned import Observed

FR: Final = "web/FR"
PLACES: Final = ("DC", "SHOP")
DAY: Final = date(2100, 1, 1)
DAYS: Final = tuple((place, DAY) for place in PLACES)
WANTED: Final = Wanted(country="FR", postal_code="75001", latitude=48.9, longitude=2.4)


def document(capacities: Mapping[str, int]) -> str:
    """Write a network of two locations, with what each can ship a day where that is limited."""
    locations = "\n".join(
        f"- {{id: {place}, type: store, country: FR"
        + (f", daily_capacity: {capacities[place]}" if place in capacities else "")
        + "}"
        for place in PLACES
    )
    return (
        f"locations:\n{locations}\nmarkets:\n- {{channel: web, country: FR, locations: [DC, SHOP]}}"
    )


@asynccontextmanager
async def opened(url: str, retention_ms: int = 600_000) -> AsyncIterator[Store]:
    """Give a store at an address."""
    async with await Connection.open(url) as connection:
        retention = Retention(retention_ms=retention_ms, ledger_entries_max=100_000)
        yield await Store.attach(connection, retention=retention)


async def count(store: Store, sku: str, **quantities: int) -> None:
    """Count a SKU at locations, now."""
    facts = [
        Fact(
            kind=FactKind.COUNT,
            event_id=f"{sku}-{place}",
            source="test",
            sku=sku,
            location=place,
            observe_us=time.time_ns() // 1000,
            quantity=quantity,
        )
        for place, quantity in quantities.items()
    ]
    results, _ = await store.inventory.apply(facts)
    assert {Outcome.APPLIED} == {result.outcome for result in results}


def hold(name: str, *units: Units, wanted: int = 1, **more: Any) -> PlannedHold:
    """Plan a hold of units of the SKU A, with a day of every location that is limited."""
    values: dict[str, Any] = {
        "capacities": tuple(DayCapacity(part.location, DAY) for part in units),
        "content": {"lines": [name, wanted]},
        "ship_by_ms": 1,
        "plan": b"plan",
        "lines": (Line(sku="A", quantity=wanted),),
    }
    return PlannedHold(
        reservation_id=name,
        market=FR,
        ttl_ms=600_000,
        units=units,
        wanted=WANTED,
        **values | more,
    )


def move(reservation: Reservation, request_id: str, *units: Units, **more: Any) -> PlannedMove:
    """Plan a move of all open units of a reservation, with a day of every location."""
    values: dict[str, Any] = {
        "capacities": tuple(DayCapacity(part.location, DAY) for part in units),
        "content": {"moves": request_id},
        "seen": open_units(reservation),
        "ship_by_ms": 2,
        "plan": b"other plan",
    }
    return PlannedMove(
        reservation_id=reservation.reservation_id,
        request_id=request_id,
        units=units,
        wanted=WANTED,
        **values | more,
    )


async def look(store: Store, reservation_id: str = "") -> Observed:
    """Look at the SKU A, everywhere."""
    return await store.sourced.observe(FR, ["A"], PLACES, DAYS, reservation_id)


def first_fit(seen: Observed, capacities: Mapping[str, int]) -> Units | None:
    """Choose the first location with a unit and an order left; None where there is none."""
    stock = seen.stock
    for at, place in enumerate(PLACES):
        orders = capacities[place] - stock.capacity_taken[place, DAY]
        if stock.available[0][at] > 0 and orders > 0 and stock.sellable[0] > 0:
            return Units(0, place, 1)
    return None


async def differences(store: Store) -> list[object]:
    """Let the store recompute its own counters."""
    return [found async for step in verify(store.runner) for found in step.differences]
