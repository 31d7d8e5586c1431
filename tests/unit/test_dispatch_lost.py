"""Who has lost every race is told what the last plan lacked, line by line."""

from __future__ import annotations

from typing import Final

import pytest

from sellable.dispatch.lost import refusal
from sellable.errors import (
    BlockedLine,
    InsufficientStock,
    NoFeasiblePlan,
    ShortLine,
    StoreUnavailable,
)
from sellable.geo import Point
from sellable.reservation import Line
from sellable.sourcing.order import Destination, Order
from sellable.sourcing.plan import Assignment, Plan
from sellable.store.planned import LostRace, Shortage

ORDER: Final = Order(
    market="web/FR",
    lines=(
        Line(line_id="1", sku="A", quantity=3),
        Line(line_id="2", sku="A", quantity=2),
        Line(line_id="3", sku="B", quantity=1),
    ),
    destination=Destination(country="FR", point=Point(1.0, 1.0)),
)
# Two of A from L0 and one from L1, two more from L0; B from L1.
UNITS: Final = ((0, "A", "L0", 2), (0, "A", "L1", 1), (1, "A", "L0", 2), (2, "B", "L1", 1))
PLAN: Final = Plan(
    strategy="",
    assignments=tuple(
        Assignment(line_id="", line=line, sku=sku, location=location, quantity=quantity)
        for line, sku, location, quantity in UNITS
    ),
    shipments=(),
    unfilled=(),
    cost_terms=(),
    levels=(),
    optimal=True,
    relative_gap=0.0,
    method="",
)


@pytest.mark.parametrize(
    ("shortage", "held", "lines"),
    [
        (Shortage("position", "A", "L0", 3), {}, [ShortLine("2", "A", 2, 1)]),
        (
            Shortage("position", "A", "L0", 1),
            {},
            [ShortLine("1", "A", 3, 2), ShortLine("2", "A", 2, 0)],
        ),
        (Shortage("position", "A", "L0", 1), {("A", "L0"): 2}, [ShortLine("2", "A", 2, 1)]),
        (Shortage("number", "A", "", 4), {}, [ShortLine("2", "A", 2, 1)]),
        (Shortage("quota", "B", "", 0), {}, [ShortLine("3", "B", 1, 0)]),
    ],
)
def test_short_stock_is_told_by_line(
    shortage: Shortage, held: dict[tuple[str, str], int], lines: list[ShortLine]
) -> None:
    """Earlier lines come first, and what was held already is no shortage."""
    told = refusal(LostRace([shortage]), ORDER, PLAN, held)
    assert isinstance(told, InsufficientStock)
    assert lines == list(told.lines)


def test_lost_capacity_blocks_what_its_location_ships() -> None:
    """Every line that the location was to ship is named."""
    told = refusal(LostRace([Shortage("capacity", "day", "L1", 0)]), ORDER, PLAN, {})
    assert isinstance(told, NoFeasiblePlan)
    detail = "others took the last capacity of L1"
    assert (
        BlockedLine("1", "A", "capacity", detail),
        BlockedLine("3", "B", "capacity", detail),
    ) == told.lines


def test_short_stock_comes_before_capacity() -> None:
    """Of two reasons the one that is first in the order of precedence is told."""
    lost = LostRace([Shortage("capacity", "day", "L1", 0), Shortage("position", "B", "L1", 0)])
    told = refusal(lost, ORDER, PLAN, {})
    assert isinstance(told, InsufficientStock)
    assert ["3"] == [line.line_id for line in told.lines]


@pytest.mark.parametrize("kind", ["changed", "location"])
def test_what_changes_by_itself_may_be_asked_again(kind: str) -> None:
    """A reservation or a network that keeps changing is no want of stock."""
    told = refusal(LostRace([Shortage(kind, "", "L0", 0)]), ORDER, PLAN, {})
    assert isinstance(told, StoreUnavailable)
    assert not told.outcome_unknown
