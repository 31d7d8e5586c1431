"""New reservations in the reference model: what refuses a request, where its units come from."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sellable.errors import (
    IdempotencyConflict,
    InsufficientStock,
    LocationNotInMarket,
    ReservationClosed,
    SellableError,
    ShortLine,
    UnknownLocation,
    UnknownMarket,
    UnknownReservation,
    UnknownSku,
)
from sellable.reservation import State
from sellable.stock import parts_of_place
from support.model_holds import HoldsModel, invalid
from support.model_values import Held, HeldLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.reservation import Line, Reservation, ReserveRequest


class RequestsModel(HoldsModel):
    """Reserve, all lines or none."""

    def get(self, reservation_id: str) -> Reservation:
        """Return a reservation."""
        return self.value(self._held(reservation_id))

    def reserve(self, request: ReserveRequest) -> tuple[Reservation, bool]:
        """Hold units; return the reservation and whether it was there before."""
        known = self.reservations.get(request.reservation_id)
        if known:
            if field := _first_difference(known.request, request):
                raise IdempotencyConflict(request.reservation_id, field)
            return self.value(known), True
        replaced = self._checked(request)
        with self._all_or_nothing():
            if replaced and replaced.state is State.HELD:
                self.release_all(replaced)
            held = self._new(request)
            short = self._place(held)
            if short and not (request.allow_partial and held.is_open):
                raise InsufficientStock(*short)
        return self.get(request.reservation_id), False

    def _held(self, reservation_id: str) -> Held:
        if reservation_id not in self.reservations:
            raise UnknownReservation(reservation_id)
        return self.reservations[reservation_id]

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        before, supplies = copy.deepcopy((self.reservations, self.supplies))
        try:
            yield
        except SellableError:
            self.reservations, self.supplies = before, supplies
            raise

    def _checked(self, request: ReserveRequest) -> Held | None:
        """Refuse what does not depend on stock; return the hold to be replaced."""
        replaced = self.reservations.get(request.replaces_reservation_id)
        if replaced and replaced.request.market != request.market:
            raise invalid("replaces_reservation_id")
        if request.market not in self.markets:
            raise UnknownMarket(request.market)
        bound = [line.location for line in request.lines if line.location]
        for location in bound:
            if location not in self.locations:
                raise UnknownLocation(location)
        for line in request.lines:
            if not self.known(line.sku):
                raise UnknownSku(line.sku)
        if request.replaces_reservation_id and not replaced:
            raise UnknownReservation(request.replaces_reservation_id)
        for location in bound:
            if location not in self.members(request.market):
                raise LocationNotInMarket(location, request.market)
        if replaced and replaced.state in (State.CONFIRMED, State.FULFILLED):
            raise ReservationClosed(request.replaces_reservation_id, replaced.state)
        return replaced

    def _new(self, request: ReserveRequest) -> Held:
        held = Held(
            request=request,
            order_reference=request.order_reference,
            create_ms=self.now_ms,
            expire_ms=self.now_ms + request.ttl_ms,
            lines=[_line(line) for line in request.lines],
        )
        self.reservations[request.reservation_id] = held
        return held

    def _place(self, held: Held) -> list[ShortLine]:
        """Take the units of every line, bound lines first; return those that are short."""
        market = held.request.market
        left = {line.sku: max(0, self.unlimited(market, line.sku)) for line in held.lines}
        until_ms = held.request.accept_backorder_until_ms
        future = {line.sku: self.future_units(market, line.sku, until_ms) for line in held.lines}
        for line in sorted(held.lines, key=lambda line: not line.location):
            quotas = self.quotas_left(market, line.sku)
            line.quotas = frozenset(quotas)
            wanted = min([line.requested, left[line.sku], *quotas.values()])
            if line.location:
                line.granted = min(wanted, self.available(line.sku, line.location))
                self.take(line, line.location, line.granted)
            else:
                line.granted = self.take_anywhere(market, line, wanted)
            left[line.sku] -= line.granted
            wanted = min([line.requested, *quotas.values()]) - line.granted
            waiting = self._wait(market, line, min(wanted, future[line.sku]), until_ms)
            future[line.sku] -= waiting
            line.granted += waiting
        return [
            ShortLine(line.line_id, line.sku, line.requested, line.granted)
            for line in held.lines
            if line.granted < line.requested
        ]

    def _wait(self, market: str, line: HeldLine, wanted: int, until_ms: int) -> int:
        """Bind units of future supply, the earliest first; return how many were found."""
        left = wanted
        for supply in self.expected(market, line.sku, until_ms):
            if line.location in ("", parts_of_place(supply.place)[0]):
                quantity = min(left, supply.free)
                self.take(line, supply.place, quantity)
                left -= quantity
        return wanted - left


def _line(line: Line) -> HeldLine:
    return HeldLine(line.line_id, line.sku, line.quantity, line.location)


def _first_difference(known: ReserveRequest, request: ReserveRequest) -> str | None:
    for name in (
        "market",
        "ttl_ms",
        "order_reference",
        "allow_partial",
        "replaces_reservation_id",
        "accept_backorder_until_ms",
    ):
        if getattr(known, name) != getattr(request, name):
            named = {"market": _market_part(known, request), "ttl_ms": "ttl"}
            return named.get(name, name.removesuffix("_ms"))
    for at, line in enumerate(request.lines):
        if known.lines[at : at + 1] != (line,):
            return f"lines[{at}]"
    return None if known.lines == request.lines else "lines"


def _market_part(known: ReserveRequest, request: ReserveRequest) -> str:
    same = known.market.split("/")[0] == request.market.split("/")[0]
    return "country" if same else "channel"
