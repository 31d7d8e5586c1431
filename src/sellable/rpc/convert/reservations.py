"""ReservationService: what a client asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.limits import (
    ALLOCATIONS_PER_RESERVATION_MAX,
    ORDER_REFERENCE_BYTES_MAX,
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
)
from sellable.names import (
    channel_problem,
    country_problem,
    identifier_problem,
    location_problem,
    sku_problem,
)
from sellable.reservation import ReservationFilter, ReserveRequest, State
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.lines import lines_of, move_of, parts_of, refusal_of
from sellable.rpc.convert.times import duration_ms, observe_us
from sellable.v1 import reservations_pb2

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from sellable.reservation import Part, Refusal

STATES: Final[dict[reservations_pb2.ReservationState.ValueType, State]] = {
    reservations_pb2.RESERVATION_STATE_HELD: State.HELD,
    reservations_pb2.RESERVATION_STATE_CONFIRMED: State.CONFIRMED,
    reservations_pb2.RESERVATION_STATE_FULFILLED: State.FULFILLED,
    reservations_pb2.RESERVATION_STATE_RELEASED: State.RELEASED,
    reservations_pb2.RESERVATION_STATE_EXPIRED: State.EXPIRED,
}
_FILTERS: Final = ("sku", "order_reference", "location", "channel", "country", "state")


class TtlBounds(NamedTuple):
    """How long a hold may last, and how long it lasts if nobody says; milliseconds."""

    default_ms: int
    min_ms: int
    max_ms: int


class Extension(NamedTuple):
    """A hold and how long it lasts from now on."""

    reservation_id: str
    ttl_ms: int


class Confirmation(NamedTuple):
    """A hold that becomes an order; the reference may be empty."""

    reservation_id: str
    order_reference: str


class Release(NamedTuple):
    """Units that go back to sale; without parts everything open."""

    reservation_id: str
    parts: tuple[Part, ...]
    request_id: str
    refusal: Refusal


class Fulfilment(NamedTuple):
    """Units that left; without parts everything open. `observe_us` 0 means now."""

    reservation_id: str
    parts: tuple[Part, ...]
    request_id: str
    observe_us: int
    source: str


class Transfer(NamedTuple):
    """Units that move to other locations."""

    reservation_id: str
    parts: tuple[Part, ...]
    request_id: str


class Listing(NamedTuple):
    """A page of the reservations that match."""

    filter: ReservationFilter
    page_size: int
    page_token: str


def reserve_stock(request: reservations_pb2.ReserveStockRequest, ttl: TtlBounds) -> ReserveRequest:
    """Check a request for stock."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    market = checks.market(request.channel, request.country)
    lines = lines_of(checks, "lines", request.lines)
    ttl_ms = ttl_ms_of(checks, request.ttl if request.HasField("ttl") else None, ttl)
    checks.optional_text("order_reference", request.order_reference, ORDER_REFERENCE_BYTES_MAX)
    replaced = request.replaces_reservation_id
    checks.optional_name("replaces_reservation_id", replaced, identifier_problem)
    if replaced and replaced == request.reservation_id:
        checks.refuse("replaces_reservation_id", "must be another reservation than this one")
    until_us = 0
    if request.HasField("accept_backorder_until"):
        until_us = observe_us(checks, "accept_backorder_until", request.accept_backorder_until)
    checks.done()
    return ReserveRequest(
        reservation_id=request.reservation_id,
        market=market,
        lines=lines,
        ttl_ms=ttl_ms,
        order_reference=request.order_reference,
        allow_partial=request.allow_partial,
        replaces_reservation_id=replaced,
        accept_backorder_until_ms=max(0, until_us // 1_000),
    )


def extend_reservation(
    request: reservations_pb2.ExtendReservationRequest, ttl: TtlBounds
) -> Extension:
    """Check a request for another expiry."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    ttl_ms = ttl_ms_of(checks, request.ttl if request.HasField("ttl") else None, ttl)
    checks.done()
    return Extension(request.reservation_id, ttl_ms)


def confirm_reservation(request: reservations_pb2.ConfirmReservationRequest) -> Confirmation:
    """Check the placing of an order."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    checks.optional_text("order_reference", request.order_reference, ORDER_REFERENCE_BYTES_MAX)
    checks.done()
    return Confirmation(request.reservation_id, request.order_reference)


def release_reservation(request: reservations_pb2.ReleaseReservationRequest) -> Release:
    """Check what goes back to sale."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    parts = parts_of(checks, request.quantities, request.request_id, waiting=True)
    refusal = refusal_of(checks, "refusal_reason", request.refusal_reason)
    checks.done()
    return Release(request.reservation_id, parts, request.request_id, refusal)


def fulfill_reservation(request: reservations_pb2.FulfillReservationRequest) -> Fulfilment:
    """Check what left."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    parts = parts_of(checks, request.quantities, request.request_id, waiting=False)
    time = 0
    if request.HasField("observe_time"):
        time = observe_us(checks, "observe_time", request.observe_time)
    checks.optional_name("source", request.source, identifier_problem)
    checks.done()
    return Fulfilment(request.reservation_id, parts, request.request_id, time, request.source)


def transfer_reservation(request: reservations_pb2.TransferReservationRequest) -> Transfer:
    """Check what moves where."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    parts: tuple[Part, ...] = ()
    if checks.count("moves", request.moves, 1, ALLOCATIONS_PER_RESERVATION_MAX):
        parts = tuple(
            move_of(checks, f"moves[{index}]", move) for index, move in enumerate(request.moves)
        )
    checks.name("request_id", request.request_id, identifier_problem)
    checks.done()
    return Transfer(request.reservation_id, parts, request.request_id)


def get_reservation(request: reservations_pb2.GetReservationRequest) -> str:
    """Check which reservation is asked for."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    checks.done()
    return request.reservation_id


def list_reservations(request: reservations_pb2.ListReservationsRequest) -> Listing:
    """Check what is listed; the page token is read by whoever wrote it."""
    checks = Checks()
    checks.optional_name("sku", request.sku, sku_problem)
    checks.optional_text("order_reference", request.order_reference, ORDER_REFERENCE_BYTES_MAX)
    checks.optional_name("location", request.location, location_problem)
    checks.optional_name("channel", request.channel, channel_problem)
    checks.optional_name("country", request.country, country_problem)
    if request.state and request.state not in STATES:
        checks.refuse("state", f"must be one of {', '.join(STATES.values())}, or unset")
    checks.number("page_size", request.page_size, 0, PAGE_SIZE_MAX)
    if not any(getattr(request, name) for name in _FILTERS):
        checks.refuse("filter", f"must have at least one of {', '.join(_FILTERS)}")
    checks.done()
    return Listing(
        filter=ReservationFilter(
            sku=request.sku,
            order_reference=request.order_reference,
            location=request.location,
            channel=request.channel,
            country=request.country,
            state=STATES.get(request.state),
        ),
        page_size=request.page_size or PAGE_SIZE_DEFAULT,
        page_token=request.page_token,
    )


def ttl_ms_of(checks: Checks, ttl: Duration | None, bounds: TtlBounds) -> int:
    """Check how long a hold lasts; None: as long as it does where nobody says."""
    if ttl is None:
        return bounds.default_ms
    return duration_ms(checks, "ttl", ttl, bounds.min_ms, bounds.max_ms)
