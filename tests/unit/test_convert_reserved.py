"""Reservations as answers: every number, every time, and only allocations that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.reservation import Allocation, Reservation, Reserved, ReservedLine, State
from sellable.rpc.convert import reserved as convert
from sellable.v1 import reservations_pb2 as pb

if TYPE_CHECKING:
    from sellable.rpc.convert.reserved import Response

LINE = ReservedLine(
    line_id="1",
    sku="A",
    requested=12,
    granted=10,
    location="",
    allocations=(
        Allocation(location="DC-PARIS", open=4, fulfilled=1, released=0, expired=0, short=2),
        Allocation(location="STORE-LYON", open=0, fulfilled=3, released=0, expired=0),
        Allocation(location="STORE-NICE", open=0, fulfilled=0, released=1, expired=1),
    ),
)
HELD = Reservation(
    reservation_id="cart-7",
    market="web/FR",
    state=State.HELD,
    order_reference="o-1",
    create_ms=1_001,
    expire_ms=2_000,
    confirm_ms=0,
    update_ms=3_000,
    lines=(LINE,),
)


def test_a_reservation_is_answered_in_full() -> None:
    """Granted is open, fulfilled and released together; what is unset stays unset."""
    assert convert.reservation(HELD) == pb.Reservation(
        reservation_id="cart-7",
        channel="web",
        country="FR",
        state=pb.RESERVATION_STATE_HELD,
        lines=[
            pb.ReservedLine(
                line_id="1",
                sku="A",
                requested_quantity=12,
                granted_quantity=10,
                open_quantity=4,
                fulfilled_quantity=4,
                released_quantity=2,
                allocations=[
                    pb.Allocation(
                        location="DC-PARIS", quantity=4, fulfilled_quantity=1, short_quantity=2
                    ),
                    pb.Allocation(location="STORE-LYON", fulfilled_quantity=3),
                ],
            )
        ],
        order_reference="o-1",
        create_time=Timestamp(seconds=1, nanos=1_000_000),
        expire_time=Timestamp(seconds=2),
        update_time=Timestamp(seconds=3),
    )


def test_a_new_reservation_says_whether_it_is_new() -> None:
    """A replay took nothing."""
    response = convert.reserve_stock_response(
        Reserved(reservation=HELD, revision="r", replayed=True)
    )
    assert (response.reservation.reservation_id, response.revision, response.replayed) == (
        "cart-7",
        "r",
        True,
    )


@pytest.mark.parametrize(
    "kind",
    [
        pb.ExtendReservationResponse,
        pb.ConfirmReservationResponse,
        pb.ReleaseReservationResponse,
        pb.FulfillReservationResponse,
        pb.TransferReservationResponse,
    ],
)
def test_every_other_call_answers_the_same_way(kind: type[Response]) -> None:
    """The reservation as it is now, and what the answer reflects."""
    response = convert.response(kind, Reserved(reservation=HELD, revision="r"))
    assert response == kind(reservation=convert.reservation(HELD), revision="r")


def test_a_page_keeps_its_order() -> None:
    """And says where the next one begins."""
    response = convert.list_reservations_response([HELD, HELD], "next")
    assert (len(response.reservations), response.next_page_token) == (2, "next")
