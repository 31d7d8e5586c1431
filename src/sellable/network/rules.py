"""The schema of rules, and the rank that decides between them.

A rule for SKUs is over one for item classes, which is over one for neither; then a rule that names
markets or locations is over one for all of them. A network in which two rules of one rank decide
the same number is refused, so what holds never depends on the order of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable import names
from sellable.limits import RULE_TARGETS_MAX, RULES_MAX
from sellable.network.report import quoted
from sellable.network.values import Market, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sellable.network.entry import Entry
    from sellable.network.report import Report
    from sellable.network.schema import Places

MARKET_EFFECTS: Final = ("protection_buffer", "cap")
LOCATION_EFFECT: Final = "safety_stock"


class RuleReader:
    """Reads the rules of a document and refuses those that cannot be ranked."""

    def __init__(
        self,
        report: Report,
        places: Places,
        markets: Mapping[str, Market],
        own_settings: Mapping[str, Sequence[str]],
    ) -> None:
        """Take what rules refer to, and which settings the markets write themselves."""
        self._report = report
        self._places = places
        self._markets = markets
        self._own_settings = own_settings
        self._taken: dict[tuple[object, ...], Rule] = {}
        self._by_name: dict[str, Rule] = {}
        self._target_count = 0

    def read(self, root: Entry, location_ids: Sequence[str]) -> tuple[Rule, ...]:
        """Read every rule."""
        rules = []
        market_keys = tuple(self._markets)
        for index, entry in enumerate(root.entries("protections")):
            if index == RULES_MAX:
                entry.refuse(f"more than {RULES_MAX} rules")
            rule = self._rule(entry)
            if rule is None:
                continue
            rules.append(rule)
            targets = rule_targets(rule, market_keys, location_ids)
            self._target_count += max(1, len(rule_items(rule))) * len(targets)
            if self._target_count > RULE_TARGETS_MAX:
                text = f"the rules together decide more than {RULE_TARGETS_MAX} numbers"
                entry.refuse(f"{text} (SKUs or classes times markets or locations)")
            self._refuse_equal_rank(entry, rule, targets)
        return tuple(rules)

    def _rule(self, entry: Entry) -> Rule | None:
        """Read one rule; None if it is too wrong to be ranked."""
        rule = Rule(
            name=entry.text("name", names.identifier_problem),
            markets=self._known_markets(entry) if entry.has("market") else None,
            locations=self._known_locations(entry) if entry.has("location") else None,
            skus=self._items(entry, "sku", names.sku_problem),
            item_classes=self._items(entry, "item_class", names.item_class_problem),
            protection_buffer=entry.buffer("protection_buffer"),
            cap=entry.whole("cap", None),
            safety_stock=entry.whole(LOCATION_EFFECT, None),
            line=entry.mark.line,
        )
        if rule.name is not None:
            first = self._by_name.setdefault(rule.name, rule)
            if first is not rule:
                text = f"duplicate name {quoted(rule.name)}, first at line {first.line}"
                entry.problem("name", text)
        entry.later("from", "until")
        for key in ("market", "location"):
            entry.texts(key)
        entry.finish()
        return rule if entry.readable and _shape_is_right(entry) else None

    def _known_markets(self, entry: Entry) -> tuple[str, ...]:
        known = []
        for text, mark, path in entry.texts("market"):
            if text in self._markets:
                known.append(text)
            else:
                hint = self._report.hint(text, self._markets)
                self._report.add(mark, path, f"unknown market {quoted(text)}{hint}")
        return tuple(known)

    def _known_locations(self, entry: Entry) -> tuple[str, ...]:
        return self._places.expand(entry.texts("location"))

    def _items(self, entry: Entry, key: str, check: Callable[[str], str | None]) -> tuple[str, ...]:
        items = entry.texts(key)
        for text, mark, path in items:
            if problem := check(text):
                self._report.add(mark, path, problem)
        return tuple(text for text, _, _ in items)

    def _refuse_equal_rank(self, entry: Entry, rule: Rule, targets: Sequence[str]) -> None:
        refused: set[tuple[str, int]] = set()  # one problem per effect and other rule is enough
        for effect in rule_effects(rule):
            for level, item in rule_items(rule) or [("", "")]:
                for target in targets:
                    if not item and effect in self._own_settings.get(target, ()):
                        self._refuse_own_setting(entry, effect, target)
                    place = (effect, level, item, is_named(rule), target)
                    other = self._taken.setdefault(place, rule)
                    if other is not rule and (effect, other.line) not in refused:
                        refused.add((effect, other.line))
                        what = f" for {level} {quoted(item)}" if item else ""
                        text = f"{effect}{what} in {target}" if target else effect
                        entry.problem(None, f"equal rank with {_title(other)}: both set {text}")

    def _refuse_own_setting(self, entry: Entry, effect: str, market: str) -> None:
        line = self._markets[market].line
        text = f"equal rank with the {effect} of market {market} itself (line {line})"
        entry.problem(effect, f"{text}: write it in one place")


def rule_effects(rule: Rule) -> Iterator[str]:
    """Name what the rule sets."""
    for effect in (*MARKET_EFFECTS, LOCATION_EFFECT):
        if getattr(rule, effect) is not None:
            yield effect


def rule_items(rule: Rule) -> list[tuple[str, str]]:
    """Answer (`sku` or `item_class`, name) for every item the rule names."""
    classes = [("item_class", name) for name in rule.item_classes]
    return [("sku", name) for name in rule.skus] or classes


def is_named(rule: Rule) -> bool:
    """Tell whether the rule names its markets or locations."""
    return rule.markets is not None or rule.locations is not None


def rule_targets(
    rule: Rule, market_keys: Sequence[str], location_ids: Sequence[str]
) -> Sequence[str]:
    """Answer the markets or locations whose numbers the rule decides."""
    if rule.safety_stock is not None:
        return location_ids if rule.locations is None else rule.locations
    return market_keys if rule.markets is None else rule.markets


def _shape_is_right(entry: Entry) -> bool:
    """Report the first way in which what the rule selects does not fit what it sets."""
    of_markets = [effect for effect in MARKET_EFFECTS if entry.has(effect)]
    of_locations = entry.has(LOCATION_EFFECT)
    first = of_markets[0] if of_markets else LOCATION_EFFECT
    selected = [k for k in ("sku", "item_class", "market", "location") if entry.has(k)]
    place = "market" if of_markets else "location"
    faults: tuple[tuple[bool, str | None, str], ...] = (
        (
            "sku" in selected and "item_class" in selected,
            "item_class",
            "must not stand beside sku: write two rules",
        ),
        (
            not of_markets and not of_locations,
            None,
            "sets nothing: write protection_buffer, cap or safety_stock",
        ),
        (
            bool(of_markets) and of_locations,
            LOCATION_EFFECT,
            f"belongs to locations, {first} to markets: write two rules",
        ),
        (
            bool(of_markets) and "location" in selected,
            "location",
            (
                f"does not go with {first}, which belongs to markets: select them with market, "
                "or keep units back at locations with safety_stock"
            ),
        ),
        (
            of_locations and "market" in selected,
            "market",
            (
                "does not go with safety_stock, which belongs to locations: select them with "
                "location, or keep units from a market with protection_buffer"
            ),
        ),
        (
            not selected,
            None,
            (
                f"selects nothing: write {first} at the {place}s themselves, or select with "
                f"sku, item_class or {place}"
            ),
        ),
    )
    for found, key, description in faults:
        if found:
            entry.problem(key, description)
            return False
    return True


def _title(rule: Rule) -> str:
    name = f" {quoted(rule.name)}" if rule.name else ""
    return f"the rule{name} at line {rule.line}"
