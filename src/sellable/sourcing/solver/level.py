"""Exact plans of one level: columns within the gap, or sets of few locations, the best first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.columns import TOLERANCE
from sellable.sourcing.solver.stage import Outcome, close, price_out
from sellable.sourcing.solver.supports import supports_of

if TYPE_CHECKING:
    from sellable.sourcing.solver.deadline import Deadline
    from sellable.sourcing.solver.items import Items
    from sellable.sourcing.solver.search import Sent
    from sellable.sourcing.solver.stage import Priced, Stage
    from sellable.sourcing.solver.supports import Supports

LOCATIONS_FEW = 2  # of them all sets are looked at before anything else
LOCATIONS_FEW_OF_LEVELS = 3  # likewise with several levels, where the bound of columns is far off
LOCATIONS_MAX = 4  # of more there are too many sets


def solve_level(stage: Stage, plan: Sent, outcome: Outcome, deadline: Deadline) -> Items:
    """Find the best plan of a level; return the items without modes that plans as good lack."""
    several = stage.items.fixed.shape[1] > 1
    few = LOCATIONS_FEW_OF_LEVELS if several else LOCATIONS_FEW
    if _by_sets(stage.unpriced(), outcome, deadline, few):
        return stage.items
    priced = price_out(stage, plan, outcome, deadline)
    close(priced, outcome, deadline, quick=True)
    if not _by_sets(priced, outcome, deadline, LOCATIONS_MAX):
        close(priced, outcome, deadline)
    return priced.stage.items


def _by_sets(priced: Priced, outcome: Outcome, deadline: Deadline, locations_max: int) -> bool:
    """Search the sets of locations that a better plan can come from, ever more at once.

    Returns whether that is the way to do it; if not, nothing is done.
    """
    stage, limit = priced.stage, priced.stage.better(outcome)
    count = stage.columns_max(limit)
    if outcome.proven() or count > locations_max:
        return False
    slack = limit - priced.least
    slack += TOLERANCE * (1 + abs(slack))
    dear = stage.at(priced.prices).least
    supports = supports_of(stage.items, dear, slack, int(count), deadline)
    if supports is not None:
        supports = supports.cheap(stage.items, stage.fixed, stage.unit, limit, deadline)
    if supports is None:
        return False
    begin, size, prices = 0, 1, None
    while not outcome.proven():
        within = int(np.searchsorted(supports.bounds, stage.better(outcome), "right"))
        if begin >= within:
            outcome.bound = outcome.cost
            break
        outcome.bound = max(outcome.bound, stage.up(supports.bounds[begin]))
        part = _narrowed(stage, supports.take(slice(begin, min(begin + size, within))))
        inner = Outcome(outcome.bound, outcome.cost)
        better = price_out(part, [], inner, deadline, prices)
        close(better, inner, deadline)
        if inner.sent is not None:
            outcome.cost, outcome.sent = inner.cost, inner.sent
        if not inner.proven():
            rest = supports.bounds[begin + size : within].min(initial=np.inf)
            outcome.bound = max(outcome.bound, min(inner.bound, stage.up(rest)))
            break
        begin, size, prices = begin + size, 2 * size, better.prices
    return True


def _narrowed(stage: Stage, supports: Supports) -> Stage:
    """Return a stage of these sets alone, whose locations send what they must."""
    items, kept = supports.narrowed(stage.items)
    return replace(stage, items=items).only(kept)
