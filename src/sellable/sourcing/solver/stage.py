"""Exact plans of one level: columns within the gap of a bound, put together.

Prices for items and resources give a bound, a plan gives another, and what lies between is searched
in growing steps, so that the bound that is told is always proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.columns import Prices, Pricing
from sellable.sourcing.solver.master import Master
from sellable.sourcing.solver.search import Found, Search, Sent

if TYPE_CHECKING:
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask

ROUNDS_MAX = 40  # of better prices
NEW_COLUMNS_MAX = 150  # a round
ROWS_PRICING_MAX = 4_000  # while columns are made that better the prices
ROWS_MAX = 300_000  # while all are made within the gap
GAP_FIRST = 0.02  # of the bound; then twice as much, and so on


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One level: its costs, with earlier levels among the resources of the items.

    Attributes:
        divisor: What all costs have in common; they are told in it.
        highest: No plan costs more.
    """

    items: Items
    fixed: Real
    unit: Real
    divisor: int
    highest: float

    @classmethod
    def of(cls, items: Items, level: int) -> Stage:
        """Return the stage of a level."""
        whole, each = items.fixed[:, level], items.unit[:, :, level]
        divisor = gcd(int(np.gcd.reduce(whole)), int(np.gcd.reduce(each, axis=None))) or 1
        fixed, unit = (whole // divisor).astype(float), (each // divisor).astype(float)
        dearest = unit.max(axis=0, initial=0.0) + fixed.max(initial=0.0)
        return cls(items, fixed, unit, divisor, float(items.demand @ dearest))

    def only(self, modes: Mask) -> Stage:
        """Return the stage with some modes alone."""
        rows = np.flatnonzero(modes)
        return replace(
            self, items=self.items.only(rows), fixed=self.fixed[rows], unit=self.unit[rows]
        )

    def at(self, prices: Prices) -> Pricing:
        """Return the modes at prices."""
        return Pricing.of(self.items, self.fixed, self.unit, prices)

    def first_prices(self) -> Prices:
        """Return prices at which items are about worth what it costs to send them alone."""
        alone = self.fixed[:, None] / np.maximum(1, 2 * self.items.most) + self.unit
        worth = np.where(self.items.most > 0, alone, np.inf).min(axis=0, initial=np.inf)
        worth[~np.isfinite(worth)] = self.highest + 1
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


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """A stage with good prices, and without modes that are in no plan as good as the known one.

    Attributes:
        least: The bound that these prices give.
    """

    stage: Stage
    prices: Prices
    least: float


def price_out(stage: Stage, outcome: Outcome, deadline: Deadline) -> Priced:
    """Return good prices; raise the bound of the outcome."""
    master = Master(stage.items, stage.highest + 1)
    prices = stage.first_prices()
    best = Priced(stage, prices, -np.inf)
    for rounds in range(ROUNDS_MAX):
        pricing = stage.at(prices)
        least = pricing.bound()
        if np.isfinite(outcome.cost):
            places = np.minimum(pricing.by_place(), 0)[stage.items.place]
            kept = least - places + pricing.least <= outcome.cost
            if not kept.all():
                stage = stage.only(kept)
                pricing = stage.at(prices)
        columns = pricing.columns(-1.0, ROWS_PRICING_MAX)
        converged = not len(columns.mode) and rounds > 0
        if converged and not columns.complete:
            columns = pricing.columns(-1.0, ROWS_MAX)
            converged = not len(columns.mode)
        if converged and columns.complete:
            least = prices.base(stage.items)
        if least > best.least:
            best = Priced(stage, prices, least)
            outcome.bound = max(outcome.bound, np.ceil(least))
        if converged or outcome.proven() or deadline.passed():
            break
        master.add(columns.take(np.arange(min(len(columns.mode), NEW_COLUMNS_MAX))))
        prices = master.prices()
    return Priced(stage, best.prices, best.least)


def close(priced: Priced, outcome: Outcome, deadline: Deadline) -> None:
    """Search the gap in growing steps, until it is closed or the time is over."""
    stage, prices, highest = priced.stage, priced.prices, priced.stage.highest
    pricing = stage.at(prices)
    gap = max(1.0, GAP_FIRST * abs(outcome.bound))
    while not outcome.proven() and not deadline.passed():
        limit = min(outcome.cost - 1, np.floor(outcome.bound + gap), highest)
        columns = pricing.columns(limit - priced.least, ROWS_MAX)
        found = Found(1, limit)
        finished = Search(stage.items, prices, columns).run(found, deadline)
        for cost, sent in found.plans.values():
            outcome.cost, outcome.sent = cost, sent
        if not finished or not columns.complete:
            return
        outcome.bound = outcome.cost if limit >= highest else min(outcome.cost, limit + 1)
        gap *= 2
