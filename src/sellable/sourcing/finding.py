"""Asks the solver for the plan of a strategy, its runners-up, and what other plans cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sellable.network import Policy
from sellable.sourcing.solver import runners_up as others
from sellable.sourcing.solver.greedy import greedy
from sellable.sourcing.solver.solve import solve
from sellable.sourcing.solver.splitting import Undecided

if TYPE_CHECKING:
    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Problem, Solution

__all__ = ["Undecided", "best", "costs_are_exact", "costs_through", "runners_up"]


def best(case: Case, limit_ms: int) -> Solution | None:
    """Return the plan of the strategy's policy; None: there is none.

    Raises:
        Undecided: The time was over before one was found, or known that there is none.
    """
    problem = case.problem
    if not problem.allowed.any() or not (problem.partial or _may_fit(problem)):
        return None
    policy = case.survey.tactic.strategy.policy
    if policy is Policy.OPTIMAL:
        return solve(problem, limit_s=limit_ms / 1_000)
    order = np.arange(len(case.candidates))
    if policy is Policy.NEAREST:
        distance_km = case.survey.situation.distance_km[case.candidates]
        order = np.argsort(distance_km, kind="stable")
    return greedy(problem, order.tolist(), str(policy))


def _may_fit(problem: Problem) -> bool:
    """Tell at once where there is not enough, which a solver might have to search for."""
    if not problem.allowed.any(axis=1).all():
        return False
    wanted = np.zeros(len(problem.sku_limit), dtype=np.int64)
    np.add.at(wanted, problem.sku_of, problem.demand)
    allowed = np.zeros(problem.stock.shape, dtype=bool)
    np.logical_or.at(allowed, problem.sku_of, problem.allowed)
    there = np.minimum((problem.stock * allowed).sum(axis=1), problem.sku_limit)
    return bool((wanted <= there).all())


def runners_up(case: Case, solution: Solution, count: int, limit_ms: int) -> list[Solution]:
    """Return the next best plans, each from another set of locations than all before it.

    A policy of a plain order system has one plan and no others.
    """
    if count < 1 or case.survey.tactic.strategy.policy is not Policy.OPTIMAL:
        return []
    return others.runners_up(case.problem, solution, count, limit_ms / 1_000)


def costs_through(
    case: Case, solution: Solution, limit_ms: int
) -> dict[int, tuple[int, ...] | None]:
    """Return by candidate that ships nothing what a plan that ships from it costs.

    None where there is no such plan, and nothing for a policy that compares no plans. See
    `costs_are_exact`.
    """
    if case.survey.tactic.strategy.policy is not Policy.OPTIMAL:
        return {}
    return others.cost_through(case.problem, solution, limit_ms / 1_000)


def costs_are_exact(case: Case) -> bool:
    """Tell whether those are costs of plans, or bounds: no plan with the location costs less."""
    return others.is_exact(case.problem)
