"""Why a location ships nothing: its one reason, in words with the numbers behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sellable.network import (
    Carrier,
    Lane,
    LocationType,
    Protected,
    Service,
    Strategy,
    Term,
    Tier,
)
from sellable.sourcing.decide import Profiles
from sellable.sourcing.plan import Decision, Rejection
from sellable.sourcing.plan import RejectionReason as Reason
from support.sourced import carrier, item, network, place, request, stock, strategy

FAR = {"latitude": 43.3, "longitude": 5.4}
TODAY = {"ship_within_days": 0}
NIGHT = ((0, 60),) * 7


def _decide(chosen: Strategy, fields: dict[str, Any], units: int = 1, **case: Any) -> Decision:
    """Decide on one unit that HERE has, and another location with other fields."""
    places = [place("HERE"), place("OTHER", **fields)]
    names = ["HERE", "OTHER"]
    taken = {("OTHER", date(2026, 6, 10)): 40, ("OTHER", date(2026, 6, 11)): 40}
    held = stock({"X": {"HERE": 1, "OTHER": units}}, names, capacity_taken=taken, **case)
    carriers = [carrier(locations=("HERE",)), carrier("van", locations=("HERE", "OTHER"))]
    profiles = Profiles(network(places, [chosen], carriers), 7)
    return profiles.decide(request(("X", 1), explain=True), held)


def _rejected(constraints: dict[str, Any], fields: dict[str, Any], units: int = 1) -> Rejection:
    chosen = strategy(weights={Term.DISTANCE: 1.0, Term.LOAD: 1.0}, constraints=constraints)
    (rejection,) = _decide(chosen, {**FAR, **fields}, units).rejections
    assert "OTHER" == rejection.location
    return rejection


@pytest.mark.parametrize(
    ("reason", "detail", "constraints", "fields"),
    [
        (Reason.EXCLUDED, "disabled in the network", {}, {"enabled": False}),
        (Reason.EXCLUDED, "excluded by the strategy", {"excluded": ("OTHER",)}, {}),
        (
            Reason.EXCLUDED,
            "a supplier, which the strategy excludes",
            {"excluded_types": (LocationType.SUPPLIER,)},
            {"type": LocationType.SUPPLIER},
        ),
        (
            Reason.PROTECTED,
            "protected at this time",
            {"protected": (Protected(locations=("OTHER",)),)},
            {},
        ),
        (Reason.COUNTRY, "in BE, not in FR, LU", {"countries": ("FR", "LU")}, {"country": "BE"}),
        (Reason.DISTANCE, "660.9 km away, at most 500 allowed", {"max_distance_km": 500}, {}),
        (
            Reason.DISTANCE,
            "the network does not say where it is, so that it is too far away",
            {"max_distance_km": 500},
            {"latitude": None, "longitude": None},
        ),
        (Reason.CLOSED, "closed today", TODAY, {"opening_hours": NIGHT}),
        (
            Reason.CLOSED,
            "closed on each of 2 days",
            {"ship_within_days": 1},
            {"closed_dates": (date(2026, 6, 10), date(2026, 6, 11))},
        ),
        (Reason.CUT_OFF, "past its cut-off 10:00", TODAY, {"cut_off": "10:00"}),
        (
            Reason.CUT_OFF,
            "past its cut-off 10:00, and closed on the days after",
            {"ship_within_days": 1},
            {"cut_off": "10:00", "closed_dates": (date(2026, 6, 11),)},
        ),
        (
            Reason.CAPACITY,
            "its 40 orders a day are taken on each open day of 2",
            {"ship_within_days": 1},
            {"daily_capacity": 40},
        ),
        (Reason.CAPACITY, "its 1 order a day is taken today", TODAY, {"daily_capacity": 1}),
        (
            Reason.NO_SERVICE,
            "without a service to the destination",
            {"services": ("post/parcel",)},
            {},
        ),
        (Reason.COSTLIER, "costs 660.935 EUR more", {}, {}),
        (
            Reason.COSTLIER,
            "costs 661.345 EUR more",
            {},
            {"daily_capacity": 100, "cut_off": "20:00"},
        ),
        # What comes first is told: a protected location in another country is protected.
        (
            Reason.PROTECTED,
            "protected at this time",
            {"countries": ("FR",), "protected": (Protected(locations=("OTHER",)),)},
            {"country": "BE", "closed_dates": (date(2026, 6, 10),)},
        ),
    ],
)
def test_a_reason_is_told_with_its_numbers(
    reason: Reason, detail: str, constraints: dict[str, Any], fields: dict[str, Any]
) -> None:
    """Each barrier has its reason and its words."""
    rejection = _rejected(constraints, fields)
    assert (reason, detail) == (rejection.reason, rejection.detail)


def test_a_location_without_stock_says_so_before_it_is_closed() -> None:
    """Whether it is open does not matter where there is nothing to ship."""
    rejection = _rejected(TODAY, {"opening_hours": NIGHT}, units=0)
    assert (Reason.NO_STOCK, "without stock") == (rejection.reason, rejection.detail)


@pytest.mark.parametrize(
    ("order", "detail"),
    [
        ((Term.DISTANCE,), "costs 660.935 km of distance more"),
        ((Term.PARCELS, Term.DISTANCE), "costs 660.935 km of distance more"),
        ((Term.PARCELS,), "costs no less; of equal plans one is taken"),
        ((Term.MARKDOWN,), "costs 30 EUR of markdown more"),
    ],
)
def test_levels_say_in_their_own_unit_what_costs_more(order: tuple[Term, ...], detail: str) -> None:
    """The first level that differs is told."""
    decision = _decide(
        strategy(order=order),
        FAR,
        units=1,
        items=[item("X", value_currency="EUR", value_units=90)],
        daily_outflow={"X": {"HERE": 1 / 60, "OTHER": 1 / 30}},
    )
    (rejection,) = decision.rejections
    assert ("HERE", detail) == (decision.plan.shipments[0].location, rejection.detail)
    assert Reason.COSTLIER is rejection.reason


def test_a_location_that_no_plan_can_use_says_so() -> None:
    """It could ship a part, but then not all lines would fit into one location."""
    places = [place("ALL"), place("PART")]
    held = stock({"X": {"ALL": 1, "PART": 1}, "Y": {"ALL": 1}}, ["ALL", "PART"])
    chosen = strategy(constraints={"max_locations": 1})
    decision = Profiles(network(places, [chosen]), 7).decide(
        request(("X", 1), ("Y", 1), explain=True), held
    )
    (rejection,) = decision.rejections
    assert "no plan that ships from it keeps every constraint" == rejection.detail


def _van(location: str, light_price: int) -> Carrier:
    """Return a carrier of one location that is cheap for one unit and dear for several."""
    tiers = (
        Tier(up_to_grams=2_000, per_parcel=light_price),
        Tier(up_to_grams=30_000, per_parcel=12_000_000),
    )
    lane = Lane(zone="all", transit_days=2, tiers=tiers)
    services = (Service(id="parcel", lanes=(lane,)),)
    return carrier(f"van {location}", locations=(location,), services=services)


@pytest.mark.parametrize(
    ("alternatives", "near", "far"),
    [
        (0, "costs at least 2.5 EUR more", "costs at least 3 EUR more"),
        (1, "costs 4 EUR more", "costs at least 4 EUR more"),
        (2, "costs 4 EUR more", "costs 4.5 EUR more"),
    ],
)
def test_runners_up_say_more_of_lines_that_may_split(
    alternatives: int, near: str, far: str
) -> None:
    """A runner-up that ships from a location is exact, and the last of them bounds the others."""
    names = ["HERE", "NEAR", "FAR"]
    held = stock({"X": dict.fromkeys(names, 3)}, names, items=[item("X", weight_grams=1_500)])
    vans = [_van("NEAR", 4_000_000), _van("FAR", 4_500_000)]
    places = [place(name) for name in names]
    section = network(places, [strategy()], [carrier(locations=("HERE",)), *vans])
    profiles = Profiles(section, 7)
    asked = replace(request(("X", 3), explain=True), alternatives=alternatives)
    told = [rejection.detail for rejection in profiles.decide(asked, held).rejections]
    assert [near, far] == told


def test_reasons_are_told_only_where_they_are_asked_for() -> None:
    """They cost time, so a decision without `explain` has none."""
    profiles = Profiles(network([place("A"), place("B")], [strategy()]), 7)
    held = stock({"X": {"A": 1, "B": 1}}, ["A", "B"])
    assert () == profiles.decide(request(("X", 1)), held).rejections
    assert 1 == len(profiles.decide(request(("X", 1), explain=True), held).rejections)
