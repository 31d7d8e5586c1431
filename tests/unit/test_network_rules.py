"""The rank of rules, against a brute-force reading of random documents."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, event, given, settings
from msgspec import msgpack

from sellable.errors import InvalidNetwork, Problem
from sellable.network import NetworkAt, compile_network, parse
from support.compiled_networks import Lookup, buffer_values
from support.networks import CLASSES, LOCATIONS, MARKETS, SKUS, Document, Meaning, documents


def compiled_lookup(document: Document) -> Lookup:
    """Parse and compile a document, and decode its fields."""
    return Lookup(compile_network(NetworkAt(parse(json.dumps(document)), 0)).fields)


@settings(deadline=None)  # a busy machine is no fault
@given(documents())
def test_equal_rank_is_refused_and_nothing_else(document: Document) -> None:
    """A document is refused exactly if two settings of one rank decide one number."""
    problems: tuple[Problem, ...] = ()
    try:
        parse(json.dumps(document))
    except InvalidNetwork as error:
        problems = error.problems
    event(f"refused: {bool(problems)}")
    assert Meaning(document).has_equal_rank() == bool(problems)
    assert all("equal rank" in problem.description for problem in problems)


@settings(deadline=None)  # a busy machine is no fault
@given(documents())
def test_compiled_lookup_is_the_rank_of_rules(document: Document) -> None:
    """Looking in SKU, class and default in turn finds the number of the highest rank."""
    meaning = Meaning(document)
    assume(not meaning.has_equal_rank())
    lookup = compiled_lookup(document)
    for sku in (*SKUS, "other"):
        for item_class in (*CLASSES, None):
            for market in MARKETS:
                buffer = meaning.number("protection_buffer", market, sku, item_class)
                assert buffer_values(buffer) == lookup.number(
                    "protection_buffer", market, sku, item_class
                )
                cap = meaning.number("cap", market, sku, item_class)
                assert (-1 if cap is None else cap) == lookup.number("cap", market, sku, item_class)
            for location in LOCATIONS:
                safety_stock = meaning.number("safety_stock", location, sku, item_class)
                assert safety_stock == lookup.number("safety_stock", location, sku, item_class)
                blocked = meaning.number("blocked", location, sku, item_class)
                assert int(blocked) == lookup.number("blocked", location, sku, item_class)


NETWORK = """
locations:
  - {id: A, type: store, country: FR, tags: [t]}
  - {id: B, type: store, country: FR, tags: [t], safety_stock: 1}
markets:
  - {channel: web, country: FR, locations: [A, B], protection_buffer: 3}
  - {channel: shop, country: FR, locations: [A]}
protections:
"""

EQUAL_RANKS = {
    "two SKU rules": (
        "- {sku: S, cap: 1}\n- {sku: [T, S], cap: 1}",
        (10, "protections[1]", "the rule at line 9: both set cap for sku 'S' in web/FR"),
    ),
    "two class rules of one market": (
        (
            "- {item_class: C, market: shop/FR, cap: 1, name: a}\n"
            "- {item_class: [D, C], market: [web/FR, shop/FR], cap: 2}"
        ),
        (10, "protections[1]", "the rule 'a' at line 9: both set cap for item_class 'C' in shop"),
    ),
    "two rules of one market": (
        "- {market: shop/FR, protection_buffer: 1}\n- {market: shop/FR, protection_buffer: 1%}",
        (10, "protections[1]", "the rule at line 9: both set protection_buffer in shop/FR"),
    ),
    "a location and its tag": (
        "- {location: A, safety_stock: 1}\n- {location: tag:t, safety_stock: 2}",
        (10, "protections[1]", "the rule at line 9: both set safety_stock in A"),
    ),
    "a market and its own setting": (
        "- {market: web/FR, protection_buffer: 1}",
        (9, "protections[0].protection_buffer", "of market web/FR itself (line 6)"),
    ),
}


@pytest.mark.parametrize("case", EQUAL_RANKS)
def test_equal_rank_names_both_places(case: str) -> None:
    """A refusal of equal rank says which two settings meet, and where."""
    rules, (line, path, description) = EQUAL_RANKS[case]
    with pytest.raises(InvalidNetwork) as caught:
        parse(NETWORK + rules)
    (problem,) = caught.value.problems
    assert (line, path) == (problem.line, problem.field)
    assert description in problem.description


def test_rules_of_other_ranks_stand_beside_each_other() -> None:
    """Every rank may set the same number, and a location's own safety stock is a default."""
    network = parse(
        NETWORK + "- {sku: S, market: shop/FR, cap: 1}\n"
        "- {sku: S, cap: 2}\n"
        "- {item_class: C, market: shop/FR, cap: 3}\n"
        "- {item_class: C, cap: 4}\n"
        "- {market: shop/FR, cap: 5}\n"
        "- {location: tag:t, safety_stock: 6}\n"
    )
    fields = compile_network(NetworkAt(network, 0)).fields
    assert [{}, {"shop/FR": 1, "web/FR": 2}, {}, {}, {}] == msgpack.decode(fields["u:S"])
    assert [{}, {"shop/FR": 3, "web/FR": 4}, {}, {}, {}] == msgpack.decode(fields["c:C"])
    web, shop = ["web/FR", 3, 0, 0, -1], ["shop/FR", 0, 0, 0, 5]
    assert [1, 6, [*web, *shop], 0, []] == msgpack.decode(fields["l:A"])
    assert [1, 6, web, 0, []] == msgpack.decode(fields["l:B"])
