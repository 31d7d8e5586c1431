"""What is wrong with an order at risk, and what is noted when nothing can be done about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from sellable.errors import NoFeasiblePlan
from sellable.reservation import Part  # noqa: TC001 - msgspec reads it
from sellable.stock import parts_of_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.errors import SellableError
    from sellable.reservation import Allocation, ReservedLine
    from sellable.store.at_risk import OrderAtRisk

_BETWEEN: Final = ":"  # a refusal is a cause of its own, named by the request that told of it


class Cause(StrEnum):
    """Why an order is at risk."""

    OVERCOMMITTED = "OVERCOMMITTED"  # fewer are there than reserved, and it is among the youngest
    LOCATION = "LOCATION"  # disabled, or not of its market any more
    REFUSED = "REFUSED"  # the location does not deliver, and no plan did without it
    LATE = "LATE"  # its goods should have left


class Danger(NamedTuple):
    """Open units of an order that will not leave as planned; `key` names the cause beside it."""

    cause: Cause
    key: str
    line_id: str
    sku: str
    location: str
    quantity: int


class BlockedUnits(Struct, frozen=True, kw_only=True):
    """A line that no plan can fill, as `BlockedLine`."""

    line_id: str
    sku: str
    constraint: str
    detail: str


class Note(Struct, frozen=True, kw_only=True):
    """What is kept beside an order that a person must decide about.

    Attributes:
        at_ms: When it was noted.
        reason: Why it was not sourced anew: a reason of the contract, or `POLICY`.
        detail: The same for people.
        blocked: Of NO_FEASIBLE_PLAN, what binds each line.
        refusals: What locations do not deliver.
    """

    at_ms: int
    reason: str
    detail: str
    blocked: tuple[BlockedUnits, ...] = ()
    refusals: tuple[Part, ...] = ()


pack_note: Final = msgspec.json.Encoder().encode
_unpack: Final = msgspec.json.Decoder(Note).decode


def note_on(error: SellableError, at_ms: int, refusals: tuple[Part, ...] = ()) -> Note:
    """Note why an order was not sourced anew."""
    lines = error.lines if isinstance(error, NoFeasiblePlan) else ()
    return Note(
        at_ms=at_ms,
        reason=error.reason,
        detail=str(error),
        blocked=tuple(
            BlockedUnits(
                line_id=line.line_id,
                sku=line.sku,
                constraint=line.constraint,
                detail=line.detail,
            )
            for line in lines
        ),
        refusals=refusals,
    )


def note_of(order: OrderAtRisk, key: str) -> Note | None:
    """Return what was noted of a cause; None where nobody was asked for it."""
    text = order.asked.get(key)
    return _unpack(text) if text else None


def refused_key(request_id: str) -> str:
    """Name the refusals of one request as a cause."""
    return f"{Cause.REFUSED}{_BETWEEN}{request_id}"


def dangers(order: OrderAtRisk, late_after_ms: int) -> tuple[Danger, ...]:
    """Return all that is wrong with an order at this moment, by line and place."""
    return tuple(_dangers(order, late_after_ms))


def _dangers(order: OrderAtRisk, late_after_ms: int) -> Iterator[Danger]:
    ship_by_ms = order.reservation.ship_by_ms or 0
    # Only sourcing moves the ship-by moment, and forgets who was asked: once late, late till then.
    late = 0 < ship_by_ms < order.now_ms - late_after_ms or Cause.LATE in order.asked
    for line in order.reservation.lines:
        for allocation in line.allocations:
            if not allocation.open:
                continue
            location, supply = parts_of_place(allocation.location)
            if allocation.short:
                yield _danger(Cause.OVERCOMMITTED, line, allocation, allocation.short)
            if location in order.stranded:
                yield _danger(Cause.LOCATION, line, allocation, allocation.open)
            if late and not supply:
                yield _danger(Cause.LATE, line, allocation, allocation.open)
    for key in order.asked:
        for part in _open_refusals(order, key):
            yield Danger(Cause.REFUSED, key, part.line_id, part.sku, part.location, part.quantity)


def _danger(cause: Cause, line: ReservedLine, allocation: Allocation, quantity: int) -> Danger:
    return Danger(cause, cause, line.line_id, line.sku, allocation.location, quantity)


def refusals(order: OrderAtRisk) -> tuple[Part, ...]:
    """Return what the locations of an order do not deliver and still hold for it.

    Units that were refused by two requests are the same ones.
    """
    found: dict[tuple[str, str, str], Part] = {}
    for key in sorted(order.asked):
        for part in _open_refusals(order, key):
            place = (part.line_id, part.sku, part.location)
            known = found.get(place)
            if known is None or known.quantity < part.quantity:
                found[place] = part
    return tuple(found.values())


def _open_refusals(order: OrderAtRisk, key: str) -> tuple[Part, ...]:
    """Return the refused units of a cause that are still open where they were refused."""
    note = note_of(order, key)
    found = []
    for part in note.refusals if note and key.startswith(Cause.REFUSED) else ():
        there = sum(
            allocation.open
            for line in order.reservation.lines
            if (line.line_id == part.line_id if part.line_id else line.sku == part.sku)
            for allocation in line.allocations
            if allocation.location == part.location
        )
        if there:
            quantity = min(part.quantity, there)
            found.append(msgspec.structs.replace(part, quantity=quantity))
    return tuple(found)
