"""All plans of small reduced cost: columns of different locations that add up to the demand.

A plan costs the bound of its prices plus the reduced costs of its columns, and more where it leaves
resources unused; so columns that are dearer than the gap are in none of the plans within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sellable.sourcing.solver.columns import negative
from sellable.sourcing.solver.covers import ITEMS_MAX, Covers

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns, Prices
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask, Whole

PAIRS_MAX = 50_000  # of states and columns that are looked at together
WORD_BITS = 62
KEPT_SHARE = 0.7  # of the columns: if fewer stay, it is worth looking again

Sent = list[tuple[int, "Real"]]  # modes of the problem, and how many of each item they send


@dataclass(slots=True, eq=False)
class Found:
    """The best plan so far.

    Attributes:
        most: A plan that costs more is of no interest.
        sent: The plan, which costs just that; None: none was found.
    """

    most: float
    sent: Sent | None = None


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

    def __init__(self, items: Items, prices: Prices, columns: Columns, most: float) -> None:
        """Take columns for plans that cost at most so much."""
        self._items = items
        self._base = prices.base(items) + float(
            negative(items.place, columns.mode, columns.reduced).sum()
        )
        self._words = _words(items.demand)
        self._covers: Covers | None = None
        if len(items.demand) <= ITEMS_MAX:
            columns = self._completed(columns, most)
        columns = columns.take(self._worthwhile(columns))
        used = (columns.amount > 0).sum(axis=0)
        self._rank = np.argsort(used, kind="stable")  # items with the fewest columns first
        self._columns = columns
        self._place = items.place[columns.mode]
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

    def _completed(self, columns: Columns, most: float) -> Columns:
        """Return the columns that others may complete to a plan within the gap."""
        items = self._items
        count = len(items.demand)
        while True:
            limit = self._columns_max(columns)
            self._covers = Covers(columns, count, limit)
            left = self._covers.masks(columns.amount < items.demand)
            needs = self._covers.least(left, np.full(len(left), max(0, limit - 1)))
            kept = np.flatnonzero(columns.reduced + needs + self._base <= most)
            if len(kept) >= KEPT_SHARE * len(left):
                return columns.take(kept)
            columns = columns.take(kept)

    def _columns_max(self, columns: Columns) -> int:
        """Return how many columns a plan has at most."""
        spent = columns.spent.min(axis=0, initial=np.inf)
        bounding = np.isfinite(spent) & (spent > 0)
        budget = self._items.budget[bounding] // spent[bounding]
        return int(min(budget.min(initial=np.inf), self._items.demand.sum()))

    def _worthwhile(self, columns: Columns) -> Whole:
        """Return the columns that a best plan may need.

        Of those with the same amounts and resources the cheapest of each location, and of these as
        many as a plan has columns at most: one of them is of a location that it does not use.
        """
        most = self._columns_max(columns)
        place = self._items.place[columns.mode]
        keys = [*columns.spent.T, *self._encode(columns.amount).T]
        order = np.lexsort((place, *keys))  # stable: the cheapest first
        kept = _changes([place, *keys], order)
        order = order[kept]
        order = order[np.lexsort((order, *(key[order] for key in keys)))]
        begins = np.flatnonzero(_changes(keys, order))
        rank = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
        return np.sort(order[rank < most])

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
            stack += self._extended(states, found, deadline)
        return not deadline.passed()

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
            if total < found.most or (total == found.most and found.sent is None):
                found.most = total
                found.sent = [
                    (int(self._items.source[self._columns.mode[each]]), self._columns.amount[each])
                    for each in path
                    if self._items.source[self._columns.mode[each]] >= 0
                ]

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

    def _extended(self, states: _States, found: Found, deadline: Deadline) -> list[_States]:
        """Return states with one column more that leave something open, the best ones last."""
        enough = states.rest[:, self._bounding] >= 2 * self._spent_least
        states = states.take(np.flatnonzero(enough.all(axis=1)))
        amounts = self._decode(states.open_items)[:, self._rank]
        anchor = (amounts > 0).argmax(axis=1)
        extended: list[_States] = []
        for rank in np.unique(anchor).tolist():
            of = np.flatnonzero(anchor == rank)
            group = self._of_first[rank]
            slack = found.most - self._base - states.reduced[of]
            width = np.searchsorted(self._columns.reduced[group], slack, "right")
            for part in _parts(width):
                if deadline.passed():
                    return extended
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
                needs = self._needs(left, states.rest[row] - self._columns.spent[column])
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

    def _needs(self, left: Whole, rest: Real) -> Real:
        """Return what it costs at least to complete states."""
        is_open = self._decode(left) > 0
        if self._covers is None:
            dearest: Real = np.where(is_open, self._least, -np.inf).max(axis=1, initial=-np.inf)
            return dearest
        limit = np.full(len(left), self._covers.columns_max)
        for at, least in zip(self._bounding.tolist(), self._spent_least.tolist(), strict=True):
            if 0 < least < np.inf:
                limit = np.minimum(limit, (rest[:, at] // least).astype(np.int64))
        return self._covers.least(self._covers.masks(is_open), np.maximum(0, limit))

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


def _changes(keys: list[Any], order: Whole) -> Mask:
    """Return where, in this order, any key differs from the one before."""
    changed = np.zeros(len(order), dtype=bool)
    changed[:1] = True
    for key in keys:
        ordered = key[order]
        changed[1:] |= ordered[1:] != ordered[:-1]
    return changed


def _ragged(counts: Whole) -> tuple[Whole, Whole]:
    """Return each row as often as it counts, and 0, 1, ... within it."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]


def _parts(widths: Whole) -> list[slice]:
    """Cut rows so that each part has about as many pairs as are looked at together."""
    total = np.cumsum(widths) // PAIRS_MAX
    starts = np.flatnonzero(np.diff(total, prepend=-1)).tolist()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(widths)], strict=True)]
