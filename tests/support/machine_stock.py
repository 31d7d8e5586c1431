"""The state machine of the model test, first half: network, facts, items and the time.

Rules draw from little: few places, times and ids, so that calls meet each other.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sellable.limits import FEEDS_MAX
from sellable.reservation import ReserveRequest, State
from sellable.stock import Fact, FactKind, FactResult, Item, Outcome
from support.driving import FUTURE_TOLERANCE_MS, RETENTION_MS, Pair
from support.network_edits import Whole, networks_after
from support.networks import CLASSES, LOCATIONS, SKUS

_TICKS_MS: Final = (1, 500, 1_000, 2_000, 10_000, RETENTION_MS + 1_000)
_EARLY_MS: Final = st.sampled_from((0, 0, 0, 1))
# Few times, so that many are equal; the outermost are just inside and outside of the bounds.
OFFSETS_MS: Final = (-RETENTION_MS, -2_000, -1_000, -1_000, 0, 0, 0, 1_000, 1_000)
OUTER_MS: Final = (-RETENTION_MS - 1, FUTURE_TOLERANCE_MS, FUTURE_TOLERANCE_MS + 1)
_SOURCES: Final = ("erp", "wms")

_places: Final = st.tuples(st.sampled_from(SKUS), st.sampled_from(LOCATIONS))
_times: Final = st.tuples(
    st.sampled_from((*OFFSETS_MS, *OFFSETS_MS, *OUTER_MS)), st.sampled_from((0, 0, 1, 2))
)
_kinds: Final = st.one_of(
    st.tuples(st.just(FactKind.COUNT), st.integers(0, 20)),
    st.tuples(st.just(FactKind.DELTA), st.integers(-6, 6).filter(bool)),
    st.tuples(st.just(FactKind.DELTA), st.integers(-6, 6).filter(bool)),
    st.tuples(st.just(FactKind.SHIPMENT), st.integers(1, 4)),
    st.tuples(st.just(FactKind.SAFETY_STOCK), st.integers(0, 3)),
    st.tuples(st.just(FactKind.BLOCKED), st.integers(0, 1)),
)
_supplies: Final = st.one_of(
    *(
        st.tuples(st.just(kind), st.sampled_from(("P", "Q")), quantities)
        for kind, quantities in (
            (FactKind.FUTURE_SUPPLY, st.sampled_from((0, 2, 4, 6, 9, 12))),
            (FactKind.FUTURE_SUPPLY, st.sampled_from((4, 9, 12))),
            (FactKind.SUPPLY_RECEIPT, st.integers(0, 5)),
        )
    )
)
_EXPECTED_MS: Final = st.sampled_from((-1_000, 2_000, 8_000, 30_000, 30_000, 10**6, 10**7))
_LAST: Final = st.sampled_from((False, False, False, True))


class StockMachine(RuleBasedStateMachine):
    """Everything but the calls on reservations."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.whole: Whole
        self.pair = Pair(url)
        self.told: list[Fact] = []
        self.asked: list[ReserveRequest] = []
        self.steps_unseen = 0
        self.step_count = -1  # the invariant also runs after the beginning, which is no step

    def teardown(self) -> None:
        """Leave the store."""
        self.pair.close()

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

    @rule(
        rows=st.lists(st.tuples(_supplies, _places, _times), min_size=1, max_size=3),
        data=st.data(),
    )
    def tell_of_supplies(self, rows: list[Any], data: st.DataObject) -> None:
        """Announce goods, or tell that some arrived, in any order."""
        facts = []
        for (kind, supply_id, quantity), place, when in rows:
            event_id = f"f{len(self.told)}"
            if kind is FactKind.FUTURE_SUPPLY:
                event_id = data.draw(st.sampled_from(("f", event_id)))
            plain = self._fact(kind, quantity, place, when, "erp", event_id)
            values = {name: getattr(plain, name) for name in Fact.__struct_fields__}
            values["supply_id"] = supply_id
            if kind is FactKind.FUTURE_SUPPLY:
                values["expect_ms"] = self.pair.model.now_ms + data.draw(_EXPECTED_MS)
            else:
                values["final"] = not quantity or data.draw(_LAST)
            facts.append(Fact(**values))
        self.told += facts
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

    @rule(data=st.data(), unseen=st.sampled_from((1, 2, 0)))
    def tick(self, data: st.DataObject, unseen: int) -> None:
        """Let time pass, mostly to the very moment when a hold is due, or to just before it.

        What it makes due is not looked at for some calls.
        """
        model = self.pair.model
        due = {held.expire_ms for held in model.reservations.values() if held.state is State.HELD}
        passed_ms: int = data.draw(st.sampled_from(_TICKS_MS))
        to_expiry: bool = data.draw(st.sampled_from((True, True, True, False)))
        if due and to_expiry:
            early_ms: int = data.draw(_EARLY_MS)
            passed_ms = data.draw(st.sampled_from(sorted(due))) - early_ms - model.now_ms
        self._to(model.now_ms + passed_ms, unseen)

    @rule(
        what=st.sampled_from(("class", "class", "roll_out", "roll_out", "purge", "A", "UNKNOWN")),
        data=st.data(),
    )
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

    @invariant()
    def same_state(self) -> None:
        """Every position, number and reservation is as the model says."""
        self.step_count += 1
        if self.steps_unseen:
            self.steps_unseen -= 1
        else:
            self.pair.compare()
            self.pair.compare_listings()
            self.pair.verify()

    def _open(self, whole: Whole, counts: list[int]) -> None:
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

    def _delete(self, sku: str) -> None:

        async def outcomes() -> list[Outcome]:
            return [row.outcome for row in await self.pair.store.inventory.delete_skus([sku])]

        self.pair.both(outcomes(), lambda: [self.pair.model.delete_sku(sku)])

    def _purge(self) -> None:
        self.pair.run(self.pair.store.runner.expire_all())

        async def purge() -> None:
            await self.pair.store.runner.run("purge", FEEDS_MAX)

        self.pair.both(purge(), self.pair.model.purge)

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

    def _some_id(self, data: st.DataObject) -> str:
        held = self.pair.model.reservations
        wanted = [
            name for name, known in held.items() if known.is_open or known.state is State.EXPIRED
        ]
        return data.draw(st.sampled_from((*wanted * 3, *held, self.pair.ids[-1])))
