"""What it costs at least, in reduced costs, to touch every item of a set: a bound of completions.

Columns that complete a plan touch each item that is open, maybe only in part, so the cheapest
columns that touch them all cost no more. It is the dynamic programme of `subsets`, where a column
stands for each subset of the items that it touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.subsets import pairs

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns
    from sellable.sourcing.solver.items import Real
    from sellable.sourcing.solver.problem import Mask, Whole

ITEMS_MAX = 12


class Covers:
    """Bounds by number of columns and set of items."""

    def __init__(self, columns: Columns, count: int, columns_max: int) -> None:
        """Take the columns that there are for so many items, of which a plan has at most some."""
        self._bits = 1 << np.arange(count)
        self.columns_max = min(columns_max, count)
        best = np.full(1 << count, np.inf)
        np.minimum.at(best, self.masks(columns.amount > 0), np.maximum(0, columns.reduced))
        for bit in range(count):
            halves = best.reshape(-1, 2, 1 << bit)
            np.minimum(halves[:, 0], halves[:, 1], out=halves[:, 0])
        self._least = np.full((self.columns_max + 1, 1 << count), np.inf)
        self._least[:, 0] = 0
        for bit in range(count):
            first, rest, starts = pairs(bit)
            low = 1 << bit
            sums = np.take(self._least[:-1], rest, axis=1) + best[low + first]
            self._least[1:, low : 2 * low] = np.minimum.reduceat(sums, starts, axis=1)

    def masks(self, touched: Mask) -> Whole:
        """Return (c,) sets of items for (c, i) whether each is in it."""
        return touched @ self._bits

    def least(self, masks: Whole, columns: Whole) -> Real:
        """Return the bound for sets with at most so many columns."""
        return self._least[np.minimum(columns, self.columns_max), masks]
