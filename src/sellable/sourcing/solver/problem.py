"""A sourcing problem as whole numbers, and its answer.

A plan gives units of lines to locations. A location that is given anything sends it in one *mode*:
one service of a carrier, a number of parcels and a weight tier. Whatever a plan costs is the fixed
cost of its modes, the cost of each unit in the mode of its location, and the cost of each unit that
stays unfilled. Costs have levels, the first compared before the second and so on (`float` never
occurs, so equal plans cost the same, and terms add up exactly).

Letters in shapes: n lines, s SKUs, l locations, m modes, k levels. All arrays are int64 but masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Mask = NDArray[np.bool_]

LEVELS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """What is to be decided.

    Attributes:
        demand: (n,) units wanted, at least 1.
        unit_grams: (n,) weight of a unit, 0 where it is not known.
        sku_of: (n,) the row of `stock` of each line; lines of one SKU share it.
        stock: (s, l) units available.
        sku_limit: (s,) the most that may be taken of a SKU in all, whatever the locations have.
        allowed: (n, l) whether a line may come from a location.
        mode_location: (m,) the location of each mode; modes of a location stand together, the
            locations in ascending order. A location without a mode ships nothing.
        mode_fixed: (m, k) cost of using the mode, at least 0.
        mode_unit: (m, n, k) cost of a unit of a line in the mode, at least 0.
        mode_grams_min: (m,) the mode takes more than this (-1: also nothing that weighs).
        mode_grams_max: (m,) the mode takes at most this.
        mode_parcels: (m,) parcels that it makes, at least 1.
        split: (n,) whether a line may come from several locations; else from one, all of it.
        partial: Whether lines may stay unfilled: those that may split in part, others whole.
        unfilled_cost: (n, k) cost of a unit that stays unfilled.
        together: Groups of lines that come from one location, all of their units, or not at all;
            at least two lines each, no line in two.
        max_parcels: The most parcels in all, or None.
        max_locations: The most locations in all, or None.
    """

    demand: Whole
    unit_grams: Whole
    sku_of: Whole
    stock: Whole
    sku_limit: Whole
    allowed: Mask
    mode_location: Whole
    mode_fixed: Whole
    mode_unit: Whole
    mode_grams_min: Whole
    mode_grams_max: Whole
    mode_parcels: Whole
    split: Mask
    partial: bool
    unfilled_cost: Whole
    together: tuple[tuple[int, ...], ...] = ()
    max_parcels: int | None = None
    max_locations: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A feasible plan.

    Attributes:
        quantities: Units by (line, location), all at least 1, in ascending order of the keys.
        modes: The mode of each location that ships.
        objective: Cost by level.
        bound: No plan costs less than this, level by level; `objective` where it is optimal.
        optimal: Whether that is proven.
        gap: How far from the optimum it may be: of the first level that is not proven, the
            difference to the bound as a share of the objective, 0 to 1.
        method: Who found it: `subsets`, `columns`, or the name that a greedy plan was given.
    """

    quantities: Mapping[tuple[int, int], int]
    modes: Mapping[int, int]
    objective: tuple[int, ...]
    bound: tuple[int, ...]
    optimal: bool
    gap: float
    method: str
