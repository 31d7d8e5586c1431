"""The difference of two networks in words, one line a change."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.network.report import quoted
from sellable.network.rules import rule_effects, rule_items
from sellable.network.values import Location, Market, Network, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Part: TypeAlias = Location | Market | Rule

_LISTED_MAX: Final = 10
# How the document calls what the values hold under another name.
_RULE_KEYS: Final = {
    "markets": "market",
    "locations": "location",
    "skus": "sku",
    "item_classes": "item_class",
}


def changes(old: Network | None, new: Network) -> list[str]:
    """Describe the change, one line each; nothing if both mean the same."""
    before, after = _parts(old or Network()), _parts(new)
    lines = []
    for identity in dict.fromkeys((*before, *after)):
        was, now = before.get(identity), after.get(identity)
        if was is None and now is not None:
            lines.append(f"{_title(now)}: added")
        elif was is not None and now is None:
            lines.append(f"{_title(was)}: removed")
        elif was is not None and now is not None:
            lines.extend(f"{_title(now)}: {change}" for change in _changed(was, now))
    return lines


def _parts(network: Network) -> dict[object, _Part]:
    """Answer every part by what makes it the same part in another network."""
    parts: dict[object, _Part] = {("location", part.id): part for part in network.locations}
    parts.update({("market", part.key): part for part in network.markets})
    for rule in network.rules:
        parts[_rule_identity(rule)] = rule
    return parts


def _rule_identity(rule: Rule) -> object:
    if rule.name is not None:
        return ("rule", rule.name)
    places = [None if p is None else frozenset(p) for p in (rule.markets, rule.locations)]
    return ("rule", *places, frozenset(rule_items(rule)), *rule_effects(rule))


def _title(part: _Part) -> str:
    match part:
        case Location():
            return f"location {part.id}"
        case Market():
            return f"market {part.key}"
        case Rule(name=None):
            items = f" for {_listed(_words(part))}" if rule_items(part) else ""
            place = part.locations if part.safety_stock is not None else part.markets
            every = "every location" if part.safety_stock is not None else "every market"
            return f"rule{items} in {every if place is None else _listed(place)}"
        case Rule():
            return f"rule {quoted(part.name or '')}"


def _words(rule: Rule) -> list[str]:
    return [f"{kind} {name}" for kind, name in rule_items(rule)]


def _changed(was: _Part, now: _Part) -> Iterator[str]:
    for field in fields(now):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if not field.compare or before == after:
            continue
        name = _RULE_KEYS.get(field.name, field.name) if isinstance(now, Rule) else field.name
        if isinstance(before, tuple) and isinstance(after, tuple):
            change = _members_changed(before, after)
            if change or isinstance(now, Market):
                yield f"{name} {change or 'reordered'}"
        else:
            yield f"{name} {_spoken(before)} -> {_spoken(after)}"


def _members_changed(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    kept_before, kept_after = set(before), set(after)
    added = [f"+{name}" for name in after if name not in kept_before]
    removed = [f"-{name}" for name in before if name not in kept_after]
    return _listed([*added, *removed])


def _listed(words: Iterable[str]) -> str:
    shown = list(words)
    rest = len(shown) - _LISTED_MAX
    return ", ".join(shown[:_LISTED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def _spoken(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            return _listed(value)
    return str(value)
