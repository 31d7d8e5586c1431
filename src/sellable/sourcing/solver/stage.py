"""Exact plans of one level: columns within the gap of a bound, put together.

Prices for items and resources give a bound, a plan gives another, and what lies between is searched
in growing steps, so that the bound that is told is always proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.columns import Prices, Pricing, negative
from sellable.sourcing.solver.master import Master
from sellable.sourcing.solver.search import Found, Search, Sent

if TYPE_CHECKING:
    from sellable.sourcing.solver.columns import Columns
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items, Real
    from sellable.sourcing.solver.problem import Mask

ROUNDS_MAX = 40  # of better prices
NEW_COLUMNS_MAX = 150  # a round
NEW_COLUMNS_EACH = 5  # of a location
ROWS_PRICING_MAX = 4_000  # while columns are made that better the prices
ROWS_MAX = 300_000  # while all are made within the gap
COST_BITS = 36  # of the dearest plan; sums of such costs are exact
CONVERGED = 1e-6  # of the bound: what is not worth another round
COLUMNS_FEW = 2  # in a plan: the second one is looked up
GAP_FIRST = 0.02  # of the bound; then twice as much, and so on


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One level: its costs, with earlier levels among the resources of the items.

    Attributes:
        divisor: What all costs have in common.
        factor: How much one such part counts, so that prices rounded to whole numbers are fine.
        highest: No plan costs more.
    """

    items: Items
    fixed: Real
    unit: Real
    divisor: int
    factor: int
    highest: float

    @classmethod
    def of(cls, items: Items, level: int) -> Stage:
        """Return the stage of a level."""
        whole, each = items.fixed[:, level], items.unit[:, :, level]
        divisor = gcd(int(np.gcd.reduce(whole)), int(np.gcd.reduce(each, axis=None))) or 1
        fixed, unit = (whole // divisor).astype(float), (each // divisor).astype(float)
        dearest = unit.max(axis=0, initial=0.0) + fixed.max(initial=0.0)
        highest = float(items.demand @ dearest)
        factor = 1 << max(0, COST_BITS - int(highest).bit_length())
        return cls(items, fixed * factor, unit * factor, divisor, factor, highest * factor)

    def told(self, cost: float) -> int:
        """Return a cost as the problem tells it, rounded up."""
        return -int(-cost // self.factor) * self.divisor

    def known(self, cost: int) -> float:
        """Return a cost of the problem as this stage tells it."""
        return float(cost // self.divisor * self.factor)

    def up(self, bound: float) -> float:
        """Return the least cost that a plan can have by a bound."""
        return float(np.ceil(bound / self.factor) * self.factor)

    def only(self, modes: Mask) -> Stage:
        """Return the stage with some modes alone."""
        rows = np.flatnonzero(modes)
        return replace(
            self, items=self.items.only(rows), fixed=self.fixed[rows], unit=self.unit[rows]
        )

    def columns_max(self) -> float:
        """Return how many columns a plan has at most, by resources that each column uses."""
        least = self.items.spent_fixed.min(axis=1, initial=np.inf)
        bounding = np.isfinite(least) & (least > 0)
        most = self.items.budget[bounding] // least[bounding]
        return float(most.min(initial=np.inf))

    def at(self, prices: Prices) -> Pricing:
        """Return the modes at prices."""
        return Pricing.of(self.items, self.fixed, self.unit, prices)

    def columns(self, plan: Sent) -> Columns:
        """Return the columns of a plan, and of what it leaves unfilled."""
        items = self.items
        left = items.demand - sum(amounts for _, amounts in plan)
        rows = [int(np.flatnonzero(items.source == mode)[0]) for mode, _ in plan]
        rows += [
            int(np.flatnonzero((items.source < 0) & (items.most[:, item] > 0))[0])
            for item in np.flatnonzero(left).tolist()
        ]
        amounts = [each for _, each in plan] + [row for row in np.diag(left) if row.any()]
        free = Prices(np.zeros(len(items.demand)), np.zeros(len(items.budget)))
        return self.at(free).given(np.array(rows), np.array(amounts), np.inf, complete=False)

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


def price_out(stage: Stage, plan: Sent, outcome: Outcome, deadline: Deadline) -> Priced:
    """Return good prices, beginning with a plan's; raise the bound of the outcome."""
    master = Master(stage.items, stage.highest + 1)
    prices = stage.first_prices()
    if plan:
        columns = stage.columns(plan)
        master.add(columns)
        prices = _shared_out(columns, prices, stage.items.demand)
    coarse = True
    best = Priced(stage, prices, -np.inf)
    for rounds in range(ROUNDS_MAX):
        pricing = stage.at(prices)
        base = prices.base(stage.items)
        little = -CONVERGED * abs(base)
        columns = pricing.columns(-1.0, ROWS_PRICING_MAX, coarse=coarse)
        if coarse and rounds and columns.reduced.min(initial=0.0) >= little:
            coarse = False
            columns = pricing.columns(-1.0, ROWS_PRICING_MAX)
        if rounds and not columns.complete and columns.reduced.min(initial=0.0) >= little:
            columns = pricing.columns(-1.0, ROWS_MAX)
        places = negative(stage.items.place, columns.mode, columns.reduced)
        if not columns.complete:
            places = np.minimum(pricing.by_place(), 0.0)
        least = base + float(places.sum())
        if least > best.least:
            best = Priced(stage, prices, least)
            outcome.bound = max(outcome.bound, stage.up(least))
        if outcome.proven() or deadline.passed():
            break
        if np.isfinite(outcome.cost):
            kept = least - places[stage.items.place] + pricing.least <= outcome.cost
            if not kept.all():
                columns = columns.renumbered(kept)
                stage = stage.only(kept)
        if columns.complete and least >= base + little:
            break
        master.add(columns.spread(stage.items.place, NEW_COLUMNS_EACH, NEW_COLUMNS_MAX))
        prices = master.prices()
    return Priced(stage, best.prices, best.least)


def _shared_out(columns: Columns, prices: Prices, demand: Real) -> Prices:
    """Return prices at which a plan's columns cost what their items are worth, by old prices."""
    worth = columns.amount @ prices.worth
    share = columns.cost / np.where(worth > 0, worth, 1)
    return replace(prices, worth=np.rint(prices.worth * (share @ columns.amount) / demand))


def close(priced: Priced, outcome: Outcome, deadline: Deadline) -> None:
    """Search the gap in growing steps, until it is closed or the time is over."""
    stage, prices, highest = priced.stage, priced.prices, priced.stage.highest
    pricing = stage.at(prices)
    gap = max(float(stage.factor), GAP_FIRST * abs(outcome.bound))
    if np.isfinite(outcome.cost) and stage.columns_max() <= COLUMNS_FEW:
        gap = outcome.cost - outcome.bound  # pairs are found at once, however many there are
    while not outcome.proven() and not deadline.passed():
        limit = min(outcome.cost - stage.factor, outcome.bound + gap, highest)
        columns = pricing.columns(limit - priced.least, ROWS_MAX)
        found = Found(limit)
        finished = Search(stage.items, prices, columns, limit).run(found, deadline)
        if found.sent is not None:
            outcome.cost, outcome.sent = found.most, found.sent
        if not finished or not columns.complete:
            return
        outcome.bound = outcome.cost if limit >= highest else min(outcome.cost, stage.up(limit + 1))
        gap *= 2
