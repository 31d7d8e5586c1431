"""A problem as items that are sent in columns: what split lines and constraints turn it into.

An item is a line that may split, counted in units, or lines that stay together, counted as one. A
*column* is a mode with an amount of each item: all that one location ships. What stays unfilled is
sent by modes of no location, one an item. Letters in shapes: i items, m modes, r resources.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.sourcing.solver.problem import Mask, Problem, Whole

    Real = NDArray[np.float64]

WEIGHT_MAX: Final = float(1 << 50)  # of costs: sums of them are exact in float64


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Items, and in which modes they can be sent. Whole numbers as float64, all exact.

    Attributes:
        lines: (i, n) units of each line in an item.
        demand: (i,) how many of it are wanted.
        grams: (i,) its weight.
        place: (m,) the location of a mode, those of no location after the last one.
        source: (m,) the mode of the problem, -1 where it is of no location.
        most: (m, i) how many of an item the mode can send at most.
        least: (m, i) how many it sends at least, 0 until sets of locations are looked at.
        above, up_to: (m,) weight that it takes.
        fixed, unit: (m, k) and (m, i, k) costs.
        shared: Rows of `stock` that several items take from, and (i,) how many units each takes.
        spent_fixed, spent_unit: (r, m) and (r, m, i) what a mode and its items use of a resource.
        budget: (r,) how much there is of it.
    """

    problem: Problem
    lines: Whole
    demand: Real
    grams: Real
    place: Whole
    source: Whole
    most: Real
    least: Real
    above: Real
    up_to: Real
    fixed: Whole
    unit: Whole
    shared: dict[int, Real]
    spent_fixed: Real
    spent_unit: Real
    budget: Real

    def only(self, modes: Whole) -> Items:
        """Return the items with these modes alone."""
        return replace(
            self,
            place=self.place[modes],
            source=self.source[modes],
            most=self.most[modes],
            least=self.least[modes],
            above=self.above[modes],
            up_to=self.up_to[modes],
            fixed=self.fixed[modes],
            unit=self.unit[modes],
            spent_fixed=self.spent_fixed[:, modes],
            spent_unit=self.spent_unit[:, modes],
        )

    def within(self, level: int, most: int) -> Items:
        """Return the items with a level's cost as one more resource."""
        return replace(
            self,
            spent_fixed=np.concatenate([self.spent_fixed, self.fixed[None, :, level]]),
            spent_unit=np.concatenate([self.spent_unit, self.unit[None, :, :, level]]),
            budget=np.append(self.budget, float(most)),
        )


def items_of(problem: Problem) -> Items:
    """Return the items of a problem; modes that can send nothing are left out."""
    lines = _lines(problem)
    first = (lines > 0).argmax(axis=1)
    demand = problem.demand[first] // lines[np.arange(len(lines)), first]
    grams = lines @ problem.unit_grams
    of_sku = np.zeros((len(lines), len(problem.stock)), dtype=np.int64)
    np.add.at(of_sku.T, problem.sku_of, lines.T)
    most = np.full((problem.stock.shape[1], len(lines)), np.iinfo(np.int64).max)
    for item, units in enumerate(of_sku):
        most[:, item] = demand[item]
        for sku in np.flatnonzero(units).tolist():
            most[:, item] = np.minimum(most[:, item], problem.stock[sku] // units[sku])
        most[:, item] *= problem.allowed[lines[item] > 0].all(axis=0)
    by_mode = most[problem.mode_location]
    heavy = np.maximum(grams, 1)
    by_mode = np.where(
        grams > 0, np.minimum(by_mode, problem.mode_grams_max[:, None] // heavy), by_mode
    )
    able = by_mode.any(axis=1) & (problem.mode_grams_max >= 0)
    kept = np.flatnonzero(able & ~_outdone(problem))
    unit = np.einsum("mnk,in->mik", problem.mode_unit[kept], lines)
    items = Items(
        problem=problem,
        lines=lines,
        demand=demand.astype(float),
        grams=grams.astype(float),
        place=problem.mode_location[kept],
        source=kept,
        most=by_mode[kept].astype(float),
        least=np.zeros((len(kept), len(lines))),
        above=problem.mode_grams_min[kept].astype(float),
        up_to=problem.mode_grams_max[kept].astype(float),
        fixed=problem.mode_fixed[kept],
        unit=unit,
        shared={
            sku: of_sku[:, sku].astype(float)
            for sku in np.flatnonzero((of_sku > 0).sum(axis=0) > 1).tolist()
        },
        spent_fixed=np.zeros((0, len(kept))),
        spent_unit=np.zeros((0, len(kept), len(lines))),
        budget=np.zeros(0),
    )
    return _bounded(_unfilled(items) if problem.partial else items, of_sku)


def _outdone(problem: Problem) -> Mask:
    """Return the modes that another one of the location replaces, at no more of anything."""
    place, count = problem.mode_location, len(problem.mode_location)
    size = (-problem.mode_grams_min, problem.mode_grams_max)
    uses = (problem.mode_parcels, *problem.mode_fixed.T)
    outdone = np.zeros(count, dtype=bool)
    for apart in range(1, int(np.unique(place, return_counts=True)[1].max(initial=0))):
        first = np.flatnonzero(place[apart:] == place[:-apart])
        for one, other in ((first, first + apart), (first + apart, first)):
            better = ~outdone[one]
            for each in size:
                better &= each[one] >= each[other]
            for each in uses:
                better &= each[one] <= each[other]
            rows = np.flatnonzero(better)
            units = problem.mode_unit[one[rows]] <= problem.mode_unit[other[rows]]
            outdone[other[rows[units.all(axis=(1, 2))]]] = True
    return outdone


def _lines(problem: Problem) -> Whole:
    """Return (i, n) units of each line in an item."""
    rows = []
    grouped = {line for group in problem.together for line in group}
    groups = {min(group): list(group) for group in problem.together}
    for line, units in enumerate(problem.demand.tolist()):
        row = np.zeros(len(problem.demand), dtype=np.int64)
        if line in groups:
            row[groups[line]] = problem.demand[groups[line]]
        elif line in grouped:
            continue
        else:
            row[line] = 1 if problem.split[line] else units
        rows.append(row)
    return np.array(rows)


def _unfilled(items: Items) -> Items:
    """Add the modes of no location, which leave an item unfilled."""
    count, levels = len(items.demand), items.fixed.shape[1]
    places = items.problem.stock.shape[1]
    unit = np.zeros((count, count, levels), dtype=np.int64)
    unit[np.arange(count), np.arange(count)] = items.lines @ items.problem.unfilled_cost
    return replace(
        items,
        place=np.concatenate([items.place, places + np.arange(count)]),
        source=np.concatenate([items.source, np.full(count, -1)]),
        most=np.concatenate([items.most, np.diag(items.demand)]),
        least=np.concatenate([items.least, np.zeros((count, count))]),
        above=np.concatenate([items.above, np.full(count, -1.0)]),
        up_to=np.concatenate([items.up_to, np.full(count, WEIGHT_MAX)]),
        fixed=np.concatenate([items.fixed, np.zeros((count, levels), dtype=np.int64)]),
        unit=np.concatenate([items.unit, unit]),
        spent_fixed=np.zeros((0, len(items.place) + count)),
        spent_unit=np.zeros((0, len(items.place) + count, count)),
    )


def _bounded(items: Items, of_sku: Whole) -> Items:
    """Add the resources that can run out: locations, parcels, and limits of SKUs."""
    problem, ships = items.problem, items.source >= 0
    fixed, unit, budget = [], [], []
    nothing = np.zeros(items.most.shape)
    if problem.max_locations is not None:
        fixed.append(ships.astype(float))
        unit.append(nothing)
        budget.append(problem.max_locations)
    if problem.max_parcels is not None:
        fixed.append(np.append(problem.mode_parcels, 0)[items.source].astype(float))
        unit.append(nothing)
        budget.append(problem.max_parcels)
    wanted = of_sku.T @ items.demand
    for sku in np.flatnonzero(wanted > problem.sku_limit).tolist():
        fixed.append(np.zeros(len(ships)))
        unit.append(ships[:, None] * of_sku[:, sku].astype(float))
        budget.append(int(problem.sku_limit[sku]))
    if not budget:
        return items
    return replace(
        items,
        spent_fixed=np.array(fixed),
        spent_unit=np.array(unit),
        budget=np.array(budget, dtype=float),
    )
