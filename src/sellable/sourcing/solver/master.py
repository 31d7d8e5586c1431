"""Prices for items and resources: the linear program of the columns known so far (HiGHS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

from sellable.sourcing.solver.columns import Prices

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns
    from sellable.sourcing.solver.items import Items, Real


class Master:
    """Serves all items by shares of columns; what nobody serves costs `missing` an item."""

    def __init__(self, items: Items, missing: float) -> None:
        self._items = items
        self._scale = 1_000.0 / max(1.0, missing)  # tolerances of the solver are absolute
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self._solver.setOptionValue(name, value)
        count = len(items.demand)
        self._solver.addRows(
            count + len(items.budget),
            np.concatenate([items.demand, np.full(len(items.budget), -highspy.kHighsInf)]),
            np.concatenate([items.demand, items.budget]),
            0,
            np.zeros(count + len(items.budget), dtype=np.int32),
            np.zeros(0, dtype=np.int32),
            np.zeros(0),
        )
        self._add(np.full(count, missing), np.eye(count), np.zeros((count, len(items.budget))))

    def add(self, columns: Columns) -> None:
        """Let columns serve."""
        self._add(columns.cost, columns.amount, columns.spent)

    def _add(self, cost: Real, amount: Real, spent: Real) -> None:
        matrix = np.concatenate([amount, spent], axis=1)
        row, index = np.nonzero(matrix)
        self._solver.addCols(
            len(cost),
            cost * self._scale,
            np.zeros(len(cost)),
            np.full(len(cost), highspy.kHighsInf),
            len(row),
            np.searchsorted(row, np.arange(len(cost))).astype(np.int32),
            index.astype(np.int32),
            matrix[row, index],
        )

    def prices(self) -> Prices:
        """Return what an item more would cost, and a resource more would save, in whole numbers."""
        self._solver.run()
        dual = np.array(self._solver.getSolution().row_dual, dtype=np.float64) / self._scale
        count = len(self._items.demand)
        worth: Real = np.rint(dual[:count])
        price: Real = np.rint(np.maximum(0.0, -dual[count:]))
        return Prices(worth, price)
