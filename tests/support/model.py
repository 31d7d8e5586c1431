"""The reference model: what every call on the store must answer, and must leave behind.

Dicts and lists, nothing incremental, no cleverness. It takes and answers the same values as the
store's rooms, and raises the same refusals; `model_values.refusal` compares them without words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import (
    IdempotencyConflict,
    InsufficientStock,
    LocationNotInMarket,
    ReservationClosed,
    ReservationExpired,
    SellableError,
    ShortLine,
    UnknownLocation,
)
from sellable.reservation import Part, Refusal, State
from sellable.stock import FactKind, FactResult, Outcome
from support.model_facts import Told
from support.model_holds import (
    MISSING_GOODS,
    Piece,
    invalid,
    open_pieces,
    shipped_pieces,
    unshipped_pieces,
)
from support.model_requests import RequestsModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sellable.reservation import Reservation
    from sellable.stock import Fact
    from support.model_values import Held

OPEN = (State.HELD, State.CONFIRMED)


class Model(RequestsModel):
    """Every call on reservations, and facts; each is all or nothing."""

    def fact(self, fact: Fact) -> FactResult:
        """Apply one fact."""
        oldest_us = (self.now_ms - self.retention_ms) * 1000
        latest_us = (self.now_ms + self.future_tolerance_ms) * 1000
        if fact.location not in self.locations:
            return FactResult(Outcome.REJECTED, "UNKNOWN_LOCATION")
        if fact.observe_us < oldest_us:
            return FactResult(Outcome.REJECTED, "TOO_OLD")
        if fact.observe_us > latest_us:
            return FactResult(Outcome.REJECTED, "IN_FUTURE")
        if fact.kind in (FactKind.FUTURE_SUPPLY, FactKind.SUPPLY_RECEIPT):
            return self._supply_fact(fact)
        if fact.kind is not FactKind.SHIPMENT:
            return self._plain_fact(fact, fact.quantity)
        if fact.reservation_id not in self.reservations:
            return self._plain_fact(fact, -fact.quantity)
        return self._shipment(fact, self.reservations[fact.reservation_id])

    def extend(self, reservation_id: str, ttl_ms: int) -> tuple[Reservation, bool]:
        """Move the expiry of a hold."""
        held = self._held(reservation_id)
        if held.state is State.EXPIRED:
            raise ReservationExpired(reservation_id)
        if held.state is not State.HELD:
            raise ReservationClosed(reservation_id, held.state)
        held.expire_ms = self.now_ms + ttl_ms
        return self.value(held), False

    def confirm(self, reservation_id: str, order_reference: str) -> tuple[Reservation, bool]:
        """Make a hold an order."""
        held = self._held(reservation_id)
        known = held.order_reference
        is_order = held.confirm_ms > 0 or held.state is State.FULFILLED
        if is_order and order_reference and known and order_reference != known:
            raise IdempotencyConflict(reservation_id, "order_reference")
        if held.state is State.RELEASED:
            raise ReservationClosed(reservation_id, held.state)
        with self._all_or_nothing():
            if held.state is State.EXPIRED and not self.retake(held):
                raise ReservationExpired(reservation_id)
            if held.state is State.HELD:
                self.rebind(held)
            if held.state in (State.HELD, State.EXPIRED):
                held.state, held.confirm_ms, held.expire_ms = State.CONFIRMED, self.now_ms, 0
            if order_reference and order_reference != held.order_reference:
                held.order_reference = order_reference
                self._touch(held)
        return self.value(held), False

    def release(
        self, reservation_id: str, parts: Sequence[Part], request_id: str, refusal: Refusal
    ) -> tuple[Reservation, bool]:
        """Give units back."""
        held = self._held(reservation_id)
        content = {"request_id": "release", "quantities": parts, "refusal_reason": refusal}
        if self._is_replay(held, request_id, content):
            return self.value(held), True
        if held.state is State.FULFILLED:
            raise ReservationClosed(reservation_id, held.state)
        if held.state in OPEN:
            pieces = open_pieces(held, parts, "quantities[{}]", stretch=True)
            for piece in pieces if parts else unshipped_pieces(held, leaving=False):
                bound = piece.line.at(piece.location)
                bound.open -= piece.quantity
                bound.released += piece.quantity
                if refusal in MISSING_GOODS:
                    self.lower_on_hand(piece, object())
            self._note(held, request_id, content)
        return self.value(held), False

    def fulfil(
        self,
        reservation_id: str,
        parts: Sequence[Part],
        request_id: str,
        observe_us: int,
        source: str,
    ) -> tuple[Reservation, bool]:
        """Note that goods left."""
        held = self._held(reservation_id)
        content = {
            "request_id": "fulfil",
            "quantities": parts,
            "observe_time": observe_us,
            "source": source,
        }
        if self._is_replay(held, request_id, content):
            return self.value(held), True
        if held.state is State.FULFILLED and not parts:
            return self.value(held), False
        if observe_us > (self.now_ms + self.future_tolerance_ms) * 1000:
            raise invalid("observe_time")
        pieces = shipped_pieces(held, parts, list(self.locations))
        self._goods_left(
            held,
            pieces if parts else unshipped_pieces(held, leaving=True),
            Told(observe_us=observe_us or self.now_ms * 1000, source=source),
        )
        self._note(held, request_id, content)
        return self.value(held), False

    def transfer(
        self, reservation_id: str, parts: Sequence[Part], request_id: str
    ) -> tuple[Reservation, bool]:
        """Move open units to other locations of the market."""
        held = self._held(reservation_id)
        content = {"request_id": "transfer", "moves": parts}
        if self._is_replay(held, request_id, content):
            return self.value(held), True
        pieces = self._movable(held, parts)
        for piece in pieces:
            piece.line.at(piece.location).open -= piece.quantity
        self.trim()
        for piece in pieces:
            piece.line.at(parts[piece.at].to_location).open += piece.quantity
        for piece in pieces:
            if parts[piece.at].refusal in MISSING_GOODS:
                self.lower_on_hand(piece, object())
        self._note(held, request_id, content)
        return self.value(held), False

    def _movable(self, held: Held, parts: Sequence[Part]) -> list[Piece]:
        market, name = held.request.market, held.request.reservation_id
        for part in parts:
            if part.to_location not in self.locations:
                raise UnknownLocation(part.to_location)
        for part in parts:
            if part.to_location not in self.members(market):
                raise LocationNotInMarket(part.to_location, market)
        if held.state is State.EXPIRED:
            raise ReservationExpired(name)
        if held.state not in OPEN:
            raise ReservationClosed(name, held.state)
        pieces = open_pieces(held, parts, "moves[{}].from", stretch=False)
        for piece in pieces:
            if piece.location == parts[piece.at].to_location:
                raise invalid(f"moves[{piece.at}].to_location")
        free: dict[tuple[str, str], int] = {}
        short = []
        for at, part in enumerate(parts):
            sku = next(piece.line.sku for piece in pieces if piece.at == at)
            place = sku, part.to_location
            there = free.setdefault(place, self.available(*place))
            if there < part.quantity:
                short.append(ShortLine(part.line_id, part.sku, part.quantity, there))
            free[place] = max(0, there - part.quantity)
        if short:
            raise InsufficientStock(*short)
        return pieces

    def _shipment(self, fact: Fact, held: Held) -> FactResult:
        key = fact.source, fact.event_id, fact.sku, fact.location
        if key in held.requests:
            return FactResult(Outcome.DUPLICATE)
        part = Part(
            line_id=fact.line_id, sku=fact.sku, location=fact.location, quantity=fact.quantity
        )
        try:
            pieces = shipped_pieces(held, [part], list(self.locations))
        except SellableError:
            return FactResult(Outcome.REJECTED, "INVALID_FIELD")
        if pieces[0].line.sku != fact.sku:
            return FactResult(Outcome.REJECTED, "INVALID_FIELD")
        told = Told(observe_us=fact.observe_us, sequence=fact.sequence, source=fact.source)
        self._goods_left(held, pieces, told, (fact.source, fact.event_id))
        self._note(held, key, {})
        return FactResult(Outcome.APPLIED)

    def _goods_left(self, held: Held, pieces: list[Piece], told: Told, key: object = None) -> None:
        """Ship pieces; `key` is that of the fact that tells it, whose goods left once."""
        if held.state is State.HELD:
            held.state, held.confirm_ms, held.expire_ms = State.CONFIRMED, self.now_ms, 0
        known = key is not None and self.position(pieces[0].line.sku, pieces[0].location).knows(key)
        for piece in pieces:
            fact = Told(
                quantity=-piece.quantity,
                observe_us=told.observe_us,
                sequence=told.sequence,
                source=told.source,
            )
            self.ship(piece, key or object(), fact)
            key = key if known else None

    def _is_replay(self, held: Held, request_id: object, content: Mapping[str, object]) -> bool:
        known = held.requests.get(request_id)
        if not isinstance(known, dict):
            return False
        for name, value in content.items():
            if known.get(name) != value:
                raise IdempotencyConflict(str(request_id), name)
        return True

    def _note(self, held: Held, request_id: object, content: object) -> None:
        if request_id:
            held.requests[request_id] = content
        self.close_if_empty(held)
        self.trim()

    def _touch(self, held: Held) -> None:
        held.forget_ms = self.now_ms + self.retention_ms
