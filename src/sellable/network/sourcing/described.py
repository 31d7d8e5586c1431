"""The difference of two sourcing sections in words, one line a change."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.network.amounts import fixed_shown, number_shown
from sellable.network.hours import days_shown
from sellable.network.report import quoted
from sellable.network.sourcing.values import Carrier, Conditions
from sellable.network.wording import NOTHING, ends_shown, listed, members_changed, window_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network.sourcing.values import (
        Constraints,
        Lane,
        Protected,
        Sourcing,
        Strategy,
        Tier,
        Zone,
    )

# What a part says, by the keys of the document; what is left out is not there.
_Facts: TypeAlias = dict[str, str | tuple[str, ...]]

_CONDITION_KEYS: Final = {
    "channels": "channel",
    "countries": "country",
    "destinations": "destination",
    "postal_prefixes": "postal_prefix",
    "item_classes": "item_class",
}


def sourcing_changes(old: Sourcing, new: Sourcing) -> list[str]:
    """Describe the change, one line each; nothing if both mean the same."""
    lines = [f"sourcing: {change}" for change in _changed(_section_facts(old), _section_facts(new))]
    before, after = _parts(old), _parts(new)
    for title in dict.fromkeys((*before, *after)):
        was, now = before.get(title), after.get(title)
        if was is None or now is None:
            lines.append(f"{title}: {'added' if was is None else 'removed'}")
        else:
            lines.extend(f"{title}: {change}" for change in _changed(was, now))
    return [*lines, *_reordered(old, new)]


def _parts(sourcing: Sourcing) -> dict[str, _Facts]:
    """Answer what each part says, by its title."""
    parts = {f"carrier {quoted(c.id)}": _carrier_facts(c) for c in sourcing.carriers}
    for profile in sourcing.profiles:
        title = f"profile {quoted(profile.name)}"
        parts[title] = {}
        for strategy in profile.strategies:
            parts[f"strategy {quoted(strategy.name)} of {title}"] = _strategy_facts(strategy)
    return parts


def _changed(was: _Facts, now: _Facts) -> Iterator[str]:
    for key in dict.fromkeys((*was, *now)):
        before, after = was.get(key, NOTHING), now.get(key, NOTHING)
        if before == after:
            continue
        if isinstance(before, tuple) and isinstance(after, tuple):
            members = members_changed(before, after)
            yield f"{key} {members or 'reordered'}"
        else:
            yield f"{key} {_shown(before)} -> {_shown(after)}"


def _reordered(old: Sourcing, new: Sourcing) -> Iterator[str]:
    """Tell where document order changed, which decides between equals."""
    if _common_order(old.carriers, new.carriers):
        yield "sourcing: carriers reordered"
    was = {profile.name: profile for profile in old.profiles}
    for profile in new.profiles:
        before = was.get(profile.name)
        if before is not None and _common_order(before.strategies, profile.strategies):
            yield f"profile {quoted(profile.name)}: strategies reordered"


def _common_order(
    before: tuple[Carrier, ...] | tuple[Strategy, ...],
    after: tuple[Carrier, ...] | tuple[Strategy, ...],
) -> bool:
    """Tell whether what is in both comes in another order."""
    first, second = ([_name(part) for part in parts] for parts in (before, after))
    return [n for n in first if n in second] != [n for n in second if n in first]


def _name(part: Carrier | Strategy) -> str:
    return part.id if isinstance(part, Carrier) else part.name


def _section_facts(sourcing: Sourcing) -> _Facts:
    facts: _Facts = {"currency": sourcing.currency}
    if sourcing.default_profile:
        facts["default"] = sourcing.default_profile
    for code, rate in sourcing.exchange_rates.items():
        facts[f"exchange_rates.{code}"] = number_shown(rate)
    return facts


def _carrier_facts(carrier: Carrier) -> _Facts:
    facts: _Facts = {
        "currency": carrier.currency,
        "max_parcel_kg": fixed_shown(carrier.max_parcel_grams, 3),
        "carbon_grams_per_parcel": number_shown(carrier.carbon_grams_per_parcel),
        "carbon_grams_per_km": number_shown(carrier.carbon_grams_per_km),
        "delivery_days": days_shown(carrier.delivery_days),
        "zones": tuple(map(_zone_shown, carrier.zones)),
        "services": tuple(service.id for service in carrier.services),
    }
    if carrier.locations is not None:
        facts["locations"] = carrier.locations
    for service in carrier.services:
        for lane in service.lanes:
            title = f"service {service.id} to {lane.zone}"
            facts[title] = _transit_shown(lane)
            for tier in lane.tiers:
                limit = fixed_shown(tier.up_to_grams, 3)
                facts[f"{title} up to {limit} kg"] = _price_shown(tier)
    return facts


def _zone_shown(zone: Zone) -> str:
    where = {
        "countries": " ".join(zone.countries),
        "postal_prefixes": " ".join(zone.postal_prefixes),
        "from_countries": " ".join(zone.from_countries),
        "max_distance_km": _said(zone.max_distance_km),
    }
    return " ".join([zone.name, *(f"{k} {text}" for k, text in where.items() if text)])


def _transit_shown(lane: Lane) -> str:
    per_day = f", {number_shown(lane.km_per_day)} km a day" if lane.km_per_day else ""
    return f"{lane.transit_days} days{per_day}"


def _price_shown(tier: Tier) -> str:
    prices = {"parcel": tier.per_parcel, "kg": tier.per_kg, "km": tier.per_km}
    said = [f"{fixed_shown(price, 6)} per {of}" for of, price in prices.items() if price]
    return " + ".join(said) or "free"


def _strategy_facts(strategy: Strategy) -> _Facts:
    facts: _Facts = {
        "priority": str(strategy.priority),
        "policy": strategy.policy,
        "fall_back": _said(strategy.fall_back),
        **{k: moment for k, moment in ends_shown(strategy.window).items() if moment != NOTHING},
        **{f"weights.{term}": number_shown(cost) for term, cost in strategy.weights.items()},
        **_facts("when", strategy.when),
        **_facts("constraints", strategy.constraints),
    }
    if strategy.order:
        facts["order"] = ", ".join(strategy.order)
    if strategy.unfilled is not None:
        facts["unfilled"] = number_shown(strategy.unfilled)
    return facts


def _facts(key: str, part: Conditions | Constraints) -> _Facts:
    facts: _Facts = {}
    keys = _CONDITION_KEYS if isinstance(part, Conditions) else {}
    for field in fields(part):
        value = getattr(part, field.name)
        name = f"{key}.{keys.get(field.name, field.name)}"
        match field.name:
            case "protected":
                facts[name] = tuple(map(_protected_shown, value))
            case "ship_together":
                facts[name] = tuple(" + ".join(group) for group in value)
            case "value_min" | "value_max" if value is not None:
                facts[name] = fixed_shown(value, 6)
            case _:
                facts[name] = value if isinstance(value, tuple) else _said(value)
    return {name: said for name, said in facts.items() if said}


def _protected_shown(protected: Protected) -> str:
    return f"{' '.join(protected.locations)}{window_shown(protected.window)}"


def _said(value: object) -> str:
    """Write a single value; nothing for none."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return number_shown(value)
    return str(value)


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else listed(value)
