"""Lines that go from one location, all of them or none: what sets of them cost where.

A bundle is a line that stays whole, or a group that goes together. Sets of bundles are whole
numbers, bit b for bundle b. Letters in shapes: b bundles, c locations or modes of one width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.sourcing.solver.problem import Mask, Problem, Whole
    from sellable.sourcing.solver.scale import Cost, Scale

CELLS_MAX = 1 << 20  # costs held at once while sets are priced


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """Every set that a location can send, with the cheapest mode of each number of parcels.

    Attributes:
        sets: (e,) the set; never empty.
        locations: (e,) where from, ascending for each set and number of parcels.
        parcels: (e,) in how many parcels; 0 where nobody asks.
        costs: (e,) its cost, packed.
    """

    sets: Whole
    locations: Whole
    parcels: Whole
    costs: Cost


def bundles_of(problem: Problem) -> tuple[tuple[int, ...], ...] | None:
    """Return the bundles, by their first line; None if a line may really split."""
    grouped = {line for group in problem.together for line in group}
    alone = [line for line in range(len(problem.demand)) if line not in grouped]
    if any(problem.split[line] and problem.demand[line] > 1 for line in alone):
        return None
    return tuple(sorted([*((line,) for line in alone), *map(tuple, map(sorted, problem.together))]))


def possible_at(problem: Problem, bundles: Sequence[tuple[int, ...]]) -> Mask:
    """Return (b, l) whether a location may and can send a bundle by itself."""
    able = np.empty((len(bundles), problem.stock.shape[1]), dtype=bool)
    for row, lines in enumerate(bundles):
        able[row] = problem.allowed[list(lines)].all(axis=0)
        for sku, units in _units(problem, lines).items():
            able[row] &= problem.stock[sku] >= units
    served = np.zeros(able.shape[1], dtype=bool)
    served[problem.mode_location] = True
    return able & served


def size_of(able: Mask) -> int:
    """Return how many sets there are to price, summed over the locations."""
    return int((1 << able.sum(axis=0, dtype=np.int64)).sum())


def price(
    problem: Problem,
    scale: Scale,
    bundles: Sequence[tuple[int, ...]],
    able: Mask,
    *,
    by_parcels: bool,
) -> Sets:
    """Return all sets with their costs; locations of as many possible bundles go side by side."""
    pricing = _Pricing.of(problem, scale, bundles, able, by_parcels=by_parcels)
    width = able.sum(axis=0)[problem.mode_location]
    found = []
    for bits in np.unique(width[width > 0]).tolist():
        modes = np.flatnonzero(width == bits)
        for part in _parts(problem.mode_location[modes], max(1, CELLS_MAX >> bits)):
            found += pricing.price(modes[part], bits)
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return Sets(nothing, nothing, nothing, scale.full(0))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return Sets(*columns)


def _parts(locations: Whole, rows_max: int) -> Iterator[slice]:
    """Cut modes into parts of about so many, never within a location."""
    begins = np.flatnonzero(np.diff(locations, prepend=-1))
    start = 0
    while start < len(locations):
        later = begins[begins > start]
        fitting = later[later <= start + rows_max]
        if len(later) == 0 or len(locations) <= start + rows_max:
            stop = len(locations)
        else:
            stop = int(fitting[-1] if len(fitting) else later[0])
        yield slice(start, stop)
        start = stop


@dataclass(frozen=True, slots=True, eq=False)
class _Pricing:
    """What prices are made of: (m, b) unit costs, (b,) weights, units of shared SKUs by bundle."""

    problem: Problem
    able: Mask
    fixed: Cost
    unit: Cost
    grams: Whole
    shared: dict[int, Whole]
    infinite: int
    by_parcels: bool

    @classmethod
    def of(
        cls,
        problem: Problem,
        scale: Scale,
        bundles: Sequence[tuple[int, ...]],
        able: Mask,
        *,
        by_parcels: bool,
    ) -> _Pricing:
        by_line = scale.pack(problem.mode_unit) * problem.demand
        grams = problem.unit_grams * problem.demand
        of_sku = [_units(problem, lines) for lines in bundles]
        skus = [sku for units in of_sku for sku in units]
        return cls(
            problem=problem,
            able=able,
            fixed=scale.pack(problem.mode_fixed),
            unit=np.stack([by_line[:, list(lines)].sum(axis=1) for lines in bundles], axis=1),
            grams=np.array([grams[list(lines)].sum() for lines in bundles]),
            shared={
                sku: np.array([units.get(sku, 0) for units in of_sku])
                for sku in sorted(set(skus))
                if skus.count(sku) > 1
            },
            infinite=scale.infinite,
            by_parcels=by_parcels,
        )

    def price(self, modes: Whole, bits: int) -> list[tuple[Whole, Whole, Whole, Cost]]:
        """Return the sets of the locations of these modes, which all can send `bits` bundles."""
        mode_location = self.problem.mode_location[modes]
        starts = np.flatnonzero(np.diff(mode_location, prepend=-1))
        locations = mode_location[starts]
        of_location = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(modes)))
        chosen = np.nonzero(self.able[:, locations].T)[1].reshape(-1, bits)
        sets = _sums(np.int64(1) << chosen)
        costs = _sums(self.unit[modes[:, None], chosen[of_location]]) + self.fixed[modes][:, None]
        grams = _sums(self.grams[chosen])[of_location]
        above = self.problem.mode_grams_min[modes][:, None]
        fits = (grams > above) & (grams <= self.problem.mode_grams_max[modes][:, None])
        for sku, units in self.shared.items():
            enough = _sums(units[chosen]) <= self.problem.stock[sku, locations][:, None]
            fits &= enough[of_location]
        costs = np.where(fits, costs, self.infinite)
        if not self.by_parcels:
            return [self._finite(sets, locations, 0, np.minimum.reduceat(costs, starts, axis=0))]
        parcels = self.problem.mode_parcels[modes]
        found = []
        for count in np.unique(parcels).tolist():
            only = np.where((parcels == count)[:, None], costs, self.infinite)
            best = np.minimum.reduceat(only, starts, axis=0)
            found.append(self._finite(sets, locations, count, best))
        return found

    def _finite(
        self, sets: Whole, locations: Whole, parcels: int, costs: Cost
    ) -> tuple[Whole, Whole, Whole, Cost]:
        row, column = np.nonzero(costs < self.infinite)
        row, column = row[column > 0], column[column > 0]
        return sets[row, column], locations[row], np.full(len(row), parcels), costs[row, column]


def _sums(parts: Cost) -> Cost:
    """Return (c, 2^p) the sum of each subset of (c, p) parts."""
    sums = np.zeros_like(parts, shape=(len(parts), 1))
    for column in parts.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    return sums


def _units(problem: Problem, lines: Sequence[int]) -> dict[int, int]:
    """Return the units of each SKU in a bundle."""
    units: dict[int, int] = {}
    for line in lines:
        sku = int(problem.sku_of[line])
        units[sku] = units.get(sku, 0) + int(problem.demand[line])
    return units
