"""The real scripts on the real store against the reference model, call by call.

Hypothesis draws networks, facts, reservations and the time that passes; after each call the
answer and the whole state are compared. `tests/README.md` says how to run more steps.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sellable.reservation import Line, Part, Refusal, ReserveRequest, State
from sellable.stock import Fact, FactKind, FactResult, Item, Outcome
from support.driving import FUTURE_TOLERANCE_MS, RETENTION_MS, Pair
from support.model_values import comparable
from support.network_edits import Whole, networks_after, whole_networks
from support.networks import CLASSES, LOCATIONS, MARKETS, SKUS

_TICKS_MS: Final = (1, 500, 1_000, 2_000, 10_000, RETENTION_MS + 1_000)
_EARLY_MS: Final = st.sampled_from((0, 0, 0, 1))
_TTLS_MS: Final = (1_000, 2_000, 30_000)
# Few times, so that many are equal; the outermost are just inside and outside of the bounds.
_OFFSETS_MS: Final = (-RETENTION_MS, -2_000, -1_000, -1_000, 0, 0, 0, 1_000, 1_000)
_OUTER_MS: Final = (-RETENTION_MS - 1, FUTURE_TOLERANCE_MS, FUTURE_TOLERANCE_MS + 1)
_SOURCES: Final = ("erp", "wms")
_REQUESTS: Final = ("q1", "q2", "q3")
_ORDERS: Final = ("", "", "o1", "o2")
_QUANTITIES: Final = st.sampled_from((1, 1, 2, 2, 3, 4, 6, 9))
_ANYWHERE: Final = (*[""] * 8, *LOCATIONS)

_places: Final = st.tuples(st.sampled_from(SKUS), st.sampled_from(LOCATIONS))
_times: Final = st.tuples(
    st.sampled_from((*_OFFSETS_MS, *_OFFSETS_MS, *_OUTER_MS)), st.sampled_from((0, 0, 1, 2))
)
_kinds: Final = st.one_of(
    st.tuples(st.just(FactKind.COUNT), st.integers(0, 20)),
    st.tuples(st.just(FactKind.DELTA), st.integers(-6, 6).filter(bool)),
    st.tuples(st.just(FactKind.DELTA), st.integers(-6, 6).filter(bool)),
    st.tuples(st.just(FactKind.SHIPMENT), st.integers(1, 4)),
    st.tuples(st.just(FactKind.SAFETY_STOCK), st.integers(0, 3)),
    st.tuples(st.just(FactKind.BLOCKED), st.integers(0, 1)),
)


class StoreMachine(RuleBasedStateMachine):
    """Every call on stock, reservations and network, with the time as a rule of its own."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.whole: Whole
        self.pair = Pair(url)
        self.told: list[Fact] = []
        self.asked: list[ReserveRequest] = []
        self.steps_unseen = 0

    def teardown(self) -> None:
        """Leave the store."""
        self.pair.close()

    @initialize(
        whole=whole_networks(),
        counts=st.lists(st.sampled_from((12, 9, 6, 4, 3, 2, 1, 0)), min_size=8, max_size=8),
        data=st.data(),
    )
    def stock_up(self, whole: Whole, counts: list[int], data: st.DataObject) -> None:
        """Begin with a network, some stock and some holds."""
        self.whole = whole
        self.pair.apply_network(whole.document)
        places = [(sku, location) for sku in SKUS for location in LOCATIONS]
        self._apply(
            [
                self._fact(FactKind.COUNT, quantity, place, (-10_000, 0), "wms", "open")
                for place, quantity in zip(places, counts, strict=True)
                if quantity
            ]
        )
        for sku in SKUS:
            self.reserve_one(data, sku, 2)

    @rule(data=st.data(), unseen=st.sampled_from((0, 1, 2)))
    def change_network(self, data: st.DataObject, unseen: int) -> None:
        """Apply a network that differs by one kind of edit; a refused one is not in force."""
        whole = data.draw(networks_after(self.whole))
        self.pair.apply_network(whole.document)
        if self.pair.model.document == whole.document:
            self.whole = whole
        self.steps_unseen = unseen + bool(unseen)

    @rule(
        rows=st.lists(st.tuples(_kinds, _places, _times, st.sampled_from(_SOURCES)), max_size=4),
        data=st.data(),
    )
    def tell_facts(self, rows: list[Any], data: st.DataObject) -> None:
        """Apply a batch of facts, in any order of their times."""
        facts = []
        for (kind, quantity), place, when, source in rows:
            events = {FactKind.DELTA: f"d{len(self.told)}", FactKind.SHIPMENT: f"s{len(self.told)}"}
            event_id = events.get(kind) or data.draw(st.sampled_from(("c0", "c1")))
            fact = self._fact(kind, quantity, place, when, source, event_id)
            if kind is FactKind.SHIPMENT and self.pair.ids:
                fact = self._shipment(fact, data)
            self.told.append(fact)
            facts.append(fact)
        self._apply(facts)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def repeat_facts(self, data: st.DataObject) -> None:
        """Apply facts again that were told before."""
        self._apply(data.draw(st.lists(st.sampled_from(self.told), min_size=1, max_size=3)))

    @precondition(lambda self: self.pair.model.reservations)
    @rule(data=st.data(), lacking=st.integers(0, 3), when=_times)
    def count_too_few(self, data: st.DataObject, lacking: int, when: tuple[int, int]) -> None:
        """Count fewer units, or as many, as are reserved."""
        model = self.pair.model
        held = [(line.sku, bound.location) for _, line, bound in model.all_bound() if bound.open]
        if held:
            place = data.draw(st.sampled_from(held))
            quantity = max(0, model.reserved(*place) - lacking)
            self._apply([self._fact(FactKind.COUNT, quantity, place, when, "wms", "c2")])

    def _delete(self, sku: str) -> None:

        async def outcomes() -> list[Outcome]:
            return [row.outcome for row in await self.pair.store.inventory.delete_skus([sku])]

        self.pair.both(outcomes(), lambda: [self.pair.model.delete_sku(sku)])

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
            )
        )

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def edit_cart(self, data: st.DataObject) -> None:
        """Replace a hold by another one."""
        name = self._some_id(data)
        replaced = next(request for request in self.asked if request.reservation_id == name)
        market = data.draw(st.sampled_from((*[replaced.market] * 6, *MARKETS)))
        self._reserve(
            ReserveRequest(
                reservation_id=f"r{len(self.asked)}",
                market=market,
                lines=self._some_lines(data, market),
                ttl_ms=30_000,
                replaces_reservation_id=replaced.reservation_id,
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
            held.request.reservation_id for held, _, bound in model.all_bound() if shares.get(id(bound))
        ]
        name = data.draw(st.sampled_from(short)) if short else self._some_id(data)
        self.pair.both(
            self.pair.store.reservations.confirm(name, order),
            lambda: self.pair.model.confirm(name, order),
        )

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        refusal=st.sampled_from(Refusal),
        when=st.sampled_from((None, *_OFFSETS_MS, *_OUTER_MS)),
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
    @rule(
        data=st.data(), request_id=st.sampled_from(_REQUESTS), refusal=st.sampled_from(Refusal)
    )
    def release_some(self, data: st.DataObject, request_id: str, refusal: Refusal) -> None:
        """Give named units back."""
        name = self._some_id(data)
        self._release(name, self._some_parts(data, name), request_id, refusal)

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        request_id=st.sampled_from(_REQUESTS),
        when=st.sampled_from((None, *_OFFSETS_MS, *_OUTER_MS)),
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

    @rule(data=st.data(), unseen=st.sampled_from((1, 2, 0)))
    def tick(self, data: st.DataObject, unseen: int) -> None:
        """Let time pass, mostly to the very moment when a hold is due, or to just before it.

        What it makes due is not looked at for some calls.
        """
        model = self.pair.model
        held = [held for held in model.reservations.values() if held.state is State.HELD]
        moments = {model.now_ms + data.draw(st.sampled_from(_TICKS_MS))}
        if held and data.draw(st.integers(0, 3)):
            moments = {hold.expire_ms - data.draw(_EARLY_MS) for hold in held} - {model.now_ms}
        if moments:
            self._to(data.draw(st.sampled_from(sorted(moments))), unseen)

    @rule(what=st.sampled_from(("class", "class", "roll_out", "roll_out", "purge", "A", "UNKNOWN")), data=st.data())
    def keep_house(self, what: str, data: st.DataObject) -> None:
        """Give a SKU a class, roll out, purge, or forget a SKU unless it is held."""
        if what == "class":
            self._put_item(data)
        elif what == "roll_out":
            self.pair.roll_out()
        elif what == "purge":
            self._purge()
        else:
            self._delete(what)

    def _put_item(self, data: st.DataObject) -> None:
        item = Item(
            sku=data.draw(st.sampled_from(SKUS)),
            update_us=data.draw(st.integers(1, 3)),
            item_class=data.draw(st.sampled_from(("", *CLASSES))),
        )
        self.pair.both(
            self.pair.store.inventory.put_items([item]),
            lambda: [FactResult(self.pair.model.put_item(item))],
        )

    def _purge(self) -> None:
        self.pair.run(self.pair.store.runner.expire_all())

        async def purge() -> None:
            await self.pair.store.runner.run("purge")

        self.pair.both(purge(), self.pair.model.purge)

    @invariant()
    def same_state(self) -> None:
        """Every position, number and reservation is as the model says."""
        if self.steps_unseen:
            self.steps_unseen -= 1
        else:
            self.pair.compare()
            self.pair.compare_listings()
            self.pair.verify()

    def _to(self, now_ms: int, unseen: int) -> None:
        # When a hold was swept decides how long its record is kept, so nothing stays due.
        self.pair.run(self.pair.store.runner.expire_all())
        self.pair.model.expire_due()
        self.pair.model.now_ms = now_ms
        self.steps_unseen = unseen + bool(unseen)

    def _fact(
        self,
        kind: FactKind,
        quantity: int,
        place: tuple[str, str],
        when: tuple[int, int],
        source: str,
        event_id: str,
    ) -> Fact:
        offset_ms, sequence = when
        return Fact(
            kind=kind,
            event_id=event_id,
            source=source,
            sku=place[0],
            location=place[1],
            observe_us=(self.pair.model.now_ms + offset_ms) * 1000,
            sequence=sequence,
            quantity=quantity,
        )

    def _shipment(self, fact: Fact, data: st.DataObject) -> Fact:
        values = {name: getattr(fact, name) for name in Fact.__struct_fields__}
        values["reservation_id"] = self._some_id(data)
        values["line_id"] = data.draw(st.sampled_from(("", "", "0", "1")))
        return Fact(**values)

    def _apply(self, facts: list[Fact]) -> None:
        settings_are_behind = self.pair.network_is_new

        def comparable_rows(rows: list[FactResult]) -> list[tuple[Outcome, str]]:
            # A SKU that the roll-out has not met yet compares with the rules before.
            unsure = {Outcome.UNCHANGED: Outcome.APPLIED} if settings_are_behind else {}
            return [
                (
                    unsure.get(row.outcome, row.outcome)
                    if fact.kind is FactKind.SAFETY_STOCK
                    else row.outcome,
                    row.reason,
                )
                for fact, row in zip(facts, rows, strict=True)
            ]

        async def apply() -> object:
            return comparable_rows((await self.pair.store.inventory.apply(facts))[0])

        model = self.pair.model
        self.pair.both(apply(), lambda: comparable_rows([model.fact(fact) for fact in facts]))

    def _reserve(self, request: ReserveRequest) -> None:
        if request.reservation_id not in self.pair.ids:
            self.asked.append(request)
            self.pair.ids.append(request.reservation_id)
        self.pair.both(
            self.pair.store.reservations.reserve(request),
            lambda: self.pair.model.reserve(request),
        )

    def _release(
        self, name: str, parts: list[Part], request_id: str, refusal: Refusal
    ) -> None:
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

    def _some_market(self, data: st.DataObject) -> str:
        model = self.pair.model
        selling = [
            name for name in model.markets if any(model.sellable(name, sku) > 0 for sku in SKUS)
        ]
        return data.draw(st.sampled_from((*selling * 4, *MARKETS)))

    def _some_lines(self, data: st.DataObject, market: str) -> tuple[Line, ...]:
        members = self.pair.model.members(market)
        locations = st.sampled_from((*[""] * 12, *members * 2, *LOCATIONS))
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

    def _some_id(self, data: st.DataObject) -> str:
        held = self.pair.model.reservations
        wanted = [
            name for name, known in held.items() if known.is_open or known.state is State.EXPIRED
        ]
        return data.draw(st.sampled_from((*wanted * 3, *held, self.pair.ids[-1])))

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


def test_scripts_do_what_the_model_does(store_url: str) -> None:
    """After any calls in any order, every answer and the whole state are those of the model."""
    run_state_machine_as_test(
        partial(StoreMachine, store_url),
        settings=settings(max_examples=int(os.environ.get("N", "80")), stateful_step_count=40, deadline=None, print_blob=True,derandomize=not os.environ.get("N"),
            suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if os.environ.get("SHRINK") else [])], report_multiple_bugs=False),
    )
