"""Exact plans for lines that may split, level by level, each with the earlier ones held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.items import Items, items_of
from sellable.sourcing.solver.plans import Quantities, solution_of
from sellable.sourcing.solver.stage import Outcome, Stage, close, price_out

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.problem import Problem, Solution
    from sellable.sourcing.solver.search import Sent


@dataclass(frozen=True, slots=True, eq=False)
class SplitLines:
    """A problem as items; the answer to every question is exact unless the time is over."""

    problem: Problem
    items: Items

    @classmethod
    def of(cls, problem: Problem) -> SplitLines:
        """Return the problem as items."""
        return cls(problem, items_of(problem))

    def best(
        self,
        forced: Sequence[int] = (),
        forbidden: Collection[int] = (),
        *,
        more: bool = False,
        known: Solution | None = None,
        deadline: Deadline,
    ) -> Solution | None:
        """Return the best plan in which all `forced` locations ship and no `forbidden` one does.

        With `more` at least one other location ships too. `known` is a plan of that kind. None:
        there is no plan. Raises Undecided if the time is over before it is known.
        """
        items = _restricted(self.items, forced, forbidden, more=more)
        bound: list[int] = []
        if not _servable(items):
            return None
        for level in range(items.fixed.shape[2 - 1]):
            stage = Stage.of(items, level)
            cost = known.objective[level] // stage.divisor if known else np.inf
            outcome = Outcome(0.0, cost)
            priced = price_out(stage, outcome, deadline)
            close(priced, outcome, deadline)
            if outcome.sent is not None:
                known = self._solution(outcome.sent)
            if outcome.proven() and known is None:
                return None
            if known is None:
                raise Undecided
            if not outcome.proven():
                below = [0] * (items.fixed.shape[1] - level - 1)
                bound += [int(outcome.bound) * stage.divisor, *below]
                return replace_bound(self.problem, known, tuple(bound))
            bound.append(known.objective[level])
            items = priced.stage.items.within(level, known.objective[level])
        return known

    def _solution(self, sent: Sent) -> Solution:
        """Return what was found as a plan."""
        quantities: Quantities = {}
        modes: dict[int, int] = {}
        for mode, amounts in sent:
            place = int(self.problem.mode_location[mode])
            modes[place] = mode
            units = amounts @ self.items.lines
            for line in np.flatnonzero(units).tolist():
                quantities[line, place] = int(units[line])
        return solution_of(self.problem, quantities, modes, method="milp")


class Undecided(Exception):
    """The time was over before a plan was found, or known that there is none."""


def replace_bound(problem: Problem, known: Solution, bound: tuple[int, ...]) -> Solution:
    """Return a plan with what is proven of it."""
    return solution_of(problem, known.quantities, known.modes, method=known.method, bound=bound)


def _servable(items: Items) -> bool:
    """Return whether all locations together have all items."""
    most = np.zeros((int(items.place.max(initial=0)) + 1, len(items.demand)))
    np.maximum.at(most, items.place, items.most)
    return bool((most.sum(axis=0) >= items.demand).all())


def _restricted(
    items: Items, forced: Sequence[int], forbidden: Collection[int], *, more: bool
) -> Items:
    """Return items of which some locations must ship and some must not."""
    if forbidden:
        items = items.only(np.flatnonzero(~np.isin(items.place, [*forbidden])))
    wanted = [items.place == place for place in forced]
    if more:
        wanted.append(~np.isin(items.place, [*forced]) & (items.source >= 0))
    if not wanted:
        return items
    zero = np.zeros((len(wanted), *items.most.shape))
    return replace(
        items,
        spent_fixed=np.concatenate([items.spent_fixed, -np.array(wanted, dtype=float)]),
        spent_unit=np.concatenate([items.spent_unit, zero]),
        budget=np.concatenate([items.budget, np.full(len(wanted), -1.0)]),
    )
