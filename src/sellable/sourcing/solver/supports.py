"""All sets of locations that a plan within the gap can come from, and what each of them implies.

A set of locations can ship an order only if together they have it; of few locations there are few
such sets. In each, a location sends at least what the others do not have: that raises the bound of
the set, and makes the columns of its locations few. Letters in shapes: s sets, p places, i items,
k places of a set (filled up with one that has nothing).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.columns import TOLERANCE

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Pricing
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask, Whole

STATES_MAX = 60_000  # sets; if there are more, nothing is gained
CELLS_MAX = 1 << 25  # their beginnings times locations


@dataclass(frozen=True, slots=True, eq=False)
class Supports:
    """Every set that may be that of a plan within the gap.

    Attributes:
        places: (p,) the locations, ascending.
        most: (p + 1, i) how many of an item a location sends at most; the last one has nothing.
        sets: (s, k) rows of `places`, ascending.
        bounds: (s,) no plan of the set costs less.
    """

    places: Whole
    most: Real
    sets: Whole
    bounds: Real

    def take(self, rows: slice) -> Supports:
        """Return some of the sets."""
        return replace(self, sets=self.sets[rows], bounds=self.bounds[rows])

    def least(self, demand: Real) -> Real:
        """Return (s, k, i) how many of each item a location of a set sends at least."""
        has = self.most[self.sets]
        others = has.sum(axis=1, keepdims=True) - has
        least: Real = np.maximum(0, demand - others) * (self.sets < len(self.places))[:, :, None]
        return least

    def cheap(self, items: Items, fixed: Real, unit: Real, limit: float) -> Supports:
        """Return the sets that may cost at most so much, whatever the prices.

        Each item of a set costs at least what its units must and may cost, and the modes are the
        cheapest that take the weight together.
        """
        begins = np.searchsorted(items.place, self.places)
        count = np.searchsorted(items.place, self.places, "right") - begins
        each = np.minimum.reduceat(unit, begins, axis=0) if len(begins) else unit
        each = np.concatenate([each, np.full((1, each.shape[1]), limit)])[self.sets]
        least = self.least(items.demand)
        costs = (least * each).sum(axis=(1, 2))
        costs += ((items.demand - least.sum(axis=1)) * each.min(axis=1)).sum(axis=1)
        width = int(count.max(initial=1))
        mode = np.minimum(begins[:, None] + np.arange(width), len(items.place) - 1)
        real = np.concatenate([np.arange(width) < count[:, None], np.ones((1, width), dtype=bool)])
        mode = np.concatenate([mode, np.full((1, width), -1)])[self.sets]
        ships = (self.sets < len(self.places))[:, :, None]
        fits = real[self.sets] & (
            ~ships | (items.up_to[mode] >= (least @ items.grams)[:, :, None])
        )
        upper = (self.most[self.sets] @ items.grams)[:, :, None]
        fits &= ~ships | (items.above[mode] < upper)
        for spent, budget in zip(items.spent_fixed, items.budget, strict=True):
            if (spent >= 0).all():
                uses = np.where(fits, spent[mode] * ships, np.inf)
                fewest = uses.min(axis=2)
                others = fewest.sum(axis=1, keepdims=True) - np.where(np.isinf(fewest), 0, fewest)
                fits &= uses + others[:, :, None] <= budget
        price = np.where(fits, fixed[mode] * ships, np.inf)
        takes = np.where(fits, np.minimum(items.up_to[mode], upper) * ships, 0.0)
        weight = float(items.demand @ items.grams)
        of = np.flatnonzero(costs + price.min(axis=2).sum(axis=1) <= limit)
        total, room = costs[of][:, None], np.zeros((len(of), 1))
        for member in range(self.sets.shape[1]):
            total = (total[:, :, None] + price[of, member][:, None]).reshape(len(of), total.shape[1] * width)
            room = (room[:, :, None] + takes[of, member][:, None]).reshape(total.shape)
        bounds = np.where(room >= weight, total, np.inf).min(axis=1, initial=np.inf)
        order = np.argsort(bounds, kind="stable")[: int((bounds <= limit).sum())]
        return replace(self, sets=self.sets[of[order]], bounds=bounds[order])

    def narrowed(self, items: Items) -> tuple[Items, Mask]:
        """Return items whose locations send what they must, and which modes those have."""
        least = np.tile(items.demand + 1, (len(self.places) + 1, 1))  # who is in no set can not
        np.minimum.at(least, self.sets.ravel(), self.least(items.demand).reshape(-1, least.shape[1]))
        row = np.searchsorted(self.places, items.place)
        by_mode = np.maximum(items.least, least[row])
        kept = (by_mode <= items.most).all(axis=1) & (by_mode @ items.grams <= items.up_to)
        return replace(items, least=by_mode), kept

    def together(self) -> Mask:
        """Return (places, places) whether two locations are in a set."""
        count = int(self.places.max(initial=-1)) + 1
        pairs = np.zeros((count + 1, count + 1), dtype=bool)
        names = np.append(self.places, count)[self.sets]
        for one in range(names.shape[1]):
            for other in range(names.shape[1]):
                if one != other:
                    pairs[names[:, one], names[:, other]] = True
        return pairs




def supports_of(
    items: Items, dear: Real, slack: float, most: int, deadline: Deadline
) -> Supports | None:
    """Return all sets of at most so many locations; None if that takes too long.

    `dear` is what a column of each mode adds to the cost of a plan at least; a set may add `slack`.
    """
    places, begins = np.unique(items.place, return_index=True)
    has = np.maximum.reduceat(items.most, begins, axis=0)
    adds = np.maximum(0, np.minimum.reduceat(dear, begins))
    has = np.concatenate([has, np.zeros((1, has.shape[1]))])
    enough = [
        np.packbits(has[:-1, item] >= np.arange(int(wanted) + 1)[:, None], axis=1)
        for item, wanted in enumerate(items.demand.tolist())
    ]
    states, left, added = np.zeros((1, 0), np.int64), items.demand[None], np.zeros(1)
    found = [np.zeros((0, most), dtype=np.int64)]
    for depth in range(most):
        if len(states) * len(places) > CELLS_MAX or deadline.passed():
            return None
        last = np.full((len(states), len(enough[0][0])), 255, dtype=np.uint8)
        for item, table in enumerate(enough):
            last &= table[left[:, item].astype(np.int64)]
        some = np.flatnonzero(last.any(axis=1))
        row, place = np.nonzero(np.unpackbits(last[some], axis=1, count=len(places)))
        row = some[row]
        fine = np.flatnonzero(added[row] + adds[place] <= slack)
        if len(fine) > STATES_MAX:
            return None
        sets = _grown(states, row[fine], place[fine], len(places))[0]
        found.append(_filled(sets, most, len(places)))
        if depth + 1 < most:
            row, place = _next(left, has)
            fine = np.flatnonzero(added[row] + adds[place] <= slack)
            row, place = row[fine], place[fine]
            states, row, place = _grown(states, row, place, len(places))
            left = np.maximum(0, left[row] - has[place])
            added = added[row] + adds[place]
    sets = np.unique(np.concatenate(found), axis=0)
    return Supports(places, has, sets, np.zeros(len(sets)))


def _next(left: Real, has: Real) -> tuple[Whole, Whole]:
    """Return each state with each location that has the rarest open item, or any if none is."""
    order = np.argsort((has > 0).sum(axis=0), kind="stable")
    anchor = np.where(left.any(axis=1), (left[:, order] > 0).argmax(axis=1), -1)
    rows, places = [], []
    for rank in np.unique(anchor).tolist():
        of = np.flatnonzero(anchor == rank)
        able = np.flatnonzero(has[:, order[rank]]) if rank >= 0 else np.arange(len(has) - 1)
        rows.append(np.repeat(of, len(able)))
        places.append(np.tile(able, len(of)))
    return np.concatenate(rows), np.concatenate(places)


def _grown(states: Whole, row: Whole, place: Whole, count: int) -> tuple[Whole, Whole, Whole]:
    """Return states with one place more, each set once, and what each is made of."""
    new = np.flatnonzero((states[row] != place[:, None]).all(axis=1))
    row, place = row[new], place[new]
    grown = np.sort(np.concatenate([states[row], place[:, None]], axis=1), axis=1)
    key = grown @ (count ** np.arange(grown.shape[1]))
    first = np.unique(key, return_index=True)[1]
    return grown[first], row[first], place[first]


def _filled(sets: Whole, width: int, nobody: int) -> Whole:
    """Return sets filled up."""
    filled = np.full((len(sets), width), nobody)
    filled[:, : sets.shape[1]] = sets
    return filled
