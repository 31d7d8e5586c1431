"""Exact plans for lines that stay whole: the table of subsets, repaired where it is too generous.

The table lets a free location send several sets. Where its answer does that, the location is made
one that sends a single set, and the table is filled again; likewise with the bounds on parcels and
locations, which are only looked at when an answer breaks them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.bundles import Sets, bundles_of, possible_at, price, size_of
from sellable.sourcing.solver.plans import Quantities, solution_of
from sellable.sourcing.solver.scale import Scale, scale_of
from sellable.sourcing.solver.subsets import Budget, Sent, Table, submasks, twice

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sellable.sourcing.solver.problem import Problem, Solution
    from sellable.sourcing.solver.scale import Cost

BUNDLES_MAX = 14
SETS_MAX = 4_000_000  # priced sets, over all locations


@dataclass(slots=True, eq=False)
class WholeLines:
    """A problem whose lines all stay whole, with its sets priced."""

    problem: Problem
    scale: Scale
    bundles: tuple[tuple[int, ...], ...]
    sets: Sets
    left_out: Cost | None  # by set, what it costs to leave it unfilled; None: nothing may be
    budget: Budget = field(default_factory=Budget)
    single: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, problem: Problem) -> WholeLines | None:
        """Return it, or None if lines may split or there are too many."""
        bundles = bundles_of(problem)
        if bundles is None or len(bundles) > BUNDLES_MAX:
            return None
        able = possible_at(problem, bundles)
        if size_of(able) > SETS_MAX:
            return None
        scale = scale_of(problem)
        sets = price(problem, scale, bundles, able, by_parcels=problem.max_parcels is not None)
        return cls(problem, scale, bundles, sets, _left_out(problem, scale, bundles))

    def best(
        self, forced: Sequence[int] = (), forbidden: Collection[int] = (), *, more: bool = False
    ) -> Solution | None:
        """Return the best plan in which all `forced` locations ship and no `forbidden` one does.

        With `more` at least one other location ships too.
        """
        while True:
            table = self.table(forced, forbidden, more=more, whole=False)
            sent = self.trace(table)
            if sent is None:
                return None
            if not self.repaired(sent):
                return self.solution(sent)

    def table(
        self,
        forced: Sequence[int] = (),
        forbidden: Collection[int] = (),
        *,
        more: bool = False,
        whole: bool,
    ) -> Table:
        """Return the filled table; with `whole` every set of it is right, else the full one is."""
        single = [each for each in self.single if each not in forced and each not in forbidden]
        free = np.ones(len(self.sets.sets), dtype=bool)
        if forced or forbidden or single:
            free = ~np.isin(self.sets.locations, [*forced, *forbidden, *single])
        bits = len(self.bundles)
        table = Table(self.sets, self.scale, bits, self.budget, free)
        table.fill(whole=whole or bool(forced or single) or self.left_out is not None)
        for location in single:
            table.add(location, must=False)
        if more:
            table.not_idle()
        for location in forced:
            table.add(location, must=True)
        return table

    def trace(self, table: Table, wanted: int | None = None) -> list[Sent] | None:
        """Return what fills a set (None: all) at the least cost, leaving out what is dearer."""
        wanted = (1 << len(self.bundles)) - 1 if wanted is None else wanted
        costs = table.steps[-1][-1, -1]
        if self.left_out is not None:
            out = submasks(wanted)
            wanted ^= int(out[(costs[wanted ^ out] + self.left_out[out]).argmin()])
            if self.left_out[((1 << len(self.bundles)) - 1) ^ wanted] >= self.scale.infinite:
                return None
        return table.trace(wanted) if costs[wanted] < self.scale.infinite else None

    def solution(self, sent: Sequence[Sent]) -> Solution:
        """Return a plan with the cheapest mode of each location; of equal ones the first."""
        quantities: Quantities = {}
        modes: dict[int, int] = {}
        for each in sent:
            lines = [
                line
                for row, bundle in enumerate(self.bundles)
                if each.bundles >> row & 1
                for line in bundle
            ]
            modes[each.location] = _mode(self.problem, self.scale, lines, each)
            for line in lines:
                quantities[line, each.location] = int(self.problem.demand[line])
        return solution_of(self.problem, quantities, modes, method="subsets")

    def repaired(self, sent: Sequence[Sent]) -> bool:
        """Return whether a plan was too good to be one; then the next table will know."""
        problem = self.problem
        again = twice(sent)
        self.single = sorted({*self.single, *again})
        parcels = sum(each.parcels for each in sent)
        over = problem.max_parcels is not None and parcels > problem.max_parcels
        too_many = problem.max_locations is not None and len(sent) > problem.max_locations
        self.budget = Budget(
            locations=problem.max_locations if too_many else self.budget.locations,
            parcels=problem.max_parcels if over else self.budget.parcels,
        )
        return bool(again) or over or too_many


def _left_out(problem: Problem, scale: Scale, bundles: Sequence[tuple[int, ...]]) -> Cost | None:
    """Return the cost of leaving each set out, infinite where the rest is more than a limit."""
    count = 1 << len(bundles)
    if problem.partial:
        unfilled = scale.pack(problem.unfilled_cost) * problem.demand
        costs = _sums_by_set([unfilled[list(lines)].sum() for lines in bundles], scale.full(count))
    elif all(
        problem.demand[problem.sku_of == sku].sum() <= limit
        for sku, limit in enumerate(problem.sku_limit.tolist())
    ):
        return None
    else:
        return scale.full(count)
    for sku, limit in enumerate(problem.sku_limit.tolist()):
        lines = problem.sku_of == sku
        if problem.demand[lines].sum() > limit:
            units = [int((problem.demand * lines)[list(each)].sum()) for each in bundles]
            kept = _sums_by_set(units, np.zeros(count, dtype=np.int64))[::-1]
            costs[kept > limit] = scale.infinite
    return costs


def _sums_by_set(parts: Sequence[int], sums: Cost) -> Cost:
    """Fill an array with the sum of each set's parts."""
    sums[0] = 0
    for bit, part in enumerate(parts):
        sums[1 << bit : 2 << bit] = sums[: 1 << bit] + part
    return sums


def _mode(problem: Problem, scale: Scale, lines: Sequence[int], sent: Sent) -> int:
    """Return the cheapest mode of a location for lines, in so many parcels where that counts."""
    rows = np.flatnonzero(problem.mode_location == sent.location)
    grams = int((problem.unit_grams * problem.demand)[list(lines)].sum())
    fits = (problem.mode_grams_min[rows] < grams) & (grams <= problem.mode_grams_max[rows])
    if sent.parcels:
        fits &= problem.mode_parcels[rows] == sent.parcels
    rows = rows[fits]
    unit = scale.pack(problem.mode_unit[rows][:, list(lines)]) * problem.demand[list(lines)]
    return int(rows[(scale.pack(problem.mode_fixed[rows]) + unit.sum(axis=1)).argmin()])
