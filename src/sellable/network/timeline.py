"""Everything dated in a network, as spans of time for a timeline."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.network.ranking import rule_effects, rule_items, rule_targets
from sellable.network.sourcing.values import market_fits
from sellable.network.windows import Instants, instants
from sellable.network.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.network.values import Network, Quota, Rule, Window


@dataclass(frozen=True, slots=True)
class Span:
    """An entry of the document, where and when it holds, and what it says there."""

    title: str
    target: str
    start_ms: int | None
    end_ms: int | None
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class _Dated:
    """An entry before its window is an instant for each of its places."""

    title: str
    window: Window
    targets: Sequence[str]
    text: str
    line: int


def spans(network: Network) -> list[Span]:
    """Answer every dated entry, in document order; one of places in several zones is several.

    A strategy is of the markets whose own profile has it, though orders may ask for any profile.
    """
    zones = {place.id: place.time_zone for place in network.locations}
    zones |= {market.key: market.time_zone for market in network.markets}
    found: list[Span] = []
    for dated in (*_dated(network), *_dated_sourcing(network)):
        places: defaultdict[Instants, list[str]] = defaultdict(list)
        for target in dated.targets:
            places[instants(dated.window, zones[target])].append(target)
        found.extend(
            Span(dated.title, listed(names), *when, dated.text, dated.line)
            for when, names in places.items()
        )
    return found


def _dated(network: Network) -> Iterator[_Dated]:
    market_keys = [market.key for market in network.markets]
    location_ids = [location.id for location in network.locations]
    for market in network.markets:
        if market.window is not None:
            title = f"market {market.key}"
            yield _Dated(title, market.window, [market.key], "open", market.line)
    for rule in network.rules:
        if rule.window is not None:
            targets = rule_targets(rule, market_keys, location_ids)
            text = ", ".join(f"{effect} {_value(rule, effect)}" for effect in rule_effects(rule))
            text += _items(rule)
            yield _Dated(rule.name or "rule", rule.window, targets, text, rule.line)
    for quota in network.quotas:
        if quota.window is not None:
            text = f"{quota.units} units{_items(quota)}"
            yield _Dated(quota.name or "quota", quota.window, quota.markets, text, quota.line)


def _dated_sourcing(network: Network) -> Iterator[_Dated]:
    default = network.sourcing.default_profile
    for profile in network.sourcing.profiles:
        for strategy in profile.strategies:
            title = f"strategy {strategy.name}"
            if strategy.window is not None:
                markets = [
                    market.key
                    for market in network.markets
                    if (market.sourcing_profile or default) == profile.name
                    and market_fits(strategy.when, market)
                ]
                text = f"of profile {profile.name}, priority {strategy.priority}"
                yield _Dated(title, strategy.window, markets, text, strategy.line)
            for protected in strategy.constraints.protected:
                if protected.window is not None:
                    text = f"protected in profile {profile.name}"
                    yield _Dated(title, protected.window, protected.locations, text, strategy.line)


def _value(rule: Rule, effect: str) -> str:
    return str(getattr(rule, effect)).lower()


def _items(entry: Rule | Quota) -> str:
    items = listed(f"{kind} {name}" for kind, name in rule_items(entry))
    return f" for {items}" if items else ""
