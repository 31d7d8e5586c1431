"""What a plain order system does: the first location that has it ships it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.plans import Quantities, solution_of
from sellable.sourcing.solver.scale import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.sourcing.solver.problem import Problem, Solution, Whole


def greedy(problem: Problem, order: Iterable[int], method: str) -> Solution | None:
    """Return a plan that walks the locations in order and takes what each has of what is open.

    Lines that stay whole and groups are taken from the first location that has all of it; each
    location uses its cheapest mode, and is passed over if none takes the weight. None if something
    stays open that must not, or a bound is broken: such a system does not look back. Nothing is
    proven: the bound is 0.
    """
    taking = _Taking(problem)
    for place in order:
        taking.visit(place)
    return taking.plan(method)


def cover(problem: Problem, method: str) -> Solution | None:
    """Return a plan that takes most of what is open, again and again, the groups first of all."""
    taking = _Taking(problem)
    places = np.unique(problem.mode_location)
    grouped = [line for group in problem.together for line in group]
    alone = np.setdiff1d(np.arange(len(problem.demand)), grouped)
    while len(places) and taking.left.any():
        able = np.minimum(problem.stock[:, places][problem.sku_of], taking.left[:, None])
        able = able * problem.allowed[:, places]
        whole = np.all(able[grouped] >= taking.left[grouped][:, None], axis=0)
        units = able[alone].sum(axis=0) + able[grouped].sum(axis=0) * whole
        if taking.left[grouped].any() and whole.any():
            units = units * whole
        at = int(units.argmax())
        taking.visit(int(places[at]))
        places = np.delete(places, at)
    return taking.plan(method)


class _Taking:
    """What is still open while locations are visited."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._scale = scale_of(problem)
        self._limit = problem.sku_limit.copy()
        grouped = {line for group in problem.together for line in group}
        alone = [[line] for line in range(len(problem.demand)) if line not in grouped]
        self._groups = sorted([*alone, *(sorted(group) for group in problem.together)])
        self.left = problem.demand.copy()
        self.quantities: Quantities = {}
        self.modes: dict[int, int] = {}

    def plan(self, method: str) -> Solution | None:
        """Return what was taken, None if that is no plan."""
        problem = self._problem
        if not problem.partial and self.left.any():
            return None
        if problem.max_locations is not None and len(self.modes) > problem.max_locations:
            return None
        parcels = sum(int(problem.mode_parcels[mode]) for mode in self.modes.values())
        if problem.max_parcels is not None and parcels > problem.max_parcels:
            return None
        nothing = (0,) * problem.unfilled_cost.shape[1]
        return solution_of(problem, self.quantities, self.modes, method=method, bound=nothing)

    def visit(self, place: int) -> None:
        """Take from a location what it has, if it can send that."""
        problem = self._problem
        stock = np.minimum(problem.stock[:, place], self._limit)
        taken = np.zeros_like(self.left)
        for lines in self._groups:
            after = stock.copy()
            units = np.zeros_like(taken)
            for line in lines:
                has = int(after[problem.sku_of[line]]) * bool(problem.allowed[line, place])
                units[line] = min(int(self.left[line]), has)
                after[problem.sku_of[line]] -= units[line]
            whole = len(lines) > 1 or not problem.split[lines[0]]
            if whole and (units[lines] < self.left[lines]).any():
                continue
            stock, taken = after, taken + units
        mode = self._mode(place, taken) if taken.any() else None
        if mode is None:
            return
        self.modes[place] = mode
        self.left -= taken
        np.subtract.at(self._limit, problem.sku_of, taken)
        for line in np.flatnonzero(taken).tolist():
            self.quantities[line, place] = int(taken[line])

    def _mode(self, place: int, units: Whole) -> int | None:
        """Return the cheapest mode of a location for units, the first of equal ones."""
        problem, grams = self._problem, int(self._problem.unit_grams @ units)
        fits = (problem.mode_grams_min < grams) & (grams <= problem.mode_grams_max)
        rows = np.flatnonzero(fits & (problem.mode_location == place))
        if not len(rows):
            return None
        unit = self._scale.pack(problem.mode_unit[rows]) * units
        return int(rows[(self._scale.pack(problem.mode_fixed[rows]) + unit.sum(axis=1)).argmin()])
