"""What a new network, or another moment of it, alters: whose numbers, and where.

It compares what the rules come to, not how the document says it, so a rewritten document that means
the same rolls nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from sellable.network.resolved import Item, Numbers, Resolved, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sellable.network.values import Buffer, Location, Network, NetworkAt

_NOTHING: Final = Numbers()


@dataclass(slots=True)
class Altered:
    """The markets and the locations of which a number differs by itself."""

    markets: set[str] = field(default_factory=set)
    locations: set[str] = field(default_factory=set)

    def note(self, old: Numbers, new: Numbers) -> None:
        """Add where two states of one level differ."""
        self.markets |= _differing(old.caps, new.caps) | _differing(old.quotas, new.quotas)
        self.locations |= _differing(old.safety_stocks, new.safety_stocks)
        self.locations |= _differing(old.blocked, new.blocked)
        if old.buffers != new.buffers:
            self.markets |= _differing(_comparable(old.buffers), _comparable(new.buffers))


def affected_markets(old: NetworkAt | None, new: NetworkAt) -> set[str]:
    """Answer the markets of `new` whose numbers the change can alter.

    Their set of locations, whether those are enabled, blocked or protected when silent, safety
    stocks there, buffers, caps and quotas count; the order of locations, the binding, thresholds
    and horizons do not. Never misses a market.
    """
    if old is None:
        return {market.key for market in new.network.markets}
    altered = _altered(resolve(old), resolve(new))
    before = {place.id: place for place in old.network.locations}
    for place in new.network.locations:
        if _feed_terms(before.get(place.id)) != _feed_terms(place):
            altered.locations.add(place.id)
    members = {market.key: frozenset(market.locations) for market in old.network.markets}
    found = {
        market.key
        for market in new.network.markets
        if members.get(market.key) != frozenset(market.locations) or market.key in altered.markets
    }
    disabled = {
        place.id
        for place in new.network.locations
        if not place.enabled and place.id in before and not before[place.id].enabled
    }
    return found | sellers(new.network, altered.locations - disabled)


def affected_locations(old: NetworkAt | None, new: NetworkAt, markets: set[str]) -> set[str]:
    """Answer the locations whose SKUs must be recomputed when `markets` are affected.

    All that those markets sell from or sold from, and those of markets that are gone.
    """
    kept = {market.key for market in new.network.markets}
    found: set[str] = set()
    for market in (*new.network.markets, *(old.network.markets if old else ())):
        if market.key in markets or market.key not in kept:
            found.update(market.locations)
    return found


def resettled_locations(old: NetworkAt | None, new: NetworkAt) -> set[str]:
    """Answer the locations where a safety stock or a block differs, also where nothing is sold.

    No market's number need change; but what a position says of itself does.
    """
    locations = {place.id for place in new.network.locations}
    return _altered(resolve(old) if old else Resolved(), resolve(new)).locations & locations


def removed_locations(old: NetworkAt | None, new: NetworkAt) -> set[str]:
    """Answer the locations that `new` no longer has."""
    if old is None:
        return set()
    kept = {place.id for place in new.network.locations}
    return {place.id for place in old.network.locations if place.id not in kept}


def sellers(network: Network, locations: set[str]) -> set[str]:
    """Answer the markets that sell from any of the locations."""
    return {m.key for m in network.markets if not locations.isdisjoint(m.locations)}


def _altered(old: Resolved, new: Resolved) -> Altered:
    before: dict[Item, Numbers] = dict(old.items())
    after: dict[Item, Numbers] = dict(new.items())
    altered = Altered()
    for item in dict.fromkeys(chain(before, after)):
        altered.note(before.get(item, _NOTHING), after.get(item, _NOTHING))
    return altered


def _feed_terms(place: Location | None) -> object:
    """Answer what else of a location its markets' numbers follow from."""
    if place is None:
        return None
    stale = place.stale_after_ms and (place.stale_after_ms, _held(place.stale_protection_buffer))
    return place.enabled, stale


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    if old == new:
        return set()
    places: Iterable[str] = dict.fromkeys(chain(old, new))
    return {place for place in places if old.get(place) != new.get(place)}


def _comparable(buffers: Mapping[str, Buffer]) -> dict[str, object]:
    return {market: _held(buffer) for market, buffer in buffers.items()}


def _held(buffer: Buffer) -> tuple[int, int]:
    """Answer equal values for buffers that always hold back the same."""
    return max(buffer.units, buffer.floor), buffer.basis_points
