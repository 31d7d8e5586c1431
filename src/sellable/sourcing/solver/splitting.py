"""Exact plans for lines that may split: columns within the gap of a bound, put together.

Level by level: prices for items and resources give a bound, a plan gives another, and what lies
between is searched in growing steps, so that the bound that is told is always proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.columns import Prices, Pricing
from sellable.sourcing.solver.items import Items
from sellable.sourcing.solver.master import Master
from sellable.sourcing.solver.search import Found, Search

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Real
    from sellable.sourcing.solver.problem import Mask

ROUNDS_MAX = 30  # of better prices
NEW_COLUMNS_MAX = 150  # a round
ROWS_PRICING_MAX = 4_000  # while columns are made that better the prices
ROWS_MAX = 300_000  # while all are made within the gap
GAP_FIRST = 0.02  # of the bound; then twice as much, and so on

Sent = list[tuple[int, "Real"]]  # modes of the problem, and their amounts of items


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One level: its costs, with earlier levels among the resources of the items."""

    items: Items
    level: int
    fixed: Real
    unit: Real

    @classmethod
    def of(cls, items: Items, level: int) -> Stage:
        """Return the stage of a level."""
        fixed = items.fixed[:, level].astype(float)
        return cls(items, level, fixed, items.unit[:, :, level].astype(float))

    def only(self, modes: Mask) -> Stage:
        """Return the stage with some modes alone."""
        rows = np.flatnonzero(modes)
        return Stage(self.items.only(rows), self.level, self.fixed[rows], self.unit[rows])

    def at(self, prices: Prices) -> Pricing:
        """Return the modes at prices."""
        return Pricing.of(self.items, self.fixed, self.unit, prices)

    def missing(self) -> float:
        """Return more than any plan costs by item: the price of one that nobody sends."""
        dearest = (self.fixed[:, None] + self.unit).max(initial=0.0)
        return 2.0 * dearest + 1.0

    def first_prices(self) -> Prices:
        """Return prices at which items are about worth what it costs to send them alone."""
        with np.errstate(divide="ignore"):
            alone = self.fixed[:, None] / (2 * self.items.most) + self.unit
        worth = np.where(self.items.most > 0, alone, np.inf).min(axis=0, initial=np.inf)
        worth[~np.isfinite(worth)] = self.missing()
        return Prices(np.round(worth), np.zeros(len(self.items.budget)))


@dataclass(slots=True, eq=False)
class Outcome:
    """What is known of a stage.

    Attributes:
        bound: No plan costs less.
        cost: Of the best plan that is known, infinite without one.
        sent: That plan; None: the one that was known before, if any.
    """

    bound: float
    cost: float
    sent: Sent | None = None

    def proven(self) -> bool:
        """Return whether no plan is better, or there is none."""
        return self.bound >= self.cost


def price_out(stage: Stage, outcome: Outcome, deadline: Deadline) -> tuple[Stage, Prices]:
    """Return good prices, and the stage without modes that are in no plan as good as the known.

    Raises the bound of the outcome.
    """
    missing = stage.missing()
    master = Master(stage.items, missing)
    prices = best = stage.first_prices()
    for _ in range(ROUNDS_MAX):
        pricing = stage.at(prices)
        bound = pricing.bound()
        if bound > outcome.bound:
            outcome.bound, best = bound, prices
        if outcome.proven() or deadline.passed():
            break
        if np.isfinite(outcome.cost):
            places = np.minimum(pricing.by_place(), 0)[stage.items.place]
            kept = bound - places + pricing.least <= outcome.cost
            if not kept.all():
                stage = stage.only(kept)
                pricing = stage.at(prices)
        columns = pricing.columns(-1.0, ROWS_PRICING_MAX)
        if not len(columns.mode):
            if columns.complete:
                outcome.bound, best = max(outcome.bound, prices.base(stage.items)), prices
            break
        master.add(columns.take(np.arange(min(len(columns.mode), NEW_COLUMNS_MAX))))
        prices = master.prices()
    return stage, best


def close(stage: Stage, prices: Prices, outcome: Outcome, deadline: Deadline) -> None:
    """Search the gap in growing steps, until it is closed or the time is over."""
    pricing = stage.at(prices)
    least = pricing.bound()
    gap = max(1.0, GAP_FIRST * abs(outcome.bound))
    highest = least + stage.missing() * float(stage.items.demand.sum())
    while not outcome.proven() and not deadline.passed():
        limit = min(outcome.cost - 1, np.floor(outcome.bound + gap), highest)
        columns = pricing.columns(limit - least, ROWS_MAX)
        found = Found(1, limit)
        finished = Search(stage.items, prices, columns).run(found, deadline)
        for cost, sent in found.plans.values():
            outcome.cost, outcome.sent = cost, sent
        if not finished or not columns.complete:
            return
        outcome.bound = min(outcome.cost, limit + 1)
        if limit >= highest and not found.plans:
            outcome.bound = outcome.cost
        gap *= 2
