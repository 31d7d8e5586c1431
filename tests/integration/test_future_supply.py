"""Future supply through the whole service: answers of every call, refusals, bounds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.limits import FUTURE_SUPPLIES_PER_SKU_MAX
from sellable.v1.availability_pb2 import (
    STOCK_STATUS_BACKORDER,
    CheckAvailabilityRequest,
    GetAvailabilityRequest,
)
from sellable.v1.inventory_pb2 import FutureSupply, ListPositionsRequest, SupplyReceipt
from sellable.v1.reservations_pb2 import ListReservationsRequest
from support.arena import FR, MARKETPLACE, network
from support.client import Want, event, refusal_of
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.v1.inventory_pb2 import InventoryEvent
    from support.service import Service

DAY_MS: Final = 24 * 3600 * 1000
NOW_MS: Final = time.time_ns() // 1_000_000


def timestamp(after_ms: int) -> Timestamp:
    """Return a time from now on."""
    made = Timestamp()
    made.FromMilliseconds(NOW_MS + after_ms)
    return made


def announced(supply_id: str, quantity: int, after_ms: int = DAY_MS) -> InventoryEvent:
    """Announce goods on their way to DC."""
    expect_time = timestamp(after_ms)
    supply = FutureSupply(supply_id=supply_id, quantity=quantity, expect_time=expect_time)
    return event("A", "DC", future_supply=supply)


@pytest.fixture
async def one(store_url: str) -> AsyncIterator[Service]:
    """Serve a network in which one of two markets promises what is expected within 30 days."""
    async with service(store_url) as opened:
        await opened.client.apply_network(network(web={"backorder_horizon": "30d"}))
        yield opened
        assert [] == await opened.client.differences()


async def test_only_a_market_with_a_horizon_promises(one: Service) -> None:
    """Of two markets over one location the one without a horizon is out of stock."""
    await one.client.apply(announced("PO-2", 4, 40 * DAY_MS), announced("PO-1", 3))
    answer = await one.client.availability.GetAvailability(GetAvailabilityRequest(sku="A"))
    marketplace, web = answer.markets
    assert (0, 0, False) == (
        marketplace.sellable_quantity,
        marketplace.future_quantity,
        marketplace.HasField("next_available_time"),
    )
    assert (0, 3, STOCK_STATUS_BACKORDER) == (
        web.sellable_quantity,
        web.future_quantity,
        web.status,
    )
    assert timestamp(DAY_MS) == web.next_available_time
    channel, country = FR.split("/")
    request = CheckAvailabilityRequest(channel=channel, country=country, skus=["A"])
    (item,) = (await one.client.availability.CheckAvailability(request)).items
    assert item == web
    request.location = "DC"
    (item,) = (await one.client.availability.CheckAvailability(request)).items
    assert 0 == item.future_quantity
    wanted = one.client.reserve(
        "r", MARKETPLACE, Want("A"), accept_backorder_until=timestamp(9 * DAY_MS)
    )
    assert "INSUFFICIENT_STOCK" == (await refusal_of(wanted)).reason


async def test_who_waits_is_told_where_and_until_when(one: Service) -> None:
    """In the reservation, in the list of a location, and beside the stock of that location."""
    await one.client.apply(announced("PO-1", 3))
    until = timestamp(2 * DAY_MS)
    held = await one.client.reserve("r", FR, Want("A", 2), accept_backorder_until=until)
    (waiting,) = held.reservation.lines[0].allocations
    assert ("DC", "PO-1", 2) == (waiting.location, waiting.supply_id, waiting.quantity)
    assert timestamp(DAY_MS) == waiting.expect_time
    listing = ListReservationsRequest(location="DC")
    listed = await one.client.reservations.ListReservations(listing)
    assert ["r"] == [reservation.reservation_id for reservation in listed.reservations]
    request = ListPositionsRequest(sku="A")
    stock, supply = (await one.client.inventory.ListPositions(request)).positions
    assert ("DC", "", 0) == (stock.location, stock.supply_id, stock.on_hand_quantity)
    assert ("DC", "PO-1", 3, 2, 1) == (
        supply.location,
        supply.supply_id,
        supply.on_hand_quantity,
        supply.reserved_quantity,
        supply.available_quantity,
    )


async def test_how_long_somebody_waits_belongs_to_the_request(one: Service) -> None:
    """The same id with another time is another request."""
    await one.client.apply(announced("PO-1", 3))
    until = timestamp(2 * DAY_MS)
    await one.client.reserve("r", FR, Want("A"), accept_backorder_until=until)
    again = await one.client.reserve("r", FR, Want("A"), accept_backorder_until=until)
    assert again.replayed
    refusal = await refusal_of(one.client.reserve("r", FR, Want("A")))
    assert ("IDEMPOTENCY_CONFLICT", "accept_backorder_until") == (
        refusal.reason,
        refusal.metadata["field"],
    )


async def test_a_sku_has_at_most_so_many_supplies(one: Service) -> None:
    """The one beyond is refused with what is allowed; the others stay."""
    rows = [announced(f"PO-{at}", 1) for at in range(FUTURE_SUPPLIES_PER_SKU_MAX + 1)]
    outcomes = await one.client.apply(*rows)
    assert ["APPLIED"] * FUTURE_SUPPLIES_PER_SKU_MAX + ["REJECTED"] == outcomes
    receipt = SupplyReceipt(supply_id="PO-100", quantity=1)
    assert ["REJECTED"] == await one.client.apply(event("A", "DC", supply_receipt=receipt))
    receipt = SupplyReceipt(supply_id="PO-99", quantity=1)
    assert ["APPLIED"] == await one.client.apply(event("A", "DC", supply_receipt=receipt))
