"""The solver of sourcing against every plan there is, and against itself."""

from __future__ import annotations

import pytest

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.runners_up import cost_through, is_exact, runners_up
from sellable.sourcing.solver.solve import solve
from sellable.sourcing.solver.subsets import twice
from sellable.sourcing.solver.whole import WholeLines
from support.brute_force import best_by_places
from support.small_problems import small_problem

LIMIT_S = 60.0


@pytest.mark.parametrize("batch", range(10))
def test_whole_lines_cost_what_brute_force_finds(batch: int) -> None:
    """No plan of lines that stay whole costs less, and None means that there is none."""
    for seed in range(batch * 50, batch * 50 + 50):
        problem = small_problem(seed, split=False)
        found = best_by_places(problem)
        plan = solve(problem, limit_s=LIMIT_S)
        assert (plan.objective if plan else None) == min(found.values(), default=None), seed
        if plan is not None:
            check(problem, plan)
            assert plan.optimal


@pytest.mark.parametrize("batch", range(10))
def test_split_lines_cost_what_brute_force_finds(batch: int) -> None:
    """No plan of lines that may split costs less, and None means that there is none."""
    for seed in range(batch * 60, batch * 60 + 60):
        problem = small_problem(seed, split=True)
        found = best_by_places(problem)
        plan = solve(problem, limit_s=LIMIT_S)
        assert (plan.objective if plan else None) == min(found.values(), default=None), seed
        if plan is not None:
            check(problem, plan)
            assert plan.optimal


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("batch", range(5))
def test_runners_up_are_the_next_best_sets_of_locations(batch: int, *, split: bool) -> None:
    """Each runner-up is the best plan of its locations, and no other set of them is cheaper."""
    for seed in range(batch * 20, batch * 20 + 20):
        problem = small_problem(seed, split=split)
        found = best_by_places(problem)
        best = solve(problem, limit_s=LIMIT_S)
        if best is None:
            continue
        plans = [best, *runners_up(problem, best, 4, LIMIT_S)]
        assert [plan.objective for plan in plans] == sorted(found.values())[:5], seed
        for plan in plans:
            check(problem, plan)
            assert plan.objective == found[frozenset(plan.modes)]
        assert len(plans) == len({frozenset(plan.modes) for plan in plans})


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("batch", range(5))
def test_cost_through_a_location_is_that_of_the_best_plan_with_it(
    batch: int, *, split: bool
) -> None:
    """It is exact for lines that stay whole, and never above for those that split."""
    for seed in range(batch * 40, batch * 40 + 40):
        problem = small_problem(seed, split=split)
        found = best_by_places(problem)
        best = solve(problem, limit_s=LIMIT_S)
        if best is None:
            continue
        costs = cost_through(problem, best, LIMIT_S)
        assert set(costs) == {*problem.mode_location.tolist()} - set(best.modes)
        for place, cost in costs.items():
            least = min((found[each] for each in found if place in each), default=None)
            if is_exact(problem):
                assert cost == least, seed
            elif least is not None:
                assert cost is not None
                assert cost <= least, seed
                assert cost >= best.objective


def test_the_table_alone_would_send_twice_from_a_location() -> None:
    """What the repair is for: answers that use a location twice, which no plan may."""
    too_good = 0
    for seed in range(500):
        problem = small_problem(seed, split=False)
        whole = WholeLines.of(problem)
        assert whole is not None
        sent = whole.trace(whole.table(whole=False))
        best = whole.best()
        if sent and best and twice(sent):
            too_good += whole.solution(sent).objective != best.objective
            assert whole.single
    assert too_good > 0
