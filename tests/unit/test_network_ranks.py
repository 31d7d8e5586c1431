"""The table of ranks, row by row, in both readings of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from sellable.errors import BugError
from sellable.network import NetworkAt, compile_network, deciding, parse
from support.compiled_networks import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACES = """locations:
  - {id: A, type: store, country: FR, safety_stock: 7}
  - {id: B, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [A]}
"""
# What selects a rule of each rank, the highest first; %s is the place.
ROWS = (
    "sku: S, %s",
    "sku: S",
    "item_class: C, %s",
    "item_class: C",
    "from: 2026-01-01T00:00, %s",
    "from: 2026-01-01T00:00",
)
NOW_MS = 1_790_000_000_000


def network_of(ranks: Sequence[int], effect: str, place: str) -> NetworkAt:
    """Make a network with a rule of each of the ranks, called by it, in the order given."""
    rules = [
        f"  - {{{ROWS[rank - 1].replace('%s', place)}, {effect}: {rank}, name: rank {rank}}}\n"
        for rank in ranks
    ]
    return NetworkAt(parse(f"{PLACES}protections:\n{''.join(rules)}"), NOW_MS)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("highest", range(1, 7))
@pytest.mark.parametrize(
    ("effect", "place", "target"),
    [("cap", "market: web/FR", "web/FR"), ("safety_stock", "location: A", "A")],
)
def test_the_highest_rank_decides(
    effect: Literal["cap", "safety_stock"], place: str, target: str, highest: int, order: int
) -> None:
    """Of rules of all ranks from one on, in either order, that of the highest is taken."""
    at = network_of(range(highest, 7)[::order], effect, place)
    decision = (
        deciding(at, "cap", target, "S", "C")
        if effect == "cap"
        else deciding(at, "safety_stock", target, "S", "C")
    )
    assert (highest, f"rank {highest}") == (decision.value, decision.rule)
    assert highest == Lookup(compile_network(at).fields).number(effect, target, "S", "C")


def test_where_no_rule_applies_the_place_itself_decides() -> None:
    """The last rank is what the market or location says, with its line."""
    at = network_of((1, 3), "safety_stock", "location: A")
    own = deciding(at, "safety_stock", "A", "T", None)
    assert (7, "location A", 2) == (own.value, own.rule, own.line)
    cap = deciding(at, "cap", "web/FR", "S", "C")
    assert (None, "market web/FR", 5) == (cap.value, cap.rule, cap.line)
    blocked = deciding(at, "blocked", "B", "S", "C")
    assert (False, "location B", 3) == (blocked.value, blocked.rule, blocked.line)


def test_a_rule_without_a_name_is_told_by_its_line() -> None:
    """The decision says where to look."""
    at = NetworkAt(parse(f"{PLACES}protections:\n  - {{sku: S, blocked: true}}\n"), NOW_MS)
    decision = deciding(at, "blocked", "B", "S", "C")
    assert (True, "rule", 7) == (decision.value, decision.rule, decision.line)


def test_a_place_that_is_not_there_is_a_bug() -> None:
    """Who asks about a place has to know that the network has it."""
    with pytest.raises(BugError, match="cap asked for web/DE"):
        deciding(NetworkAt(parse(PLACES), NOW_MS), "cap", "web/DE", "S", None)
