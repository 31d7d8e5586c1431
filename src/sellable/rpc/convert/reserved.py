"""ReservationService: what a client holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sellable.rpc.convert.reservations import STATES
from sellable.rpc.convert.times import time_of_ms
from sellable.stock import parts_of_place
from sellable.v1 import reservations_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.reservation import Allocation, Reservation, Reserved, ReservedLine

_STATE_NUMBERS = {state: number for number, state in STATES.items()}

# The responses that carry a reservation and a revision.
Response = TypeVar(
    "Response",
    reservations_pb2.ExtendReservationResponse,
    reservations_pb2.ConfirmReservationResponse,
    reservations_pb2.ReleaseReservationResponse,
    reservations_pb2.FulfillReservationResponse,
    reservations_pb2.TransferReservationResponse,
)


def reserve_stock_response(answer: Reserved) -> reservations_pb2.ReserveStockResponse:
    """Answer a reservation, and whether this call made it."""
    return reservations_pb2.ReserveStockResponse(
        reservation=reservation(answer.reservation),
        revision=answer.revision,
        replayed=answer.replayed,
    )


def response(kind: type[Response], answer: Reserved) -> Response:
    """Answer any other call that changes a reservation, by the type of its response."""
    return kind(reservation=reservation(answer.reservation), revision=answer.revision)


def list_reservations_response(
    reservations: Iterable[Reservation], next_page_token: str
) -> reservations_pb2.ListReservationsResponse:
    """Answer a page."""
    return reservations_pb2.ListReservationsResponse(
        reservations=map(reservation, reservations), next_page_token=next_page_token
    )


def reservation(value: Reservation) -> reservations_pb2.Reservation:
    """Answer a reservation as it is."""
    channel, _, country = value.market.partition("/")
    return reservations_pb2.Reservation(
        reservation_id=value.reservation_id,
        channel=channel,
        country=country,
        state=_STATE_NUMBERS[value.state],
        lines=map(_line, value.lines),
        order_reference=value.order_reference,
        create_time=time_of_ms(value.create_ms),
        expire_time=time_of_ms(value.expire_ms),
        confirm_time=time_of_ms(value.confirm_ms),
        update_time=time_of_ms(value.update_ms),
    )


def _line(line: ReservedLine) -> reservations_pb2.ReservedLine:
    return reservations_pb2.ReservedLine(
        line_id=line.line_id,
        sku=line.sku,
        requested_quantity=line.requested,
        granted_quantity=line.granted,
        open_quantity=line.open,
        fulfilled_quantity=line.fulfilled,
        released_quantity=line.released,
        allocations=[
            _allocation(allocation)
            for allocation in line.allocations
            if allocation.open or allocation.fulfilled
        ],
    )


def _allocation(value: Allocation) -> reservations_pb2.Allocation:
    location, supply_id = parts_of_place(value.location)
    return reservations_pb2.Allocation(
        location=location,
        quantity=value.open,
        fulfilled_quantity=value.fulfilled,
        short_quantity=value.short,
        supply_id=supply_id,
        expect_time=time_of_ms(value.expect_ms),
    )
