"""What a reservation cannot keep of a plan is refused by what is too large of it."""

from __future__ import annotations

import pytest

from sellable.dispatch.holding import refuse_empty, refuse_too_large
from sellable.errors import NoFeasiblePlan
from sellable.limits import ALLOCATIONS_PER_RESERVATION_MAX, PLAN_BYTES_MAX
from sellable.reservation import Line
from sellable.sourcing.plan import Plan
from sellable.store.planned import Units

LINES = (Line(sku="A", quantity=1), Line(sku="B", quantity=2_000))


@pytest.mark.parametrize(
    ("parts", "kept_bytes", "said"),
    [
        (ALLOCATIONS_PER_RESERVATION_MAX + 1, 1, "1001 parts"),
        (2, PLAN_BYTES_MAX + 1, f"{PLAN_BYTES_MAX + 1} bytes"),
    ],
)
def test_plan_that_is_too_large_is_told_by_its_bound(
    parts: int, kept_bytes: int, said: str
) -> None:
    """The line that is cut most is named, with the bound that the plan does not keep."""
    units = [Units(1, f"L{at}", 1) for at in range(parts)]
    with pytest.raises(NoFeasiblePlan) as refused:
        refuse_too_large(LINES, units, (), b"\0" * kept_bytes)
    (line,) = refused.value.lines
    assert ("B", "split_lines") == (line.sku, line.constraint)
    assert said in line.detail


def test_largest_plan_is_kept() -> None:
    """Both bounds are reached at once."""
    units = [Units(1, f"L{at}", 1) for at in range(ALLOCATIONS_PER_RESERVATION_MAX)]
    refuse_too_large(LINES, units, (), b"\0" * PLAN_BYTES_MAX)


def test_plan_that_ships_nothing_is_no_lack_of_stock() -> None:
    """A strategy for which unfilled units cost less than any parcel is named."""
    plan = Plan(
        strategy="thrifty",
        assignments=(),
        shipments=(),
        unfilled=(),
        cost_terms=(),
        levels=(0,),
        optimal=True,
        relative_gap=0.0,
        method="subsets",
    )
    with pytest.raises(NoFeasiblePlan) as refused:
        refuse_empty(LINES, plan)
    assert [("A", "unfilled"), ("B", "unfilled")] == [
        (line.sku, line.constraint) for line in refused.value.lines
    ]
    assert "'thrifty' ships nothing" in refused.value.lines[0].detail
