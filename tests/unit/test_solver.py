"""The solver of sourcing at the size of real orders: second opinions, deadlines and determinism."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.deadline import Deadline
from sellable.sourcing.solver.greedy import cover, greedy
from sellable.sourcing.solver.runners_up import cost_through, runners_up
from sellable.sourcing.solver.solve import solve
from sellable.sourcing.solver.splitting import SplitLines
from sourcing.instances import Kind, draw
from sourcing.milp import best_by_milp
from support.small_problems import small_problem

LIMIT_S = 60.0


@pytest.mark.parametrize("levels", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_whole_lines_cost_the_same_by_subsets_and_by_columns(share: float, *, levels: bool) -> None:
    """Two methods that have nothing in common agree on orders of real size."""
    for seed in range(4):
        problem = draw(Kind(8, 50, share, lexicographic=levels), seed)
        by_subsets = solve(problem, limit_s=LIMIT_S)
        by_columns = SplitLines.of(problem).best(deadline=Deadline(LIMIT_S))
        assert by_subsets is not None
        assert by_columns is not None
        assert by_columns.optimal
        assert by_subsets.objective == by_columns.objective


@pytest.mark.parametrize("kind", [Kind(6, 20, 0.3), Kind(6, 20, 0.3, split=True)])
def test_a_mixed_integer_program_finds_nothing_better(kind: Kind) -> None:
    """HiGHS, told of the same problem in its own way, agrees."""
    for levels in (False, True):
        for seed in range(3):
            problem = draw(replace(kind, lexicographic=levels), seed)
            plan = solve(problem, limit_s=LIMIT_S)
            assert plan is not None
            found = best_by_milp(problem, LIMIT_S)
            assert found == pytest.approx(plan.objective, rel=1e-6)


@pytest.mark.parametrize("split", [False, True])
def test_the_same_problem_has_the_same_plan(*, split: bool) -> None:
    """Also among equal plans: costs without differences, solved twice, and in wide numbers."""
    problem = draw(Kind(6, 30, 0.5, split=split), 3)
    flat = replace(
        problem,
        mode_fixed=np.ones_like(problem.mode_fixed),
        mode_unit=np.zeros_like(problem.mode_unit),
    )
    for each in (problem, flat):
        first, again = solve(each, limit_s=LIMIT_S), solve(each, limit_s=LIMIT_S)
        assert first == again
        assert repr(first) == repr(again)


def test_a_limit_is_kept_with_an_honest_gap() -> None:
    """After it there is a feasible plan, whose bound is not above what is proven with more time."""
    problem = draw(Kind(12, 500, 0.3, split=True, lexicographic=True), 6)
    solve(problem, limit_s=0.02)
    began = perf_counter()
    plan = solve(problem, limit_s=0.02)
    took_s = perf_counter() - began
    assert plan is not None
    check(problem, plan)
    assert not plan.optimal
    assert 0 < plan.gap <= 1
    assert took_s < 2  # of a loaded machine; measured: about 0.05
    longer = solve(problem, limit_s=1.0)
    assert longer is not None
    assert plan.bound <= longer.objective <= plan.objective


def test_the_largest_problems_end_in_time_with_a_plan() -> None:
    """100 lines in 4,096 locations take no more than the promising ones, and say what is proven."""
    problem = draw(Kind(100, 1_024, 0.3, split=True), 1)
    began = perf_counter()
    plan = solve(problem, limit_s=0.1)
    assert perf_counter() - began < 10
    assert plan is not None
    check(problem, plan)
    assert not plan.optimal


def test_solving_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither HiGHS nor anything else writes to the terminal, whose output people parse."""
    solve(draw(Kind(5, 20, 0.5, split=True), 1), limit_s=LIMIT_S)
    assert ("", "") == capfd.readouterr()


def test_greedy_plans_keep_every_constraint_or_are_none() -> None:
    """What a plain system does is checked like any plan, and never cheaper than the best one."""
    found = 0
    for seed in range(150):
        problem = small_problem(seed, split=True)
        places = range(problem.stock.shape[1])
        for plan in (greedy(problem, places, "priority"), cover(problem, "columns")):
            if plan is None:
                continue
            found += 1
            check(problem, plan)
            best = solve(problem, limit_s=LIMIT_S)
            assert best is not None
            assert best.objective <= plan.objective
    assert found > 50


def test_greedy_takes_from_the_first_location_that_has_it() -> None:
    """It does not look for a better one."""
    problem = draw(Kind(3, 10, 1.0, split=True), 1)
    problem = replace(problem, max_parcels=None, max_locations=None)
    plan = greedy(problem, [7, *range(7)], "priority")
    assert plan is not None
    assert min(plan.quantities)[1] in plan.modes
    assert 7 in plan.modes
    assert plan.method == "priority"
    assert not plan.optimal


def test_runners_up_of_real_orders_cost_more_and_more() -> None:
    """Five next best plans of 10 lines, each from other locations."""
    problem = draw(Kind(10, 50, 0.3), 1)
    best = solve(problem, limit_s=LIMIT_S)
    assert best is not None
    plans = [best, *runners_up(problem, best, 5, LIMIT_S)]
    assert len(plans) == 6
    assert len({frozenset(plan.modes) for plan in plans}) == 6
    assert [plan.objective for plan in plans] == sorted(plan.objective for plan in plans)
    costs = cost_through(problem, best, LIMIT_S)
    through = {place for place in plans[1].modes if place not in best.modes}
    assert plans[1].objective in {costs[place] for place in through} or not through


def test_check_finds_what_is_wrong() -> None:
    """A plan with something removed does not pass."""
    problem = draw(Kind(4, 20, 0.5), 1)
    plan = solve(problem, limit_s=LIMIT_S)
    assert plan is not None
    check(problem, plan)
    with pytest.raises(AssertionError, match="is filled with"):
        check(problem, replace(plan, quantities={}))
    with pytest.raises(AssertionError, match="is not the sum"):
        check(problem, replace(plan, objective=(1,), bound=(1,)))
    with pytest.raises(AssertionError, match="has its mode"):
        check(problem, replace(plan, modes={}))
