"""SourcingService: orders that a person must decide about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.dispatch.risk import Cause, dangers, note_of
from sellable.limits import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from sellable.names import identifier_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.lines import REFUSALS
from sellable.rpc.convert.reserved import reservation
from sellable.rpc.convert.times import time_of_ms
from sellable.stock import parts_of_place
from sellable.store.following import Due
from sellable.v1 import reservations_pb2, sourcing_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.dispatch.risk import Danger
    from sellable.reservation import Part
    from sellable.store.at_risk import OrderAtRisk

_CAUSES: Final = {cause: sourcing_pb2.RiskCause.Value(f"RISK_CAUSE_{cause}") for cause in Cause}
_REASONS: Final = {refusal: reason for reason, refusal in REFUSALS.items()}
_MS_DIGITS_MAX: Final = 15


class AskedPage(NamedTuple):
    """A page of orders, behind one of them."""

    size: int
    after: Due | None


def list_at_risk_orders(request: sourcing_pb2.ListAtRiskOrdersRequest) -> AskedPage:
    """Check which page is asked for."""
    checks = Checks()
    checks.number("page_size", request.page_size, 0, PAGE_SIZE_MAX)
    at, _, reservation_id = request.page_token.partition(".")
    readable = at.isascii() and at.isdecimal() and len(at) <= _MS_DIGITS_MAX
    if request.page_token and (not readable or identifier_problem(reservation_id)):
        checks.refuse("page_token", "must be the next_page_token of a call before")
    checks.done()
    after = Due(reservation_id, int(at)) if request.page_token else None
    return AskedPage(request.page_size or PAGE_SIZE_DEFAULT, after)


def list_at_risk_orders_response(
    orders: Iterable[OrderAtRisk], last: Due | None, late_after_ms: int, now_ms: int
) -> sourcing_pb2.ListAtRiskOrdersResponse:
    """Answer orders with what is wrong with them; `last` is the one before the next page."""
    told = [(order, dangers(order, late_after_ms)) for order in orders]
    return sourcing_pb2.ListAtRiskOrdersResponse(
        orders=[_order(order, wrong) for order, wrong in told if wrong],
        next_page_token=f"{last.at_ms}.{last.reservation_id}" if last else "",
        read_time=time_of_ms(now_ms),
    )


def _order(order: OrderAtRisk, wrong: Iterable[Danger]) -> sourcing_pb2.AtRiskOrder:
    kept = order.kept
    wanted = kept.wanted if kept else None
    return sourcing_pb2.AtRiskOrder(
        reservation=reservation(order.reservation),
        dangers=[
            sourcing_pb2.AtRiskOrder.Danger(cause=_CAUSES[one.cause], quantity=_quantity(one))
            for one in wrong
        ],
        escalations=[_escalation(order, key) for key in sorted(order.asked)],
        since_time=time_of_ms(order.since_ms),
        ship_by_time=time_of_ms(order.reservation.ship_by_ms or 0),
        promise_time=time_of_ms(wanted.promise_ms if wanted else 0),
        sourced_count=kept.sourced_count if kept else 0,
    )


def _escalation(order: OrderAtRisk, key: str) -> sourcing_pb2.AtRiskOrder.Escalation:
    told = sourcing_pb2.AtRiskOrder.Escalation(cause=_CAUSES[Cause(key.partition(":")[0])])
    note = note_of(order, key)
    if note is None:
        return told
    told.reason, told.detail = note.reason, note.detail
    told.note_time.FromMilliseconds(note.at_ms)
    told.blocked_lines.extend(
        sourcing_pb2.PlanObstacles.BlockedLine(
            line_id=line.line_id, sku=line.sku, constraint=line.constraint, detail=line.detail
        )
        for line in note.blocked
    )
    told.refusals.extend(
        sourcing_pb2.Refusal(quantity=_quantity(part), reason=_REASONS[part.refusal])
        for part in note.refusals
    )
    return told


def _quantity(units: Danger | Part) -> reservations_pb2.QuantityAt:
    location, supply_id = parts_of_place(units.location)
    return reservations_pb2.QuantityAt(
        line_id=units.line_id,
        sku=units.sku,
        location=location,
        quantity=units.quantity,
        supply_id=supply_id,
    )
