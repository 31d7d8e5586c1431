"""Why there is no plan: what binds each line."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.errors import BlockedLine
from sellable.network import Policy
from sellable.sourcing.barriers import MEANINGS, Barrier
from sellable.sourcing.building import build
from sellable.sourcing.finding import best
from sellable.sourcing.strategies import Tactic
from sellable.sourcing.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network import Constraints
    from sellable.sourcing.order import Order

_NAMES_MAX = 3  # locations that a text names


def no_strategy(order: Order, profile: str) -> tuple[BlockedLine, ...]:
    """Return all lines of an order that no strategy of the profile is for."""
    text = f"no strategy of the profile {profile!r} is for this order at this time"
    return tuple(BlockedLine(line.line_id, line.sku, "strategies", text) for line in order.lines)


def blocked_lines(survey: Survey) -> tuple[BlockedLine, ...]:
    """Return every line that no plan can fill, with the constraint that binds it.

    Where each line has a plan by itself, what couples them is relaxed, one constraint at a time.
    """
    order = survey.situation.request.order
    alone = dict(_alone(survey))
    if not alone:
        constraint, detail, lines = _together(survey)
        alone = dict.fromkeys(lines, (constraint, detail))
    return tuple(
        BlockedLine(order.lines[number].line_id, order.lines[number].sku, constraint, detail)
        for number, (constraint, detail) in sorted(alone.items())
    )


def _alone(survey: Survey) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield the lines that cannot be filled even if they were the only ones."""
    demand = survey.situation.demand
    wanted = np.zeros(len(demand.skus), dtype=np.int64)
    np.add.at(wanted, demand.sku_of, demand.quantity)
    there = demand.available.sum(axis=1)
    for number, sku in enumerate(demand.sku_of.tolist()):
        units, has, may = int(wanted[sku]), int(there[sku]), int(demand.sellable[sku])
        if units > has:
            yield number, ("stock", f"{units} wanted, {has} available in the market")
        elif units > may:
            text = f"{units} wanted, the market may sell {may} of the {has} available"
            yield number, ("sellable", text)
        elif not _has_plan(survey, number):
            yield number, _taken_away(survey, number)


def _has_plan(survey: Survey, number: int) -> bool:
    demand = survey.situation.demand
    allowed = survey.allowed[number]
    if not survey.split[number]:
        return bool(allowed.any())
    available = demand.available[demand.sku_of[number]]
    return bool(available[allowed].sum() >= demand.quantity[number])


def _taken_away(survey: Survey, number: int) -> tuple[str, str]:
    """Return the constraint that keeps most of the line's units from it, and all that do."""
    demand, ids = survey.situation.demand, survey.situation.places.ids
    available = demand.available[demand.sku_of[number]]
    wanted = int(demand.quantity[number])
    # A line that stays whole has lost only the locations that have all of it, if there are any.
    whole = available >= wanted
    of_use = whole if not survey.split[number] and whole.any() else available > 0
    units: Counter[Barrier] = Counter()
    names: defaultdict[Barrier, list[str]] = defaultdict(list)
    for at in np.flatnonzero(of_use & ~survey.allowed[number]).tolist():
        barrier = Barrier(int(survey.barriers[number, at]))
        units[barrier] += int(available[at])
        names[barrier].append(ids[at])
    parts = [
        f"{units[barrier]} {MEANINGS[barrier].words} ({_listed(names[barrier])})"
        for barrier in sorted(units)
    ]
    allowed = int(available[survey.allowed[number]].sum())
    if allowed:
        parts.append(f"{allowed} that may be taken")
    most = min(units, key=lambda barrier: (-units[barrier], barrier))
    return _constraint(survey, number, most), f"{wanted} wanted: " + ", ".join(parts)


def _constraint(survey: Survey, number: int, barrier: Barrier) -> str:
    grouped = any(number in group for group in survey.groups)
    if barrier is Barrier.SHORT and grouped:
        return MEANINGS[Barrier.APART].constraint
    if barrier is Barrier.NO_SERVICE and survey.tactic.services:
        return "services"
    return MEANINGS[barrier].constraint


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMES_MAX
    return ", ".join(names[:_NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _together(survey: Survey) -> tuple[str, str, list[int]]:
    """Return what keeps lines that each have a plan from having one together."""
    constraints = survey.tactic.strategy.constraints
    everyone = list(range(len(survey.split)))
    relaxed: dict[str, tuple[str, Constraints, list[int]]] = {}
    if constraints.max_parcels is not None:
        text = f"max_parcels {constraints.max_parcels}"
        relaxed["max_parcels"] = text, replace(constraints, max_parcels=None), everyone
    if constraints.max_locations is not None:
        text = f"max_locations {constraints.max_locations}"
        relaxed["max_locations"] = text, replace(constraints, max_locations=None), everyone
    if survey.groups:
        lines = [line for group in survey.groups for line in group]
        relaxed["ship_together"] = "ship_together", replace(constraints, ship_together=()), lines
    if not constraints.split_lines:
        several = np.flatnonzero(survey.situation.demand.quantity > 1).tolist()
        text = "split_lines: false"
        relaxed["split_lines"] = text, replace(constraints, split_lines=True), several
    for name, (text, others, lines) in relaxed.items():
        if _feasible(survey, others):
            return name, f"each line has a plan, all together have none under {text}", lines
    loosest = replace(
        constraints, max_parcels=None, max_locations=None, ship_together=(), split_lines=True
    )
    if len(relaxed) > 1 and _feasible(survey, loosest):
        texts = ", ".join(text for text, _, _ in relaxed.values())
        text = f"each line has a plan, all together have none under {texts}"
        return next(iter(relaxed)), text, everyone
    return "stock", "the lines share stock that does not suffice for all of them", everyone


def _feasible(survey: Survey, constraints: Constraints) -> bool:
    """Tell whether there is a plan with other constraints in place of the strategy's."""
    situation = survey.situation
    strategy = replace(survey.tactic.strategy, constraints=constraints, policy=Policy.OPTIMAL)
    looser = Survey.of(situation, Tactic(strategy, situation.places))
    return best(build(looser), situation.request.solve_limit_ms) is not None
