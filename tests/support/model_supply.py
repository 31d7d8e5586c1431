"""Future supply in the reference model: what is expected, what arrived, and who waits for it.

What is expected follows from all facts ever told. What is kept for those who wait is the one thing
that is remembered: it depends on who waited when goods arrived.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sellable.stock import FactKind, FactResult, Outcome, Position, parts_of_place, place_of
from support.model_facts import Told
from support.model_stock import StockModel

if TYPE_CHECKING:
    from sellable.stock import Fact

_MINUTE_MS = 60_000
_UNITS_MS = {"s": 1_000, "m": _MINUTE_MS, "h": 60 * _MINUTE_MS, "d": 24 * 60 * _MINUTE_MS}


class Expected(NamedTuple):
    """What a market can promise of one supply."""

    expect_ms: int
    place: str
    free: int
    counted: int = 0


@dataclass
class Supply:
    """All that was ever told about one supply, and what is kept of it for those who wait."""

    announced: dict[Told, int] = field(default_factory=dict)  # with when it is expected
    received: dict[tuple[str, str], int] = field(default_factory=dict)
    final: bool = False
    pool: int = 0
    closed_ms: int = 0
    heard_us: int = 0

    @property
    def latest(self) -> Told:
        """The announcement that holds; without any, the empty one."""
        return max(self.announced, key=lambda told: told.rank, default=Told())

    @property
    def expect_ms(self) -> int:
        """When it is expected."""
        return self.announced.get(self.latest, 0)

    @property
    def on_hand(self) -> int:
        """What is still to come, and what is kept."""
        missing = max(0, self.latest.quantity - sum(self.received.values()))
        return self.pool + (0 if self.final else missing)


class SupplyModel(StockModel):
    """Supplies by the place where units wait for them."""

    def __init__(self, now_ms: int, retention_ms: int, future_tolerance_ms: int) -> None:
        super().__init__(now_ms, retention_ms, future_tolerance_ms)
        self.supplies: dict[tuple[str, str], Supply] = {}  # by SKU and place

    def on_hand(self, sku: str, location: str) -> int:
        """Return the units in the building, or those that are expected."""
        supply = self.supplies.get((sku, location))
        return supply.on_hand if supply else super().on_hand(sku, location)

    def reserved(self, sku: str, location: str) -> int:
        """Return the units that reservations hold; what is kept counts where it arrived."""
        kept = [
            supply.pool
            for (of, place), supply in self.supplies.items()
            if of == sku and parts_of_place(place)[0] == location != place
        ]
        return super().reserved(sku, location) + sum(kept)

    def available(self, sku: str, location: str, more: int = 0) -> int:
        """Return what can still be reserved at a position, or promised of a supply."""
        supply = self.supplies.get((sku, location))
        if not supply:
            return super().available(sku, location, more)
        if supply.expect_ms <= self.now_ms or not self.sells(sku, parts_of_place(location)[0]):
            return 0
        return max(0, supply.on_hand - self.reserved(sku, location))

    def list_positions(self, sku: str) -> list[Position]:
        """Return every position of a SKU, and what is expected after the stock of its location."""
        found = super().list_positions(sku)
        for (of, place), supply in self.supplies.items():
            if of == sku:
                found.append(
                    Position(
                        location=place,
                        on_hand=supply.on_hand,
                        reserved=self.reserved(sku, place),
                        safety_stock=0,
                        available=self.available(sku, place),
                        overcommitted=self.overcommitted(sku, place),
                        blocked=False,
                        observe_us=supply.latest.observe_us,
                        source=supply.latest.source,
                        expect_ms=supply.expect_ms,
                    )
                )
        return sorted(found, key=lambda position: parts_of_place(position.location))

    def delete_sku(self, sku: str) -> Outcome:
        """Forget a SKU that nobody holds."""
        outcome = super().delete_sku(sku)
        if outcome is Outcome.APPLIED:
            self.supplies = {key: told for key, told in self.supplies.items() if key[0] != sku}
        return outcome

    def expected(self, market: str, sku: str, until_ms: int | None = None) -> list[Expected]:
        """Return what a market can promise of each supply within its horizon, earliest first."""
        latest_ms = self.now_ms + self._horizon_ms(market)
        latest_ms = latest_ms if until_ms is None else min(latest_ms, until_ms)
        coming = sorted(
            Expected(supply.expect_ms, place, self.available(sku, place))
            for (of, place), supply in self.supplies.items()
            if of == sku
            and parts_of_place(place)[0] in self.members(market)
            and supply.expect_ms <= latest_ms
            and self.available(sku, place)
        )
        arrived: Counter[str] = Counter()
        found = []
        for supply in coming:
            name = parts_of_place(supply.place)[0]
            on_hand = self.on_hand(sku, name) + arrived[name]
            before = self.available(sku, name, arrived[name])
            arrived[name] += supply.free
            free = self.available(sku, name, arrived[name]) - before
            counted = max(0, on_hand + supply.free) - max(0, on_hand)
            found.append(Expected(supply.expect_ms, supply.place, free, counted))
        return found

    def future(self, market: str, sku: str) -> tuple[int, int]:
        """Return what can be promised beyond the number, and when the first of it is expected."""
        more, first_ms, units, counted = 0, 0, 0, 0
        quotas = self.quotas_left(market, sku).values()
        for supply in self.expected(market, sku):
            units, counted = units + supply.free, counted + supply.counted
            number = min([self.unlimited(market, sku, units, counted), *quotas])
            more = max(0, number - self.sellable(market, sku))
            first_ms = first_ms or (supply.expect_ms if more else 0)
        return more, first_ms

    def future_units(self, market: str, sku: str, until_ms: int) -> int:
        """Return what can be promised of what is expected by a time, whatever the quotas."""
        coming = self.expected(market, sku, until_ms)
        units, counted = (sum(s.free for s in coming), sum(s.counted for s in coming))
        return max(0, self.unlimited(market, sku, units, counted) - self.unlimited(market, sku))

    def trim(self) -> None:
        """Keep no more than is waited for; every call does this where units left a reservation."""
        for (sku, place), supply in self.supplies.items():
            waiting = self.reserved(sku, place)
            supply.pool = min(supply.pool, waiting)
            closed = supply.on_hand == 0 == waiting
            supply.closed_ms = (supply.closed_ms or self.now_ms) if closed else 0

    def settle(self) -> None:
        """Move lines that wait to stock, oldest reservation first, each whole, where they fit."""
        for (sku, place), supply in self.supplies.items():
            for _, line, bound in list(self.all_bound()):
                here = line.sku == sku and bound.location == place
                if here and 0 < bound.open <= supply.pool:
                    line.at(parts_of_place(place)[0]).open += bound.open
                    supply.pool -= bound.open
                    bound.open = 0
                    if not bound.released and not bound.expired:
                        line.bound.remove(bound)
        self.trim()

    def _supply_fact(self, fact: Fact) -> FactResult:
        key = fact.sku, place_of(fact.location, fact.supply_id)
        supply = self.supplies.get(key) or self._new_supply(fact)
        told = Told(
            quantity=fact.quantity,
            observe_us=fact.observe_us,
            sequence=fact.sequence,
            event_id=fact.event_id,
            source=fact.source,
        )
        if fact.kind is FactKind.FUTURE_SUPPLY:
            outcome = self._announce(supply, told, fact.expect_ms)
        else:
            outcome = self._receive(supply, fact, told, key[1])
        if outcome in (Outcome.APPLIED, Outcome.UNCHANGED):
            self.supplies[key] = supply
            self.position(fact.sku, fact.location)
            supply.heard_us = max(supply.heard_us, fact.observe_us)
            self.trim()
        return FactResult(outcome)

    def _new_supply(self, fact: Fact) -> Supply:
        oldest_us = (self.now_ms - self.retention_ms) * 1000
        self.supplies = {
            key: known
            for key, known in self.supplies.items()
            if key[0] != fact.sku
            or not known.closed_ms
            or max(known.closed_ms * 1000, known.heard_us) >= oldest_us
        }
        return Supply()

    def _announce(self, supply: Supply, told: Told, expect_ms: int) -> Outcome:
        before = supply.latest
        if supply.announced and told.rank <= before.rank:
            return Outcome.DUPLICATE if told.rank == before.rank else Outcome.STALE
        same = (before.quantity, supply.expect_ms) == (told.quantity, expect_ms)
        unchanged = bool(supply.announced) and same
        supply.announced[told] = expect_ms
        return Outcome.UNCHANGED if unchanged else Outcome.APPLIED

    def _receive(self, supply: Supply, fact: Fact, told: Told, place: str) -> Outcome:
        event = fact.source, fact.event_id
        if event in supply.received:
            return Outcome.DUPLICATE
        if fact.quantity and self._change(fact, told) is Outcome.DUPLICATE:
            return Outcome.DUPLICATE
        waiting = super().reserved(fact.sku, place)
        supply.received[event] = fact.quantity
        supply.final = supply.final or fact.final
        supply.pool += min(fact.quantity, waiting - supply.pool)
        return Outcome.APPLIED

    def _horizon_ms(self, market: str) -> int:
        text = str(self.markets.get(market, {}).get("backorder_horizon", "0s"))
        return int(text[:-1]) * _UNITS_MS[text[-1]]
