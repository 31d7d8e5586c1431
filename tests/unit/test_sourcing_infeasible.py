"""Orders without a plan: which constraint binds which line, and what is not known at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sellable.errors import (
    NoFeasiblePlan,
)
from sellable.network import LocationType, Protected
from sellable.reservation import Line
from sellable.sourcing import decide
from sellable.sourcing.decide import Profiles
from sellable.sourcing.finding import Undecided
from support.sourced import (
    NOON,
    carrier,
    item,
    network,
    place,
    request,
    stock,
    strategy,
)

FAR = {"latitude": 43.3, "longitude": 5.4}
TWO = [place("A"), place("B", type=LocationType.WAREHOUSE, country="BE", **FAR)]
NAMES = ["A", "B"]
ALL_DAY = ((0, 600),) * 7
BED = [item("X", item_class="bed"), item("Y", item_class="sofa")]


def _blocked(
    units: dict[str, dict[str, int]],
    *lines: tuple[str, int] | Line,
    constraints: dict[str, Any] | None = None,
    places: Any = TWO,
    carriers: Any = None,
    held: dict[str, Any] | None = None,
    **asked: Any,
) -> list[tuple[str, str, str]]:
    """Return SKU, constraint and detail of every line that is blocked."""
    chosen = strategy(constraints=constraints or {})
    profiles = Profiles(network(places, [chosen], carriers), 7)
    with pytest.raises(NoFeasiblePlan) as refused:
        profiles.decide(request(*lines, **asked), stock(units, NAMES, **(held or {})))
    assert ("standard",) == refused.value.tried
    return [(line.sku, line.constraint, line.detail) for line in refused.value.lines]


BOTH = {"X": {"A": 3, "B": 2}}


@pytest.mark.parametrize(
    ("expected", "detail", "case"),
    [
        ("stock", "6 wanted, 5 available in the market", {"quantity": 6}),
        (
            "sellable",
            "2 wanted, the market may sell 1 of the 5 available",
            {"held": {"sellable": {"X": 1}}},
        ),
        (
            "excluded",
            "2 wanted: 5 excluded by the strategy (A, B)",
            {"constraints": {"excluded": ("A", "B")}},
        ),
        (
            "excluded_types",
            "4 wanted: 3 of an excluded type (A), 2 that may be taken",
            {"quantity": 4, "constraints": {"excluded_types": (LocationType.STORE,)}},
        ),
        ("excluded", "(A, B)", {"excluded": frozenset(NAMES)}),
        ("refused", "(A, B)", {"refused": frozenset({(0, "A"), (0, "B")})}),
        (
            "protected",
            "4 wanted: 3 protected at this time (A), 2 that may be taken",
            {"quantity": 4, "constraints": {"protected": (Protected(locations=("A",)),)}},
        ),
        ("countries", "(A, B)", {"constraints": {"countries": ("DE",)}}),
        (
            "max_distance_km",
            "4 wanted: 2 too far away (B), 3 that may be taken",
            {"quantity": 4, "constraints": {"max_distance_km": 100}},
        ),
        (
            "split_lines",
            "4 wanted: 5 with too few units of a line that is not split (A, B)",
            {"quantity": 4, "constraints": {"split_lines": False}},
        ),
        ("carriers", "(A, B)", {"carriers": [carrier(locations=())]}),
        ("services", "(A, B)", {"constraints": {"services": ("van/parcel",)}}),
        (
            "on_time",
            "(A, B)",
            {"constraints": {"on_time": True}, "order": {"promise_ms": NOON + 1}},
        ),
    ],
)
def test_a_line_says_which_constraint_took_its_stock(
    expected: str, detail: str, case: dict[str, Any]
) -> None:
    """Of those that keep units from a line, the one that keeps most of them; with the numbers."""
    asked = dict(case)
    ((sku, constraint, told),) = _blocked(BOTH, ("X", asked.pop("quantity", 2)), **asked)
    assert ("X", expected) == (sku, constraint)
    assert told.endswith(detail)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("opening_hours", {"closed_dates": (date(2026, 6, 10),)}),
        ("opening_hours", {"opening_hours": ALL_DAY}),
        ("cut_off", {"cut_off": "08:00"}),
        ("capacity", {"daily_capacity": 1}),
        ("enabled", {"enabled": False}),
    ],
)
def test_a_location_that_does_not_ship_says_why(expected: str, fields: dict[str, Any]) -> None:
    """Closed, past its cut-off, without capacity left, or disabled."""
    places = [replace(each, **fields) for each in TWO]
    held = {"capacity_taken": {(name, date(2026, 6, 10)): 1 for name in NAMES}}
    ((_, constraint, _),) = _blocked(
        BOTH, ("X", 1), constraints={"ship_within_days": 0}, places=places, held=held
    )
    assert expected == constraint


def test_only_lines_that_bind_are_named() -> None:
    """A line that has a plan by itself is not blamed for another."""
    told = _blocked({**BOTH, "Y": {}}, ("X", 1), ("Y", 1))
    assert [("Y", "stock", "1 wanted, 0 available in the market")] == told


def test_lines_of_one_sku_are_counted_together() -> None:
    """Two lines that want more than there is are both short."""
    told = _blocked(BOTH, ("X", 3), ("X", 3))
    assert [("X", "stock", "6 wanted, 5 available in the market")] * 2 == told


def test_a_line_bound_to_a_location_has_that_stock_only() -> None:
    """What others have is of no use to it."""
    bound = Line(line_id="1", sku="X", quantity=3, location="B")
    ((_, constraint, told),) = _blocked(BOTH, bound)
    assert "location" == constraint
    assert "3 wanted: 3 the line is bound to another location (A), 2 that may be taken" == told


APART = {"X": {"A": 1}, "Y": {"B": 1}}


@pytest.mark.parametrize(
    ("expected", "constraints"),
    [
        ("max_parcels", {"max_parcels": 1}),
        ("max_locations", {"max_locations": 1}),
        ("max_parcels", {"max_parcels": 1, "max_locations": 1}),
    ],
)
def test_what_couples_the_lines_is_found_by_relaxing_it(
    expected: str, constraints: dict[str, Any]
) -> None:
    """Each line has a plan, together they have none: the constraint without which they would."""
    told = _blocked(APART, ("X", 1), ("Y", 1), constraints=constraints)
    assert [("X", expected), ("Y", expected)] == [(sku, key) for sku, key, _ in told]
    for key, most in constraints.items():
        assert f"{key} {most}" in told[0][2]


def test_lines_that_ship_together_are_told_so() -> None:
    """No location has all of the group."""
    told = _blocked(
        APART,
        ("X", 1),
        ("Y", 1),
        constraints={"ship_together": (("bed", "sofa"),)},
        held={"items": BED},
    )
    assert [("X", "ship_together"), ("Y", "ship_together")] == [(s, key) for s, key, _ in told]


def test_a_group_cannot_leave_its_heavy_part_behind() -> None:
    """Where one of the lines is too heavy to be sent, none of its group is."""
    heavy = [
        item("X", item_class="bed", weight_grams=40_000),
        item("Y", item_class="sofa", weight_grams=100),
    ]
    told = _blocked(
        {"X": {"A": 1}, "Y": {"A": 1, "B": 1}},
        ("X", 1),
        ("Y", 1),
        constraints={"ship_together": (("bed", "sofa"),)},
        held={"items": heavy},
    )
    assert [("X", "carriers"), ("Y", "ship_together")] == [(s, key) for s, key, _ in told]


def test_whole_lines_that_share_stock_are_told_so() -> None:
    """Each could have it, not both; split they could."""
    told = _blocked({"X": {"A": 3, "B": 1}}, ("X", 2), ("X", 2), constraints={"split_lines": False})
    assert ["split_lines"] * 2 == [constraint for _, constraint, _ in told]


def test_contradictory_constraints_name_what_leaves_nothing() -> None:
    """Only stores may ship, and stores are excluded in Belgium alone: what is left is nobody."""
    ((_, constraint, told),) = _blocked(
        BOTH, ("X", 1), constraints={"excluded": ("A",), "countries": ("FR",)}
    )
    assert "excluded" == constraint
    assert "1 wanted: 3 excluded by the strategy (A), 2 in a country not allowed (B)" == told


def test_a_partial_plan_needs_something_to_send() -> None:
    """With `partial` a plan without any stock is none."""
    told = _blocked({"X": {}}, ("X", 1), constraints={"partial": True})
    assert [("X", "stock", "1 wanted, 0 available in the market")] == told


def test_a_time_that_is_too_short_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the limit ends the search, the answer does not say that there is no plan."""

    def never(*_: object) -> None:
        raise Undecided

    monkeypatch.setattr(decide, "best", never)
    ((sku, constraint, told),) = _blocked(BOTH, ("X", 1), solve_limit_ms=5)
    assert ("X", "solve_limit") == (sku, constraint)
    assert "no plan was found within 5 ms, and there may be one" == told
