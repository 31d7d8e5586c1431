"""Fewer locations for problems that are too large to look at all of them in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.scale import scale_of

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem, Whole

CELLS_MAX = 400_000  # modes times lines that are looked at in one problem
EACH_LINE = 4  # promising locations of each line that are kept in any case


def is_large(problem: Problem) -> bool:
    """Return whether a problem is larger than is looked at as a whole."""
    return len(problem.mode_location) * len(problem.demand) > CELLS_MAX


def narrowed(problem: Problem) -> tuple[Problem, Whole]:
    """Return a problem of the promising locations alone, and the rows that its modes had.

    Promising is who ships what it has of the order at the least cost a unit; of each line the first
    few locations that have all of it stay. What is best in it need not be best of all.
    """
    starts = np.flatnonzero(np.diff(problem.mode_location, prepend=-1))
    places = problem.mode_location[starts]
    scale = scale_of(problem)
    able = np.minimum(problem.stock[:, places][problem.sku_of], problem.demand[:, None])
    able = able * problem.allowed[:, places]
    fixed = np.minimum.reduceat(scale.pack(problem.mode_fixed).astype(float), starts)
    unit = scale.pack(problem.mode_unit[starts]).astype(float)
    units = able.sum(axis=0)
    each = (fixed + (unit.T * able).sum(axis=0)) / np.maximum(1, units)
    order = np.argsort(np.where(units > 0, each, np.inf), kind="stable")
    width = np.diff(starts, append=len(problem.mode_location)).max(initial=1)
    most = max(1, CELLS_MAX // (len(problem.demand) * int(width)))
    chosen = set(order[:most].tolist())
    for line, wanted in enumerate(problem.demand.tolist()):
        chosen |= set(order[able[line, order] == wanted][:EACH_LINE].tolist())
    kept = np.isin(problem.mode_location, places[sorted(chosen)])
    return only(problem, np.flatnonzero(kept)), np.flatnonzero(kept)


def only(problem: Problem, modes: Whole) -> Problem:
    """Return the problem with these modes alone."""
    return replace(
        problem,
        mode_location=problem.mode_location[modes],
        mode_fixed=problem.mode_fixed[modes],
        mode_unit=problem.mode_unit[modes],
        mode_grams_min=problem.mode_grams_min[modes],
        mode_grams_max=problem.mode_grams_max[modes],
        mode_parcels=problem.mode_parcels[modes],
    )


def plain_bound(problem: Problem) -> tuple[int, ...]:
    """Return what no plan costs less than: each line at its cheapest, and one location."""
    levels = problem.unfilled_cost.shape[1]
    unit = problem.mode_unit[:, :, 0].min(axis=0, initial=np.iinfo(np.int64).max)
    if problem.partial:
        first = int(problem.demand @ np.minimum(unit, problem.unfilled_cost[:, 0]))
    else:
        first = int(problem.demand @ unit) + int(problem.mode_fixed[:, 0].min())
    return (first, *(0,) * (levels - 1))
