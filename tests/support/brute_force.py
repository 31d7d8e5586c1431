"""The best plan of a small sourcing problem, found by trying every one."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.sourcing.solver.problem import Problem

Units = tuple[int, ...]  # of one line, by location


def best_by_places(problem: Problem) -> dict[frozenset[int], tuple[int, ...]]:
    """Return the least cost of the plans of each set of locations that has a feasible one."""
    found: dict[frozenset[int], tuple[int, ...]] = {}

    @cache
    def ways(location: int, units: Units) -> list[tuple[int, tuple[int, ...]]]:
        """Return parcels and cost of every mode in which a location may send units of lines."""
        grams = sum(each * int(of) for each, of in zip(units, problem.unit_grams, strict=True))
        return [
            (
                int(problem.mode_parcels[mode]),
                tuple(
                    int(problem.mode_fixed[mode, level])
                    + sum(
                        each * int(problem.mode_unit[mode, line, level])
                        for line, each in enumerate(units)
                    )
                    for level in range(problem.mode_fixed.shape[1])
                ),
            )
            for mode in range(len(problem.mode_location))
            if problem.mode_location[mode] == location
            and problem.mode_grams_min[mode] < grams <= problem.mode_grams_max[mode]
        ]

    for plan in _plans(problem):
        sent = list(zip(*plan, strict=True))
        places = [location for location, units in enumerate(sent) if any(units)]
        if problem.max_locations is not None and len(places) > problem.max_locations:
            continue
        unfilled = [
            int(wanted) - sum(units) for wanted, units in zip(problem.demand, plan, strict=True)
        ]
        left = [
            tuple(int(cost) * units for cost in problem.unfilled_cost[line])
            for line, units in enumerate(unfilled)
        ]
        for chosen in product(*(ways(location, sent[location]) for location in places)):
            parcels = sum(count for count, _ in chosen)
            if problem.max_parcels is not None and parcels > problem.max_parcels:
                continue
            cost = tuple(map(sum, zip(*(cost for _, cost in chosen), *left, strict=True)))
            key = frozenset(places)
            found[key] = min(cost, found.get(key, cost))
    return found


def _plans(problem: Problem) -> Iterator[tuple[Units, ...]]:
    """Yield all plans by line and location that keep stock, limits, splits and groups."""
    for plan in product(*(_fillings(problem, line) for line in range(len(problem.demand)))):
        by_sku = [
            [sum(column) for column in zip(*rows, strict=True)]
            for sku in range(len(problem.stock))
            if (rows := [plan[line] for line in range(len(plan)) if problem.sku_of[line] == sku])
            or True
        ]
        if all(
            sum(taken) <= problem.sku_limit[sku]
            and all(units <= problem.stock[sku, place] for place, units in enumerate(taken))
            for sku, taken in enumerate(by_sku)
        ) and all(_together(problem, plan, group) for group in problem.together):
            yield plan


def _fillings(problem: Problem, line: int) -> list[Units]:
    """Return all ways to take a line from locations that have as much."""
    wanted = int(problem.demand[line])
    most = [
        min(wanted, int(problem.stock[problem.sku_of[line], place]))
        if problem.allowed[line, place] and place in problem.mode_location
        else 0
        for place in range(problem.stock.shape[1])
    ]
    grouped = any(line in group for group in problem.together)
    return [
        units
        for units in product(*(range(each + 1) for each in most))
        if (
            sum(units) == wanted
            or (
                problem.partial and sum(units) <= wanted and (problem.split[line] or not any(units))
            )
        )
        and (problem.split[line] or sum(map(bool, units)) <= 1)
        and (not grouped or sum(units) == 0 or wanted in units)
    ]


def _together(problem: Problem, plan: tuple[Units, ...], group: tuple[int, ...]) -> bool:
    """Return whether a group's lines come from the same locations."""
    return len({tuple(map(bool, plan[line])) for line in group}) == 1
