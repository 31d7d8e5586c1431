"""What the rules come to: one number per effect, place and item, ready to look up.

Scripts look for a SKU's own number, then its item class's, then the default. Rules of one level
have been merged here by their rank, so that this order is the whole rank.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sellable.network.rules import is_named, rule_items, rule_targets

if TYPE_CHECKING:
    from sellable.network.values import Buffer, Network, Rule


@dataclass(slots=True)
class Numbers:
    """Buffers and caps by market, safety stocks by location."""

    buffers: dict[str, Buffer] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    safety_stocks: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Resolved:
    """The numbers of every level; a level without a number leaves it to the next."""

    default: Numbers = field(default_factory=Numbers)
    by_sku: dict[str, Numbers] = field(default_factory=dict)
    by_class: dict[str, Numbers] = field(default_factory=dict)

    def level(self, kind: str) -> dict[str, Numbers]:
        """Answer the level of `sku` or `item_class`."""
        return self.by_sku if kind == "sku" else self.by_class


def resolve(network: Network) -> Resolved:
    """Merge the rules of each level by rank."""
    resolved = Resolved()
    default = resolved.default
    for market in network.markets:
        default.buffers[market.key] = market.protection_buffer
        if market.cap is not None:
            default.caps[market.key] = market.cap
    for location in network.locations:
        default.safety_stocks[location.id] = location.safety_stock
    market_keys = tuple(market.key for market in network.markets)
    location_ids = tuple(location.id for location in network.locations)
    # Within a level, rules that name places come last and so replace those for every place.
    for rule in sorted(network.rules, key=is_named):
        targets = dict.fromkeys(rule_targets(rule, market_keys, location_ids))
        items = rule_items(rule)
        for kind, item in items:
            _set(resolved.level(kind).setdefault(item, Numbers()), rule, targets)
        if not items:
            _set(default, rule, targets)
    return resolved


def _set(numbers: Numbers, rule: Rule, targets: dict[str, None]) -> None:
    if rule.protection_buffer is not None:
        numbers.buffers.update(dict.fromkeys(targets, rule.protection_buffer))
    if rule.cap is not None:
        numbers.caps.update(dict.fromkeys(targets, rule.cap))
    if rule.safety_stock is not None:
        numbers.safety_stocks.update(dict.fromkeys(targets, rule.safety_stock))
