"""Everything dated in a network, as spans of time for a timeline."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sellable.network.ranking import rule_effects, rule_items, rule_targets
from sellable.network.windows import Instants, instants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sellable.network.values import Market, Network, Quota, Rule

LISTED_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Span:
    """An entry of the document, where and when it holds, and what it says there."""

    title: str
    target: str
    start_ms: int | None
    end_ms: int | None
    text: str
    line: int


def spans(network: Network) -> list[Span]:
    """Answer every dated entry, in document order; one of places in several zones is several."""
    zones = {place.id: place.time_zone for place in network.locations}
    zones |= {market.key: market.time_zone for market in network.markets}
    found: list[Span] = []
    for title, entry, targets, text in _dated(network):
        places: defaultdict[Instants, list[str]] = defaultdict(list)
        for target in targets:
            places[instants(entry.window, zones[target])].append(target)
        found.extend(
            Span(title, listed(names), *when, text, entry.line) for when, names in places.items()
        )
    return found


def listed(words: Iterable[str]) -> str:
    """Write a list, cut where it is too long to help."""
    shown = list(words)
    rest = len(shown) - LISTED_MAX
    return ", ".join(shown[:LISTED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def _dated(
    network: Network,
) -> Iterator[tuple[str, Market | Rule | Quota, Sequence[str], str]]:
    market_keys = [market.key for market in network.markets]
    location_ids = [location.id for location in network.locations]
    for market in network.markets:
        if market.window is not None:
            yield f"market {market.key}", market, [market.key], "open"
    for rule in network.rules:
        if rule.window is not None:
            targets = rule_targets(rule, market_keys, location_ids)
            text = ", ".join(f"{effect} {_value(rule, effect)}" for effect in rule_effects(rule))
            yield rule.name or "rule", rule, targets, f"{text}{_items(rule)}"
    for quota in network.quotas:
        if quota.window is not None:
            yield quota.name or "quota", quota, quota.markets, f"{quota.units} units{_items(quota)}"


def _value(rule: Rule, effect: str) -> str:
    return str(getattr(rule, effect)).lower()


def _items(entry: Rule | Quota) -> str:
    items = listed(f"{kind} {name}" for kind, name in rule_items(entry))
    return f" for {items}" if items else ""
