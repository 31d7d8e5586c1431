"""All plans of small reduced cost: columns of different locations that add up to the demand.

A plan costs the bound of its prices plus the reduced costs of its columns, and more where it leaves
resources unused; so columns that are dearer than the gap are in none of the plans within it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns, Prices
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask, Whole

PAIRS_MAX = 200_000  # of states and columns that are looked at together
WORD_BITS = 62

Sent = list[tuple[int, "Real"]]  # modes of the problem, and how many of each item they send


@dataclass(slots=True, eq=False)
class Found:
    """The best plan of each of the best `count` sets of locations, and what is still of interest.

    Attributes:
        plans: By set of locations, cost and what is sent.
        most: A plan that costs more is of no interest.
    """

    count: int
    most: float
    plans: dict[frozenset[int], tuple[float, Sent]] = field(default_factory=dict)

    def add(self, places: frozenset[int], cost: float, plan: Sent) -> None:
        """Keep a plan if it is better than that of the same locations."""
        if places in self.plans and self.plans[places][0] <= cost:
            return
        self.plans[places] = (cost, plan)
        if len(self.plans) >= self.count:
            costs = sorted(each for each, _ in self.plans.values())
            self.most = min(self.most, costs[self.count - 1])


@dataclass(frozen=True, slots=True, eq=False)
class _States:
    """Beginnings of plans: (s, w) what is open, (s,) reduced cost, (s, r) rest, (s, d) columns."""

    open_items: Whole
    reduced: Real
    rest: Real
    path: Whole

    def take(self, rows: Whole) -> _States:
        return _States(self.open_items[rows], self.reduced[rows], self.rest[rows], self.path[rows])


class Search:
    """Puts columns together."""

    def __init__(self, items: Items, prices: Prices, columns: Columns) -> None:
        self._items = items
        self._base = prices.base(items) + _negative(items.place[columns.mode], columns.reduced)
        used = (columns.amount > 0).sum(axis=0)
        self._rank = np.argsort(used, kind="stable")  # items with the fewest columns first
        self._columns = columns
        self._place = items.place[columns.mode]
        self._words = _words(items.demand)
        self._code = self._encode(columns.amount)
        self._guard = self._encode_guards()
        self._first = (columns.amount[:, self._rank] > 0).argmax(axis=1)
        self._of_first = [np.flatnonzero(self._first == rank) for rank in range(len(self._rank))]
        self._least = np.array(
            [
                columns.reduced[columns.amount[:, item] > 0].min(initial=np.inf)
                for item in range(len(self._rank))
            ]
        )
        keys = _key(self._code)
        self._by_code = np.argsort(keys, kind="stable")
        self._keys = keys[self._by_code]
        spent = columns.spent.min(axis=0, initial=np.inf)
        self._bounding = np.flatnonzero(spent >= 0)  # others are met by what is still to come
        self._spent_least = spent[self._bounding]

    def run(self, found: Found, deadline: Deadline) -> bool:
        """Collect plans until none of interest is left; return whether the time sufficed."""
        start = _States(
            self._encode(self._items.demand[None]),
            np.zeros(1),
            self._items.budget[None].copy(),
            np.zeros((1, 0), dtype=np.int64),
        )
        stack = [start]
        while stack:
            if deadline.passed():
                return False
            states = stack.pop()
            self._complete(states, found)
            stack += self._extended(states, found)
        return True

    def _complete(self, states: _States, found: Found) -> None:
        """Collect the plans that one column more completes."""
        keys = _key(states.open_items)
        low, high = np.searchsorted(self._keys, keys), np.searchsorted(self._keys, keys, "right")
        row, offset = _ragged(high - low)
        column = self._by_code[low[row] + offset]
        kept = self._fits(states, row, column, found)
        kept &= (self._columns.spent[column] <= states.rest[row]).all(axis=1)
        cost = self._columns.cost
        for state, last in zip(row[kept].tolist(), column[kept].tolist(), strict=True):
            path = [*states.path[state].tolist(), last]
            total = float(cost[path].sum())
            if total <= found.most:
                sources = self._items.source[self._columns.mode[path]].tolist()
                ships = [each for each, mode in zip(path, sources, strict=True) if mode >= 0]
                found.add(
                    frozenset(self._place[ships].tolist()),
                    total,
                    [
                        (mode, self._columns.amount[each])
                        for each, mode in zip(path, sources, strict=True)
                        if mode >= 0
                    ],
                )

    def _fits(self, states: _States, row: Whole, column: Whole, found: Found) -> Mask:
        """Return whether cost, resources and locations allow to add columns to states."""
        columns = self._columns
        reduced = states.reduced[row] + columns.reduced[column]
        kept = reduced + self._base <= found.most
        for at in self._bounding.tolist():
            kept &= columns.spent[column, at] <= states.rest[row, at]
        for before in states.path.T:
            kept &= self._place[before[row]] != self._place[column]
        return kept

    def _extended(self, states: _States, found: Found) -> list[_States]:
        """Return states with one column more that leave something open, the best ones last."""
        enough = states.rest[:, self._bounding] >= 2 * self._spent_least
        states = states.take(np.flatnonzero(enough.all(axis=1)))
        amounts = self._decode(states.open_items)[:, self._rank]
        anchor = (amounts > 0).argmax(axis=1)
        extended = []
        for rank in np.unique(anchor).tolist():
            of = np.flatnonzero(anchor == rank)
            group = self._of_first[rank]
            slack = found.most - self._base - states.reduced[of]
            width = np.searchsorted(self._columns.reduced[group], slack, "right")
            for part in _parts(width):
                row, offset = _ragged(width[part])
                row, column = of[part][row], group[offset]
                left = states.open_items[row] - self._code[column]
                kept = ((states.open_items[row] | self._guard) - self._code[column]) & self._guard
                fitting = (kept == self._guard).all(axis=1) & left.any(axis=1)
                if states.path.shape[1]:  # columns of one first item in ascending order
                    last = states.path[row, -1]
                    fitting &= (self._first[last] != rank) | (last < column)
                chosen = np.flatnonzero(fitting)
                row, column, left = row[chosen], column[chosen], left[chosen]
                chosen = np.flatnonzero(self._fits(states, row, column, found))
                row, column, left = row[chosen], column[chosen], left[chosen]
                reduced = states.reduced[row] + self._columns.reduced[column]
                needs = np.where(self._decode(left) > 0, self._least, -np.inf).max(
                    axis=1, initial=-np.inf
                )
                more = np.flatnonzero(reduced + needs + self._base <= found.most)
                row, column = row[more], column[more]
                extended.append(
                    _States(
                        left[more],
                        reduced[more],
                        states.rest[row] - self._columns.spent[column],
                        np.concatenate([states.path[row], column[:, None]], axis=1),
                    )
                )
        return extended[::-1]

    def _encode(self, amounts: Real) -> Whole:
        """Return (…, w) words with the amounts of items side by side."""
        code = np.zeros((len(amounts), self._words[0][-1] + 1), dtype=np.int64)
        for item, (word, shift) in enumerate(zip(*self._words, strict=True)):
            code[:, word] += amounts[:, item].astype(np.int64) << shift
        return code

    def _encode_guards(self) -> Whole:
        """Return the words with the bit above each amount set: a subtraction that fits keeps it."""
        guard = np.zeros(self._words[0][-1] + 1, dtype=np.int64)
        for word, shift, most in zip(*self._words, self._items.demand.tolist(), strict=True):
            guard[word] |= 1 << (shift + int(most).bit_length())
        return guard

    def _decode(self, code: Whole) -> Whole:
        """Return amounts by item."""
        return np.stack(
            [
                code[:, word] >> shift & ((1 << int(most).bit_length()) - 1)
                for word, shift, most in zip(*self._words, self._items.demand.tolist(), strict=True)
            ],
            axis=1,
        )


def _words(demand: Real) -> tuple[list[int], list[int]]:
    """Return word and shift of each item; a bit above each amount stays free."""
    words, shifts, word, shift = [], [], 0, 0
    for most in demand.tolist():
        bits = int(most).bit_length() + 1
        if shift + bits > WORD_BITS:
            word, shift = word + 1, 0
        words.append(word)
        shifts.append(shift)
        shift += bits
    return words, shifts


def _key(code: Whole) -> Whole:
    """Return words as something that sorts: themselves if it is one, else their bytes."""
    if code.shape[1] == 1:
        return code[:, 0]
    return np.ascontiguousarray(code.astype(">i8")).view(f"S{8 * code.shape[1]}")[:, 0]


def _negative(place: Whole, reduced: Real) -> float:
    """Return the sum over the locations of their least reduced cost, where it is less than 0."""
    least = np.zeros(int(place.max(initial=-1)) + 1)
    np.minimum.at(least, place, reduced)
    return float(least.sum())


def _ragged(counts: Whole) -> tuple[Whole, Whole]:
    """Return each row as often as it counts, and 0, 1, ... within it."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]


def _parts(widths: Whole) -> list[slice]:
    """Cut rows so that each part has about as many pairs as are looked at together."""
    total = np.cumsum(widths) // PAIRS_MAX
    starts = np.flatnonzero(np.diff(total, prepend=-1)).tolist()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(widths)], strict=True)]
