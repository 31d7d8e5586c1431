"""What of a network can speak of one SKU in one place.

A network may have thousands of rules and locations, and each number is decided by a look at all of
them. So each look is at a network of the one place and of the rules that speak of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sellable.network import Network, NetworkAt

if TYPE_CHECKING:
    from sellable.explain.at_location import Sku
    from sellable.network import Location, Market, Rule


class Rules:
    """The rules of a network that may concern one SKU, by place."""

    def __init__(self, network: Network, at_ms: int, sku: Sku) -> None:
        self._network = network
        self._at_ms = at_ms
        self._of_all: list[Rule] = []
        self._of_place: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in network.rules:
            of_some = rule.skus or rule.item_classes
            if of_some and sku.name not in rule.skus and sku.item_class not in rule.item_classes:
                continue
            named = rule.markets if rule.locations is None else rule.locations
            if named is None:
                self._of_all.append(rule)
            for place in named or ():
                self._of_place[place].append(rule)

    def of_location(self, place: Location) -> NetworkAt:
        """Answer the network of one location."""
        return NetworkAt(Network(locations=(place,), rules=self._rules(place.id)), self._at_ms)

    def of_market(self, market: Market) -> NetworkAt:
        """Answer the network of one market; the zones of quotas are those of all markets."""
        return NetworkAt(replace(self._network, rules=self._rules(market.key)), self._at_ms)

    def _rules(self, place: str) -> tuple[Rule, ...]:
        return (*self._of_all, *self._of_place.get(place, ()))
