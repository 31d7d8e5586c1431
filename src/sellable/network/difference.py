"""What a new network alters: whose numbers, and where SKUs must be recomputed.

`affected_markets` compares what the rules come to, not how the document says it, so a rewritten
document that means the same rolls nothing out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sellable.network.resolved import Numbers, Resolved, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network.values import Buffer, Network

_Level: TypeAlias = tuple[str, str, str]


def affected_markets(old: Network | None, new: Network) -> set[str]:
    """Answer the markets of `new` whose numbers the change can alter.

    Their set of locations, whether those are enabled, safety stocks there, buffers and caps count;
    the order of locations, the binding and thresholds do not. Never misses a market.
    """
    if old is None:
        return {market.key for market in new.markets}
    old_members = {market.key: frozenset(market.locations) for market in old.markets}
    old_resolved, new_resolved = resolve(old), resolve(new)
    old_terms, new_terms = _market_terms(old, old_resolved), _market_terms(new, new_resolved)
    old_places, new_places = _location_terms(old, old_resolved), _location_terms(new, new_resolved)
    changed_places = {
        place for place, terms in new_places.items() if old_places.get(place) != terms
    }
    return {
        market.key
        for market in new.markets
        if old_members.get(market.key) != frozenset(market.locations)
        or old_terms[market.key] != new_terms[market.key]
        or not changed_places.isdisjoint(market.locations)
    }


def affected_locations(old: Network | None, new: Network, markets: set[str]) -> set[str]:
    """Answer the locations whose SKUs must be recomputed when `markets` are affected.

    All that those markets sell from or sold from, and those of markets that are gone.
    """
    kept = {market.key for market in new.markets}
    found: set[str] = set()
    for market in (*new.markets, *(old.markets if old else ())):
        if market.key in markets or market.key not in kept:
            found.update(market.locations)
    return found


def resettled_locations(old: Network | None, new: Network) -> set[str]:
    """Answer the locations where a safety stock differs, also where nothing is sold from them.

    No market's number need change; but what a position says of its safety stock does.
    """
    before = _safety_stocks(old, resolve(old)) if old else {}
    after = _safety_stocks(new, resolve(new))
    return {place for place, terms in after.items() if before.get(place) != terms}


def removed_locations(old: Network | None, new: Network) -> set[str]:
    """Answer the locations that `new` no longer has."""
    kept = {location.id for location in new.locations}
    return {location.id for location in old.locations if location.id not in kept} if old else set()


def _market_terms(network: Network, resolved: Resolved) -> dict[str, dict[_Level, object]]:
    """Answer every buffer and cap of each market, by level, item and kind."""
    terms: dict[str, dict[_Level, object]] = {market.key: {} for market in network.markets}
    for level, item, numbers in _levels(resolved):
        for market, buffer in numbers.buffers.items():
            terms[market][level, item, "buffer"] = _comparable(buffer)
        for market, cap in numbers.caps.items():
            terms[market][level, item, "cap"] = cap
    return terms


def _safety_stocks(network: Network, resolved: Resolved) -> dict[str, dict[_Level, int]]:
    """Answer every safety stock of each location, by level and item."""
    terms: dict[str, dict[_Level, int]] = {place.id: {} for place in network.locations}
    for level, item, numbers in _levels(resolved):
        for location, safety_stock in numbers.safety_stocks.items():
            terms[location][level, item, "safety_stock"] = safety_stock
    return terms


def _location_terms(network: Network, resolved: Resolved) -> dict[str, dict[_Level, int] | None]:
    """Answer every safety stock of each location, or None where it is disabled: it counts 0."""
    kept = _safety_stocks(network, resolved)
    return {place.id: kept[place.id] if place.enabled else None for place in network.locations}


def _levels(resolved: Resolved) -> Iterator[tuple[str, str, Numbers]]:
    yield "default", "", resolved.default
    for sku, numbers in resolved.by_sku.items():
        yield "sku", sku, numbers
    for item_class, numbers in resolved.by_class.items():
        yield "item_class", item_class, numbers


def _comparable(buffer: Buffer) -> tuple[int, int]:
    """Answer equal values for buffers that always hold back the same."""
    return max(buffer.units, buffer.floor), buffer.basis_points
