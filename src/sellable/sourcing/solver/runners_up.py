"""The next best plans, and what the best plan through another location costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.check import check
from sellable.sourcing.solver.deadline import Deadline
from sellable.sourcing.solver.splitting import SplitLines, Undecided
from sellable.sourcing.solver.whole import WholeLines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.sourcing.solver.problem import Problem, Solution


@dataclass(frozen=True, slots=True)
class _Part:
    """Plans in which all `forced` locations ship, no `forbidden` one does, maybe some more do."""

    forced: tuple[int, ...] = ()
    forbidden: frozenset[int] = frozenset()
    more: bool = False

    def without(self, places: list[int]) -> Iterator[_Part]:
        """Yield parts that together are this one without the plans of exactly these locations."""
        forced, more = self.forced, self.more
        for place in (each for each in places if each not in self.forced):
            yield _Part(forced, self.forbidden | {place}, more)
            forced, more = (*forced, place), False
        yield _Part(forced, self.forbidden, more=True)


def runners_up(problem: Problem, best: Solution, count: int, limit_s: float) -> list[Solution]:
    """Return the next best plans, each from another set of locations than all before it.

    Fewer than `count` if there are no more, or the time is over.
    """
    deadline = Deadline(limit_s)
    whole = WholeLines.of(problem)
    unsplit = whole or WholeLines.of(replace(problem, split=np.zeros_like(problem.split)))
    split = SplitLines.of(problem) if whole is None else None

    def solved(part: _Part) -> Solution | None:
        forced, forbidden, more = part.forced, part.forbidden, part.more
        known = unsplit.best(forced, forbidden, more=more) if unsplit else None
        if split is None:
            return known
        return split.best(forced, forbidden, more=more, known=known, deadline=deadline)

    found: list[Solution] = []
    queue: list[tuple[tuple[int, ...], int, _Part, Solution]] = []
    part, last, number = _Part(), best, 0
    while len(found) < count:
        for each in part.without(sorted(last.modes)):
            if deadline.passed():
                return found
            try:
                plan = solved(each)
            except Undecided:
                return found
            if plan is not None and not plan.optimal:
                return found
            if plan is not None:
                number += 1
                heappush(queue, (plan.objective, number, each, plan))
        if not queue:
            return found
        _, _, part, last = heappop(queue)
        check(problem, last)
        found.append(last)
    return found


def cost_through(
    problem: Problem, best: Solution, limit_s: float
) -> dict[int, tuple[int, ...] | None]:
    """Return, for each location with a mode that `best` does not use, what a plan with it costs.

    That of the best plan in which it ships something, None if there is none. Exact for lines that
    stay whole, see `is_exact`; else a bound: no plan with it costs less.
    """
    whole = WholeLines.of(problem)
    if whole is not None:
        whole.best()  # finds the locations and bounds that need care
        return whole.through(best)
    return SplitLines.of(problem).through(best, Deadline(limit_s))


def is_exact(problem: Problem) -> bool:
    """Return whether `cost_through` tells costs, not bounds."""
    return WholeLines.of(problem) is not None
