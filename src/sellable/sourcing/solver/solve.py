"""The best plan of a problem, by the method that fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.whole import WholeLines

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem, Solution


def solve(problem: Problem, *, limit_s: float) -> Solution | None:
    """Return the best plan, or None if it is proven that there is none."""
    whole = WholeLines.of(problem)
    assert whole is not None
    best = whole.best()
    if best is not None:
        check(problem, best)
    return best
