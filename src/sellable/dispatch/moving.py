"""A decision about a reservation as moves of its binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.dispatch.holding import (
    packed,
    planned_capacities,
    planned_units,
    refuse_empty,
    refuse_too_large,
    ship_by_ms,
    wanted_of,
)
from sellable.store.planned import PlannedMove, Wanted

if TYPE_CHECKING:
    from sellable.dispatch.asked import RebindAsked
    from sellable.dispatch.rebinding import Rebinding
    from sellable.sourcing.order import Order
    from sellable.sourcing.plan import Decision


def planned_move(
    asked: RebindAsked,
    order: Order,
    profile: str,
    again: Rebinding,
    decision: Decision,
    currency: str,
    now_ms: int,
) -> PlannedMove:
    """Return where a decision of this moment moves the open units of a reservation.

    Raises:
        NoFeasiblePlan: It has no place for any of them, or is cut into more parts than a
            reservation can keep.
    """
    refuse_empty(order.lines, decision.plan)
    decision = again.renamed(decision)
    plan = decision.plan
    units = planned_units(plan) + again.waiting
    capacities = planned_capacities(plan)
    kept = packed(decision, currency)
    refuse_too_large(order.lines, units, capacities, kept)
    return PlannedMove(
        reservation_id=asked.reservation_id,
        request_id=asked.request_id,
        content=_content(asked),
        seen=again.seen,
        units=units,
        capacities=capacities,
        drops=again.drops(plan),
        refusals=again.leaving(plan),
        wanted=wanted_of(order, profile),
        plan=kept,
        ship_by_ms=ship_by_ms(plan, order.promise_ms, now_ms),
    )


def repeat(asked: RebindAsked) -> PlannedMove:
    """Return a move that finds what was done under its request id, and else does nothing."""
    return PlannedMove(
        reservation_id=asked.reservation_id,
        request_id=asked.request_id,
        content=_content(asked),
        seen=(),
        units=(),
        wanted=Wanted(country="", latitude=0.0, longitude=0.0),
        plan=b"",
    )


def _content(asked: RebindAsked) -> dict[str, object]:
    """Return a request by its fields, so that a repeat with other content is told apart."""
    place = asked.place
    point = place.point if place else None
    return {
        "request_id": "source",  # and no other operation of the same name
        "destination": (
            (place.country, place.postal_code, (point.latitude, point.longitude) if point else ())
            if place
            else ()
        ),
        "profile": asked.profile,
        "promise_time": asked.promise_ms,
        "value": (asked.value.currency, asked.value.micros) if asked.value else (),
        "allow_unfilled": asked.allow_unfilled,
        "excluded_locations": asked.excluded,
        "refusals": asked.refusals,
    }
