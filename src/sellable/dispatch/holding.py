"""A decision as what it takes of the store: units, capacities, and what is kept of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sellable.dispatch.kept import KeptDecision, pack
from sellable.errors import BlockedLine, NoFeasiblePlan
from sellable.limits import ALLOCATIONS_PER_RESERVATION_MAX, PLAN_BYTES_MAX
from sellable.store.planned import DayCapacity, PlannedHold, Units, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.dispatch.asked import HoldAsked
    from sellable.reservation import Line
    from sellable.sourcing.order import Order
    from sellable.sourcing.plan import Decision, Plan


def planned_hold(
    asked: HoldAsked, order: Order, decision: Decision, currency: str, now_ms: int
) -> PlannedHold:
    """Return what a decision of this moment holds.

    Raises:
        NoFeasiblePlan: It ships nothing at all, or is cut into more parts than a reservation can
            keep.
    """
    plan = decision.plan
    refuse_empty(order.lines, plan)
    units = planned_units(plan)
    capacities = planned_capacities(plan)
    kept = packed(decision, currency)
    refuse_too_large(order.lines, units, capacities, kept)
    return PlannedHold(
        reservation_id=asked.reservation_id,
        market=order.market,
        lines=order.lines,
        ttl_ms=asked.ttl_ms,
        order_reference=order.order_reference,
        content=hold_content(asked),
        units=units,
        capacities=capacities,
        wanted=wanted_of(order, asked.profile),
        plan=kept,
        ship_by_ms=ship_by_ms(plan, order.promise_ms, now_ms),
    )


def probe(asked: HoldAsked) -> PlannedHold:
    """Return a hold that finds what is held already, and else cannot be made."""
    order = asked.order
    return PlannedHold(
        reservation_id=asked.reservation_id,
        market=order.market,
        lines=order.lines,
        ttl_ms=asked.ttl_ms,
        order_reference=order.order_reference,
        content=hold_content(asked),
        units=(Units(0, "", 1),),  # no market sells from there
        wanted=Wanted(country=order.place.country, latitude=0.0, longitude=0.0),
        plan=b"",
    )


def hold_content(asked: HoldAsked) -> dict[str, object]:
    """Return a request by its fields, so that a repeat with other content is told apart."""
    order, place = asked.order, asked.order.place
    channel, _, country = order.market.partition("/")
    point = place.point
    return {
        "source.order.channel": channel,
        "source.order.country": country,
        "source.order.destination.country": place.country,
        "source.order.destination.postal_code": place.postal_code,
        "source.order.destination.point": (point.latitude, point.longitude) if point else (),
        "source.order.order_reference": order.order_reference,
        "source.order.promise_time": order.promise_ms,
        "source.order.value": ((order.value.currency, order.value.micros) if order.value else ()),
        "source.profile": asked.profile,
        "ttl": asked.ttl_ms,
        "allow_unfilled": asked.allow_unfilled,
    } | {f"source.order.lines[{at}]": line for at, line in enumerate(order.lines)}


def planned_units(plan: Plan) -> tuple[Units, ...]:
    """Return what a plan takes, each line and location once."""
    return tuple(Units(one.line, one.location, one.quantity) for one in plan.assignments)


def planned_capacities(plan: Plan) -> tuple[DayCapacity, ...]:
    """Return the days of which a plan takes the capacity of an order."""
    return tuple(
        DayCapacity(shipment.location, date.fromisoformat(shipment.capacity_date))
        for shipment in plan.shipments
        if shipment.capacity_date
    )


def wanted_of(order: Order, profile: str) -> Wanted:
    """Return what an order was sourced for."""
    destination = order.destination
    return Wanted(
        country=destination.country,
        postal_code=destination.postal_code,
        latitude=destination.point.latitude,
        longitude=destination.point.longitude,
        profile=profile,
        promise_ms=order.promise_ms,
        value_micros=order.value_micros,
    )


def packed(decision: Decision, currency: str) -> bytes:
    """Return what is kept of a decision."""
    return pack(
        KeptDecision(
            plan=decision.plan,
            profile=decision.profile,
            network_version=decision.network_version,
            currency=currency,
        )
    )


def ship_by_ms(plan: Plan, promise_ms: int, now_ms: int) -> int:
    """Return when the goods of a plan should have left at the latest; 0: nobody knows.

    That is when the last shipment leaves, or the promise, if that is earlier and not over yet.
    """
    last_ms = max((shipment.ship_ms for shipment in plan.shipments), default=0)
    return min(last_ms, promise_ms) if promise_ms > now_ms else last_ms


def refuse_empty(lines: Sequence[Line], plan: Plan) -> None:
    """Pass, if a plan ships anything.

    Raises:
        NoFeasiblePlan: It leaves all units unfilled, as a strategy may have it.
    """
    if not plan.assignments:
        detail = f"the plan that costs least by strategy {plan.strategy!r} ships nothing"
        raise NoFeasiblePlan(
            *(BlockedLine(line.line_id, line.sku, "unfilled", detail) for line in lines)
        )


def refuse_too_large(
    lines: Sequence[Line],
    units: Sequence[Units],
    capacities: Sequence[DayCapacity],
    kept: bytes,
) -> None:
    """Pass, if a reservation can keep so many parts.

    Raises:
        NoFeasiblePlan: It cannot.
    """
    count = len(units) + len(capacities)
    if count <= ALLOCATIONS_PER_RESERVATION_MAX and len(kept) <= PLAN_BYTES_MAX:
        return
    split_most = max(range(len(lines)), key=lambda at: sum(one.line == at for one in units))
    line = lines[split_most]
    size, most = f"{count} parts", ALLOCATIONS_PER_RESERVATION_MAX
    if count <= most:
        size, most = f"so many parts that it has {len(kept)} bytes", PLAN_BYTES_MAX
    detail = f"the best plan cuts the order into {size} and a reservation keeps at most {most}"
    raise NoFeasiblePlan(BlockedLine(line.line_id, line.sku, "split_lines", detail))
