"""The solver of sourcing against every plan there is, and against itself."""

from __future__ import annotations

import pytest

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.solve import solve
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
