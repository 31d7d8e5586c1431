"""What reservations do to stock, in the reference model: take, give back, expire, ship.

Every step here is one plain change of the data; refusals and their order are in `model`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.errors import InvalidFields, UnknownLocation, Violation
from sellable.reservation import Refusal, State
from sellable.stock import parts_of_place
from support.model_facts import Told
from support.model_supply import SupplyModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.reservation import Part, Reservation
    from support.model_stock import Quota
    from support.model_values import Bound, Held, HeldLine

MISSING_GOODS = (Refusal.NOT_FOUND, Refusal.DAMAGED)


@dataclass
class Piece:
    """Units of one line at one location that a part means; `at` is the index of the part."""

    at: int
    line: HeldLine
    location: str
    quantity: int


class HoldsModel(SupplyModel):
    """Steps that move units between shelf, reservation and customer."""

    def value(self, held: Held) -> Reservation:
        """Return a reservation as callers see it."""
        shares = self.shortages()
        return held.value(lambda _, bound: shares.get(id(bound), 0), self._expect_ms)

    def _expect_ms(self, line: HeldLine, bound: Bound) -> int:
        supply = self.supplies.get((line.sku, bound.location))
        return supply.expect_ms if supply and bound.open else 0

    def shortages(self) -> dict[int, int]:
        """Share out what positions lack: to HELD before CONFIRMED, the youngest first.

        A hold is as old as its request, an order as its confirmation.
        """
        by_request = reversed(self.reservations.values())
        by_age = [
            item
            for held in sorted(by_request, key=lambda held: held.confirm_ms, reverse=True)
            for item in _of(held)
        ]
        places = {(line.sku, bound.location) for _, line, bound in self.all_bound() if bound.open}
        left = {place: self.overcommitted(*place) for place in places}
        shares: dict[int, int] = {}
        for state in (State.HELD, State.CONFIRMED):
            for held, line, bound in by_age:
                if held.state is state and bound.open:
                    place = line.sku, bound.location
                    shares[id(bound)] = min(left[place], bound.open)
                    left[place] -= shares[id(bound)]
        return shares

    def expire_due(self) -> None:
        """Expire every hold whose time has come; every call does this first."""
        for held in self.reservations.values():
            if held.state is State.HELD and held.expire_ms <= self.now_ms:
                for line in held.lines:
                    for bound in line.bound:
                        bound.expired += bound.open
                        bound.open = 0
                self._close(held, State.EXPIRED)
        self.trim()

    def purge(self) -> None:
        """Forget what is closed for longer than its retention."""
        for name, held in list(self.reservations.items()):
            if not held.is_open and held.forget_ms <= self.now_ms:
                for line in held.lines:
                    self.given_before.update(dict.fromkeys(line.quotas, line.kept))
                del self.reservations[name]

    def _close(self, held: Held, state: State) -> None:
        held.state = state
        held.forget_ms = self.now_ms + self.retention_ms

    def close_if_empty(self, held: Held) -> None:
        """Close a reservation that has nothing open any more."""
        if held.is_open:
            return
        if held.has_shipped:
            self._close(held, State.FULFILLED)
        else:
            self._close(held, State.EXPIRED if held.state is State.EXPIRED else State.RELEASED)

    def take(self, line: HeldLine, location: str, quantity: int) -> None:
        """Bind units; no call takes more than is available."""
        if quantity:
            assert quantity <= self.available(line.sku, location)
            line.at(location).open += quantity

    def take_anywhere(self, market: str, line: HeldLine, wanted: int) -> int:
        """Bind units in the market's order of locations; return how many were found."""
        left = wanted
        for location in self.members(market):
            quantity = min(left, self.available(line.sku, location))
            self.take(line, location, quantity)
            left -= quantity
        return wanted - left

    def release_all(self, held: Held) -> None:
        """Give everything back."""
        for line in held.lines:
            for bound in line.bound:
                bound.released += bound.open
                bound.open = 0
        self.close_if_empty(held)
        self.trim()

    def retake(self, held: Held) -> bool:
        """Take what expired again, where it was or elsewhere; tell whether all was there."""
        members = self.members(held.request.market)
        wanted: Counter[Quota] = Counter()  # lines of one request may share a quota
        for line in held.lines:
            line.quotas = frozenset(self.quotas_left(held.request.market, line.sku))
            wanted.update(dict.fromkeys(line.quotas, sum(bound.expired for bound in line.bound)))
        for line in held.lines:
            left = self.quotas_left(held.request.market, line.sku)
            if any(wanted[quota] > rest for quota, rest in left.items()):
                return False
        expired = [(line, bound) for line in held.lines for bound in line.bound]
        promised = {
            (line.sku, supply.place)
            for line in held.lines
            for supply in self.expected(held.request.market, line.sku)
        }
        for line, bound in expired:
            if bound.location in members or (line.sku, bound.location) in promised:
                self._retake(held, line, bound, [bound.location])
        places = self.places_of(held)
        for line, bound in expired:
            # What a bound line waited for may have come to its location meanwhile.
            own = [line.location] if bound.location != line.location in places else []
            self._retake(held, line, bound, own if line.location else places)
        return not any(bound.expired for _, bound in expired)

    def _retake(self, held: Held, line: HeldLine, bound: Bound, locations: Sequence[str]) -> None:
        promised = {s.place: s.free for s in self.expected(held.request.market, line.sku)}
        for location in locations:
            there = promised.get(location, self.available(line.sku, location))
            quantity = min(bound.expired, there)
            bound.expired -= quantity
            self.take(line, location, quantity)

    def rebind(self, held: Held) -> None:
        """Move units that are short to where the market has stock; the rest stays short."""
        shares = self.shortages()
        short = [
            (line, bound, shares.get(id(bound), 0)) for line in held.lines for bound in line.bound
        ]
        for line, bound, quantity in short:
            if not line.location:
                bound.open -= quantity
                bound.open += quantity - self._take_for(held, line, bound, quantity)
                self.trim()

    def _take_for(self, held: Held, line: HeldLine, left: Bound, quantity: int) -> int:
        # While the units are off their position it may look free; it is not for sale.
        elsewhere = [name for name in self.places_of(held) if name != left.location]
        found = 0
        for location in elsewhere:
            part = min(quantity - found, self.available(line.sku, location))
            self.take(line, location, part)
            found += part
        return found

    def lower_on_hand(self, piece: Piece, key: object) -> None:
        """Note that units that were counted are not there; those that wait were not counted."""
        if (piece.line.sku, piece.location) in self.supplies:
            return
        told = Told(quantity=-piece.quantity, observe_us=self.now_ms * 1000, source="sellable")
        self.position(piece.line.sku, piece.location).changes[key] = told

    def ship(self, piece: Piece, key: object, told: Told) -> None:
        """Note that goods left a location, whatever is bound there."""
        line, left = piece.line, piece.quantity
        first = [bound for bound in line.bound if bound.location == piece.location]
        counted = 0
        for bounds, name in (
            (first, "open"),
            (line.bound[::-1], "open"),
            (line.bound[::-1], "expired"),
            (line.bound[::-1], "released"),
        ):
            for bound in bounds:
                quantity = min(left, getattr(bound, name))
                setattr(bound, name, getattr(bound, name) - quantity)
                left -= quantity
                counted += quantity
        if counted:
            line.at(piece.location).fulfilled += counted
        self.position(line.sku, piece.location).add(key, told)


def _of(held: Held) -> list[tuple[Held, HeldLine, Bound]]:
    return [(held, line, bound) for line in held.lines for bound in line.bound]


def lines_meant(held: Held, part: Part) -> list[HeldLine]:
    """Return the lines that a part names, by line id or by SKU."""
    if part.line_id:
        return [line for line in held.lines if line.line_id == part.line_id]
    return [line for line in held.lines if line.sku == part.sku]


def invalid(field: str) -> InvalidFields:
    """Return the refusal of a field; the model has no words for it."""
    return InvalidFields(Violation(field, ""))


def open_pieces(held: Held, parts: Sequence[Part], path: str, *, stretch: bool) -> list[Piece]:
    """Find the open units that parts mean: the last bound first, line by line.

    Raises:
        InvalidFields: A part names no line, more than is open, or (unless it may stretch) no
            location where there are several.
    """
    found: list[Piece] = []
    for at, part in enumerate(parts):
        lines = lines_meant(held, part)
        if not lines:
            raise invalid(path.format(at))
        left, places = part.quantity, set()
        for line in lines:
            for bound in reversed(line.bound):
                asked = sum(
                    p.quantity for p in found if p.line is line and p.location == bound.location
                )
                rest = bound.open - asked
                if rest and part.location in ("", bound.location):
                    places.add(bound.location)
                    if left:
                        found.append(Piece(at, line, bound.location, min(left, rest)))
                        left -= min(left, rest)
        if len(places) > 1 and not stretch:
            raise invalid(path.format(at) + ".location")
        if left:
            raise invalid(path.format(at) + ".quantity")
    return found


def shipped_pieces(held: Held, parts: Sequence[Part], locations: Sequence[str]) -> list[Piece]:
    """Find what left from where; more than is open is asked of the last line that is meant."""
    found: list[Piece] = []
    for at, part in enumerate(parts):
        if part.location and part.location not in locations:
            raise UnknownLocation(part.location)
        lines = lines_meant(held, part)
        if not lines:
            raise invalid(f"quantities[{at}]")
        left = part.quantity
        for line in lines:
            asked = sum(piece.quantity for piece in found if piece.line is line)
            rest = max(0, sum(bound.open for bound in line.bound) - asked)
            quantity = left if line is lines[-1] else min(left, rest)
            if quantity:
                location = part.location or _only_place(line)
                if not location:
                    raise invalid(f"quantities[{at}].location")
                found.append(Piece(at, line, location, quantity))
                left -= quantity
    return found


def unshipped_pieces(held: Held, *, leaving: bool) -> list[Piece]:
    """Return everything open or, once closed, everything granted that has not shipped.

    `leaving`: goods leave a location, also those that somebody waits for there.
    """
    closed = held.state not in (State.HELD, State.CONFIRMED)
    return [
        Piece(0, line, parts_of_place(bound.location)[0] if leaving else bound.location, quantity)
        for line in held.lines
        for bound in line.bound
        if (quantity := bound.open + closed * (bound.released + bound.expired))
    ]


def _only_place(line: HeldLine) -> str:
    bound = [bound for bound in line.bound if bound.open or len(line.bound) == 1]
    places = {parts_of_place(one.location)[0] for one in bound}
    return places.pop() if len(places) == 1 else ""
