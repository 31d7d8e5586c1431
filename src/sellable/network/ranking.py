"""What a rule sets, for which items and where: the parts that its rank is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.network.values import Quota, Rule

MARKET_EFFECTS: Final = ("protection_buffer", "cap")
LOCATION_EFFECTS: Final = ("safety_stock", "blocked")


def rule_effects(rule: Rule) -> Iterator[str]:
    """Name what the rule sets."""
    for effect in (*MARKET_EFFECTS, *LOCATION_EFFECTS):
        if getattr(rule, effect) is not None:
            yield effect


def rule_items(rule: Rule | Quota) -> list[tuple[str, str]]:
    """Answer (`sku` or `item_class`, name) for every item the rule or quota names."""
    classes = [("item_class", name) for name in rule.item_classes]
    return [("sku", name) for name in rule.skus] or classes


def is_named(rule: Rule) -> bool:
    """Tell whether the rule names its markets or locations."""
    return rule.markets is not None or rule.locations is not None


def is_of_locations(rule: Rule) -> bool:
    """Tell whether the rule sets what belongs to locations."""
    return rule.safety_stock is not None or rule.blocked is not None


def rule_targets(
    rule: Rule, market_keys: Sequence[str], location_ids: Sequence[str]
) -> Sequence[str]:
    """Answer the markets or locations whose numbers the rule decides."""
    if is_of_locations(rule):
        return location_ids if rule.locations is None else rule.locations
    return market_keys if rule.markets is None else rule.markets
