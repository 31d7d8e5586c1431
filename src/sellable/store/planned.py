"""What a plan takes of the store, what is kept of it, and what it finds out: values.

Lines are named by their index in the order, from 0. The structs that are `array_like` cross into
the Lua scripts as MessagePack arrays in field order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from sellable.names import capacity_sku

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sellable.reservation import Line, Refusal, Reservation
    from sellable.sourcing.order import SourcingStock


class Units(Struct, frozen=True, array_like=True):
    """Units of a line at a location (of a reservation: or at a place, as in `Allocation`)."""

    line: int
    location: str
    quantity: int


class RefusedUnits(Struct, frozen=True, array_like=True):
    """Units that a location could not deliver, and why."""

    line: int
    location: str
    quantity: int
    reason: Refusal


class DayCapacity(Struct, frozen=True):
    """One order that a location ships on a day local to it."""

    location: str
    day: date


class Wanted(Struct, frozen=True, kw_only=True):
    """What an order is sourced for, as it is kept; an empty profile is the market's own."""

    country: str
    postal_code: str = ""
    latitude: float
    longitude: float
    profile: str = ""
    promise_ms: int = 0
    value_micros: int | None = None


class PlannedHold(Struct, frozen=True, kw_only=True):
    """A new reservation of exactly the planned units and capacities.

    Attributes:
        lines: The lines of the order; one that the plan leaves unfilled is granted less.
        ttl_ms: Resolved by the caller.
        content: The request that was planned for, field by field in an order that never changes:
            a repeat with another content is refused, naming the field.
        units: Each line and location once, at least one unit each.
        capacities: One a location that ships and has a daily capacity.
        plan: Encoded, at most `limits.PLAN_BYTES_MAX`.
        ship_by_ms: The last moment at which its goods should leave; 0: none.
    """

    reservation_id: str
    market: str
    lines: tuple[Line, ...]
    ttl_ms: int
    order_reference: str = ""
    content: Mapping[str, object]
    units: tuple[Units, ...]
    capacities: tuple[DayCapacity, ...] = ()
    wanted: Wanted
    plan: bytes
    ship_by_ms: int = 0


class PlannedMove(Struct, frozen=True, kw_only=True):
    """New places for all open units of a reservation.

    Attributes:
        request_id: Of the caller's choice; a repeat answers the reservation as it is.
        content: As in `PlannedHold`, of this request.
        seen: The open units that were planned for, as `open_units` tells them.
        units: Where they are to be, each line and location once.
        drops: Units that no location can have: they are released where they are bound now.
        refusals: What locations could not deliver, of units that leave them by this plan.
    """

    reservation_id: str
    request_id: str
    content: Mapping[str, object]
    seen: tuple[Units, ...]
    units: tuple[Units, ...]
    capacities: tuple[DayCapacity, ...] = ()
    drops: tuple[Units, ...] = ()
    refusals: tuple[RefusedUnits, ...] = ()
    wanted: Wanted
    plan: bytes
    ship_by_ms: int = 0


class KeptPlan(Struct, frozen=True, kw_only=True):
    """What is kept beside a reservation that has a plan.

    `refused` are pairs of line index and location that are not to be offered to it again;
    `escalated` the causes for which somebody was asked since it was last sourced.
    """

    wanted: Wanted | None
    plan: bytes
    ship_by_ms: int
    sourced_count: int
    refused: frozenset[tuple[int, str]]
    escalated: tuple[str, ...]


class SourcedReservation(Struct, frozen=True, kw_only=True):
    """The answer of every call on a planned reservation."""

    reservation: Reservation
    kept: KeptPlan | None
    revision: str
    replayed: bool = False


class Observed(Struct, frozen=True, kw_only=True):
    """The stock of the moment; where a reservation was named, it as it is now and what is kept."""

    stock: SourcingStock
    reservation: Reservation | None
    kept: KeptPlan | None
    revision: str


class Shortage(Struct, frozen=True, array_like=True):
    """What had less than planned, and how much it had.

    Kinds: `location` (the market does not sell from it), `position` (name: SKU), `number` of the
    market and `quota` (name: SKU), `capacity` (name: its day, or empty where the plan has none),
    `changed` (the reservation).
    """

    kind: str
    name: str
    location: str
    quantity: int


class LostRace(Exception):
    """The stock, or the reservation, is not what was planned with: plan again. Nothing changed."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        text = "{0.kind} {0.name} {0.location}: {0.quantity} left"
        super().__init__("; ".join(map(text.format, shortages)))
        self.shortages = tuple(shortages)


def open_units(reservation: Reservation) -> tuple[Units, ...]:
    """Tell the open units of a reservation, by line and place."""
    return tuple(
        Units(at, allocation.location, allocation.open)
        for at, line in enumerate(reservation.lines)
        for allocation in line.allocations
        if allocation.open
    )


_DAY_MS: Final = 24 * 3600 * 1000
_EPOCH_ORDINAL: Final = 719_163  # 1970-01-01
_PAST_DAYS: Final = 2  # a local day is over everywhere, and half a day more


def packed_capacities(capacities: Sequence[DayCapacity]) -> list[tuple[str, str, int]]:
    """Return for each capacity its SKU, its location, and when it may be forgotten."""
    return [
        (
            capacity_sku(one.location, one.day),
            one.location,
            (one.day.toordinal() - _EPOCH_ORDINAL + _PAST_DAYS) * _DAY_MS,
        )
        for one in capacities
    ]


_decode_wanted: Final = msgspec.msgpack.Decoder(Wanted).decode
_decode_refused: Final = msgspec.msgpack.Decoder(list[tuple[int, str]]).decode
_ESCALATED: Final = b"escalated:"


def kept_plan(found: Mapping[bytes, bytes] | Sequence[bytes]) -> KeptPlan | None:
    """Read what is kept beside a reservation: its fields, or fields and values in turn."""
    pairs = (
        found.items() if isinstance(found, Mapping) else zip(found[::2], found[1::2], strict=True)
    )
    fields = dict(pairs)
    if not fields:
        return None
    return KeptPlan(
        wanted=_decode_wanted(fields[b"wanted"]) if b"wanted" in fields else None,
        plan=fields.get(b"plan", b""),
        ship_by_ms=int(fields.get(b"ship_by_ms", 0)),
        sourced_count=int(fields.get(b"sourced", 0)),
        refused=frozenset(_decode_refused(fields.get(b"refused", b"\x90"))),
        escalated=tuple(
            sorted(
                name.removeprefix(_ESCALATED).decode()
                for name in fields
                if name.startswith(_ESCALATED)
            )
        ),
    )
