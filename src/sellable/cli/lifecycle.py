"""What becomes of a reservation: confirm, extend, release, fulfil, transfer."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Annotated, Final

import typer

from sellable.cli.client import Service
from sellable.cli.reservations import ReservationId, duration, reservation_answer
from sellable.cli.terminal import Answer
from sellable.cli.typed import part
from sellable.v1.reservations_pb2 import (
    ConfirmReservationRequest,
    ExtendReservationRequest,
    FulfillReservationRequest,
    QuantityAt,
    RefusalReason,
    ReleaseReservationRequest,
    TransferReservationRequest,
)

_PARTS: Final = "SKU=QTY[@LOCATION]"


class Refusal(StrEnum):
    """Why a location could not deliver, as people type it."""

    NOT_FOUND = "not-found"
    DAMAGED = "damaged"
    NO_CAPACITY = "no-capacity"
    CLOSED = "closed"


_Parts = Annotated[
    list[str] | None,
    typer.Argument(metavar=_PARTS, help="only these units", show_default="everything"),
]
_Lines = Annotated[
    list[str] | None,
    typer.Option(
        "--line", metavar="LINE=QTY[@LOCATION]", help="only these units of a line, by its id"
    ),
]
_Refusal = Annotated[
    Refusal | None,
    typer.Option(
        case_sensitive=False,
        metavar="REASON",
        help=f"why the location could not deliver: {', '.join(Refusal)}",
    ),
]
_RequestId = Annotated[
    str | None, typer.Option(help="makes a repeat count once", show_default="a new one")
]


def confirm_command(
    service: Service,
    reservation: ReservationId,
    *,
    order: Annotated[str, typer.Option(help="the order number, if it had none")] = "",
) -> Answer:
    """Make a hold an order: it no longer expires.

    Example:
      sellable confirm cart-7 --order 4711
    """
    request = ConfirmReservationRequest(reservation_id=reservation, order_reference=order)
    answer = service.call(service.reservations.ConfirmReservation, request, again="")
    return reservation_answer(answer.reservation, answer.revision)


def extend_command(
    service: Service,
    reservation: ReservationId,
    *,
    ttl: Annotated[
        str, typer.Option(help="how long from now, e.g. 90s, 15m, 2h", show_default="15m")
    ] = "",
) -> Answer:
    """Make a hold last longer.

    Example:
      sellable extend cart-7 --ttl 30m
    """
    request = ExtendReservationRequest(reservation_id=reservation, ttl=duration(ttl, "--ttl"))
    answer = service.call(service.reservations.ExtendReservation, request, again="")
    return reservation_answer(answer.reservation, answer.revision)


def release_command(
    service: Service,
    reservation: ReservationId,
    parts: _Parts = None,
    *,
    line: _Lines = None,
    refusal: _Refusal = None,
    request_id: _RequestId = None,
) -> Answer:
    """Give units back to sale: everything open, or the ones named.

    Examples:
      sellable release cart-7
      sellable release cart-7 85123A=1
    """
    quantities, chosen, again = _named(parts, line, request_id)
    request = ReleaseReservationRequest(
        reservation_id=reservation,
        quantities=quantities,
        request_id=chosen,
        refusal_reason=_refusal_value(refusal),
    )
    answer = service.call(service.reservations.ReleaseReservation, request, again=again)
    return reservation_answer(answer.reservation, answer.revision)


def fulfil_command(
    service: Service,
    reservation: ReservationId,
    parts: _Parts = None,
    *,
    line: _Lines = None,
    source: Annotated[str, typer.Option(help="who says so")] = "cli",
    request_id: _RequestId = None,
) -> Answer:
    """Record that goods left: everything open, or the ones named.

    Examples:
      sellable fulfil cart-7
      sellable fulfil cart-7 85123A=1@DC-PARIS
    """
    quantities, chosen, again = _named(parts, line, request_id)
    request = FulfillReservationRequest(
        reservation_id=reservation, quantities=quantities, request_id=chosen, source=source
    )
    answer = service.call(service.reservations.FulfillReservation, request, again=again)
    return reservation_answer(answer.reservation, answer.revision)


def transfer_command(
    service: Service,
    reservation: ReservationId,
    parts: _Parts = None,
    *,
    to: Annotated[str, typer.Option(metavar="LOCATION", show_default=False)],
    line: _Lines = None,
    refusal: _Refusal = None,
    request_id: _RequestId = None,
) -> Answer:
    """Move open units to another location of the market.

    Example:
      sellable transfer cart-7 85123A=1@DC-PARIS --to STORE-LYON
    """
    quantities, chosen, again = _named(parts, line, request_id)
    if not quantities:
        raise typer.BadParameter("name the units to move", param_hint=_PARTS)
    moves = [
        TransferReservationRequest.Move(
            to_location=to, refusal_reason=_refusal_value(refusal), **{"from": units}
        )
        for units in quantities
    ]
    request = TransferReservationRequest(reservation_id=reservation, moves=moves, request_id=chosen)
    answer = service.call(service.reservations.TransferReservation, request, again=again)
    return reservation_answer(answer.reservation, answer.revision)


def _named(
    parts: list[str] | None, lines: list[str] | None, request_id: str | None
) -> tuple[list[QuantityAt], str, str]:
    """Return the units named, the id of the request and the option that repeats it."""
    quantities = []
    for text in parts or ():
        units = part(text, _PARTS)
        quantities.append(
            QuantityAt(sku=units.name, quantity=units.quantity, location=units.location)
        )
    for text in lines or ():
        units = part(text, "--line")
        quantities.append(
            QuantityAt(line_id=units.name, quantity=units.quantity, location=units.location)
        )
    if not quantities:
        return [], request_id or "", ""  # everything: a repeat finds nothing open
    chosen = request_id or str(uuid.uuid4())
    return quantities, chosen, f"--request-id {chosen}"


def _refusal_value(refusal: Refusal | None) -> RefusalReason.ValueType:
    return RefusalReason.Value(f"REFUSAL_REASON_{refusal.name if refusal else 'UNSPECIFIED'}")
