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
        if not _servable(items) or _crowded(self.problem, forced, more=more):
            return None
        for level in range(items.fixed.shape[1]):
            stage = Stage.of(items, level)
            cost = stage.known(known.objective[level]) if known else np.inf
            outcome = Outcome(0.0, cost)
            priced = price_out(stage, _sent(items, known), outcome, deadline)
            close(priced, outcome, deadline)
            if outcome.sent is not None:
                known = self._solution(outcome.sent)
            if outcome.proven() and known is None:
                return None
            if known is None:
                raise Undecided
            if not outcome.proven():
                below = [0] * (items.fixed.shape[1] - level - 1)
                bound += [stage.told(outcome.bound), *below]
                return _proven(self.problem, known, tuple(bound))
            bound.append(known.objective[level])
            items = priced.stage.items.within(level, known.objective[level])
        return _proven(self.problem, known, tuple(bound)) if known else None

    def through(self, best: Solution, deadline: Deadline) -> dict[int, tuple[int, ...] | None]:
        """Return by location that `best` does not use a bound of what a plan with it costs."""
        items, places = self.items, {*self.problem.mode_location.tolist()} - {*best.modes}
        able = {*items.place[items.source >= 0].tolist()}
        bounds = dict.fromkeys(places & able, best.bound)
        equal = set(bounds)
        for level, (cost, proven) in enumerate(zip(best.objective, best.bound, strict=True)):
            stage = Stage.of(items, level)
            priced = price_out(stage, _sent(items, best), Outcome(0.0, np.inf), deadline)
            pricing = stage.at(priced.prices)
            least = pricing.by_place()
            below = (0,) * (len(best.objective) - level - 1)
            for place in sorted(equal):
                bound = priced.least + max(0.0, float(least[place]))
                bounds[place] = (*best.bound[:level], max(proven, stage.told(bound)), *below)
            equal = {place for place in equal if bounds[place][level] == cost}
            if proven < cost or not equal:
                break
            items = items.within(level, cost)
        return {place: bounds.get(place) for place in sorted(places)}

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
        return solution_of(self.problem, quantities, modes, method="columns")


class Undecided(Exception):
    """The time was over before a plan was found, or known that there is none."""


def _proven(problem: Problem, known: Solution, bound: tuple[int, ...]) -> Solution:
    """Return a plan with what is proven of it."""
    return solution_of(problem, known.quantities, known.modes, method=known.method, bound=bound)


def _sent(items: Items, plan: Solution | None) -> Sent:
    """Return a plan as modes and amounts."""
    if plan is None:
        return []
    units = {place: np.zeros(items.lines.shape[1]) for place in plan.modes}
    for (line, place), count in plan.quantities.items():
        units[place][line] = count
    first = (items.lines > 0).argmax(axis=1)
    each = items.lines[np.arange(len(first)), first]
    return [(mode, units[place][first] // each) for place, mode in plan.modes.items()]


def _servable(items: Items) -> bool:
    """Return whether all locations together have all items."""
    most = np.zeros((int(items.place.max(initial=0)) + 1, len(items.demand)))
    np.maximum.at(most, items.place, items.most)
    return bool((most.sum(axis=0) >= items.demand).all())


def _crowded(problem: Problem, forced: Sequence[int], *, more: bool) -> bool:
    """Return whether so many locations break a bound whatever they ship."""
    most, parcels = problem.max_locations, int(more)
    for place in forced:
        parcels += int(problem.mode_parcels[problem.mode_location == place].min())
    too_many = most is not None and len(forced) + more > most
    return too_many or (problem.max_parcels is not None and parcels > problem.max_parcels)


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
