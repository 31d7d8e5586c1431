"""Which ways of delivery can be promised before the purchase."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.limits import DELIVERY_SERVICES_MAX, PICKUP_OPTIONS_MAX
from sellable.network import Constraints
from sellable.sourcing.barriers import Barrier
from sellable.sourcing.building import build
from sellable.sourcing.calendar import Calendar
from sellable.sourcing.finding import best
from sellable.sourcing.plan import DeliveryOption
from sellable.sourcing.strategies import Tactic
from sellable.sourcing.survey import Survey
from sellable.sourcing.telling import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.network import Strategy
    from sellable.sourcing.building import Case
    from sellable.sourcing.situation import Situation
    from sellable.sourcing.solver.problem import Solution


def options(situation: Situation, tactics: Sequence[Tactic]) -> list[DeliveryOption]:
    """Return what can be promised, the earliest first, then the cheapest.

    Each service that reaches the destination is asked by itself for the best plan of the
    strategies, and for one that leaves units out if none is complete; beside them the nearest
    pickup locations that have every line.
    """
    found = [
        option
        for service in _services(situation)
        if (option := _by_service(situation, tactics, service)) is not None
    ]
    found += _pickups(situation, tactics)
    return sorted(found, key=lambda o: (o.arrive_ms, o.cost_micros, o.service, o.location))


def _services(situation: Situation) -> list[str]:
    """Return the services that reach the destination from anywhere, in document order."""
    offers = situation.carriers.offers(
        situation.request.order.destination,
        situation.distance_km,
        known=situation.distance_known,
        wanted=np.ones(len(situation.places.ids), dtype=bool),
    )
    names = dict.fromkeys(offer.service for offer in offers)
    return list(names)[:DELIVERY_SERVICES_MAX]


def _by_service(
    situation: Situation, tactics: Sequence[Tactic], service: str
) -> DeliveryOption | None:
    for partial in (False, True):
        for tactic in tactics:
            strategy = tactic.strategy
            if not tactic.services or service in tactic.services:
                plan = _plan(situation, strategy, service, partial=partial)
                if plan is not None:
                    return plan
            if not strategy.fall_back:
                break
    return None


def _plan(
    situation: Situation, strategy: Strategy, service: str, *, partial: bool
) -> DeliveryOption | None:
    constraints = replace(strategy.constraints, services=(service,), partial=partial)
    restricted = replace(
        strategy, constraints=constraints, unfilled=None if partial else strategy.unfilled
    )
    survey = Survey.of(situation, Tactic(restricted, situation.places))
    case = build(survey)
    solution = best(case, situation.request.solve_limit_ms)
    if solution is None or not solution.modes:
        return None
    return _option(case, solution, service)


def _option(case: Case, solution: Solution, service: str) -> DeliveryOption:
    plan = told(case, solution)
    days = [case.survey.ship_days[int(case.candidates[at])] for at in solution.modes]
    return DeliveryOption(
        service=service,
        order_by_ms=min(day.order_by_ms for day in days),
        arrive_ms=max(shipment.arrive_ms for shipment in plan.shipments),
        cost_micros=sum(shipment.cost_micros for shipment in plan.shipments),
        parcels=sum(shipment.parcels for shipment in plan.shipments),
        carbon_grams=sum(shipment.carbon_grams for shipment in plan.shipments),
        complete=not plan.unfilled,
    )


def _pickups(situation: Situation, tactics: Sequence[Tactic]) -> Iterator[DeliveryOption]:
    """Yield the nearest pickup locations that have every line, ready when they would ship.

    What a strategy excludes or protects is not asked: collecting is no shipping.
    """
    constraints = tactics[0].strategy.constraints if tactics else Constraints()
    calendar = Calendar(situation.at_ms, constraints.ship_within_days)
    places, demand, request = situation.places, situation.demand, situation.request
    wanted = np.zeros(len(demand.skus), dtype=np.int64)
    np.add.at(wanted, demand.sku_of, demand.quantity)
    if (wanted > demand.sellable).any():
        return
    refusing = {location for _, location in request.refused}
    bound = {line.location for line in request.order.lines if line.location}
    complete = (demand.available >= wanted[:, None]).all(axis=0) & places.enabled
    nearest = np.lexsort((situation.distance_km, ~situation.distance_known))
    found = 0
    for at in nearest[complete[nearest]].tolist():
        place, name = places.locations[at], places.ids[at]
        if not place.pickup or name in request.excluded or name in refusing or bound - {name}:
            continue
        day = calendar.ship_day(
            places.hours[at],
            name,
            int(places.daily_capacity[at]),
            situation.capacity_taken,
        )
        if isinstance(day, Barrier):
            continue
        yield DeliveryOption(
            service="pickup",
            location=name,
            order_by_ms=day.order_by_ms,
            arrive_ms=day.ship_ms,
            cost_micros=0,
            parcels=0,
            carbon_grams=0.0,
            complete=True,
        )
        found += 1
        if found == PICKUP_OPTIONS_MAX:
            return
