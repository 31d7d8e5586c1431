"""Reservations as values: what a client asks for and what it holds.

The structs cross into the Lua scripts and back as MessagePack maps, so the field names here are
the names in `store/lua/`.
Times are milliseconds of the store's clock since 1970; 0 means unset.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class State(StrEnum):
    """HELD (expires) -> CONFIRMED (does not) -> FULFILLED; or RELEASED, EXPIRED."""

    HELD = "HELD"
    CONFIRMED = "CONFIRMED"
    FULFILLED = "FULFILLED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class Refusal(StrEnum):
    """Why a location could not deliver; the first two lower on hand in the same script."""

    NONE = ""
    NOT_FOUND = "NOT_FOUND"
    DAMAGED = "DAMAGED"
    NO_CAPACITY = "NO_CAPACITY"
    CLOSED = "CLOSED"


class Line(Struct, frozen=True, kw_only=True):
    """One wanted line; `location` empty means anywhere in the market."""

    line_id: str = ""
    sku: str
    quantity: int
    location: str = ""


class ReserveRequest(Struct, frozen=True, kw_only=True):
    """All lines or none, or what there is with `allow_partial`. `ttl_ms` 0 means the default.

    Future supply that is expected by `accept_backorder_until_ms` may be taken too; 0: none.
    """

    reservation_id: str
    market: str
    lines: tuple[Line, ...]
    ttl_ms: int = 0
    order_reference: str = ""
    allow_partial: bool = False
    replaces_reservation_id: str = ""
    accept_backorder_until_ms: int = 0


class Part(Struct, frozen=True, kw_only=True):
    """Units of one line at one location: what partial release, fulfil and transfer name.

    `line_id` or, where the reservation has none, `sku`. `to_location` and `refusal` are used by
    transfers, `refusal` by releases. `location` may be a place, as in `Allocation`.
    """

    line_id: str = ""
    sku: str = ""
    location: str = ""
    quantity: int
    to_location: str = ""
    refusal: Refusal = Refusal.NONE


class Allocation(Struct, frozen=True, kw_only=True):
    """Units of a line bound to a location, by what became of them.

    `location` may be a place where units wait for a future supply, see `stock.parts_of_place`.
    """

    location: str
    open: int
    fulfilled: int
    released: int
    expired: int
    short: int = 0
    expect_ms: int = 0


class ReservedLine(Struct, frozen=True, kw_only=True):
    """A line as held; of `granted` units some are open, some fulfilled, the rest was released."""

    line_id: str
    sku: str
    requested: int
    granted: int
    location: str
    allocations: tuple[Allocation, ...]


class Reservation(Struct, frozen=True, kw_only=True):
    """A reservation as it is now."""

    reservation_id: str
    market: str
    state: State
    order_reference: str
    create_ms: int
    expire_ms: int
    confirm_ms: int
    update_ms: int
    lines: tuple[ReservedLine, ...]


class Reserved(Struct, frozen=True, kw_only=True):
    """The answer of every reservation call."""

    reservation: Reservation
    revision: str
    replayed: bool = False


class ReservationFilter(Struct, frozen=True, kw_only=True):
    """What a listing asks for; all that are set must match.

    `sku` and `location` match reservations that hold open units of the SKU, or at the location.
    """

    sku: str = ""
    order_reference: str = ""
    location: str = ""
    channel: str = ""
    country: str = ""
    state: State | None = None
