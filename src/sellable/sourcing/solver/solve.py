"""The best plan of a problem, by the method that fits it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.deadline import Deadline
from sellable.sourcing.solver.greedy import cover
from sellable.sourcing.solver.narrow import is_large, narrowed, plain_bound
from sellable.sourcing.solver.plans import solution_of
from sellable.sourcing.solver.splitting import SplitLines, Undecided
from sellable.sourcing.solver.whole import WholeLines

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem, Solution


def solve(problem: Problem, *, limit_s: float) -> Solution | None:
    """Return the best plan, or None if it is proven that there is none.

    Lines that all stay whole are solved in milliseconds, whatever the limit. Else after about
    `limit_s` the best plan so far is returned, with its bound and gap. Raises Undecided if by then
    neither a plan was found, nor that there is none.
    """
    deadline = Deadline(limit_s)
    whole = WholeLines.of(problem)
    if whole is not None:
        best = whole.best()
    elif is_large(problem):
        best = _large(problem, deadline)
    else:
        best = SplitLines.of(problem).best(known=_unsplit(problem), deadline=deadline)
    if best is not None:
        check(problem, best)
    return best


def _unsplit(problem: Problem) -> Solution | None:
    """Return a plan to begin with: the best one without splits, or one that covers the order.

    Where lines may stay unfilled, the best one without splits may be the one that ships nothing.
    """
    whole = WholeLines.of(replace(problem, split=np.zeros_like(problem.split)))
    found = [whole.best() if whole else None, cover(problem, "columns")]
    return min(filter(None, found), key=lambda plan: plan.objective, default=None)


def _large(problem: Problem, deadline: Deadline) -> Solution | None:
    """Return a good plan from the promising locations, with a bound that holds for all."""
    part, modes = narrowed(problem)
    best = _unsplit(part)
    try:
        best = SplitLines.of(part).best(known=best, deadline=deadline)
    except Undecided:
        best = None
    if best is None:
        best = cover(problem, "columns")
    else:
        rows = {place: int(modes[mode]) for place, mode in best.modes.items()}
        best = solution_of(problem, best.quantities, rows, method="columns", bound=best.objective)
    if best is None:
        raise Undecided
    bound = min(best.objective, plain_bound(problem))
    return solution_of(problem, best.quantities, best.modes, method="columns", bound=bound)
