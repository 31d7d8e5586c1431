"""ReservationService: what a client holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sellable.rpc.convert.reservations import STATES
from sellable.rpc.convert.times import set_time
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
    made = reservations_pb2.ReserveStockResponse(revision=answer.revision, replayed=answer.replayed)
    _fill(made.reservation, answer.reservation)
    return made


def response(kind: type[Response], answer: Reserved) -> Response:
    """Answer any other call that changes a reservation, by the type of its response."""
    made = kind(revision=answer.revision)
    _fill(made.reservation, answer.reservation)
    return made


def list_reservations_response(
    reservations: Iterable[Reservation], next_page_token: str
) -> reservations_pb2.ListReservationsResponse:
    """Answer a page."""
    return reservations_pb2.ListReservationsResponse(
        reservations=map(reservation, reservations), next_page_token=next_page_token
    )


def reservation(value: Reservation) -> reservations_pb2.Reservation:
    """Answer a reservation as it is."""
    made = reservations_pb2.Reservation()
    _fill(made, value)
    return made


def _fill(made: reservations_pb2.Reservation, value: Reservation) -> None:
    """Write a reservation into its message.

    Field by field, which takes 0.4 of the time of handing submessages to constructors: a checkout
    pays for it with each of its calls.
    """
    made.reservation_id = value.reservation_id
    made.channel, _, made.country = value.market.partition("/")
    made.state = _STATE_NUMBERS[value.state]
    for line in value.lines:
        _fill_line(made.lines.add(), line)
    made.order_reference = value.order_reference
    if value.create_ms:
        set_time(made.create_time, value.create_ms)
    if value.expire_ms:
        set_time(made.expire_time, value.expire_ms)
    if value.confirm_ms:
        set_time(made.confirm_time, value.confirm_ms)
    if value.update_ms:
        set_time(made.update_time, value.update_ms)


def _fill_line(made: reservations_pb2.ReservedLine, line: ReservedLine) -> None:
    made.line_id, made.sku = line.line_id, line.sku
    made.requested_quantity, made.granted_quantity = line.requested, line.granted
    still_open = fulfilled = 0
    for allocation in line.allocations:
        still_open += allocation.open
        fulfilled += allocation.fulfilled
        if allocation.open or allocation.fulfilled:
            _fill_allocation(made.allocations.add(), allocation)
    made.open_quantity, made.fulfilled_quantity = still_open, fulfilled
    made.released_quantity = line.granted - still_open - fulfilled


def _fill_allocation(made: reservations_pb2.Allocation, value: Allocation) -> None:
    made.location, made.supply_id = parts_of_place(value.location)
    made.quantity, made.fulfilled_quantity = value.open, value.fulfilled
    made.short_quantity = value.short
    if value.expect_ms:
        set_time(made.expect_time, value.expect_ms)
