"""`sellable sourcing at-risk`: orders that a person must decide about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import ExitCode
from sellable.cli.listing import (
    LIMIT_DEFAULT,
    All,
    Column,
    Limit,
    Page,
    PageToken,
    Sort,
    Wanted,
    listed,
)
from sellable.cli.show import number, time_shown
from sellable.cli.terminal import Answer
from sellable.cli.values import reservation_value, time_text, word_of
from sellable.v1.reservations_pb2 import QuantityAt, RefusalReason
from sellable.v1.sourcing_pb2 import AtRiskOrder, ListAtRiskOrdersRequest, RiskCause

_Danger = AtRiskOrder.Danger
_Escalation = AtRiskOrder.Escalation


def at_risk_command(
    service: Service,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="exit code 1 if a person must decide about any")
    ] = False,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """List orders at risk for which `sellable sourcing worker` found no plan.

    An order leaves the list once it is released, shipped or sourced anew, or once
    nothing is wrong with it any more. JSON has every reason whole.

    Examples:
      sellable sourcing at-risk
      sellable sourcing at-risk --sort -since --all --json
      sellable sourcing at-risk --check
    """

    def fetch(size: int, token: str) -> Page[AtRiskOrder]:
        while True:
            request = ListAtRiskOrdersRequest(page_size=size, page_token=token)
            page = service.call(service.sourcing.ListAtRiskOrders, request)
            token = page.next_page_token
            if page.orders or not token:
                return Page(list(page.orders), token)

    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    answer = listed("orders", _COLUMNS, fetch, _order_value, wanted)
    bad = check and bool(fetch(1, "").rows)
    return answer._replace(exit_code=ExitCode.REFUSED if bad else ExitCode.DONE)


def _cause(one: _Danger | _Escalation) -> str:
    return word_of(RiskCause, "RISK_CAUSE_", one.cause)


def _causes(order: AtRiskOrder) -> Text:
    words = dict.fromkeys(_cause(danger).lower() for danger in order.dangers)
    return Text("\n".join(words), style="yellow")


def _units(order: AtRiskOrder) -> str:
    """Tell the units in danger, each line and place once."""
    most: dict[tuple[str, str], int] = {}
    for danger in order.dangers:
        units = danger.quantity
        supply = f" waiting for {units.supply_id}" if units.supply_id else ""
        place = (units.sku, f"{units.location}{supply}")
        most[place] = max(most.get(place, 0), units.quantity)
    return _lines(f"{number(count)} {sku} at {place}" for (sku, place), count in most.items())


def _why(order: AtRiskOrder) -> str:
    """Tell why nobody could help: what blocks each line, else the reason."""
    return _lines(
        text
        for escalation in order.escalations
        for text in (
            [f"{line.sku}: {line.constraint}: {line.detail}" for line in escalation.blocked_lines]
            or [escalation.detail]
        )
    )


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(filter(None, texts)))


_COLUMNS = (
    Column[AtRiskOrder]("order", lambda order: order.reservation.order_reference),
    Column[AtRiskOrder]("reservation", lambda order: order.reservation.reservation_id),
    Column[AtRiskOrder](
        "market", lambda order: f"{order.reservation.channel}/{order.reservation.country}"
    ),
    Column[AtRiskOrder]("cause", _causes),
    Column[AtRiskOrder]("units", _units),
    Column[AtRiskOrder]("since", lambda order: time_shown(order, "since_time")),
    Column[AtRiskOrder]("ship by", lambda order: time_shown(order, "ship_by_time")),
    Column[AtRiskOrder]("promised", lambda order: time_shown(order, "promise_time")),
    Column[AtRiskOrder](
        "sourced",
        lambda order: number(order.sourced_count),
        by=lambda order: order.sourced_count,
        number=True,
    ),
    Column[AtRiskOrder]("why", _why),
)


def _order_value(order: AtRiskOrder) -> dict[str, Any]:
    return {
        "reservation": reservation_value(order.reservation),
        "dangers": [
            {"cause": _cause(danger), **_units_value(danger.quantity)} for danger in order.dangers
        ],
        "escalations": [_escalation_value(one) for one in order.escalations],
        "since_time": time_text(order, "since_time"),
        "ship_by_time": time_text(order, "ship_by_time"),
        "promise_time": time_text(order, "promise_time"),
        "sourced_count": order.sourced_count,
    }


def _escalation_value(one: _Escalation) -> dict[str, Any]:
    return {
        "cause": _cause(one),
        "note_time": time_text(one, "note_time"),
        "reason": one.reason,
        "detail": one.detail,
        "blocked_lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "constraint": line.constraint,
                "detail": line.detail,
            }
            for line in one.blocked_lines
        ],
        "refusals": [
            {
                **_units_value(refusal.quantity),
                "reason": word_of(RefusalReason, "REFUSAL_REASON_", refusal.reason),
            }
            for refusal in one.refusals
        ],
    }


def _units_value(units: QuantityAt) -> dict[str, Any]:
    return {
        "line_id": units.line_id,
        "sku": units.sku,
        "location": units.location,
        "supply_id": units.supply_id,
        "quantity": units.quantity,
    }
