"""From units and modes to a solution, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.sourcing.solver.problem import Solution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.sourcing.solver.problem import Problem

Quantities = dict[tuple[int, int], int]


def objective_of(
    problem: Problem, quantities: Mapping[tuple[int, int], int], modes: Mapping[int, int]
) -> tuple[int, ...]:
    """Return what a plan costs, level by level: fixed, unit and unfilled costs."""
    levels = [0] * problem.unfilled_cost.shape[1]
    open_units = problem.demand.tolist()
    rows = [(problem.mode_fixed[mode], 1) for mode in modes.values()]
    for (line, location), units in quantities.items():
        rows.append((problem.mode_unit[modes[location], line], units))
        open_units[line] -= units
    rows += [(problem.unfilled_cost[line], units) for line, units in enumerate(open_units) if units]
    for row, times in rows:
        for level, cost in enumerate(row.tolist()):
            levels[level] += cost * times
    return tuple(levels)


def solution_of(
    problem: Problem,
    quantities: Mapping[tuple[int, int], int],
    modes: Mapping[int, int],
    *,
    method: str,
    bound: tuple[int, ...] | None = None,
) -> Solution:
    """Return a plan as a solution; without a bound it is optimal."""
    objective = objective_of(problem, quantities, modes)
    optimal = bound is None or bound >= objective
    bound = objective if bound is None or optimal else bound
    return Solution(
        quantities=dict(sorted(quantities.items())),
        modes=dict(sorted(modes.items())),
        objective=objective,
        bound=bound,
        optimal=optimal,
        gap=0.0 if optimal else gap_of(objective, bound),
        method=method,
    )


def gap_of(objective: tuple[int, ...], bound: tuple[int, ...]) -> float:
    """Return the gap of the first level in which they differ, as a share of the objective."""
    for cost, least in zip(objective, bound, strict=True):
        if cost != least:
            return max(0.0, min(1.0, (cost - least) / cost)) if cost > 0 else 0.0
    return 0.0
