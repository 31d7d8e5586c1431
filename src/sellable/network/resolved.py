"""What the rules come to at one moment: one number per effect, place and item, ready to look up.

Scripts look for a SKU's own number, then its item class's, then the default. Rules of one level
are merged here by their rank, so that this order is the whole rank. A level of one item can be
resolved by itself, which is what makes a long schedule cheap.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from sellable.errors import BugError
from sellable.network.quotas import quota_key
from sellable.network.ranking import is_named, is_of_locations, rule_items, rule_targets
from sellable.network.values import Quota, Rule
from sellable.network.windows import ALWAYS, Instants, instants, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sellable.network.values import Buffer, Market, Network, NetworkAt

# Kind and name of an item; the default level belongs to no item.
Item: TypeAlias = tuple[str, str]
DEFAULT: Final[Item] = ("", "")
Entry = TypeVar("Entry", Rule, Quota)


@dataclass(slots=True)
class Numbers:
    """What one level says, by market: buffers, caps, quotas; by location: safety stock, blocked."""

    buffers: dict[str, Buffer] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    safety_stocks: dict[str, int] = field(default_factory=dict)
    blocked: dict[str, bool] = field(default_factory=dict)
    quotas: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether it says anything."""
        said = self.buffers, self.caps, self.safety_stocks, self.blocked, self.quotas
        return any(said)


@dataclass(slots=True)
class Resolved:
    """The numbers of every level; a level without a number leaves it to the next."""

    default: Numbers = field(default_factory=Numbers)
    by_sku: dict[str, Numbers] = field(default_factory=dict)
    by_class: dict[str, Numbers] = field(default_factory=dict)

    def level(self, kind: str) -> dict[str, Numbers]:
        """Answer the level of `sku` or `item_class`."""
        return self.by_sku if kind == "sku" else self.by_class

    def items(self) -> Iterator[tuple[Item, Numbers]]:
        """Yield every level with its item."""
        yield DEFAULT, self.default
        for sku, numbers in self.by_sku.items():
            yield ("sku", sku), numbers
        for item_class, numbers in self.by_class.items():
            yield ("item_class", item_class), numbers


def resolve(at: NetworkAt) -> Resolved:
    """Merge the rules of each level by rank, as they stand at that moment."""
    return Resolver(at.network).resolve(at.at_ms)


@dataclass(frozen=True, slots=True)
class _Placed(Generic[Entry]):
    """A rule or quota with the places where it holds, by when it holds there."""

    entry: Entry
    places: Mapping[Instants, tuple[str, ...]]

    def in_force(self, at_ms: int) -> Iterator[tuple[Instants, tuple[str, ...]]]:
        """Yield the places where it holds at a moment, and since and until when."""
        return ((span, places) for span, places in self.places.items() if within(span, at_ms))


class Resolver:
    """Resolves one network at any moment, whole or one item at a time."""

    def __init__(self, network: Network) -> None:
        """Turn every window into instants, and sort the entries by what they speak of."""
        self.network = network
        self._openings = {m.key: instants(m.window, m.time_zone) for m in network.markets}
        self._rules: defaultdict[Item, list[_Placed[Rule]]] = defaultdict(list)
        self._quotas: defaultdict[Item, list[_Placed[Quota]]] = defaultdict(list)
        zones = {place.id: place.time_zone for place in network.locations}
        zones |= {market.key: market.time_zone for market in network.markets}
        market_keys = tuple(self._openings)
        location_ids = tuple(location.id for location in network.locations)
        # Within a level, rules that name places come last and so replace those for every place.
        for rule in sorted(network.rules, key=is_named):
            placed = _place(rule, rule_targets(rule, market_keys, location_ids), zones)
            for item in rule_items(rule) or [DEFAULT]:
                self._rules[item].append(placed)
        for quota in network.quotas:
            counted = _place(quota, quota.markets, zones)
            for item in rule_items(quota):
                self._quotas[item].append(counted)

    def resolve(self, at_ms: int) -> Resolved:
        """Answer the numbers of every level."""
        closed = self.closed(at_ms)
        resolved = Resolved(default=self.numbers(DEFAULT, at_ms, closed))
        for item in dict.fromkeys((*self._rules, *self._quotas)):
            kind, name = item
            if item != DEFAULT and (numbers := self.numbers(item, at_ms, closed)):
                resolved.level(kind)[name] = numbers
        return resolved

    def closed(self, at_ms: int) -> list[str]:
        """Answer the markets that are outside their windows."""
        return [market for market, span in self._openings.items() if not within(span, at_ms)]

    def numbers(self, item: Item, at_ms: int, closed: Iterable[str]) -> Numbers:
        """Answer the numbers of one level."""
        numbers = self._own_numbers() if item == DEFAULT else Numbers()
        for rule in self._rules.get(item, ()):
            for _, places in rule.in_force(at_ms):
                _set(numbers, rule.entry, places)
        for quota in self._quotas.get(item, ()):
            for (start_ms, _), markets in quota.in_force(at_ms):
                for market in markets:
                    counted = (quota_key(market, item, start_ms), quota.entry.units)
                    numbers.quotas[market] = (*numbers.quotas.get(market, ()), counted)
        # A closed market shows nothing of any SKU, so that no other cap may speak for it.
        for market in closed:
            numbers.caps.pop(market, None)
            if item == DEFAULT:
                numbers.caps[market] = 0
        return numbers

    def turns(self) -> dict[int, set[Item]]:
        """Answer every moment at which an entry begins or ends, with the levels it speaks of."""
        found: defaultdict[int, set[Item]] = defaultdict(set)
        with_caps = [
            item
            for item, rules in self._rules.items()
            if any(rule.entry.cap is not None for rule in rules)
        ]
        for span in self._openings.values():
            for at_ms in _bounds(span):
                found[at_ms].update((DEFAULT, *with_caps))
        for entries in (self._rules, self._quotas):
            for item, listed in entries.items():
                for placed in listed:
                    for span in placed.places:
                        for at_ms in _bounds(span):
                            found[at_ms].add(item)
        return dict(found)

    def turning(self, at_ms: int) -> Market | Rule | Quota:
        """Answer an entry that begins or ends at one of those moments."""
        for market in self.network.markets:
            if at_ms in self._openings[market.key]:
                return market
        for entries in (self._rules, self._quotas):
            for listed in entries.values():
                for placed in listed:
                    if any(at_ms in span for span in placed.places):
                        return placed.entry
        raise BugError(f"nothing begins or ends at {at_ms}")

    def _own_numbers(self) -> Numbers:
        """Answer what markets and locations say themselves."""
        markets, locations = self.network.markets, self.network.locations
        return Numbers(
            buffers={market.key: market.protection_buffer for market in markets},
            caps={market.key: market.cap for market in markets if market.cap is not None},
            safety_stocks={location.id: location.safety_stock for location in locations},
        )


def _place(entry: Entry, targets: Iterable[str], zones: Mapping[str, str | None]) -> _Placed[Entry]:
    if entry.window is None:
        return _Placed(entry, {ALWAYS: tuple(dict.fromkeys(targets))})
    places: defaultdict[Instants, dict[str, None]] = defaultdict(dict)
    for target in targets:
        places[instants(entry.window, zones[target])][target] = None
    return _Placed(entry, {span: tuple(found) for span, found in places.items()})


def _bounds(span: Instants) -> Iterator[int]:
    return (at_ms for at_ms in span if at_ms is not None)


def _set(numbers: Numbers, rule: Rule, places: tuple[str, ...]) -> None:
    if is_of_locations(rule):
        if rule.safety_stock is not None:
            numbers.safety_stocks.update(dict.fromkeys(places, rule.safety_stock))
        if rule.blocked is not None:
            numbers.blocked.update(dict.fromkeys(places, rule.blocked))
        return
    if rule.protection_buffer is not None:
        numbers.buffers.update(dict.fromkeys(places, rule.protection_buffer))
    if rule.cap is not None:
        numbers.caps.update(dict.fromkeys(places, rule.cap))
