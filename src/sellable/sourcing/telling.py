"""From an answer in whole numbers to a plan as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.network import Term
from sellable.sourcing.plan import Assignment, CostKind, CostTerm, Plan, Shipment
from sellable.sourcing.terms import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Solution


def told(case: Case, solution: Solution) -> Plan:
    """Return the plan; its terms add up to the levels, exactly."""
    survey = case.survey
    terms = tuple(_terms(case, solution))
    levels = [0] * survey.tactic.scale.count
    for term in terms:
        levels[term.level] += term.weighted_micros
    assert tuple(levels) == solution.objective, f"{levels} are not {solution.objective}"
    return Plan(
        strategy=survey.tactic.strategy.name,
        assignments=tuple(_assignments(case, solution)),
        shipments=tuple(_shipments(case, solution)),
        unfilled=tuple(_unfilled(case, solution)),
        cost_terms=terms,
        levels=solution.objective,
        optimal=solution.optimal,
        relative_gap=solution.gap,
        method=solution.method,
        level_units=survey.tactic.scale.level_units,
    )


def _assignments(case: Case, solution: Solution) -> Iterator[Assignment]:
    situation = case.survey.situation
    for (number, candidate), quantity in sorted(solution.quantities.items()):
        line = situation.request.order.lines[number]
        yield Assignment(
            line_id=line.line_id,
            line=number,
            sku=line.sku,
            location=situation.places.ids[case.candidates[candidate]],
            quantity=quantity,
        )


def _unfilled(case: Case, solution: Solution) -> Iterator[Assignment]:
    filled = _filled(solution)
    for number, line in enumerate(case.survey.situation.request.order.lines):
        left = line.quantity - filled.get(number, 0)
        if left:
            yield Assignment(
                line_id=line.line_id, line=number, sku=line.sku, location="", quantity=left
            )


def _filled(solution: Solution) -> dict[int, int]:
    filled: dict[int, int] = {}
    for (number, _), quantity in solution.quantities.items():
        filled[number] = filled.get(number, 0) + quantity
    return filled


def _shipments(case: Case, solution: Solution) -> Iterator[Shipment]:
    survey, modes = case.survey, case.modes
    situation = survey.situation
    grams, prices = dict.fromkeys(solution.modes, 0), dict.fromkeys(solution.modes, 0)
    for (number, candidate), quantity in solution.quantities.items():
        mode = solution.modes[candidate]
        grams[candidate] += quantity * int(situation.demand.unit_grams[number])
        prices[candidate] += quantity * int(case.unit[Term.SHIPPING_COST][mode, number])
    for candidate, mode in sorted(solution.modes.items()):
        at = int(case.candidates[candidate])
        day = survey.ship_days[at]
        service = modes.services[modes.offer[mode]]
        limited = situation.places.daily_capacity[at] >= 0
        yield Shipment(
            location=situation.places.ids[at],
            service=service,
            parcels=int(modes.parcels[mode]),
            grams=grams[candidate],
            distance_km=float(situation.distance_km[at]),
            cost_micros=int(modes.price[mode]) + prices[candidate],
            ship_ms=day.ship_ms,
            arrive_ms=int(modes.arrive_ms[mode]) if service else 0,
            carbon_grams=float(modes.carbon_grams[mode]),
            capacity_date=day.day.isoformat() if limited else "",
        )


def _terms(case: Case, solution: Solution) -> Iterator[CostTerm]:
    scale = case.survey.tactic.scale
    for term, measure in MEASURES.items():
        raw, weighted = _sums(case, solution, term)
        yield CostTerm(
            kind=measure.kind,
            raw=raw / measure.per_unit,
            unit=measure.unit or case.survey.situation.currency,
            weighted_micros=weighted,
            level=scale.levels.get(term, 0),
        )
    left = int(case.problem.demand.sum()) - sum(solution.quantities.values())
    yield CostTerm(
        kind=CostKind.UNFILLED,
        raw=float(left),
        unit="units",
        weighted_micros=left * scale.unfilled_cost,
        level=scale.unfilled_level,
    )


def _sums(case: Case, solution: Solution, term: Term) -> tuple[int, int]:
    """Return what a term comes to in a plan, raw and as it counts."""
    scale = case.survey.tactic.scale
    raw, weighted = 0, 0
    fixed: Mapping[Term, object] = case.fixed
    if term in fixed:
        for mode in solution.modes.values():
            cost = case.fixed[term][mode]
            raw += int(cost)
            weighted += int(scale.weighed(term, cost))
    if term in case.unit:
        for (number, candidate), quantity in solution.quantities.items():
            cost = case.unit[term][solution.modes[candidate], number]
            raw += int(cost) * quantity
            weighted += int(scale.weighed(term, cost)) * quantity
    return raw, weighted
