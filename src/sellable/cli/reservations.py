"""Reservations as they come and as they are: reserve, show, reservations."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Annotated, Any

import typer
from google.protobuf.duration_pb2 import Duration
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.columns import RESERVATIONS
from sellable.cli.listing import LIMIT_DEFAULT, All, Limit, Page, PageToken, Sort, Wanted, listed
from sellable.cli.show import reservation_view
from sellable.cli.terminal import Answer
from sellable.cli.typed import duration_ms, market_name, part, timestamp
from sellable.cli.values import reservation_value
from sellable.v1.common_pb2 import Line
from sellable.v1.reservations_pb2 import (
    GetReservationRequest,
    ListReservationsRequest,
    Reservation,
    ReservationState,
    ReserveStockRequest,
)

ReservationId = Annotated[str, typer.Argument(metavar="RESERVATION", show_default=False)]


class State(StrEnum):
    """The states as people type them."""

    HELD = "held"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    RELEASED = "released"
    EXPIRED = "expired"


def duration(text: str, hint: str) -> Duration | None:
    """Read a duration; None if there is none."""
    if not text:
        return None
    made = Duration()
    made.FromMilliseconds(duration_ms(text, hint))
    return made


def reservation_answer(reservation: Reservation, revision: str, **more: Any) -> Answer:
    """Answer a reservation after a change."""
    value = {"reservation": reservation_value(reservation), "revision": revision, **more}
    return Answer(value, reservation_view(reservation))


def reserve_command(
    service: Service,
    market: Annotated[str, typer.Argument(metavar="MARKET", show_default=False)],
    lines: Annotated[list[str], typer.Argument(metavar="SKU=QTY[@LOCATION]", show_default=False)],
    *,
    ttl: Annotated[
        str, typer.Option(help="how long it is held, e.g. 90s, 15m, 2h", show_default="15m")
    ] = "",
    reservation_id: Annotated[
        str | None,
        typer.Option("--id", help="makes a repeat count once", show_default="a new one"),
    ] = None,
    order: Annotated[str, typer.Option(help="your order number")] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="take what there is instead of refusing")
    ] = False,
    replaces: Annotated[
        str, typer.Option(help="the reservation that this one takes the place of")
    ] = "",
    backorder_until: Annotated[
        str, typer.Option(help="accept goods expected by then, e.g. 30d or 2026-12-24")
    ] = "",
) -> Answer:
    """Hold units for a customer: all lines or none.

    Examples:
      sellable reserve web/FR 85123A=2 22423=1 --ttl 30m
      sellable reserve web/FR 85123A=1@STORE-LYON --id cart-7
      sellable reserve web/FR 85123A=2 --backorder-until 30d
    """
    channel, country = market_name(market)
    chosen = reservation_id or str(uuid.uuid4())
    parts = [part(line, "SKU=QTY[@LOCATION]") for line in lines]
    request = ReserveStockRequest(
        reservation_id=chosen,
        channel=channel,
        country=country,
        lines=[Line(sku=p.name, quantity=p.quantity, location=p.location) for p in parts],
        ttl=duration(ttl, "--ttl"),
        order_reference=order,
        allow_partial=partial,
        replaces_reservation_id=replaces,
        accept_backorder_until=timestamp(backorder_until, "--backorder-until")
        if backorder_until
        else None,
    )
    answer = service.call(service.reservations.ReserveStock, request, again=f"--id {chosen}")
    made = reservation_answer(answer.reservation, answer.revision, replayed=answer.replayed)
    if answer.replayed:
        note = Text("known already: this is how it is now, nothing was taken", style="yellow")
        return made._replace(view=[*made.view, note])
    return made


def show_command(service: Service, reservation: ReservationId) -> Answer:
    """Show a reservation as it is now.

    Example:
      sellable show cart-7
    """
    request = GetReservationRequest(reservation_id=reservation)
    found = service.call(service.reservations.GetReservation, request)
    return Answer({"reservation": reservation_value(found)}, reservation_view(found))


def reservations_command(
    service: Service,
    *,
    sku: Annotated[str, typer.Option(help="with open units of this SKU")] = "",
    order: Annotated[str, typer.Option(help="of this order")] = "",
    location: Annotated[str, typer.Option(help="with open units at this location")] = "",
    market: Annotated[str, typer.Option(help="of this market, e.g. web/FR")] = "",
    channel: Annotated[str, typer.Option(help="of this channel")] = "",
    country: Annotated[str, typer.Option(help="of this country")] = "",
    state: Annotated[State | None, typer.Option(help="in this state", case_sensitive=False)] = None,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """List reservations that match every filter given.

    Examples:
      sellable reservations --market web/FR --state held
      sellable reservations --sku 85123A --all --sort -created
    """
    if market:
        if channel or country:
            raise typer.BadParameter(
                "not together with --channel or --country", param_hint="--market"
            )
        channel, country = market_name(market, "--market")
    if not (sku or order or location or channel or country or state):
        raise typer.BadParameter(
            "give at least one of --sku, --order, --location, --market, --channel, --country "
            "and --state",
            param_hint="filters",
        )
    request = ListReservationsRequest(
        sku=sku,
        order_reference=order,
        location=location,
        channel=channel,
        country=country,
        state=ReservationState.Value(f"RESERVATION_STATE_{state.name if state else 'UNSPECIFIED'}"),
    )

    def fetch(size: int, token: str) -> Page[Reservation]:
        request.page_size, request.page_token = size, token
        page = service.call(service.reservations.ListReservations, request)
        return Page(page.reservations, page.next_page_token)

    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    return listed("reservations", RESERVATIONS, fetch, reservation_value, wanted)
