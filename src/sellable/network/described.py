"""The difference of two networks in words, one line a change."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.network.dating import duration_shown
from sellable.network.ranking import is_of_locations, rule_effects, rule_items
from sellable.network.report import quoted
from sellable.network.timeline import listed
from sellable.network.values import Location, Market, Network, Quota, Rule, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

_Part: TypeAlias = Location | Market | Rule | Quota

# How the document calls what the values hold under another name.
_RULE_KEYS: Final = {
    "markets": "market",
    "locations": "location",
    "skus": "sku",
    "item_classes": "item_class",
}
_DURATIONS: Final = {
    "stale_after_ms": "stale_after",
    "backorder_horizon_ms": "backorder_horizon",
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
    parts.update({_rule_identity(rule): rule for rule in network.rules})
    parts.update({_quota_identity(quota): quota for quota in network.quotas})
    return parts


def _rule_identity(rule: Rule) -> object:
    if rule.name is not None:
        return ("rule", rule.name)
    places = [None if p is None else frozenset(p) for p in (rule.markets, rule.locations)]
    items = frozenset(rule_items(rule))
    return ("rule", *places, items, rule.window, *rule_effects(rule))


def _quota_identity(quota: Quota) -> object:
    if quota.name is not None:
        return ("quota", quota.name)
    return ("quota", frozenset(quota.markets), frozenset(rule_items(quota)), quota.window)


def _title(part: _Part) -> str:
    match part:
        case Location():
            return f"location {part.id}"
        case Market():
            return f"market {part.key}"
        case Rule(name=None):
            of_locations = is_of_locations(part)
            place = part.locations if of_locations else part.markets
            every = "every location" if of_locations else "every market"
            return f"rule{_words(part)} in {every if place is None else listed(place)}{_when(part)}"
        case Quota(name=None):
            return f"quota{_words(part)} in {listed(part.markets)}{_when(part)}"
        case Rule():
            return f"rule {quoted(part.name or '')}"
    return f"quota {quoted(part.name or '')}"


def _words(part: Rule | Quota) -> str:
    items = rule_items(part)
    return f" for {listed(f'{kind} {name}' for kind, name in items)}" if items else ""


def _when(part: Rule | Quota) -> str:
    moments = _moments(part.window)
    return "".join(f" {key} {moment}" for key, moment in moments.items() if moment != "none")


def _changed(was: _Part, now: _Part) -> Iterator[str]:
    for field in fields(now):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if not field.compare or before == after:
            continue
        name = _RULE_KEYS.get(field.name, field.name)
        if isinstance(now, Location | Market):
            name = field.name
        if field.name == "window":
            yield from _window_changed(before, after)
        elif field.name in _DURATIONS:
            yield f"{_DURATIONS[field.name]} {_duration(before)} -> {_duration(after)}"
        elif isinstance(before, tuple) and isinstance(after, tuple):
            change = _members_changed(before, after)
            if change or isinstance(now, Market):
                yield f"{name} {change or 'reordered'}"
        else:
            yield f"{name} {_spoken(before)} -> {_spoken(after)}"


def _window_changed(before: Window | None, after: Window | None) -> Iterator[str]:
    was, now = _moments(before), _moments(after)
    return (f"{key} {was[key]} -> {now[key]}" for key in was if was[key] != now[key])


def _moments(window: Window | None) -> dict[str, str]:
    """Answer both ends of a window as the document writes them."""
    start, end = (window.start, window.end) if window else (None, None)
    return {
        "from": start.isoformat() if start else "none",
        "until": end.isoformat() if end else "none",
    }


def _duration(duration_ms: int) -> str:
    return duration_shown(duration_ms) if duration_ms else "none"


def _members_changed(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    kept_before, kept_after = set(before), set(after)
    added = [f"+{name}" for name in after if name not in kept_before]
    removed = [f"-{name}" for name in before if name not in kept_after]
    return listed([*added, *removed])


def _spoken(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            return listed(value)
    return str(value)
