"""The schema of rules, and the rank that decides between them.

A rule for SKUs is over one for item classes, which is over one for neither; then a rule that names
markets or locations is over one for all of them. A network in which two rules of one rank decide
the same number at the same time is refused, so what holds never depends on the order of the
document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable import names
from sellable.limits import RULE_TARGETS_MAX, RULES_MAX
from sellable.network.claims import Claims
from sellable.network.dating import read_window, window_is_right
from sellable.network.ranking import is_named, rule_effects, rule_items, rule_targets
from sellable.network.report import quoted
from sellable.network.selectors import item_classes, known_markets, skus
from sellable.network.shapes import rule_shape_is_right
from sellable.network.values import Market, Rule
from sellable.network.windows import ALWAYS, Instants, instants, span_shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sellable.network.entry import Entry
    from sellable.network.report import Report
    from sellable.network.schema import Places
    from sellable.network.values import Location


class RuleReader:
    """Reads the rules of a document and refuses those that cannot be ranked."""

    def __init__(
        self,
        report: Report,
        places: Places,
        markets: Mapping[str, Market],
        market_entries: Mapping[str, Entry],
    ) -> None:
        """Take what rules refer to; the markets' entries say which settings they write."""
        self._report = report
        self._places = places
        self._markets = markets
        self._market_entries = market_entries
        self._claims: Claims[Rule] = Claims()
        self._by_name: dict[str, Rule] = {}
        self._target_count = 0
        self._by_target: dict[str, Location | Market] = {}

    def read(self, root: Entry, locations: Sequence[Location]) -> tuple[Rule, ...]:
        """Read every rule."""
        rules = []
        market_keys = tuple(self._markets)
        location_ids = tuple(location.id for location in locations)
        self._by_target = {place.id: place for place in locations} | dict(self._markets)
        for index, entry in enumerate(root.entries("protections")):
            if index == RULES_MAX:
                entry.refuse(f"more than {RULES_MAX} rules")
            rule = self._rule(entry)
            if rule is None:
                continue
            targets = rule_targets(rule, market_keys, location_ids)
            self._target_count += max(1, len(rule_items(rule))) * len(targets)
            if self._target_count > RULE_TARGETS_MAX:
                text = f"the rules together decide more than {RULE_TARGETS_MAX} numbers"
                entry.refuse(f"{text} (SKUs or classes times markets or locations)")
            places = (self._by_target[target] for target in targets)
            if rule.window is None or window_is_right(entry, rule.window, places):
                rules.append(rule)
                self._refuse_equal_rank(entry, rule, targets)
        return tuple(rules)

    def _rule(self, entry: Entry) -> Rule | None:
        """Read one rule; None if it is too wrong to be ranked."""
        window, is_window = read_window(entry)
        of_markets = entry.has("market")
        rule = Rule(
            name=entry.text("name", names.identifier_problem),
            markets=known_markets(entry, self._markets, self._report) if of_markets else None,
            locations=self._known_locations(entry) if entry.has("location") else None,
            skus=skus(entry, self._report),
            item_classes=item_classes(entry, self._report),
            protection_buffer=entry.buffer("protection_buffer"),
            cap=entry.whole("cap", None),
            safety_stock=entry.whole("safety_stock", None),
            blocked=entry.flag("blocked", default=None),
            window=window,
            line=entry.mark.line,
        )
        if rule.name is not None:
            first = self._by_name.setdefault(rule.name, rule)
            if first is not rule:
                text = f"duplicate name {quoted(rule.name)}, first at line {first.line}"
                entry.problem("name", text)
        for key in ("market", "location"):
            entry.texts(key)
        entry.finish()
        return rule if entry.readable and rule_shape_is_right(entry) and is_window else None

    def _known_locations(self, entry: Entry) -> tuple[str, ...]:
        return self._places.expand(entry.texts("location"))

    def _refuse_equal_rank(self, entry: Entry, rule: Rule, targets: Sequence[str]) -> None:
        refused: set[tuple[str, int]] = set()  # one problem per effect and other rule is enough
        for target in targets:
            place = self._by_target[target]
            span = instants(rule.window, place.time_zone)
            for effect in rule_effects(rule):
                own = rule.window is None and self._writes_itself(target, effect)
                for level, item in rule_items(rule) or [("", "")]:
                    if own and not item:
                        self._refuse_own_setting(entry, effect, target)
                    thing = (effect, level, item, is_named(rule), target)
                    clash = self._claims.claim(thing, span, rule)
                    if clash is None or (effect, clash[0].line) in refused:
                        continue
                    refused.add((effect, clash[0].line))
                    what = f" for {level} {quoted(item)}" if item else ""
                    text = f"{effect}{what} in {target}{_during(clash[1], place.time_zone)}"
                    entry.problem(None, f"equal rank with {title(clash[0])}: both set {text}")

    def _writes_itself(self, target: str, effect: str) -> bool:
        entry = self._market_entries.get(target)
        return entry is not None and entry.has(effect)

    def _refuse_own_setting(self, entry: Entry, effect: str, market: str) -> None:
        line = self._markets[market].line
        text = f"equal rank with the {effect} of market {market} itself (line {line})"
        entry.problem(effect, f"{text}: write it in one place")


def title(rule: Rule) -> str:
    """Name a rule for a message."""
    name = f" {quoted(rule.name)}" if rule.name else ""
    return f"the rule{name} at line {rule.line}"


def _during(overlap: Instants, zone: str | None) -> str:
    return "" if overlap == ALWAYS else f" {span_shown(overlap, zone)}"
