"""The best plan of a problem, by the method that fits it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.deadline import Deadline
from sellable.sourcing.solver.splitting import SplitLines
from sellable.sourcing.solver.whole import WholeLines

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem, Solution


def solve(problem: Problem, *, limit_s: float) -> Solution | None:
    """Return the best plan, or None if it is proven that there is none."""
    deadline = Deadline(limit_s)
    whole = WholeLines.of(problem)
    best = whole.best() if whole else _split(problem, deadline)
    if best is not None:
        check(problem, best)
    return best


def _split(problem: Problem, deadline: Deadline) -> Solution | None:
    """Return the best plan of lines that split, beginning with the best one without splits."""
    unsplit = replace(problem, split=np.zeros_like(problem.split))
    whole = WholeLines.of(unsplit)
    known = whole.best() if whole else None
    return SplitLines.of(problem).best(known=known, deadline=deadline)
