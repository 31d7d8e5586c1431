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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask, Whole

    Bits = NDArray[np.uint8]

STATES_MAX = 60_000  # sets; if there are more, nothing is gained
STATES_AT_ONCE = 1 << 11  # that are completed together
CELLS_MAX = 1 << 24  # units times locations
PLACES_MAX = 1 << 15  # four of them are one number
GROWN_MAX = 1 << 18  # beginnings with one location more
CHOICES_MAX = 1 << 18  # of modes, looked at together


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

    def cheap(
        self, items: Items, fixed: Real, unit: Real, limit: float, deadline: Deadline
    ) -> Supports | None:
        """Return the sets that may cost at most so much, the best first; None if it takes long."""
        if not len(self.sets):
            return self
        bounds = _Bounds.of(self, items, fixed, unit, limit)
        each = bounds.fixed.shape[1] ** self.sets.shape[1]
        if each > CHOICES_MAX:
            return None
        found = []
        for part in np.array_split(self.sets, 1 + len(self.sets) * each // CHOICES_MAX):
            if deadline.passed():
                return None
            found.append(bounds.of_sets(part))
        least = np.concatenate(found)
        order = np.argsort(least, kind="stable")[: int((least <= limit).sum())]
        return replace(self, sets=self.sets[order], bounds=least[order])

    def narrowed(self, items: Items) -> tuple[Items, Mask]:
        """Return items whose locations send what they must, and which modes those have."""
        least = np.tile(items.demand + 1, (len(self.places) + 1, 1))  # who is in no set can not
        np.minimum.at(
            least, self.sets.ravel(), self.least(items.demand).reshape(-1, least.shape[1])
        )
        row = np.searchsorted(self.places, items.place)
        by_mode = np.maximum(items.least, least[row])
        kept = (by_mode <= items.most).all(axis=1) & (by_mode @ items.grams <= items.up_to)
        return replace(items, least=by_mode), kept


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    """What sets cost at least, whatever the prices.

    An item costs at least what each location must send and the cheapest one may send of it; the
    modes are the cheapest that take the weight together.

    Attributes:
        unit: (p + 1, i) the least cost of an item from a location.
        fixed, up_to, above, spent: (p + 1, w) of the modes of a location, which can not ship where
            there are fewer than w; spent and budget: for each resource.
        upper: (p + 1,) weight of all that a location has.
    """

    supports: Supports
    demand: Real
    grams: Real
    limit: float
    unit: Real
    fixed: Real
    up_to: Real
    above: Real
    spent: list[Real]
    budget: Real
    upper: Real

    @classmethod
    def of(cls, supports: Supports, items: Items, fixed: Real, unit: Real, limit: float) -> _Bounds:
        begins = np.searchsorted(items.place, supports.places)
        count = np.searchsorted(items.place, supports.places, "right") - begins
        width = int(count.max())
        mode = np.minimum(begins[:, None] + np.arange(width), len(items.place) - 1)
        real = np.arange(width) < count[:, None]

        def table(values: Real, missing: float, nobody: float) -> Real:
            rows = np.where(real, values[mode], missing)
            return np.concatenate([rows, np.full((1, width), nobody)])

        each = np.minimum.reduceat(unit, begins, axis=0)
        return cls(
            supports,
            items.demand,
            items.grams,
            limit,
            unit=np.concatenate([each, np.full((1, each.shape[1]), limit)]),
            fixed=table(fixed, np.inf, 0.0),
            up_to=table(items.up_to, -1.0, 0.0),
            above=table(items.above, np.inf, -1.0),
            spent=[table(spent, np.inf, 0.0) for spent in items.spent_fixed],
            budget=items.budget,
            upper=supports.most @ items.grams,
        )

    def of_sets(self, sets: Whole) -> Real:
        """Return bounds of sets, infinite where they are above the limit."""
        found = np.full(len(sets), np.inf)
        least = replace(self.supports, sets=sets).least(self.demand)
        each = self.unit[sets]
        costs = (least * each).sum(axis=(1, 2))
        costs += ((self.demand - least.sum(axis=1)) * each.min(axis=1)).sum(axis=1)
        up_to, upper = self.up_to[sets], self.upper[sets][:, :, None]
        fits = up_to >= (least @ self.grams)[:, :, None]
        fits &= self.above[sets] < upper
        for spent, budget in zip(self.spent, self.budget.tolist(), strict=True):
            uses = np.where(fits, spent[sets], np.inf)
            fewest = uses.min(axis=2)
            others = fewest.sum(axis=1, keepdims=True) - np.where(np.isinf(fewest), 0, fewest)
            fits &= uses + others[:, :, None] <= budget
        price = np.where(fits, self.fixed[sets], np.inf)
        of = np.flatnonzero(costs + price.min(axis=2).sum(axis=1) <= self.limit)
        takes = np.minimum(up_to, upper)[of]
        total, room = costs[of][:, None], np.zeros((len(of), 1))
        for member in range(sets.shape[1]):
            width = total.shape[1] * price.shape[2]
            total = (total[:, :, None] + price[of, member][:, None]).reshape(len(of), width)
            room = (room[:, :, None] + takes[:, member][:, None]).reshape(len(of), width)
        enough = room >= float(self.demand @ self.grams)
        found[of] = np.where(enough, total, np.inf).min(axis=1, initial=np.inf)
        return found


def supports_of(
    items: Items, dear: Real, slack: float, most: int, deadline: Deadline
) -> Supports | None:
    """Return all sets of at most so many locations that have it all; None if that takes long.

    `dear` is what a column of each mode adds to the cost of a plan at least; a set may add `slack`.
    A set is begun with each location that has the rarest item, and goes on with each that has the
    rarest item still open, so that none is missed; the last location is looked up in bits.
    """
    places, begins = np.unique(items.place, return_index=True)
    has = np.maximum.reduceat(items.most, begins, axis=0) if len(begins) else items.most
    has = np.concatenate([has, np.zeros((1, has.shape[1]))])
    adds = np.maximum(0, np.minimum.reduceat(dear, begins)) if len(begins) else dear
    if float(items.demand.sum()) * len(places) > CELLS_MAX or len(places) > PLACES_MAX:
        return None
    enough = _enough(items, has)
    states, left, added = np.zeros((1, 0), np.int64), items.demand[None], np.zeros(1)
    found, count = [np.zeros((0, most), dtype=np.int64)], 0
    for depth in range(most):
        for begin in range(0, len(states), STATES_AT_ONCE):
            part = slice(begin, begin + STATES_AT_ONCE)
            row, place = _last(left[part], enough, len(places))
            fine = np.flatnonzero(added[part][row] + adds[place] <= slack)
            sets = _grown(states[part], row[fine], place[fine], len(places))[0]
            found.append(_filled(sets, most, len(places)))
            count += len(sets)
            if count > STATES_MAX or deadline.passed():
                return None
        if depth + 1 < most:
            more = _next(left, has, added, adds, slack)
            if more is None:
                return None
            states, row, place = _grown(states, *more, len(places))
            left = np.maximum(0, left[row] - has[place])
            added = added[row] + adds[place]
    sets = np.concatenate(found)
    sets = sets[_once(sets, len(places) + 1)]
    return Supports(places, has, sets, np.zeros(len(sets)))


def _enough(items: Items, has: Real) -> list[Bits]:
    """Return for each item, for each amount, a bit for each location: whether it has so much."""
    return [
        np.packbits(has[:-1, item] >= np.arange(int(wanted) + 1)[:, None], axis=1)
        for item, wanted in enumerate(items.demand.tolist())
    ]


def _last(left: Real, enough: list[Bits], count: int) -> tuple[Whole, Whole]:
    """Return each state with each location that has all that is open."""
    able = np.full((len(left), enough[0].shape[1]), 255, dtype=np.uint8)
    for item, bits in enumerate(enough):
        able &= bits[left[:, item].astype(np.int64)]
    some = np.flatnonzero(able.any(axis=1))
    row, place = np.nonzero(np.unpackbits(able[some], axis=1, count=count))
    return some[row], place


def _next(
    left: Real, has: Real, added: Real, adds: Real, slack: float
) -> tuple[Whole, Whole] | None:
    """Return each state with each location that has the rarest open item, or any if none is.

    Without those that add more than the slack; None if there are too many.
    """
    order = np.argsort((has > 0).sum(axis=0), kind="stable")
    anchor = np.where(left.any(axis=1), (left[:, order] > 0).argmax(axis=1), -1)
    rows, places = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    total = 0
    for rank in np.unique(anchor).tolist():
        of = np.flatnonzero(anchor == rank)
        able = np.flatnonzero(has[:, order[rank]]) if rank >= 0 else np.arange(len(adds))
        if len(of) * len(able) > CELLS_MAX:
            return None
        row, place = np.nonzero(added[of][:, None] + adds[able] <= slack)
        total += len(row)
        if total > GROWN_MAX:
            return None
        rows.append(of[row])
        places.append(able[place])
    return np.concatenate(rows), np.concatenate(places)


def _grown(states: Whole, row: Whole, place: Whole, count: int) -> tuple[Whole, Whole, Whole]:
    """Return states with one place more, each set once, and what each is made of."""
    new = np.flatnonzero((states[row] != place[:, None]).all(axis=1))
    row, place = row[new], place[new]
    grown = np.sort(np.concatenate([states[row], place[:, None]], axis=1), axis=1)
    first = _once(grown, count)
    return grown[first], row[first], place[first]


def _once(sets: Whole, count: int) -> Whole:
    """Return the rows of sets that are not there before."""
    first: Whole = np.unique(sets @ (count ** np.arange(sets.shape[1])), return_index=True)[1]
    return first


def _filled(sets: Whole, width: int, nobody: int) -> Whole:
    """Return sets filled up."""
    filled = np.full((len(sets), width), nobody)
    filled[:, : sets.shape[1]] = sets
    return filled
