"""The state machine of the model test, second half: every call on reservations."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from sellable.reservation import Line, Part, Refusal, ReserveRequest, State
from support.driving import FUTURE_TOLERANCE_MS
from support.machine_stock import OFFSETS_MS, OUTER_MS, StockMachine
from support.network_edits import Whole, whole_networks
from support.networks import LOCATIONS, MARKETS, SKUS

_TTLS_MS: Final = (1_000, 2_000, 30_000)
_REQUESTS: Final = ("q1", "q2", "q3")
_ORDERS: Final = ("", "", "o1", "o2")
_PATIENCE_MS: Final = (None, None, 5_000, 60_000, 10**8)
_QUANTITIES: Final = st.sampled_from((1, 1, 2, 2, 3, 4, 6, 9))


class StoreMachine(StockMachine):
    """Every call on stock, reservations and network, with the time as a rule of its own."""

    @initialize(
        whole=whole_networks(),
        counts=st.lists(st.sampled_from((12, 9, 6, 4, 3, 2, 1, 0)), min_size=8, max_size=8),
        data=st.data(),
    )
    def stock_up(self, whole: Whole, counts: list[int], data: st.DataObject) -> None:
        """Begin with a network, some stock and some holds."""
        self._open(whole, counts)
        for sku in SKUS:
            self.reserve_one(data, sku, 2)

    @rule(data=st.data(), order=st.sampled_from(_ORDERS), allow_partial=st.booleans())
    def reserve(self, data: st.DataObject, order: str, *, allow_partial: bool) -> None:
        """Hold units of several lines."""
        market = self._some_market(data)
        self._reserve(
            ReserveRequest(
                reservation_id=f"r{len(self.asked)}",
                market=market,
                lines=self._some_lines(data, market),
                ttl_ms=data.draw(st.sampled_from(_TTLS_MS)),
                order_reference=order,
                allow_partial=allow_partial,
                accept_backorder_until_ms=self._some_patience(data),
            )
        )

    @rule(data=st.data(), sku=st.sampled_from(SKUS), quantity=_QUANTITIES)
    def reserve_one(self, data: st.DataObject, sku: str, quantity: int) -> None:
        """Hold units of one line."""
        self._reserve(
            ReserveRequest(
                reservation_id=f"r{len(self.asked)}",
                market=self._some_market(data),
                lines=(Line(sku=sku, quantity=quantity),),
                ttl_ms=data.draw(st.sampled_from(_TTLS_MS)),
                accept_backorder_until_ms=self._some_patience(data),
            )
        )

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def edit_cart(self, data: st.DataObject) -> None:
        """Replace a hold by another one."""
        name = self._some_id(data)
        planned = [held.request for held in self.pair.model.reservations.values()]
        known = [*self.asked, *planned]
        named = (request for request in known if request.reservation_id == name)
        replaced = next(named, self.asked[0])  # a plan that was refused is nobody's request
        market = data.draw(st.sampled_from((*[replaced.market] * 6, *MARKETS)))
        self._reserve(
            ReserveRequest(
                reservation_id=f"r{len(self.asked)}",
                market=market,
                lines=self._some_lines(data, market),
                ttl_ms=30_000,
                replaces_reservation_id=replaced.reservation_id,
                accept_backorder_until_ms=self._some_patience(data),
            )
        )

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), same=st.booleans())
    def reserve_again(self, data: st.DataObject, *, same: bool) -> None:
        """Send a request again, with the same or with other content."""
        request = data.draw(st.sampled_from(self.asked))
        if not same:
            request = ReserveRequest(
                reservation_id=request.reservation_id,
                market=request.market,
                lines=(*request.lines[:1], *self._some_lines(data, request.market)),
                ttl_ms=request.ttl_ms,
                order_reference=request.order_reference,
                allow_partial=request.allow_partial,
                replaces_reservation_id=request.replaces_reservation_id,
                accept_backorder_until_ms=request.accept_backorder_until_ms,
            )
        self._reserve(request)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), ttl_ms=st.sampled_from(_TTLS_MS))
    def extend(self, data: st.DataObject, ttl_ms: int) -> None:
        """Give a hold another time."""
        name = self._some_id(data)
        self.pair.both(
            self.pair.store.reservations.extend(name, ttl_ms),
            lambda: self.pair.model.extend(name, ttl_ms),
        )

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), order=st.sampled_from(_ORDERS))
    def confirm(self, data: st.DataObject, order: str) -> None:
        """Place an order, perhaps too late, perhaps of units that are not there."""
        model = self.pair.model
        shares = model.shortages()
        short = [
            held.request.reservation_id
            for held, _, bound in model.all_bound()
            if shares.get(id(bound))
        ]
        late = [name for name, held in model.reservations.items() if held.state is State.EXPIRED]
        likely = data.draw(st.sampled_from((short, late, [])))
        name = data.draw(st.sampled_from(likely)) if likely else self._some_id(data)
        self.pair.both(
            self.pair.store.reservations.confirm(name, order),
            lambda: self.pair.model.confirm(name, order),
        )

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        refusal=st.sampled_from(Refusal),
        when=st.sampled_from((None, *OFFSETS_MS, *OUTER_MS)),
        shipped=st.booleans(),
    )
    def close(
        self, data: st.DataObject, refusal: Refusal, when: int | None, *, shipped: bool
    ) -> None:
        """Give everything back, or tell that everything left."""
        if shipped:
            self._fulfil(self._some_id(data), [], "", when)
        else:
            self._release(self._some_id(data), [], "", refusal)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), request_id=st.sampled_from(_REQUESTS), refusal=st.sampled_from(Refusal))
    def release_some(self, data: st.DataObject, request_id: str, refusal: Refusal) -> None:
        """Give named units back."""
        name = self._some_id(data)
        self._release(name, self._some_parts(data, name), request_id, refusal)

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        request_id=st.sampled_from(_REQUESTS),
        when=st.sampled_from((None, *OFFSETS_MS, *OUTER_MS)),
    )
    def fulfil_some(self, data: st.DataObject, request_id: str, when: int | None) -> None:
        """Tell that named units left."""
        name = self._some_id(data)
        self._fulfil(name, self._some_parts(data, name), request_id, when)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), request_id=st.sampled_from(_REQUESTS))
    def transfer(self, data: st.DataObject, request_id: str) -> None:
        """Move named units."""
        name = self._some_id(data)
        held = self.pair.model.reservations.get(name)
        members = self.pair.model.members(held.request.market) if held else []
        targets = st.sampled_from((*members * 6, *LOCATIONS, "NOWHERE"))
        moves = [
            Part(
                line_id=part.line_id,
                sku=part.sku,
                location=part.location,
                quantity=part.quantity,
                to_location=data.draw(targets),
                refusal=data.draw(st.sampled_from(Refusal)),
            )
            for part in self._some_parts(data, name)
        ]
        self.pair.both(
            self.pair.store.reservations.transfer(name, moves, request_id=request_id),
            lambda: self.pair.model.transfer(name, moves, request_id),
        )

    def _reserve(self, request: ReserveRequest) -> None:
        if request.reservation_id not in self.pair.ids:
            self.asked.append(request)
            self.pair.ids.append(request.reservation_id)
        self.pair.both(
            self.pair.store.reservations.reserve(request),
            lambda: self.pair.model.reserve(request),
        )

    def _release(self, name: str, parts: list[Part], request_id: str, refusal: Refusal) -> None:
        self.pair.both(
            self.pair.store.reservations.release(
                name, parts, request_id=request_id, refusal=refusal
            ),
            lambda: self.pair.model.release(name, parts, request_id, refusal),
        )

    def _fulfil(self, name: str, parts: list[Part], request_id: str, when: int | None) -> None:
        observe_us = 0 if when is None else (self.pair.model.now_ms + when) * 1000
        self.pair.both(
            self.pair.store.reservations.fulfil(
                name,
                parts,
                request_id=request_id,
                observe_us=observe_us,
                source="wms",
                future_tolerance_ms=FUTURE_TOLERANCE_MS,
            ),
            lambda: self.pair.model.fulfil(name, parts, request_id, observe_us, "wms"),
        )

    def _some_patience(self, data: st.DataObject) -> int:
        after_ms: int | None = data.draw(st.sampled_from(_PATIENCE_MS))
        return 0 if after_ms is None else self.pair.model.now_ms + after_ms

    def _some_market(self, data: st.DataObject) -> str:
        model = self.pair.model
        selling = [
            name
            for name in model.markets
            if any(model.sellable(name, sku) > 0 or model.expected(name, sku) for sku in SKUS)
        ]
        return data.draw(st.sampled_from((*selling * 4, *MARKETS)))

    def _some_lines(self, data: st.DataObject, market: str) -> tuple[Line, ...]:
        members = self.pair.model.members(market)
        # One in three asks for all of it at one or two places, so that lines meet there.
        bound = st.sampled_from((*members[:2] * 6, "", *LOCATIONS))
        locations = data.draw(st.sampled_from((st.just(""), st.just(""), bound)))
        skus = st.lists(st.sampled_from((*SKUS * 8, "UNKNOWN")), min_size=1, max_size=3)
        named = data.draw(st.booleans())
        return tuple(
            Line(
                line_id=str(at) if named else "",
                sku=sku,
                quantity=data.draw(_QUANTITIES),
                location=data.draw(locations),
            )
            for at, sku in enumerate(data.draw(skus))
        )

    def _some_parts(self, data: st.DataObject, name: str) -> list[Part]:
        held = self.pair.model.reservations.get(name)
        parts = []
        for _ in range(data.draw(st.integers(1, 2))):
            line_id, sku, location = "", data.draw(st.sampled_from(SKUS)), ""
            if held and data.draw(st.integers(0, 3)):
                line = data.draw(st.sampled_from(held.lines))
                line_id, sku = line.line_id, line.sku
                places = [bound.location for bound in line.bound]
                location = data.draw(st.sampled_from(("", *places, *places, *LOCATIONS)))
            quantity = data.draw(st.integers(1, 4))
            parts.append(Part(line_id=line_id, sku=sku, location=location, quantity=quantity))
        return parts
