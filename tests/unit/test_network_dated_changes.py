"""What changes of windows, blocks, quotas, feeds and horizons affect, and how they are told."""

from __future__ import annotations

import pytest

from sellable.network import (
    NetworkAt,
    affected_markets,
    changes,
    compile_network,
    parse,
    resettled_locations,
)

NOON_MS = 1_798_804_800_000  # 2027-01-01T12:00:00Z
BASE = """
locations:
  - {id: A, type: store, country: FR}
  - {id: B, type: store, country: FR, enabled: false}
markets:
  - {channel: web, country: FR, locations: [A]}
  - {channel: shop, country: FR, locations: [A, B]}
protections:
  - {sku: S, market: web/FR, cap: 4, name: launch}
  - {sku: T, safety_stock: 1}
quotas:
  - {market: web/FR, sku: S, units: 5, name: few}
  - {market: shop/FR, item_class: C, units: 5}
"""

# old text, new text, markets affected, locations resettled, lines of the difference
EDITS = {
    "a rule still to come": (
        "name: launch",
        "name: launch, from: 2027-02-01T00:00:00",
        {"web/FR"},
        set(),
        ["rule 'launch': from none -> 2027-02-01T00:00:00"],
    ),
    "a rule in force": (
        "name: launch",
        "name: launch, from: 2027-01-01T00:00:00, until: 2027-02-01T00:00:00+01:00",
        set(),
        set(),
        [
            "rule 'launch': from none -> 2027-01-01T00:00:00",
            "rule 'launch': until none -> 2027-02-01T00:00:00+01:00",
        ],
    ),
    "a rule without a name": (
        "sku: T, safety_stock: 1",
        "sku: T, safety_stock: 1, until: 2027-01-01T00:00:00Z",
        {"web/FR", "shop/FR"},
        {"A", "B"},
        [
            "rule for sku T in every location: removed",
            "rule for sku T in every location until 2027-01-01T00:00:00+00:00: added",
        ],
    ),
    "a closed market": (
        "locations: [A]",
        "locations: [A], from: 2027-01-02T00:00:00",
        {"web/FR"},
        set(),
        ["market web/FR: from none -> 2027-01-02T00:00:00"],
    ),
    "an open market": (
        "locations: [A]",
        "locations: [A], until: 2027-01-02T00:00:00",
        set(),
        set(),
        ["market web/FR: until none -> 2027-01-02T00:00:00"],
    ),
    "a block of a class": (
        "protections:",
        "protections:\n  - {item_class: C, location: B, blocked: true}",
        set(),
        {"B"},
        ["rule for item_class C in B: added"],
    ),
    "a block beside a safety stock": (
        "sku: T, safety_stock: 1",
        "sku: T, safety_stock: 1, blocked: true, name: recall",
        {"web/FR", "shop/FR"},
        {"A", "B"},
        ["rule for sku T in every location: removed", "rule 'recall': added"],
    ),
    "units of a quota": (
        "units: 5, name: few",
        "units: 6, name: few",
        {"web/FR"},
        set(),
        ["quota 'few': units 5 -> 6"],
    ),
    "a quota that begins anew": (
        "units: 5, name: few",
        "units: 5, name: few, from: 2027-01-01T00:00:00",
        {"web/FR"},
        set(),
        ["quota 'few': from none -> 2027-01-01T00:00:00"],
    ),
    "a quota's name": (
        "name: few",
        "name: little",
        set(),
        set(),
        ["quota 'few': removed", "quota 'little': added"],
    ),
    "a quota without a name": (
        "  - {market: shop/FR, item_class: C, units: 5}\n",
        "  - {market: shop/FR, item_class: [C, D], units: 5, until: 2027-01-01T00:00}\n",
        {"shop/FR"},
        set(),
        [
            "quota for item_class C in shop/FR: removed",
            "quota for item_class C, item_class D in shop/FR until 2027-01-01T00:00:00: added",
        ],
    ),
    "a feed that may be silent": (
        "id: A,",
        "id: A, stale_after: 90m, stale_protection_buffer: 10%,",
        {"web/FR", "shop/FR"},
        set(),
        [
            "location A: stale_after none -> 90m",
            "location A: stale_protection_buffer 0 -> 10%",
        ],
    ),
    "a feed of a disabled location": (
        "id: B,",
        "id: B, stale_after: 1d, stale_protection_buffer: 3,",
        set(),
        set(),
        ["location B: stale_after none -> 1d", "location B: stale_protection_buffer 0 -> 3"],
    ),
    "a horizon": (
        "locations: [A]",
        "locations: [A], backorder_horizon: 48h",
        set(),
        set(),
        ["market web/FR: backorder_horizon none -> 2d"],
    ),
    "a time zone": (
        "locations: [A]",
        "locations: [A], time_zone: Asia/Tokyo",
        set(),
        set(),
        ["market web/FR: time_zone Europe/Paris -> Asia/Tokyo"],
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_a_change_affects_what_it_alters_at_the_moment(case: str) -> None:
    """Each kind of edit affects exactly what is named, then, and reads as the lines named."""
    before, after, affected, resettled, lines = EDITS[case]
    assert before in BASE
    old = NetworkAt(parse(BASE), NOON_MS)
    new = NetworkAt(parse(BASE.replace(before, after, 1)), NOON_MS)
    assert affected == affected_markets(old, new)
    assert resettled == resettled_locations(old, new)
    assert lines == changes(old.network, new.network)


def test_a_date_affects_like_an_edit() -> None:
    """One network at two moments is compared as two networks are."""
    network = parse(BASE.replace("name: launch", "name: launch, from: 2027-01-01T12:00:00Z"))
    before, at_noon = NetworkAt(network, NOON_MS - 1), NetworkAt(network, NOON_MS)
    assert {"web/FR"} == affected_markets(before, at_noon)
    assert set() == affected_markets(at_noon, NetworkAt(network, NOON_MS + 1))


def test_two_dates_of_one_selection_are_two_rules() -> None:
    """Rules that differ by their windows alone are told apart."""
    rule = "{sku: U, cap: 1, %s: 2027-01-01T00:00:00}"
    both = parse(BASE.replace("quotas:", f"  - {rule % 'from'}\n  - {rule % 'until'}\nquotas:"))
    assert [
        "rule for sku U in every market from 2027-01-01T00:00:00: added",
        "rule for sku U in every market until 2027-01-01T00:00:00: added",
    ] == changes(parse(BASE), both)


def test_horizon_and_quota_are_in_the_field_of_the_market() -> None:
    """What a market's field says follows the document, quotas of a class included."""
    edited = BASE.replace("locations: [A]", "locations: [A], backorder_horizon: 1h")
    edited = edited.replace("units: 5, name: few", "units: 5, from: 2027-02-01T00:00")
    markets = compile_network(NetworkAt(parse(edited), NOON_MS)).markets
    assert {"web/FR": (0, 1, 3_600_000, 0), "shop/FR": (0, 2, 0, 1)} == markets
