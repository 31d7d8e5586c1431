"""Whether what an entry selects fits what it sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.network.ranking import LOCATION_EFFECTS, MARKET_EFFECTS

if TYPE_CHECKING:
    from sellable.network.entry import Entry


def rule_shape_is_right(entry: Entry) -> bool:
    """Report the first way in which what a rule selects does not fit what it sets."""
    of_markets = [effect for effect in MARKET_EFFECTS if entry.has(effect)]
    of_locations = [effect for effect in LOCATION_EFFECTS if entry.has(effect)]
    first = next(iter((*of_markets, *of_locations)), "")
    selected = [k for k in ("sku", "item_class", "market", "location") if entry.has(k)]
    dated = entry.has("from") or entry.has("until")
    place = "market" if of_markets else "location"
    faults: tuple[tuple[bool, str | None, str], ...] = (
        (
            "sku" in selected and "item_class" in selected,
            "item_class",
            "must not stand beside sku: write two rules",
        ),
        (
            not first,
            None,
            "sets nothing: write protection_buffer, cap, safety_stock or blocked",
        ),
        (
            bool(of_markets and of_locations),
            next(iter(of_locations), ""),
            f"belongs to locations, {first} to markets: write two rules",
        ),
        (
            bool(of_markets) and "location" in selected,
            "location",
            (
                f"does not go with {first}, which belongs to markets: name those with market, "
                "or keep units back at locations with safety_stock"
            ),
        ),
        (
            bool(of_locations) and "market" in selected,
            "market",
            (
                f"does not go with {first}, which belongs to locations: name those with "
                "location, or keep units from a market with protection_buffer"
            ),
        ),
        (
            not selected and not dated,
            None,
            (
                f"selects nothing: write {_at_place(first)} at the {place}s themselves, or select "
                f"with sku, item_class or {place}"
            ),
        ),
    )
    return _first_reported(entry, faults)


def quota_shape_is_right(entry: Entry) -> bool:
    """Report what a quota lacks, or has too much."""
    entry.require("market")
    entry.require("units")
    both = entry.has("sku") and entry.has("item_class")
    neither = not entry.has("sku") and not entry.has("item_class")
    faults = (
        (both, "item_class", "must not stand beside sku: write two quotas"),
        (neither, None, "counts nothing: write sku or item_class"),
    )
    fits = _first_reported(entry, faults)
    return fits and entry.has("market") and entry.has("units")


def _at_place(effect: str) -> str:
    """Name the key that says at the place itself what the effect says in a rule."""
    return "enabled: false" if effect == "blocked" else effect


def _first_reported(entry: Entry, faults: tuple[tuple[bool, str | None, str], ...]) -> bool:
    for found, key, description in faults:
        if found:
            entry.problem(key, description)
            return False
    return True
