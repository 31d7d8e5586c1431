"""Future supply on the wire: what is announced, what arrives, who waits, and what is answered."""

from __future__ import annotations

from typing import Any, Final

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.limits import QUANTITY_MAX
from sellable.reservation import Allocation, Part
from sellable.rpc.convert import availability, inventory, reservations, reserved
from sellable.stock import Availability, Fact, FactResult, Outcome, Position
from sellable.v1 import availability_pb2, inventory_pb2, reservations_pb2
from support.refusals import violations

NOW_S: Final = 1_763_800_000
ID_RULE: Final = "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. PO-4711-1"
SOON: Final = Timestamp(seconds=NOW_S + 60, nanos=1_999_999)


def fact_of(**said: Any) -> Fact | FactResult:
    """Convert an event that is good but for what the test says."""
    return inventory.fact(
        inventory_pb2.InventoryEvent(
            event_id="e-1",
            source="erp",
            sku="A",
            location="DC",
            observe_time=Timestamp(seconds=NOW_S),
            **said,
        )
    )


def test_an_announcement_says_how_many_and_when() -> None:
    """In milliseconds of the store's clock; the rest is cut off."""
    supply = inventory_pb2.FutureSupply(supply_id="PO-1", quantity=300, expect_time=SOON)
    fact = fact_of(future_supply=supply)
    assert isinstance(fact, Fact)
    assert ("future", "PO-1", 300) == (fact.kind, fact.supply_id, fact.quantity)
    assert (NOW_S + 60) * 1_000 + 1 == fact.expect_ms


def test_a_receipt_may_be_the_last_one_and_bring_nothing() -> None:
    """With final, 0 is allowed."""
    fact = fact_of(supply_receipt=inventory_pb2.SupplyReceipt(supply_id="PO-1", final=True))
    assert isinstance(fact, Fact)
    assert ("receipt", "PO-1", 0, True) == (fact.kind, fact.supply_id, fact.quantity, fact.final)


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            {"future_supply": inventory_pb2.FutureSupply(quantity=1, expect_time=SOON)},
            f"future_supply.supply_id {ID_RULE}",
        ),
        (
            {"future_supply": inventory_pb2.FutureSupply(supply_id="PO-1", quantity=1)},
            "future_supply.expect_time is required",
        ),
        (
            {
                "future_supply": inventory_pb2.FutureSupply(
                    supply_id="PO-1", quantity=-1, expect_time=SOON
                )
            },
            f"future_supply.quantity must be 0 to {QUANTITY_MAX}, is -1",
        ),
        (
            {"supply_receipt": inventory_pb2.SupplyReceipt(supply_id="a+b", quantity=1)},
            f"supply_receipt.supply_id {ID_RULE}",
        ),
        (
            {"supply_receipt": inventory_pb2.SupplyReceipt(supply_id="PO-1")},
            f"supply_receipt.quantity must be 1 to {QUANTITY_MAX}, is 0",
        ),
    ],
)
def test_a_bad_fact_about_a_supply_is_answered(said: dict[str, Any], detail: str) -> None:
    """With the field and what is allowed."""
    assert FactResult(Outcome.REJECTED, "INVALID_FIELD", detail) == fact_of(**said)


def test_units_that_wait_are_named_by_location_and_supply() -> None:
    """For a release and a transfer."""
    request = reservations_pb2.ReleaseReservationRequest(
        reservation_id="r",
        request_id="q",
        quantities=[
            reservations_pb2.QuantityAt(sku="A", location="DC", supply_id="PO-1", quantity=2)
        ],
    )
    release = reservations.release_reservation(request)
    assert (Part(sku="A", location="DC+PO-1", quantity=2),) == release.parts
    request.quantities[0].location = ""
    assert [("quantities[0].location", "is required with supply_id")] == violations(
        reservations.release_reservation, request
    )


def test_goods_leave_no_supply() -> None:
    """A fulfilment names locations only."""
    request = reservations_pb2.FulfillReservationRequest(
        reservation_id="r",
        request_id="q",
        quantities=[
            reservations_pb2.QuantityAt(sku="A", location="DC", supply_id="PO-1", quantity=2)
        ],
    )
    assert [
        ("quantities[0].supply_id", "must be empty: goods leave a location, not a supply")
    ] == violations(reservations.fulfill_reservation, request)


def test_positions_and_allocations_name_their_supply() -> None:
    """The place of the store is nobody's business."""
    position = Position(
        location="DC+PO-1",
        on_hand=5,
        reserved=2,
        safety_stock=0,
        available=3,
        overcommitted=0,
        blocked=False,
        observe_us=0,
        source="erp",
        expect_ms=1_000,
    )
    stock = Position(
        **{n: getattr(position, n) for n in Position.__struct_fields__}
        | {"location": "DC", "expect_ms": 0}
    )
    answer = inventory.list_positions_response([position, stock], "r").positions
    assert [("DC", ""), ("DC", "PO-1")] == [(p.location, p.supply_id) for p in answer]
    assert [False, True] == [p.HasField("expect_time") for p in answer]
    waiting = Allocation(
        location="DC+PO-1", open=2, fulfilled=0, released=0, expired=0, expect_ms=1_000
    )
    message = reservations_pb2.Allocation()
    reserved._fill_allocation(message, waiting)
    assert ("DC", "PO-1", 1) == (message.location, message.supply_id, message.expect_time.seconds)


@pytest.mark.parametrize(
    ("sellable", "future", "status"),
    [(0, 3, "BACKORDER"), (0, 0, "OUT_OF_STOCK"), (1, 3, "LOW_STOCK"), (-1, 0, "UNKNOWN")],
)
def test_what_can_only_be_promised_is_on_backorder(sellable: int, future: int, status: str) -> None:
    """Stock goes before the future, and the future before nothing."""
    item = availability.item(
        Availability(
            sku="A",
            market="web/FR",
            sellable=sellable,
            low_stock_threshold=1,
            oldest_observe_us=0,
            future=future,
            next_available_ms=1_000 if future else 0,
        )
    )
    assert f"STOCK_STATUS_{status}" == availability_pb2.StockStatus.Name(item.status)
    assert future == item.future_quantity
    assert bool(future) == item.HasField("next_available_time")
