"""Sets of locations that split lines can come from: none is missed, none is bounded too high."""

from __future__ import annotations

import numpy as np
import pytest

from sellable.sourcing.solver.deadline import Deadline
from sellable.sourcing.solver.items import items_of
from sellable.sourcing.solver.stage import Stage
from sellable.sourcing.solver.supports import Supports, supports_of
from support.brute_force import best_by_places
from support.small_problems import small_problem

LIMIT_S = 60.0
LOCATIONS_MAX = 4


def listed(stage: Stage, limit: float, limit_s: float = LIMIT_S) -> Supports | None:
    """Return the sets of a stage that may cost at most so much."""
    priced, deadline = stage.unpriced(), Deadline(limit_s)
    dear = stage.at(priced.prices).least
    slack = limit - priced.least
    found = supports_of(stage.items, dear, slack, LOCATIONS_MAX, deadline)
    return found and found.cheap(stage.items, stage.fixed, stage.unit, limit, deadline)


@pytest.mark.parametrize("batch", range(4))
def test_each_set_with_a_plan_is_listed_and_costs_no_less_than_its_bound(batch: int) -> None:
    """Every set of locations that brute force finds a plan for is there, up to the limit."""
    missing, seen = 0, 0
    for seed in range(batch * 200, batch * 200 + 200):
        problem = small_problem(seed, split=True)
        stage = Stage.of(items_of(problem), 0)
        costs = {
            places: stage.known(cost[0])
            for places, cost in best_by_places(problem).items()
            if len(places) <= LOCATIONS_MAX
        }
        if problem.partial or not costs:
            continue
        limit = float(np.median(list(costs.values())))
        supports = listed(stage, limit)
        assert supports is not None
        names = [*supports.places.tolist(), -1]
        bounds = {
            frozenset(names[at] for at in row) - {-1}: bound
            for row, bound in zip(supports.sets.tolist(), supports.bounds.tolist(), strict=True)
        }
        for places, cost in costs.items():
            if cost <= limit:
                assert bounds[places] <= cost, seed
                seen += 1
            missing += places not in bounds
    assert seen > 0
    assert missing > 0  # those above the limit, so that the bound drops some


def test_sets_are_given_up_when_the_time_is_over() -> None:
    """Without time there is no list, rather than one with holes."""
    problem = next(
        each
        for each in (small_problem(seed, split=True) for seed in range(100))
        if not each.partial and best_by_places(each)
    )
    stage = Stage.of(items_of(problem), 0)
    assert listed(stage, stage.highest) is not None
    assert listed(stage, stage.highest, limit_s=0.0) is None
