"""The stock half of the reference model: facts, positions, and the numbers of the markets.

Nothing is counted on the way: every question is answered anew from all facts ever told and from
all reservations.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from sellable.errors import LocationInUse, UnknownSku
from sellable.stock import Fact, FactKind, FactResult, Item, Outcome, Position, parts_of_place
from support.model_facts import Facts, Told
from support.networks import MARKETS, Meaning, units_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support.model_values import Bound, Held, HeldLine
    from support.networks import Document

Quota: TypeAlias = tuple[str, str]  # market, and the SKU or class


class StockModel:
    """Positions and numbers; the clock stands still until the test moves it."""

    def __init__(self, now_ms: int, retention_ms: int, future_tolerance_ms: int) -> None:
        self.now_ms = now_ms
        self.retention_ms = retention_ms
        self.future_tolerance_ms = future_tolerance_ms
        self.version = 0
        self.document: Document = {"locations": [], "markets": [], "protections": []}
        self.positions: dict[str, dict[str, Facts]] = {}
        self.items: dict[str, Item] = {}
        self.reservations: dict[str, Held] = {}  # oldest first
        self.given_before: Counter[Quota] = Counter()  # by reservations that are forgotten
        self.floors: dict[str, list[Told]] = {}  # what full counts of a location say of the rest

    @property
    def locations(self) -> dict[str, Document]:
        """The locations of the network by name."""
        return {location["id"]: location for location in self.document["locations"]}

    @property
    def markets(self) -> dict[str, Document]:
        """The markets of the network by name."""
        return {f"{m['channel']}/{m['country']}": m for m in self.document["markets"]}

    def apply_network(self, document: Document) -> int:
        """Make a network the one in force; return its version."""
        for name in sorted(
            self.locations.keys() - {place["id"] for place in document["locations"]}
        ):
            holders = {
                held.request.reservation_id
                for held, _, bound in self.all_bound()
                if parts_of_place(bound.location)[0] == name and bound.open
            }
            if holders:
                raise LocationInUse(name, len(holders))
        if self.version == 0 or document != self.document:
            self.version += 1
            self.document = document
        return self.version

    def members(self, market: str) -> list[str]:
        """Return a market's locations in the order in which reservations take from them."""
        if market not in self.markets:
            return []
        meaning = Meaning(self.document)
        members = meaning.members(market)
        if self.markets[market].get("binding") == "least_shared_first":
            every = [meaning.members(name) for name in MARKETS if name in self.markets]
            members.sort(key=lambda place: sum(place in names for names in every))
        return members

    def places_of(self, held: Held) -> list[str]:
        """Return the locations that units of a reservation may come to beside any plan."""
        return self.members(held.request.market)

    def all_bound(self) -> Iterator[tuple[Held, HeldLine, Bound]]:
        """Yield everything that reservations have at locations, oldest reservation first."""
        for held in self.reservations.values():
            for line in held.lines:
                for bound in line.bound:
                    yield held, line, bound

    def known(self, sku: str) -> bool:
        """Tell whether anything was ever said about a SKU."""
        return sku in self.positions or sku in self.items

    def reserved(self, sku: str, location: str) -> int:
        """Return the units of a position that reservations hold."""
        return sum(
            bound.open
            for _, line, bound in self.all_bound()
            if line.sku == sku and bound.location == location
        )

    def number_of(self, effect: str, place: str, sku: str) -> int | str | None:
        """Return the buffer, cap or safety stock that the rules give a SKU."""
        item = self.items.get(sku)
        item_class = item.item_class if item and item.item_class else None
        value: int | str | None = Meaning(self.document).number(effect, place, sku, item_class)
        return value

    def safety_stock(self, sku: str, location: str) -> int:
        """Return what the location keeps back: what a fact says, else what the rules say."""
        told = self.positions[sku][location].setting(FactKind.SAFETY_STOCK)
        if told is not None:
            return told.quantity
        if location not in self.locations:
            return 0
        value = self.number_of("safety_stock", location, sku)
        assert isinstance(value, int)
        return value

    def blocked(self, sku: str, location: str) -> bool:
        """Tell whether a fact or a rule recalled the position from sale."""
        if self.recalled(sku, location):
            return True
        return location in self.locations and bool(self.number_of("blocked", location, sku))

    def recalled(self, sku: str, location: str) -> bool:
        """Tell whether a fact recalled the position from sale."""
        told = self.positions[sku][location].setting(FactKind.BLOCKED)
        return told is not None and told.quantity == 1

    def on_hand(self, sku: str, location: str) -> int:
        """Return the units in the building; 0 where there is no position."""
        facts = self.positions.get(sku, {}).get(location)
        return facts.on_hand if facts else 0

    def sells(self, sku: str, location: str) -> bool:
        """Tell whether anything can be sold from a position at all."""
        place = self.locations.get(location)
        return bool(
            location in self.positions.get(sku, {})
            and place
            and place["enabled"]
            and not self.blocked(sku, location)
        )

    def available(self, sku: str, location: str, more: int = 0) -> int:
        """Return what can still be reserved at a position, if so many more units were there."""
        if not self.sells(sku, location):
            return 0
        free = self.on_hand(sku, location) + more - self.reserved(sku, location)
        return max(0, free - self.safety_stock(sku, location))

    def overcommitted(self, sku: str, location: str) -> int:
        """Return the reserved units that are not there."""
        return max(0, self.reserved(sku, location) - self.on_hand(sku, location))

    def sellable(self, market: str, sku: str) -> int:
        """Return the number that the market is shown: what no quota forbids."""
        return min([self.unlimited(market, sku), *self.quotas_left(market, sku).values()])

    def quotas_left(self, market: str, sku: str) -> dict[Quota, int]:
        """Return what is left of each quota that concerns a SKU in a market."""
        item = self.items.get(sku)
        item_class = item.item_class if item and item.item_class else None
        quotas = Meaning(self.document).quotas(market, sku, item_class)
        return {quota: max(0, units - self.given(quota)) for quota, units in quotas.items()}

    def given(self, quota: Quota) -> int:
        """Return the units that were taken under a quota and not given back."""
        lines = [line for held in self.reservations.values() for line in held.lines]
        return self.given_before[quota] + sum(line.kept for line in lines if quota in line.quotas)

    def unlimited(self, market: str, sku: str, more: int = 0, counted: int = 0) -> int:
        """Return the number without quotas; -1 without a position at the market's locations.

        `more` units are added to what is available, `counted` to what is on hand.
        """
        places = [name for name in self.members(market) if name in self.positions.get(sku, {})]
        if not places:
            return -1
        enabled = [name for name in places if self.locations[name]["enabled"]]
        supply = more + sum(
            self.available(sku, name) - self.overcommitted(sku, name) for name in enabled
        )
        on_hand = counted + sum(
            max(0, self.on_hand(sku, name)) for name in enabled if not self.blocked(sku, name)
        )
        buffer = self.number_of("protection_buffer", market, sku)
        assert buffer is not None
        number = max(0, max(0, supply) - units_held(buffer, on_hand))
        cap = self.number_of("cap", market, sku)
        return min(number, cap) if isinstance(cap, int) else number

    def oldest_observe_us(self, locations: Sequence[str], sku: str) -> int:
        """Return when the oldest count at these locations was observed; 0 without any."""
        facts = [self.positions.get(sku, {}).get(name) for name in locations]
        return min((known.base.observe_us for known in facts if known and known.counts), default=0)

    def list_positions(self, sku: str) -> list[Position]:
        """Return every position of a SKU by location."""
        if not self.known(sku):
            raise UnknownSku(sku)
        return [
            Position(
                location=name,
                on_hand=facts.on_hand,
                reserved=self.reserved(sku, name),
                safety_stock=self.safety_stock(sku, name),
                available=self.available(sku, name),
                overcommitted=self.overcommitted(sku, name),
                blocked=self.blocked(sku, name),
                observe_us=facts.base.observe_us,
                source=facts.base.source,
            )
            for name, facts in sorted(self.positions.get(sku, {}).items())
        ]

    def position(self, sku: str, location: str) -> Facts:
        """Return what was told about a position; from now on there is one."""
        unseen = Facts(counts=list(self.floors.get(location, [])))
        return self.positions.setdefault(sku, {}).setdefault(location, unseen)

    def full_count(self, location: str, told: Told, rows: Mapping[str, int]) -> None:
        """Count a location in full: 0 for every SKU, now and ever, that no row names."""
        for sku, positions in self.positions.items():
            if location in positions and sku not in rows:
                positions[location].counts.append(told)
        for sku, quantity in rows.items():
            self.position(sku, location).counts.append(replace(told, quantity=quantity))
        self.floors.setdefault(location, []).append(told)

    def _count(self, fact: Fact, told: Told) -> Outcome:
        created = fact.location not in self.positions.get(fact.sku, {})
        facts = self.position(fact.sku, fact.location)
        if facts.counts and told.rank <= facts.base.rank:
            return Outcome.DUPLICATE if told.rank == facts.base.rank else Outcome.STALE
        before = facts.on_hand
        facts.counts.append(told)
        changed = created or facts.on_hand != before
        return Outcome.APPLIED if changed else Outcome.UNCHANGED

    def _change(self, fact: Fact, told: Told) -> Outcome:
        facts = self.position(fact.sku, fact.location)
        # What the base knew before it is not remembered: nothing depends on a repeat of it.
        if facts.knows((fact.source, fact.event_id)):
            return Outcome.DUPLICATE
        if not told.follows(facts.base):
            if told.observe_us == facts.base.observe_us:
                facts.changes[fact.source, fact.event_id] = told
            return Outcome.STALE
        facts.changes[fact.source, fact.event_id] = told
        return Outcome.APPLIED

    def _setting(self, fact: Fact, told: Told) -> Outcome:
        before = self._set_by_facts(fact)
        facts = self.position(fact.sku, fact.location)
        known = facts.setting(fact.kind)
        if known and told.rank <= known.rank:
            return Outcome.DUPLICATE if told.rank == known.rank else Outcome.STALE
        facts.settings.setdefault(fact.kind, []).append(told)
        changed = before is None or before != self._set_by_facts(fact)
        return Outcome.APPLIED if changed else Outcome.UNCHANGED

    def _set_by_facts(self, fact: Fact) -> tuple[int, bool] | None:
        if fact.location not in self.positions.get(fact.sku, {}):
            return None
        place = fact.sku, fact.location
        return self.safety_stock(*place), self.recalled(*place)

    def _plain_fact(self, fact: Fact, quantity: int) -> FactResult:
        told = Told(
            quantity=quantity,
            observe_us=fact.observe_us,
            sequence=fact.sequence,
            event_id=fact.event_id,
            source=fact.source,
        )
        if fact.kind is FactKind.COUNT:
            return FactResult(self._count(fact, told))
        if fact.kind in (FactKind.DELTA, FactKind.SHIPMENT):
            return FactResult(self._change(fact, told))
        return FactResult(self._setting(fact, told))

    def put_item(self, item: Item) -> Outcome:
        """Put master data; the latest wins."""
        old = self.items.get(item.sku)
        if old and item.update_us < old.update_us:
            return Outcome.STALE
        self.items[item.sku] = item
        return Outcome.UNCHANGED if item == old else Outcome.APPLIED

    def delete_sku(self, sku: str) -> Outcome:
        """Forget a SKU that nobody holds."""
        if any(line.sku == sku and bound.open for _, line, bound in self.all_bound()):
            return Outcome.REJECTED
        known = self.known(sku)
        self.positions.pop(sku, None)
        self.items.pop(sku, None)
        return Outcome.APPLIED if known else Outcome.UNCHANGED
