"""What a new network changes: whose numbers, where, and in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from sellable.network import (
    Network,
    NetworkAt,
    affected_locations,
    affected_markets,
    changes,
    compile_network,
    parse,
    removed_locations,
)
from support.networks import (
    CLASSES,
    LOCATIONS,
    MARKETS,
    SKUS,
    Document,
    Meaning,
    documents,
    location_lists,
    market_lists,
    quota_lists,
    rule_lists,
)


def at(network: Network) -> NetworkAt:
    """Answer the network at one moment; nothing here is dated."""
    return NetworkAt(network, 0)


@st.composite
def successors(draw: st.DrawFn) -> tuple[Document, Document]:
    """Draw a valid document and a valid next one that changes some of its parts."""
    old = draw(documents())
    parts = {
        "locations": location_lists(),
        "markets": market_lists(),
        "protections": rule_lists(),
        "quotas": quota_lists(),
    }
    changed = draw(st.sets(st.sampled_from(sorted(parts)), min_size=1))
    new = {name: draw(parts[name]) if name in changed else old[name] for name in parts}
    assume(not Meaning(old).has_equal_rank() and not Meaning(new).has_equal_rank())
    return old, new


STOCK = st.fixed_dictionaries(
    {name: st.tuples(st.integers(-2, 30), st.integers(0, 5)) for name in LOCATIONS}
)


@settings(deadline=None)  # a busy machine is no fault
@given(successors(), STOCK, st.sampled_from(SKUS), st.sampled_from((*CLASSES, None)))
def test_a_number_that_changes_is_of_an_affected_market(
    pair: tuple[Document, Document],
    stock: dict[str, tuple[int, int]],
    sku: str,
    item_class: str | None,
) -> None:
    """No network change alters a number of a market that it is not said to affect."""
    before, after = (Meaning(document) for document in pair)
    old, new = (at(parse(json.dumps(document))) for document in pair)
    affected = affected_markets(old, new)
    event(f"markets affected: {len(affected)}")
    for market in set(MARKETS) - affected:
        number_before = before.sellable(market, sku, item_class, stock)
        assert number_before == after.sellable(market, sku, item_class, stock)
    members = {
        location
        for market in affected
        for location in (*before.members(market), *after.members(market))
    }
    assert members == affected_locations(old, new, affected)


@settings(deadline=None)  # a busy machine is no fault
@given(successors())
def test_an_equal_network_changes_nothing(pair: tuple[Document, Document]) -> None:
    """A document in another layout has no changes, affects nothing and compiles to equal bytes."""
    old, new = parse(json.dumps(pair[0])), parse(json.dumps(pair[0], indent=2))
    assert [] == changes(old, new)
    assert set() == affected_markets(at(old), at(new))
    assert compile_network(at(old)) == compile_network(at(new))


@settings(deadline=None)  # a busy machine is no fault
@given(successors())
def test_networks_that_compile_differently_have_changes(pair: tuple[Document, Document]) -> None:
    """Whatever reaches the store differently is shown to the operator."""
    old, new = (parse(json.dumps(document)) for document in pair)
    assume(compile_network(at(old)) != compile_network(at(new)))
    assert [] != changes(old, new)


BASE = """
locations:
  - {id: A, type: store, country: FR, tags: [t], safety_stock: 2}
  - {id: B, type: store, country: FR}
  - {id: C, type: store, country: FR, enabled: false}
markets:
  - {channel: web, country: FR, locations: [A, B], protection_buffer: 2}
  - {channel: shop, country: FR, locations: [B, C], low_stock_threshold: 1}
protections:
  - {sku: S, market: web/FR, cap: 4, name: launch}
  - {location: tag:t, item_class: X, safety_stock: 5}
"""

# old text, new text, markets affected, lines of the difference
EDITS = {
    "threshold": (
        "low_stock_threshold: 1",
        "low_stock_threshold: 9",
        set(),
        ["market shop/FR: low_stock_threshold 1 -> 9"],
    ),
    "order": ("[A, B]", "[B, A]", set(), ["market web/FR: locations reordered"]),
    "binding": (
        "[B, C]",
        "[B, C], binding: least_shared_first",
        set(),
        ["market shop/FR: binding in_order -> least_shared_first"],
    ),
    "coordinates": (
        "{id: B,",
        "{id: B, latitude: 1.5, longitude: 2,",
        set(),
        ["location B: latitude none -> 1.5", "location B: longitude none -> 2.0"],
    ),
    "unused tag": ("{id: B,", "{id: B, tags: z,", set(), ["location B: tags +z"]),
    "rule name": (
        "name: launch",
        "name: start",
        set(),
        ["rule 'launch': removed", "rule 'start': added"],
    ),
    "same buffer in other words": (
        "protection_buffer: 2",
        'protection_buffer: "0%, at least 2"',
        set(),
        ["market web/FR: protection_buffer 2 -> 0%, at least 2"],
    ),
    "safety stock of a disabled location": (
        "{id: C,",
        "{id: C, safety_stock: 3,",
        set(),
        ["location C: safety_stock 0 -> 3"],
    ),
    "buffer": (
        "protection_buffer: 2",
        "protection_buffer: 5",
        {"web/FR"},
        ["market web/FR: protection_buffer 2 -> 5"],
    ),
    "cap": (
        "low_stock_threshold: 1",
        "low_stock_threshold: 1, cap: 3",
        {"shop/FR"},
        ["market shop/FR: cap none -> 3"],
    ),
    "safety stock": (
        "safety_stock: 2",
        "safety_stock: 1",
        {"web/FR"},
        ["location A: safety_stock 2 -> 1"],
    ),
    "enabled": (
        "enabled: false",
        "enabled: true",
        {"shop/FR"},
        ["location C: enabled false -> true"],
    ),
    "shared location disabled": (
        "{id: B,",
        "{id: B, enabled: false,",
        {"web/FR", "shop/FR"},
        ["location B: enabled true -> false"],
    ),
    "membership": ("[A, B]", "[A, C]", {"web/FR"}, ["market web/FR: locations +C, -B"]),
    "rule for one SKU": ("cap: 4", "cap: 5", {"web/FR"}, ["rule 'launch': cap 4 -> 5"]),
    "rule for other SKUs": (
        "sku: S",
        "sku: [S, T]",
        {"web/FR"},
        ["rule 'launch': sku +T"],
    ),
    "class rule removed": (
        "  - {location: tag:t, item_class: X, safety_stock: 5}\n",
        "",
        {"web/FR"},
        ["rule for item_class X in A: removed"],
    ),
    "tag that a rule selects": (
        "{id: B,",
        "{id: B, tags: t,",
        {"web/FR", "shop/FR"},
        [
            "location B: tags +t",
            "rule for item_class X in A: removed",
            "rule for item_class X in A, B: added",
        ],
    ),
    "a new market": (
        "protections:",
        "  - {channel: new, country: FR, locations: C}\nprotections:",
        {"new/FR"},
        ["market new/FR: added"],
    ),
    "a new location": (
        "markets:",
        "  - {id: D, type: store, country: FR}\nmarkets:",
        set(),
        ["location D: added"],
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_a_change_affects_what_it_can_alter_and_is_told(case: str) -> None:
    """Each kind of edit affects exactly the markets named and reads as the lines named."""
    before, after, affected, lines = EDITS[case]
    assert before in BASE
    old, new = parse(BASE), parse(BASE.replace(before, after, 1))
    assert affected == affected_markets(at(old), at(new))
    assert lines == changes(old, new)


def test_the_first_network_affects_every_market() -> None:
    """Without an old network everything is new."""
    new = parse(BASE)
    assert {"web/FR", "shop/FR"} == affected_markets(None, at(new))
    assert {"A", "B", "C"} == affected_locations(None, at(new), {"web/FR", "shop/FR"})
    assert set() == removed_locations(None, at(new))
    assert [
        "location A: added",
        "location B: added",
        "location C: added",
        "market web/FR: added",
        "market shop/FR: added",
        "rule 'launch': added",
        "rule for item_class X in A: added",
    ] == changes(None, new)


def test_a_removed_market_leaves_its_locations_to_recompute() -> None:
    """A market that is gone affects no market, but its locations are walked."""
    old = parse(BASE)
    new = parse(
        BASE.replace(
            "  - {channel: shop, country: FR, locations: [B, C], low_stock_threshold: 1}\n", ""
        ).replace("  - {id: C, type: store, country: FR, enabled: false}\n", "")
    )
    assert set() == affected_markets(at(old), at(new))
    assert {"B", "C"} == affected_locations(at(old), at(new), set())
    assert {"C"} == removed_locations(at(old), at(new))
    assert ["location C: removed", "market shop/FR: removed"] == changes(old, new)


def test_long_changes_are_cut() -> None:
    """A line names at most ten members, and says how many more there are."""
    skus = ", ".join(f"S{index}" for index in range(1, 31))
    old, new = parse(BASE), parse(BASE.replace("sku: S", f"sku: [{skus}]"))
    (line,) = changes(old, new)
    assert line.startswith("rule 'launch': sku +S1, +S2, ")
    assert line.endswith("+S10 and 21 more")
