"""What a plan costs: each term in its unit, weighted or by level, and adding up exactly."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sellable.errors import InvalidFields, NoFeasiblePlan
from sellable.limits import ORDER_VALUE_MICROS_MAX, QUANTITY_MAX
from sellable.network import Policy, Strategy, Term
from sellable.sourcing.decide import Profiles
from sellable.sourcing.plan import CostKind, Decision, Plan
from support.sourced import MICROS, NOON, carrier, item, network, place, request, stock, strategy

DAY_MS = 24 * 3_600_000
LYON = {"latitude": 45.76, "longitude": 4.84}
PLACES = [
    place("PARIS", daily_capacity=10),
    place("LYON", **LYON),
]
NAMES = ["PARIS", "LYON"]
EVERY = dict.fromkeys(Term, 1.0)


def _decide(chosen: Strategy, units: dict[str, int], **fields: Any) -> Decision:
    asked = fields.pop("asked", {})
    lines = fields.pop("lines", [("X", 2)])
    profiles = Profiles(network(PLACES, [chosen], [carrier(carbon_grams_per_km=1)]), 7)
    held = stock({"X": units, "Y": units}, NAMES, **fields)
    return profiles.decide(request(*lines, **asked), held)


def _raw(plan: Plan) -> dict[CostKind, float]:
    return {term.kind: term.raw for term in plan.cost_terms}


def test_every_term_is_told_in_its_own_unit() -> None:
    """Shipping and markdown in money, distance in km, lateness in days, load as a share."""
    plan = _decide(
        strategy(weights=EVERY),
        {"PARIS": 45},
        items=[item("X", value_currency="EUR", value_units=8, weight_grams=100)],
        daily_outflow={"X": {"PARIS": 1.0}},
        capacity_taken={("PARIS", date(2026, 6, 10)): 3},
        asked={"order": {"promise_ms": NOON + DAY_MS // 2}},
    ).plan
    expected = {
        CostKind.SHIPPING: (5.0, "EUR"),
        CostKind.PARCELS: (1.0, "parcels"),
        CostKind.DISTANCE: (0.0, "km"),
        CostKind.LATENESS: (1.5, "days"),
        # 45 units last 45 days, half of the horizon: a unit costs half of its value.
        CostKind.MARKDOWN: (8.0, "EUR"),
        CostKind.LOAD: (0.4, "share"),  # three orders of ten, and this one
        CostKind.CARBON: (0.0, "kg"),
        CostKind.UNFILLED: (0.0, "units"),
    }
    assert expected == {term.kind: (term.raw, term.unit) for term in plan.cost_terms}
    assert plan.levels == (sum(term.weighted_micros for term in plan.cost_terms),)
    assert round((5 + 1 + 1.5 + 8 + 0.4) * MICROS) == plan.levels[0]


def test_terms_that_are_not_weighed_are_told_and_do_not_count() -> None:
    """They have their raw number, and 0 of the level."""
    plan = _decide(strategy(weights={Term.PARCELS: 2.5}), {"LYON": 2}).plan
    assert (2_500_000,) == plan.levels
    counted = {term.kind for term in plan.cost_terms if term.weighted_micros}
    assert {CostKind.PARCELS} == counted
    assert pytest.approx(392, abs=1) == _raw(plan)[CostKind.DISTANCE]


@pytest.mark.parametrize(
    ("order", "location"),
    [
        ((Term.PARCELS, Term.DISTANCE), "PARIS"),
        ((Term.LOAD, Term.DISTANCE), "LYON"),
    ],
)
def test_an_order_of_terms_has_a_level_each(order: tuple[Term, ...], location: str) -> None:
    """The first term decides, and the next only among plans that are equal in it."""
    plan = _decide(strategy(order=order), {"PARIS": 2, "LYON": 2}).plan
    assert [location] == [shipment.location for shipment in plan.shipments]
    assert len(order) == len(plan.levels)
    metres = round(_raw(plan)[CostKind.DISTANCE] * 1_000)
    assert metres == plan.levels[1]


def test_fewest_parcels_come_before_the_nearest() -> None:
    """One parcel from afar beats two, of which one is near."""
    chosen = strategy(order=(Term.PARCELS, Term.DISTANCE))
    profiles = Profiles(network(PLACES, [chosen]), 7)
    held = stock({"X": {"PARIS": 1, "LYON": 1}, "Y": {"LYON": 1}}, NAMES)
    plan = profiles.decide(request(("X", 1), ("Y", 1)), held).plan
    assert ["LYON"] == [shipment.location for shipment in plan.shipments]
    near = strategy(order=(Term.DISTANCE, Term.PARCELS), constraints={"excluded": ("LYON",)})
    profiles = Profiles(network(PLACES, [near]), 7)
    plan = profiles.decide(request(("X", 1)), held).plan
    assert ["PARIS"] == [shipment.location for shipment in plan.shipments]


def test_the_risk_of_a_markdown_grows_with_the_days_that_stock_lasts() -> None:
    """The longer stock lasts, the cheaper it is to take; what never sells costs nothing."""

    def cost(on_hand: int, outflow: float) -> float:
        plan = _decide(
            strategy(weights={Term.MARKDOWN: 1.0}),
            {"PARIS": on_hand},
            items=[item("X", value_currency="EUR", value_units=90)],
            daily_outflow={"X": {"PARIS": outflow}},
            lines=[("X", 1)],
        ).plan
        return _raw(plan)[CostKind.MARKDOWN]

    costs = [cost(days, 1.0) for days in (1, 30, 45, 89, 90, 1_000)]
    assert [89.0, 60.0, 45.0, 1.0, 0.0, 0.0] == costs
    assert 0.0 == cost(1, 0.0)


def test_a_value_in_another_currency_is_changed_and_an_unknown_one_is_none() -> None:
    """Without a rate, or without a value, the markdown costs nothing."""
    chosen = strategy(weights={Term.MARKDOWN: 1.0})
    profiles = Profiles(network(PLACES, [chosen], sourcing={"exchange_rates": {"USD": 0.5}}), 7)
    for currency, euros in (("USD", 4.0), ("EUR", 8.0), ("JPY", 0.0), ("", 0.0)):
        held = stock(
            {"X": {"PARIS": 45}},
            NAMES,
            items=[item("X", value_currency=currency, value_units=16)],
            daily_outflow={"X": {"PARIS": 1.0}},
        )
        plan = profiles.decide(request(("X", 1)), held).plan
        assert euros == _raw(plan)[CostKind.MARKDOWN], currency


def test_units_stay_unfilled_only_where_they_must_or_that_is_cheaper() -> None:
    """Without a price of them as few as possible; with one, sending may cost more than that."""
    short = {"PARIS": 1}
    few = _decide(strategy(constraints={"partial": True}), short).plan
    assert (1, 5 * MICROS) == few.levels
    assert [("X", "", 1)] == [(u.sku, u.location, u.quantity) for u in few.unfilled]
    dear = _decide(strategy(unfilled=30.0, constraints={"partial": True}), short).plan
    assert (35 * MICROS,) == dear.levels
    cheap = _decide(strategy(unfilled=2.0, constraints={"partial": True}), short).plan
    assert ((4 * MICROS,), ()) == (cheap.levels, cheap.shipments)
    ordered = strategy(order=(Term.PARCELS,), constraints={"partial": True})
    assert (1, 1) == _decide(ordered, short).plan.levels
    unfilled = next(term for term in few.cost_terms if term.kind is CostKind.UNFILLED)
    assert (1.0, 1, 0) == (unfilled.raw, unfilled.weighted_micros, unfilled.level)


def test_a_large_order_that_cannot_be_filled_is_filled_as_far_as_it_goes() -> None:
    """Also where the time is too short to prove which locations are best."""
    units = {"PARIS": 49, "LYON": 32}
    partial = strategy(unfilled=25.0, constraints={"partial": True})
    held = stock({"X": units}, NAMES, items=[item("X", weight_grams=1_500)])
    asked = request(("X", 200), solve_limit_ms=1)
    plan = Profiles(network(PLACES, [partial]), 7).decide(asked, held).plan
    assert sum(units.values()) == sum(one.quantity for one in plan.assignments)


@pytest.mark.parametrize(
    ("policy", "location"), [(Policy.NEAREST, "PARIS"), (Policy.PRIORITY, "LYON")]
)
def test_plain_policies_take_the_first_that_has_it(policy: Policy, location: str) -> None:
    """The nearest, or the first in the order of the market, whatever it costs."""
    places = PLACES[::-1]
    names = [each.id for each in places]
    dear = [carrier(locations=("LYON",)), carrier("van", locations=("PARIS",))]
    profiles = Profiles(network(places, [strategy(policy=policy)], dear), 7)
    held = stock({"X": dict.fromkeys(names, 3)}, names)
    decision = profiles.decide(request(("X", 2), explain=True, alternatives=3), held)
    assert [location] == [shipment.location for shipment in decision.plan.shipments]
    assert (policy, False, (5 * MICROS,)) == (
        decision.plan.method,
        decision.plan.optimal,
        decision.plan.levels,
    )
    assert () == decision.alternatives
    (rejection,) = decision.rejections
    assert f"others come first by the policy {policy}" == rejection.detail


def test_what_cannot_be_added_up_is_refused() -> None:
    """Quantities whose costs are beyond 64 bits are told, not wrapped around."""
    chosen = strategy(weights={Term.MARKDOWN: 10_000_000.0})
    with pytest.raises(InvalidFields, match=r"order\.lines: .*too large"):
        _decide(
            chosen,
            {"PARIS": QUANTITY_MAX},
            lines=[("X", QUANTITY_MAX)],
            items=[item("X", value_currency="EUR", value_units=100_000)],
            daily_outflow={"X": {"PARIS": 1e11}},
        )


def test_the_heaviest_and_dearest_items_are_no_surprise() -> None:
    """What the bounds of items allow is decided, or refused in words, and never wraps around."""
    heaviest = [item("X", weight_grams=QUANTITY_MAX, value_currency="EUR", value_units=2**62)]
    with pytest.raises(InvalidFields, match=r"order\.lines: weigh too much"):
        _decide(strategy(), {"PARIS": QUANTITY_MAX}, lines=[("X", QUANTITY_MAX)], items=heaviest)
    with pytest.raises(NoFeasiblePlan, match="parcels so heavy"):
        _decide(strategy(), {"PARIS": 1}, lines=[("X", 1)], items=heaviest)
    dearest = [item("X", value_currency="EUR", value_units=2**62)]
    outflow = {"X": {"PARIS": 1.0}}
    chosen = strategy(weights={Term.MARKDOWN: 1.0})
    plan = _decide(
        chosen, {"PARIS": 1}, lines=[("X", 1)], items=dearest, daily_outflow=outflow
    ).plan
    assert 0 < plan.levels[0] <= ORDER_VALUE_MICROS_MAX


def test_stock_may_be_told_in_any_order() -> None:
    """Columns belong to the locations that they name; one that is not told has nothing."""
    chosen = strategy(
        weights={Term.MARKDOWN: 1.0, Term.DISTANCE: 1.0}, constraints={"split_lines": False}
    )
    profiles = Profiles(network(PLACES, [chosen]), 7)
    units = {"X": {"LYON": 5, "PARIS": 1}, "Y": {"PARIS": 2}}
    plans = [
        profiles.decide(
            request(("Y", 1), ("X", 2)),
            stock(dict(rows), names, daily_outflow={"X": {"LYON": 0.01}}),
        ).plan
        for rows in (units.items(), list(units.items())[::-1])
        for names in (NAMES, NAMES[::-1], ["PARIS", "OTHER", "LYON"])
    ]
    assert [("Y", "PARIS"), ("X", "LYON")] == [(a.sku, a.location) for a in plans[0].assignments]
    assert [plans[0]] * 6 == plans
    only = stock({"X": {"PARIS": 2}}, ["PARIS"])
    (shipment,) = profiles.decide(request(("X", 2)), only).plan.shipments
    assert "PARIS" == shipment.location
