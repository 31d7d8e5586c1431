"""The rank of rules, against a brute-force reading of random documents."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from msgspec import msgpack

from sellable.errors import InvalidNetwork, Problem
from sellable.network import compile_network, parse
from support.networks import CLASSES, LOCATIONS, MARKETS, SKUS, Document, Meaning, documents


@dataclass
class Lookup:
    """Looks numbers up in compiled fields as the scripts do: SKU, then class, then default."""

    fields: dict[str, Any] = field(default_factory=dict)

    def number(self, kind: int, place: str, sku: str, item_class: str | None) -> Any:
        """Answer the first number found, or None; kinds: 0 buffer, 1 cap, 2 safety stock."""
        for key in (f"u:{sku}", f"c:{item_class}"):
            if key in self.fields and place in self.fields[key][kind]:
                return self.fields[key][kind][place]
        return self._default(kind, place)

    def _default(self, kind: int, place: str) -> Any:
        if kind == 2:
            return self.fields[f"l:{place}"][1]
        for key, value in self.fields.items():
            flat = value[2] if key.startswith("l:") else []
            for start in range(0, len(flat), 5):
                if flat[start] == place:
                    return flat[start + 1 : start + 4] if kind == 0 else flat[start + 4]
        raise AssertionError(place)


def compiled_lookup(document: Document) -> Lookup:
    """Parse and compile a document, and decode its fields."""
    fields = compile_network(parse(json.dumps(document))).fields
    return Lookup({key: msgpack.decode(value) for key, value in fields.items()})


def buffer_values(buffer: int | str) -> list[int]:
    """Write a buffer as the compiled form does."""
    if isinstance(buffer, int):
        return [buffer, 0, 0]
    percent, _, floor = buffer.partition("%")
    return [0, int(percent) * 100, int(floor.removeprefix(", at least ") or 0)]


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
                assert buffer_values(buffer) == lookup.number(0, market, sku, item_class)
                cap = meaning.number("cap", market, sku, item_class)
                assert (-1 if cap is None else cap) == lookup.number(1, market, sku, item_class)
            for location in LOCATIONS:
                safety_stock = meaning.number("safety_stock", location, sku, item_class)
                assert safety_stock == lookup.number(2, location, sku, item_class)


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
    fields = compile_network(network).fields
    assert [{}, {"shop/FR": 1, "web/FR": 2}, {}] == msgpack.decode(fields["u:S"])
    assert [{}, {"shop/FR": 3, "web/FR": 4}, {}] == msgpack.decode(fields["c:C"])
    web, shop = ["web/FR", 3, 0, 0, -1], ["shop/FR", 0, 0, 0, 5]
    assert [1, 6, [*web, *shop]] == msgpack.decode(fields["l:A"])
    assert [1, 6, web] == msgpack.decode(fields["l:B"])
