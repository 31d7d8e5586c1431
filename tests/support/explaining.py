"""Random histories on a real store, and explanations held against an independent ranking."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.errors import BugError, SellableError
from sellable.explain import TermKind
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind, Item
from sellable.store.runner import Retention
from sellable.store.store import Store
from support.driving import START_MS
from support.explained_networks import (
    CLASSES,
    LOCATIONS,
    MARKETS,
    SKUS,
    STALE_AFTER_MS,
    Ranking,
    text_of,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from sellable.explain import Explanation, Term
    from sellable.store.connection import Connection
    from support.networks import Document

_RETENTION_MS: Final = 7 * 24 * 3_600_000
_LEVEL_MAX: Final = 100
_KINDS: Final = (
    FactKind.COUNT,
    FactKind.DELTA,
    FactKind.SHIPMENT,
    FactKind.SAFETY_STOCK,
    FactKind.BLOCKED,
    FactKind.FUTURE_SUPPLY,
    FactKind.SUPPLY_RECEIPT,
)
_HEARD: Final = frozenset({FactKind.COUNT, FactKind.DELTA, FactKind.SHIPMENT})
_PASSED_MS: Final = (0, 0, 0, 100, 2_000, 60_000, 400_000, 1_000_000)
_EFFECTS: Final = {
    TermKind.SAFETY_STOCK: "safety_stock",
    TermKind.BLOCKED: "blocked",
    TermKind.PROTECTION_BUFFER: "protection_buffer",
    TermKind.CAP: "cap",
}
_OF_THE_ENTRY: Final = frozenset({TermKind.STALE_FEED, TermKind.MARKET_CLOSED})


class Place(NamedTuple):
    """Whose number it is."""

    market: str
    sku: str
    item_class: str


class History:
    """One store under a clock of the test's own, and what was told to it."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self.store = store
        self.now_ms = START_MS
        self.document: Document = {}
        self.classes: dict[str, str] = {}
        self.told: dict[tuple[FactKind, str, str], Fact] = {}
        self.heard_ms: dict[str, int] = {}
        self.kinds: Counter[TermKind] = Counter()
        self.promised = 0
        self._chance = chance
        self._reservations: list[str] = []
        self._events = 0
        store.runner.clock = lambda: self.now_ms

    @classmethod
    async def begin(cls, connection: Connection, chance: random.Random) -> History:
        """Begin with an empty store."""
        await connection.execute("FLUSHALL")
        retention = Retention(retention_ms=_RETENTION_MS, ledger_entries_max=1_000_000)
        return cls(await Store.attach(connection, retention=retention), chance)

    async def apply_network(self, document: Document) -> None:
        """Make a document the network in force."""
        self.document = document
        await self.store.networks.apply(text_of(document))

    async def stock_up(self) -> None:
        """Give most SKUs a class, and most positions a count."""
        self.classes = {sku: self._chance.choice(("", *CLASSES)) for sku in SKUS}
        items = [Item(sku=s, update_us=1, item_class=c) for s, c in self.classes.items()]
        await self.store.inventory.put_items(items)
        places = [(sku, place) for sku in SKUS for place in LOCATIONS]
        chosen = self._chance.sample(places, len(places) * 2 // 3)
        await self._apply([self._fact(FactKind.COUNT, *place) for place in chosen])
        expected = self._chance.sample(places, len(places) // 3)
        await self._apply([self._fact(FactKind.FUTURE_SUPPLY, *place) for place in expected])

    async def go_on(self, steps: int) -> None:
        """Let so many things happen."""
        for _ in range(steps):
            self.now_ms += self._chance.choice(_PASSED_MS)
            kind = self._chance.choice(
                (*_KINDS, FactKind.COUNT, *["reserve"] * 9, "close", "close")
            )
            if kind == "reserve":
                await self._reserve()
            elif kind == "close":
                await self._close()
            else:
                facts = [
                    self._fact(FactKind(kind), self._chance.choice(SKUS), place)
                    for place in self._chance.sample(LOCATIONS, 2)
                ]
                await self._apply(facts)

    def _fact(self, kind: FactKind, sku: str, location: str) -> Fact:
        self._events += 1
        quantity = {
            FactKind.COUNT: self._chance.choice((0, 3, 12, 40, 90, 250)),
            FactKind.DELTA: self._chance.choice((-9, -2, -1, 3)),
            FactKind.SHIPMENT: self._chance.choice((1, 2, 6)),
            FactKind.SAFETY_STOCK: self._chance.randrange(4),
            FactKind.BLOCKED: self._chance.randrange(2),
            FactKind.FUTURE_SUPPLY: self._chance.choice((0, 8, 30)),
            FactKind.SUPPLY_RECEIPT: self._chance.choice((1, 4, 12)),
        }[kind]
        return Fact(
            kind=kind,
            event_id=f"e{self._events}",
            source=self._chance.choice(("erp", "wms")),
            sku=sku,
            location=location,
            # Each is news to those before it; the order of arrival has tests of its own.
            observe_us=self.now_ms * 1_000 + self._events,
            quantity=quantity,
            reservation_id="none",
            supply_id=self._chance.choice(("P1", "P2")),
            expect_ms=self.now_ms + self._chance.choice((60_000, 3_600_000, 86_400_000)),
            final=self._chance.random() < 1 / 4,
        )

    async def _apply(self, facts: list[Fact]) -> None:
        await self.store.inventory.apply(facts)
        for fact in facts:
            self.told[fact.kind, fact.sku, fact.location] = fact
            if fact.kind in _HEARD:
                self.heard_ms[fact.location] = fact.observe_us // 1_000

    async def _reserve(self) -> None:
        name = f"r{len(self._reservations)}"
        skus = self._chance.sample(SKUS, self._chance.choice((1, 1, 2)))
        request = ReserveRequest(
            reservation_id=name,
            market=self._chance.choice(MARKETS),
            lines=tuple(Line(sku=s, quantity=self._chance.choice((1, 2, 4, 9))) for s in skus),
            ttl_ms=self._chance.choice((1_000, 90_000, 36_000_000)),
            allow_partial=self._chance.random() < 1 / 2,
            accept_backorder_until_ms=self._chance.choice((0, self.now_ms + 100_000_000)),
        )
        with suppress(SellableError):  # there may be too few
            await self.store.reservations.reserve(request)
            self._reservations.append(name)

    async def _close(self) -> None:
        if not self._reservations:
            return
        name = self._chance.choice(self._reservations)
        call = self._chance.choice(("confirm", "release"))
        with suppress(SellableError):  # it may be over
            if call == "confirm":
                await self.store.reservations.confirm(name, "")
            else:
                await self.store.reservations.release(name, [])

    async def disagreements(self) -> tuple[int, list[str]]:
        """Explain every SKU in every market; return how many that is, and what is not right."""
        await self.store.runner.expire_all()
        ranking = Ranking(self.document, self.now_ms)
        wrong: list[str] = []
        for market in MARKETS:
            explanations = await asyncio.gather(
                *(self.store.explanations.explain(market, sku) for sku in SKUS),
                return_exceptions=True,
            )
            numbers, _ = await self.store.availability.numbers(market, SKUS)
            items, _ = await self.store.availability.items(market, SKUS)
            for sku, number, item, answer in zip(SKUS, numbers, items, explanations, strict=True):
                place = Place(market, sku, self.classes[sku])
                if isinstance(answer, BugError):
                    wrong.append(str(answer))
                elif isinstance(answer, BaseException):
                    raise answer
                else:
                    where = f"{sku} in {market}"
                    wrong += self._wrong(where, number, answer[0], ranking, place)
                    self.promised += item.future > 0
                    if answer[0].future != item.future:
                        wrong.append(f"{where}: {item.future} can be promised, not {answer[0]}")
        return len(MARKETS) * len(SKUS), wrong

    def _wrong(
        self, where: str, number: int, answer: Explanation, ranking: Ranking, place: Place
    ) -> Iterator[str]:
        terms = answer.terms
        if not max(0, number) == answer.sellable == sum(term.quantity for term in terms):
            yield f"{where}: {number} is answered, {answer.sellable} explained by {terms}"
        if (number < 0) != (not terms):
            yield f"{where}: {number} is answered, {len(terms)} terms"
        for term in terms:
            self.kinds[term.kind] += 1
            expected = self._rule_of(term, ranking, place)
            if expected != (term.rule, term.line):
                yield f"{where}: {term} should be of {expected}"
            if not self._is_plausible(term, ranking, place):
                yield f"{where}: {term} is not what it comes from"
        told = [(t.rule, t.line) for t in terms if t.kind is TermKind.QUOTA]
        quotas = ranking.quotas(*place) if terms else []
        if sorted(told) != sorted((quota.rule, quota.line) for quota in quotas):
            yield f"{where}: {told} are told of {quotas}"

    def _rule_of(self, term: Term, ranking: Ranking, place: Place) -> tuple[str, int]:
        """Return the rule that a term should be of, and its line."""
        target = term.location or place.market
        own = ranking.own("", target)[1:]
        if term.kind is TermKind.QUOTA:
            return term.rule, term.line  # they are compared all together
        if term.kind in _OF_THE_ENTRY:
            return own
        if term.kind is TermKind.BLOCKED and not ranking.entry(target)["enabled"]:
            return own
        by_fact = (FactKind.SAFETY_STOCK, place.sku, target) in self.told
        if term.kind not in _EFFECTS or (term.kind is TermKind.SAFETY_STOCK and by_fact):
            return "", 0
        decided = ranking.decided(_EFFECTS[term.kind], target, place.sku, place.item_class)
        if term.kind is TermKind.BLOCKED and not decided.value:
            return "", 0
        return decided.rule, decided.line

    def _is_plausible(self, term: Term, ranking: Ranking, place: Place) -> bool:
        """Tell whether what a term says beside its rule is what was told before."""
        match term.kind:
            case TermKind.ON_HAND:
                fact = self.told.get((FactKind.COUNT, place.sku, term.location))
                told = (fact.observe_us, fact.source) if fact else (0, "")
                return told == (term.observe_us, term.source)
            case TermKind.SAFETY_STOCK:
                fact = self.told.get((FactKind.SAFETY_STOCK, place.sku, term.location))
                if fact:
                    wanted = (-fact.quantity, fact.observe_us, fact.source)
                    return wanted == (term.quantity, term.observe_us, term.source)
                decided = ranking.decided(
                    "safety_stock", term.location, place.sku, place.item_class
                )
                return bool(-decided.value == term.quantity)
            case TermKind.STALE_FEED:
                after_ms = STALE_AFTER_MS[ranking.entry(term.location)["stale_after"]]
                # A silence begins and ends with a whole second.
                heard_ms = -(-self.heard_ms[term.location] // 1_000) * 1_000
                level = (self.now_ms - heard_ms) // after_ms
                just_heard = self.now_ms < heard_ms
                return just_heard or f": {min(_LEVEL_MAX, level)} x " in term.detail
            case TermKind.MARKET_CLOSED:
                return not ranking.holds(ranking.entry(place.market))
            case _:
                return True
