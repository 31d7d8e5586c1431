"""All columns of small reduced cost: what locations could ship at prices for items and resources.

The reduced cost of a column is its cost, plus what it uses of resources at their prices, less the
worth of its items. See README.md of this room for the bound that it is searched with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask, Whole

TOLERANCE = 1e-9
ROWS_LATE_MAX = 1_000  # when the time is over


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Whole numbers, so that bounds are exact: (i,) worth of items, (r,) price of resources."""

    worth: Real
    price: Real

    def base(self, items: Items) -> float:
        """Return what all items are worth, less all resources: the bound if no column is less."""
        return float(self.worth @ items.demand - self.price @ items.budget)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns, sorted by reduced cost.

    Attributes:
        mode: (c,) index in the items' modes.
        amount: (c, i) how many of each item.
        cost: (c,) of the level that is looked at.
        spent: (c, r) of resources.
        reduced: (c,) reduced cost.
        complete: Whether none is missing.
    """

    mode: Whole
    amount: Real
    cost: Real
    spent: Real
    reduced: Real
    complete: bool

    def spread(self, places: Whole, each: int, most: int) -> Columns:
        """Return the first ones, so many of each location at most."""
        place = places[self.mode]
        order = np.argsort(place, kind="stable")
        begins = np.searchsorted(place[order], place[order])
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - begins
        return self.take(np.flatnonzero(rank < each)[:most])

    def renumbered(self, kept: Mask) -> Columns:
        """Return the columns of the modes that are kept, which are numbered anew."""
        columns = self.take(np.flatnonzero(kept[self.mode]))
        return replace(columns, mode=(np.cumsum(kept) - 1)[columns.mode])

    def take(self, rows: Whole) -> Columns:
        """Return some of them."""
        return Columns(
            self.mode[rows],
            self.amount[rows],
            self.cost[rows],
            self.spent[rows],
            self.reduced[rows],
            self.complete,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pricing:
    """Modes at prices.

    Attributes:
        profit: (m, i) of an item, less `by_gram` times its weight.
        by_gram: (m,) the price of weight, where the profitable items are too heavy together.
        least: (m,) no column of the mode has less reduced cost.
    """

    items: Items
    fixed: Real
    unit: Real
    prices: Prices
    profit: Real
    by_gram: Real
    least: Real

    @classmethod
    def of(cls, items: Items, fixed: Real, unit: Real, prices: Prices) -> Pricing:
        """Return the modes with the bound that the relaxed knapsack of each gives."""
        profit = prices.worth - unit
        base = fixed
        for row, price in enumerate(prices.price.tolist()):
            if price:
                profit = profit - price * items.spent_unit[row]
                base = base + price * items.spent_fixed[row]
        full = profit * np.where(profit > 0, items.most, items.least)
        by_gram = np.zeros(len(fixed))
        heavy = np.flatnonzero(((profit > 0) * items.most) @ items.grams > items.up_to)
        if len(heavy):
            by_gram[heavy] = _by_gram(
                profit[heavy], items.most[heavy], items.grams, items.up_to[heavy]
            )
            profit = profit.copy()
            profit[heavy] -= by_gram[heavy, None] * items.grams
            full[heavy] = profit[heavy] * np.where(
                profit[heavy] > 0, items.most[heavy], items.least[heavy]
            )
        priced = np.zeros(len(fixed))
        priced[heavy] = by_gram[heavy] * items.up_to[heavy]
        return cls(items, fixed, unit, prices, profit, by_gram, base - full.sum(axis=1) - priced)

    def bound(self) -> float:
        """Return a bound of the problem: no plan costs less."""
        return self.prices.base(self.items) + float(np.minimum(self.by_place(), 0).sum())

    def by_place(self) -> Real:
        """Return by location the least reduced cost of its columns, infinite without a mode."""
        places = np.full(int(self.items.place.max(initial=-1)) + 1, np.inf)
        np.minimum.at(places, self.items.place, self.least)
        return places

    def columns(
        self, slack: float, rows_max: int, deadline: Deadline, *, coarse: bool = False
    ) -> Columns:
        """Return the columns of at most so much reduced cost, of too many the most promising.

        If the time is over, there are few of them.

        With `coarse` those alone that send of each item nothing or as much as they can.
        """
        items = self.items
        slack += TOLERANCE * (1 + abs(slack))
        mode = np.flatnonzero(self.least <= slack)
        lost, grams = self.least[mode], np.zeros(len(mode))
        chosen: list[Real] = []
        complete = not coarse
        later = np.cumsum((items.most * items.grams)[:, ::-1], axis=1)[:, ::-1]
        later = np.concatenate([later[:, 1:], np.zeros((len(later), 1))], axis=1)
        for item in range(len(items.demand)):
            most, profit = items.most[mode, item], self.profit[mode, item]
            few = items.least[mode, item]
            if not most.any():
                chosen.append(np.zeros(len(mode)))
                continue
            span = most - few
            row, amount = _amounts(np.minimum(span, 1) if coarse else span)
            amount = few[row] + (amount * span[row] if coarse else amount)
            gone = profit[row] * (np.where(profit > 0, most, few)[row] - amount)
            lost = lost[row] + gone
            grams = grams[row] + items.grams[item] * amount
            kept = lost <= slack
            kept &= grams <= items.up_to[mode][row]
            kept &= grams + later[mode, item][row] > items.above[mode][row]
            kept_rows = np.flatnonzero(kept)
            most_rows = ROWS_LATE_MAX if deadline.passed() else rows_max
            if len(kept_rows) > most_rows:
                complete = False
                kept_rows = np.sort(
                    kept_rows[np.argpartition(lost[kept_rows], most_rows)[:most_rows]]
                )
            row, lost, grams = row[kept_rows], lost[kept_rows], grams[kept_rows]
            mode = mode[row]
            chosen = [each[row] for each in chosen]
            chosen.append(amount[kept_rows])
        amounts = np.stack(chosen, axis=1) if chosen else np.zeros((0, 0))
        return self._priced(mode, amounts, grams, slack, complete=complete)

    def _priced(
        self, mode: Whole, amount: Real, grams: Real, slack: float, *, complete: bool
    ) -> Columns:
        """Return those that a location can really ship, with exact costs."""
        items = self.items
        kept = amount.any(axis=1) & (grams > items.above[mode])
        for sku, units in items.shared.items():
            stock = np.append(items.problem.stock[sku], np.full(len(units), 1 << 50))
            kept &= amount @ units <= stock[items.place[mode]]
        return self.given(mode[kept], amount[kept], slack, complete=complete)

    def given(self, mode: Whole, amount: Real, slack: float, *, complete: bool) -> Columns:
        """Return the columns of modes and amounts up to a reduced cost."""
        items = self.items
        cost = self.fixed[mode] + (self.unit[mode] * amount).sum(axis=1)
        spent = np.stack(
            [
                fixed[mode] + (unit[mode] * amount).sum(axis=1)
                for fixed, unit in zip(items.spent_fixed, items.spent_unit, strict=True)
            ]
            or [np.zeros(len(mode))],
            axis=1,
        )[:, : len(items.budget)]
        reduced = cost + spent @ self.prices.price - amount @ self.prices.worth
        order = np.flatnonzero(reduced <= slack)
        order = order[np.argsort(reduced[order], kind="stable")]
        return Columns(mode, amount, cost, spent, reduced, complete).take(order)


def negative(place: Whole, mode: Whole, reduced: Real) -> Real:
    """Return by location the least reduced cost of its columns, 0 where it is not below."""
    least = np.zeros(int(place.max(initial=-1)) + 1)
    np.minimum.at(least, place[mode], reduced)
    return least


def _amounts(most: Real) -> tuple[Whole, Real]:
    """Return each row as often as there are amounts from 0 to its most, and these."""
    count = most.astype(np.int64) + 1
    row = np.repeat(np.arange(len(most)), count)
    begins = np.cumsum(count) - count
    return row, (np.arange(len(row)) - begins[row]).astype(float)


def _by_gram(profit: Real, most: Real, grams: Real, up_to: Real) -> Real:
    """Return the price of weight at which a relaxed knapsack is just full."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((profit > 0) & (most > 0), profit / grams, 0.0)
    order = np.argsort(-ratio, axis=1, kind="stable")
    weight = np.take_along_axis(most * grams, order, axis=1).cumsum(axis=1)
    at = (weight > up_to[:, None]).argmax(axis=1)
    priced: Real = np.take_along_axis(ratio, order, axis=1)[np.arange(len(order)), at]
    return priced
