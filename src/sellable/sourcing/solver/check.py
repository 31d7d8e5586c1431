"""Holds a plan against its problem: feasible, and its costs add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sellable.sourcing.solver.plans import objective_of

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem, Solution


def check(problem: Problem, solution: Solution) -> None:
    """Raise AssertionError if a plan breaks a constraint, or its objective is not its sum."""
    filled, of_sku, grams = Counter[int](), Counter[int](), Counter[int]()
    taken = Counter[tuple[int, int]]()
    places = defaultdict[int, set[int]](set)
    for (line, location), units in solution.quantities.items():
        sku = int(problem.sku_of[line])
        assert units >= 1, f"line {line} takes {units} units from {location}"
        assert problem.allowed[line, location], f"line {line} may not come from {location}"
        filled[line] += units
        taken[sku, location] += units
        of_sku[sku] += units
        places[line].add(location)
        grams[location] += units * int(problem.unit_grams[line])
    for (sku, location), units in taken.items():
        assert units <= problem.stock[sku, location], f"{units} units of {sku} from {location}"
    for sku, units in of_sku.items():
        assert units <= problem.sku_limit[sku], f"{units} units of {sku} in all"
    for line, wanted in enumerate(problem.demand.tolist()):
        _check_line(problem, line, wanted, filled[line], len(places[line]))
    for group in problem.together:
        assert len({frozenset(places[line]) for line in group}) == 1, f"{group} is torn apart"
        assert len(places[group[0]]) <= 1, f"{group} comes from several locations"
        assert all(filled[line] in {0, problem.demand[line]} for line in group), f"part of {group}"
    assert set(grams) == set(solution.modes), "each location that ships has its mode"
    for location, mode in solution.modes.items():
        assert problem.mode_location[mode] == location, f"mode {mode} is not of {location}"
        assert problem.mode_grams_min[mode] < grams[location], f"too light for mode {mode}"
        assert grams[location] <= problem.mode_grams_max[mode], f"too heavy for mode {mode}"
    parcels = sum(int(problem.mode_parcels[mode]) for mode in solution.modes.values())
    assert problem.max_parcels is None or parcels <= problem.max_parcels, f"{parcels} parcels"
    count = len(solution.modes)
    assert problem.max_locations is None or count <= problem.max_locations, f"{count} locations"
    cost = objective_of(problem, solution.quantities, solution.modes)
    assert solution.objective == cost, f"{solution.objective} is not the sum {cost}"
    assert solution.bound <= solution.objective, "a bound above the objective"
    assert not solution.optimal or solution.bound == solution.objective, "optimal, and a gap"


def _check_line(problem: Problem, line: int, wanted: int, units: int, places: int) -> None:
    """Raise AssertionError if a line is filled as it must not be."""
    assert units <= wanted, f"line {line} is filled with {units} of {wanted}"
    if not problem.partial:
        assert units == wanted, f"line {line} is filled with {units} of {wanted}"
    if not problem.split[line]:
        assert units in {0, wanted}, f"line {line} may not be filled in part"
        assert places <= 1, f"line {line} may not split"
