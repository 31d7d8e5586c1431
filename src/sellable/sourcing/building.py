"""From a survey to a problem of whole numbers, and back to the market's locations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sellable.errors import InvalidFields, Violation
from sellable.network import Term
from sellable.sourcing.solver.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.sourcing.modes import Modes
    from sellable.sourcing.solver.problem import Whole
    from sellable.sourcing.survey import Survey

_COST_MAX: Final = 2.0**62  # of a plan: costs are sums in 64 bits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A problem with all that its answer is told with.

    Attributes:
        survey: What it was built from.
        candidates: (c,) positions in the market of the problem's locations.
        fixed: By term (m,) the raw cost of each mode; see `terms`.
        unit: By term (m, n) the raw cost of a unit of each line in each mode.
        problem: The problem; its modes are those of the survey.
    """

    survey: Survey
    candidates: Whole
    fixed: Mapping[Term, Whole]
    unit: Mapping[Term, Whole]
    problem: Problem

    @property
    def modes(self) -> Modes:
        """The modes, their locations as positions in the market."""
        return self.survey.modes


def build(survey: Survey) -> Case:
    """Return the problem that a survey leaves.

    Raises:
        InvalidFields: The order is so large that its costs are no longer whole numbers.
    """
    situation, modes = survey.situation, survey.modes
    demand, constraints = situation.demand, survey.tactic.strategy.constraints
    scale = survey.tactic.scale
    candidates = np.unique(modes.location)
    count, lines = len(modes.location), len(demand.quantity)
    fixed = _fixed(survey)
    markdown = demand.markdown(candidates)
    at = np.searchsorted(candidates, modes.location)
    unit = {
        Term.SHIPPING_COST: modes.unit_prices(demand.unit_grams),
        Term.MARKDOWN: markdown[:, at].T,
    }
    unfilled = np.zeros((lines, scale.count), dtype=np.int64)
    unfilled[:, scale.unfilled_level] = scale.unfilled_cost
    _check_size(survey, fixed, unit)
    problem = Problem(
        demand=demand.quantity,
        unit_grams=demand.unit_grams,
        sku_of=demand.sku_of,
        stock=demand.available[:, candidates],
        sku_limit=demand.sellable,
        allowed=survey.allowed[:, candidates],
        mode_location=at,
        mode_fixed=scale.stacked(fixed, (count,)),
        mode_unit=scale.stacked(unit, (count, lines)),
        mode_grams_min=modes.grams_min,
        mode_grams_max=modes.grams_max,
        mode_parcels=modes.parcels,
        split=survey.split,
        partial=constraints.partial,
        unfilled_cost=unfilled,
        together=survey.groups,
        max_parcels=constraints.max_parcels,
        max_locations=constraints.max_locations,
    )
    return Case(survey=survey, candidates=candidates, fixed=fixed, unit=unit, problem=problem)


def _fixed(survey: Survey) -> dict[Term, Whole]:
    """Return by term the raw cost of using each mode."""
    situation, modes = survey.situation, survey.modes
    promise_ms = situation.request.order.promise_ms
    late_ms = np.maximum(0, modes.arrive_ms - promise_ms) if promise_ms else 0 * modes.arrive_ms
    load = np.zeros(len(situation.places.ids), dtype=np.int64)
    for at, day in survey.ship_days.items():
        capacity = int(situation.places.daily_capacity[at])
        if capacity > 0:
            taken = situation.capacity_taken.get((situation.places.ids[at], day.day), 0)
            load[at] = round(1_000 * (taken + 1) / capacity)
    metres = np.rint(situation.distance_km * 1_000).astype(np.int64)
    return {
        Term.SHIPPING_COST: modes.price,
        Term.PARCELS: modes.parcels,
        Term.DISTANCE: metres[modes.location],
        Term.LATENESS: -(-late_ms // 1_000),
        Term.LOAD: load[modes.location],
        Term.CARBON: modes.carbon_grams,
    }


def _check_size(survey: Survey, fixed: Mapping[Term, Whole], unit: Mapping[Term, Whole]) -> None:
    """Refuse what would not add up in 64 bits."""
    demand, scale = survey.situation.demand, survey.tactic.scale
    most = 0.0
    if len(survey.modes.location):
        quantity = demand.quantity.astype(np.float64)
        shipments = float(min(len(survey.ship_days), quantity.sum()))
        for term, raw in fixed.items():
            most += shipments * float(raw.max()) * max(1.0, scale.factors.get(term, 0.0))
        for term, raw in unit.items():
            factor = max(1.0, scale.factors.get(term, 0.0))
            most += float(quantity @ raw.max(axis=0)) * factor
        most += float(quantity.sum()) * scale.unfilled_cost
    if most >= _COST_MAX:
        text = "the quantities times what the strategy weighs are too large to be added up"
        raise InvalidFields(Violation("order.lines", text))
