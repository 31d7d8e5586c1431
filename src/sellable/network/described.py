"""The difference of two networks in words, one line a change."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.network.dating import duration_shown
from sellable.network.hours import hours_shown
from sellable.network.ranking import is_of_locations, rule_effects, rule_items
from sellable.network.report import quoted
from sellable.network.sourcing.described import sourcing_changes
from sellable.network.values import Location, Market, Network, Quota, Rule, Window
from sellable.network.wording import NOTHING, ends_shown, listed, members_changed, window_shown

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
_PLACE_KEYS: Final = {"closed_dates": "closed", "sourcing_profile": "sourcing"}
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
    lines.extend(sourcing_changes((old or Network()).sourcing, new.sourcing))
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
            where = every if place is None else listed(place)
            return f"rule{_words(part)} in {where}{window_shown(part.window)}"
        case Quota(name=None):
            return f"quota{_words(part)} in {listed(part.markets)}{window_shown(part.window)}"
        case Rule():
            return f"rule {quoted(part.name or '')}"
    return f"quota {quoted(part.name or '')}"


def _words(part: Rule | Quota) -> str:
    items = rule_items(part)
    return f" for {listed(f'{kind} {name}' for kind, name in items)}" if items else ""


def _changed(was: _Part, now: _Part) -> Iterator[str]:
    for field in fields(now):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if not field.compare or before == after:
            continue
        keys = _PLACE_KEYS if isinstance(now, Location | Market) else _RULE_KEYS
        name = keys.get(field.name, field.name)
        if field.name == "window":
            yield from _window_changed(before, after)
        elif field.name == "opening_hours":
            yield f"opening_hours {hours_shown(before)} -> {hours_shown(after)}"
        elif field.name in _DURATIONS:
            yield f"{_DURATIONS[field.name]} {_duration(before)} -> {_duration(after)}"
        elif isinstance(before, tuple) and isinstance(after, tuple):
            change = members_changed(map(str, before), map(str, after))
            if change or isinstance(now, Market):
                yield f"{name} {change or 'reordered'}"
        else:
            yield f"{name} {_spoken(before)} -> {_spoken(after)}"


def _window_changed(before: Window | None, after: Window | None) -> Iterator[str]:
    was, now = ends_shown(before), ends_shown(after)
    return (f"{key} {was[key]} -> {now[key]}" for key in was if was[key] != now[key])


def _duration(duration_ms: int) -> str:
    return duration_shown(duration_ms) if duration_ms else NOTHING


def _spoken(value: object) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return str(value).lower()
        case tuple():
            return listed(value)
    return str(value)
