"""Plans of random small orders, held against the rules said once more in plain words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sellable.errors import NoFeasiblePlan
from sellable.sourcing.decide import Profiles
from sellable.sourcing.plan import Decision, RejectionReason
from support.drawn_sourcing import drawn
from support.plain_plans import best_levels, check_plan, check_rejections
from support.plain_sourcing import Rules

BATCH = 25


def _decided(seed: int, *, split: bool) -> tuple[Rules, Decision | NoFeasiblePlan]:
    network, request, stock = drawn(seed, split=split)
    strategy = network.sourcing.profiles[0].strategies[0]
    rules = Rules(network, request, stock, strategy)
    try:
        return rules, Profiles(network, 7).decide(request, stock)
    except NoFeasiblePlan as error:
        return rules, error


@pytest.mark.parametrize("batch", range(10))
@pytest.mark.parametrize("split", [False, True])
def test_plans_keep_every_rule_and_none_is_cheaper(batch: int, split: bool) -> None:  # noqa: FBT001
    """A plan keeps the rules, its terms add up, and trying every plan finds no cheaper one.

    Where there is no plan, trying every one finds none either.
    """
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        rules, decided = _decided(seed, split=split)
        best = best_levels(rules)
        if isinstance(decided, NoFeasiblePlan):
            assert best is None, f"seed {seed}: {decided}"
            assert decided.lines, seed
            continue
        check_plan(rules, decided.plan)
        for plan in decided.alternatives:
            check_plan(rules, plan)
        check_rejections(rules, decided)
        assert decided.plan.optimal
        assert best is not None
        plans = (decided.plan, *decided.alternatives)
        assert sorted(plan.levels for plan in plans) == [plan.levels for plan in plans]
        sets = {frozenset(shipment.location for shipment in plan.shipments) for plan in plans}
        assert len(plans) == len(sets), f"seed {seed}: two plans ship from the same locations"
        roundings = 0 if rules.strategy.order else 8 * (1 + sum(x.quantity for x in rules.lines))
        for told, plain in zip(decided.plan.levels, best, strict=True):
            assert abs(told - plain) <= roundings, f"seed {seed}: {decided.plan.levels}, {best}"


def test_a_costlier_location_says_by_how_much() -> None:
    """It is what the cheapest of all plans with it costs more, or that there is no such plan."""
    told = 0
    for seed in range(120):
        rules, decided = _decided(seed, split=False)
        if isinstance(decided, NoFeasiblePlan) or len(decided.plan.levels) > 1:
            continue
        best = best_levels(rules)
        for rejection in decided.rejections:
            if rejection.reason is not RejectionReason.COSTLIER or rules.strategy.order:
                continue
            told += 1
            through = best_levels(rules, rejection.location)
            if through is None or best is None:
                assert rejection.detail.startswith("no plan that ships from it")
            elif not rejection.detail.startswith("costs no less"):
                more = float(rejection.detail.split()[1])
                assert pytest.approx((through[0] - best[0]) / 1_000_000, abs=1e-4) == more
            else:
                assert abs(through[0] - best[0]) < 100
    assert told > 10


def test_runners_up_sharpen_what_is_told_of_lines_that_split() -> None:
    """The first runner-up from a location says exactly what it costs more, else it is a bound."""
    exact = 0
    for seed in range(160):
        rules, decided = _decided(seed, split=True)
        if isinstance(decided, NoFeasiblePlan) or len(decided.plan.levels) > 1:
            continue
        used = {each.location for plan in decided.alternatives for each in plan.shipments}
        best = decided.plan.levels[0]
        for rejection in decided.rejections:
            words = rejection.detail.split()
            if rules.strategy.order or words[0] != "costs" or words[1] == "no":
                continue
            through = best_levels(rules, rejection.location)
            if through is None:  # then nothing is less than any bound
                assert words[1] == "at"
                continue
            more = (through[0] - best) / 1_000_000
            if words[1] != "at":
                exact += 1
                assert pytest.approx(more, abs=1e-4) == float(words[1])
            else:
                assert rejection.location not in used
                assert float(words[3]) <= more + 1e-4
    assert exact > 10


def test_equal_questions_have_equal_answers() -> None:
    """A decision depends on nothing but its question: asked again, it is the same."""
    for seed in range(20):
        one, other = (_decided(seed, split=False)[1] for _ in range(2))
        assert str(one) == str(other)


def test_a_plan_that_was_tampered_with_is_found_out() -> None:
    """The plain rules notice another quantity, price, arrival, and a reason that is not true."""
    found = 0
    for seed in range(60):
        rules, decided = _decided(seed, split=False)
        if isinstance(decided, NoFeasiblePlan) or not decided.plan.shipments:
            continue
        found += 1
        plan = decided.plan
        first, shipment = plan.assignments[0], plan.shipments[0]
        faults = (
            replace(plan, assignments=(replace(first, quantity=9), *plan.assignments[1:])),
            replace(plan, shipments=(replace(shipment, cost_micros=1), *plan.shipments[1:])),
            replace(plan, shipments=(replace(shipment, arrive_ms=1), *plan.shipments[1:])),
            replace(plan, cost_terms=plan.cost_terms[::-1][1:]),
        )
        for fault in faults:
            with pytest.raises(AssertionError):
                check_plan(rules, fault)
        for number, rejection in enumerate(decided.rejections):
            wrong = (
                RejectionReason.CAPACITY
                if rejection.reason is not RejectionReason.CAPACITY
                else RejectionReason.CLOSED
            )
            listed = list(decided.rejections)
            listed[number] = replace(rejection, reason=wrong)
            with pytest.raises(AssertionError):
                check_rejections(rules, replace(decided, rejections=tuple(listed)))
    assert found > 10
