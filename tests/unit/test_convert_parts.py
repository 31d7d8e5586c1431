"""Parts of reservations: what is released, fulfilled and transferred is checked in full."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.limits import QUANTITY_MAX
from sellable.reservation import Part, Refusal
from sellable.rpc.convert import reservations as convert
from sellable.v1 import reservations_pb2 as pb
from support.refusals import violations

ID_RULE = "must be 1 to 64 bytes of UTF-8 without control characters"
LOCATION_RULE = "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS"
QUANTITY_RULE = f"must be 1 to {QUANTITY_MAX}, is "
UNHEARD_OF: Any = 9


def test_everything_can_be_released_without_naming_it() -> None:
    """No quantities, no request id."""
    request = pb.ReleaseReservationRequest(reservation_id="cart-7")
    assert convert.release_reservation(request) == ("cart-7", (), "", Refusal.NONE)


def test_a_partial_release_names_line_or_sku() -> None:
    """And the operation itself, so that a repeat is known."""
    request = pb.ReleaseReservationRequest(
        reservation_id="cart-7",
        quantities=[
            pb.QuantityAt(line_id="1", quantity=2),
            pb.QuantityAt(sku="A", location="DC-PARIS", quantity=1),
        ],
        request_id="r-1",
        refusal_reason=pb.REFUSAL_REASON_DAMAGED,
    )
    assert convert.release_reservation(request) == (
        "cart-7",
        (Part(line_id="1", quantity=2), Part(sku="A", location="DC-PARIS", quantity=1)),
        "r-1",
        Refusal.DAMAGED,
    )


def test_every_fault_of_a_partial_release_is_listed() -> None:
    """A refusal that nobody knows too."""
    request = pb.ReleaseReservationRequest(
        reservation_id="cart-7", quantities=[pb.QuantityAt()], refusal_reason=UNHEARD_OF
    )
    assert violations(convert.release_reservation, request) == [
        ("quantities[0].line_id", "is required, or the sku instead"),
        ("quantities[0].quantity", QUANTITY_RULE + "0"),
        ("request_id", "is required with quantities"),
        ("refusal_reason", "must be one of NOT_FOUND, DAMAGED, NO_CAPACITY, CLOSED"),
    ]


def test_a_fulfilment_says_when_and_who() -> None:
    """Without a time it is now."""
    request = pb.FulfillReservationRequest(
        reservation_id="cart-7",
        quantities=[pb.QuantityAt(sku="A", quantity=1)],
        request_id="r-1",
        observe_time=Timestamp(seconds=1, nanos=2_000),
        source="wms",
    )
    part = Part(sku="A", quantity=1)
    assert convert.fulfill_reservation(request) == ("cart-7", (part,), "r-1", 1_000_002, "wms")
    request.ClearField("observe_time")
    assert convert.fulfill_reservation(request).observe_us == 0


def test_every_fault_of_a_fulfilment_is_listed() -> None:
    """Also the time and the source."""
    request = pb.FulfillReservationRequest(
        quantities=[pb.QuantityAt(sku="A", quantity=1)] * 1001,
        request_id="\n",
        observe_time=Timestamp(nanos=-1),
        source="x" * 65,
    )
    assert [field for field, _ in violations(convert.fulfill_reservation, request)] == [
        "reservation_id",
        "quantities",
        "request_id",
        "observe_time",
        "source",
    ]


def move(**fields: Any) -> pb.TransferReservationRequest.Move:
    """Make a move of one unit of A from DC-PARIS, with what the test says."""
    origin = pb.QuantityAt(sku="A", location="DC-PARIS", quantity=1)
    return pb.TransferReservationRequest.Move(**{"from": origin, **fields})


def test_a_transfer_says_from_where_to_where() -> None:
    """And why, if a location could not deliver."""
    request = pb.TransferReservationRequest(
        reservation_id="cart-7",
        moves=[move(to_location="STORE-LYON", refusal_reason=pb.REFUSAL_REASON_CLOSED)],
        request_id="r-1",
    )
    part = Part(
        sku="A",
        location="DC-PARIS",
        quantity=1,
        to_location="STORE-LYON",
        refusal=Refusal.CLOSED,
    )
    assert convert.transfer_reservation(request) == ("cart-7", (part,), "r-1")


def test_every_fault_of_a_transfer_is_listed() -> None:
    """A move to where the units are moves nothing."""
    request = pb.TransferReservationRequest(
        reservation_id="cart-7",
        moves=[
            move(to_location="DC-PARIS"),
            pb.TransferReservationRequest.Move(refusal_reason=UNHEARD_OF),
        ],
    )
    assert violations(convert.transfer_reservation, request) == [
        ("moves[0].to_location", "must be another location than from.location"),
        ("moves[1].refusal_reason", "must be one of NOT_FOUND, DAMAGED, NO_CAPACITY, CLOSED"),
        ("moves[1].from.line_id", "is required, or the sku instead"),
        ("moves[1].from.quantity", QUANTITY_RULE + "0"),
        ("moves[1].to_location", LOCATION_RULE),
        ("request_id", ID_RULE),
    ]
    assert violations(
        convert.transfer_reservation,
        pb.TransferReservationRequest(reservation_id="cart-7", request_id="r-1"),
    ) == [("moves", "must have 1 to 1000 entries, has 0")]
