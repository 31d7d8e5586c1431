"""What of a reservation is planned anew, and the plan as moves of its binding."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from sellable.errors import (
    InvalidFields,
    ReservationClosed,
    ReservationExpired,
    Violation,
)
from sellable.reservation import Line, State
from sellable.stock import parts_of_place
from sellable.store.planned import RefusedUnits, Units, open_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sellable.dispatch.asked import RebindAsked
    from sellable.reservation import Part, Reservation
    from sellable.sourcing.order import SourcingStock
    from sellable.sourcing.plan import Assignment, Decision, Plan

_OPEN: Final = (State.HELD, State.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebinding:
    """The open units of a reservation, sorted by what may become of them.

    Attributes:
        lines: What is planned anew: the units in stock, one line each that has any.
        origins: The line of the reservation that each of them is.
        seen: All open units, as the store must find them.
        waiting: Those that wait for future supply; they stay.
        refusals: Those that must leave their location now.
        barred: Pairs of a line of the reservation and a location that refused it, also earlier.
    """

    lines: tuple[Line, ...]
    origins: tuple[int, ...]
    seen: tuple[Units, ...]
    waiting: tuple[Units, ...]
    refusals: tuple[RefusedUnits, ...]
    barred: frozenset[tuple[int, str]]

    @property
    def held(self) -> Mapping[tuple[str, str], int]:
        """The units in stock that are planned anew, by SKU and location."""
        skus = dict(zip(self.origins, (line.sku for line in self.lines), strict=True))
        found: dict[tuple[str, str], int] = defaultdict(int)
        for units in self.seen:
            if units not in self.waiting:
                found[skus[units.line], units.location] += units.quantity
        return found

    def offered(self, stock: SourcingStock) -> tuple[SourcingStock, frozenset[tuple[int, str]]]:
        """Return the stock without what was refused, and the lines that go nowhere near it.

        A location that refused a unit is asked for no other one of its kind; what it still holds
        of it for this reservation may stay.
        """
        refused = _sums(self.refusals)
        held = _sums(units for units in self.seen if units not in self.waiting)
        left = {key: quantity - refused[key] for key, quantity in held.items()}
        skus = dict(zip(self.origins, (line.sku for line in self.lines), strict=True))
        available = [list(row) for row in stock.available]
        places = {location: at for at, location in enumerate(stock.locations)}
        for origin, location in self.barred:
            if origin not in skus or location not in places:
                continue
            sku = skus[origin]
            stays = sum(left.get((at, location), 0) for at, name in skus.items() if name == sku)
            row = available[stock.skus.index(sku)]
            row[places[location]] = min(row[places[location]], stays)
        pairs = frozenset(
            (self.origins.index(origin), location)
            for origin, location in self.barred
            if origin in skus and location in places and not left.get((origin, location))
        )
        return replace(stock, available=tuple(map(tuple, available))), pairs

    def renamed(self, decision: Decision) -> Decision:
        """Return a decision whose lines are those of the reservation."""
        return msgspec.structs.replace(
            decision,
            plan=msgspec.structs.replace(
                decision.plan,
                assignments=self._of_reservation(decision.plan.assignments),
                unfilled=self._of_reservation(decision.plan.unfilled),
            ),
        )

    def leaving(self, plan: Plan) -> tuple[RefusedUnits, ...]:
        """Return the refusals as units that leave by a plan, which is one of the reservation.

        Two lines of a SKU share what a location has of it: where a plan leaves refused units of
        one line and takes those of another away, it is the other's that are missing.
        """
        stays = _sums(Units(one.line, one.location, one.quantity) for one in plan.assignments)
        leave = {key: units - stays[key] for key, units in _sums(self.seen).items()}
        skus = dict(zip(self.origins, (line.sku for line in self.lines), strict=True))
        found: list[RefusedUnits] = []
        others: list[RefusedUnits] = []
        for one in self.refusals:
            own = min(one.quantity, max(0, leave[one.line, one.location]))
            leave[one.line, one.location] -= own
            for units, kept in ((own, found), (one.quantity - own, others)):
                if units:
                    kept.append(RefusedUnits(one.line, one.location, units, one.reason))
        for one in others:
            rest = one.quantity
            for at, sku in skus.items():
                taken = min(rest, leave.get((at, one.location), 0)) if sku == skus[one.line] else 0
                if taken > 0:
                    rest -= taken
                    leave[at, one.location] -= taken
                    found.append(RefusedUnits(at, one.location, taken, one.reason))
        return tuple(found)

    def drops(self, plan: Plan) -> tuple[Units, ...]:
        """Return from where the units go that a plan has no place for; refused ones first.

        The plan is one of the lines of the reservation.
        """
        stays = _sums(Units(one.line, one.location, one.quantity) for one in plan.assignments)
        refused = _sums(self.refusals)
        dropped: list[Units] = []
        for unfilled in plan.unfilled:
            rest = unfilled.quantity
            mine = [units for units in self.seen if units.line == unfilled.line]
            mine.sort(key=lambda units: not refused[units.line, units.location])
            for units in mine:
                leaving = units.quantity - stays[units.line, units.location]
                taken = min(rest, max(0, leaving)) if units not in self.waiting else 0
                rest -= taken
                if taken:
                    dropped.append(Units(units.line, units.location, taken))
        return tuple(dropped)

    def _of_reservation(self, assignments: Iterable[Assignment]) -> tuple[Assignment, ...]:
        return tuple(
            msgspec.structs.replace(one, line=self.origins[one.line]) for one in assignments
        )


def rebinding(
    reservation: Reservation, asked: RebindAsked, barred: frozenset[tuple[int, str]]
) -> Rebinding:
    """Sort the open units of a reservation.

    Args:
        reservation: As it is now.
        asked: What is asked of it.
        barred: Pairs of its lines and locations that refused them before.

    Raises:
        ReservationExpired, ReservationClosed: It holds nothing that could be planned.
        InvalidFields: A refusal names units that it does not hold there, or all units that it
            holds wait for future supply.
    """
    if reservation.state is State.EXPIRED:
        raise ReservationExpired(reservation.reservation_id)
    if reservation.state not in _OPEN:
        raise ReservationClosed(reservation.reservation_id, reservation.state)
    seen = open_units(reservation)
    waiting = tuple(units for units in seen if parts_of_place(units.location)[1])
    in_stock: dict[int, int] = defaultdict(int)
    for units in seen:
        if units not in waiting:
            in_stock[units.line] += units.quantity
    if not in_stock:
        rule = "all open units of the reservation wait for future supply"
        raise InvalidFields(Violation("reservation_id", rule))
    refusals = _refusals(reservation, asked.refusals)
    origins = tuple(in_stock)
    return Rebinding(
        lines=tuple(
            Line(
                line_id=reservation.lines[at].line_id,
                sku=reservation.lines[at].sku,
                quantity=in_stock[at],
                location=reservation.lines[at].location,
            )
            for at in origins
        ),
        origins=origins,
        seen=seen,
        waiting=waiting,
        refusals=refusals,
        barred=barred | {(one.line, one.location) for one in refusals},
    )


def _refusals(reservation: Reservation, parts: Iterable[Part]) -> tuple[RefusedUnits, ...]:
    """Find the lines of refused units; units of a SKU are those of its first lines first."""
    left = {(units.line, units.location): units.quantity for units in open_units(reservation)}
    found: list[RefusedUnits] = []
    for index, part in enumerate(parts):
        path = f"refusals[{index}].quantity"
        lines = [
            at
            for at, line in enumerate(reservation.lines)
            if (line.line_id == part.line_id if part.line_id else line.sku == part.sku)
        ]
        if not lines:
            field, name = ("line_id", part.line_id) if part.line_id else ("sku", part.sku)
            rule = f"{name!r} is in no line of the reservation"
            raise InvalidFields(Violation(f"{path}.{field}", rule))
        rest = part.quantity
        for at in lines:
            taken = min(rest, left.get((at, part.location), 0))
            if taken:
                left[at, part.location] -= taken
                rest -= taken
                found.append(RefusedUnits(at, part.location, taken, part.refusal))
        if rest:
            rule = f"at most {part.quantity - rest} are open at {part.location}"
            raise InvalidFields(Violation(f"{path}.quantity", f"{rule}, is {part.quantity}"))
    return tuple(found)


def _sums(entries: Iterable[Units | RefusedUnits]) -> Mapping[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = defaultdict(int)
    for entry in entries:
        found[entry.line, entry.location] += entry.quantity
    return found
