"""Numbers and positions: check, markets, positions, set, adjust."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.columns import AVAILABILITY, POSITIONS
from sellable.cli.failure import ExitCode, Failure, refusal
from sellable.cli.listing import LIMIT_DEFAULT, All, Limit, PageToken, Sort, Wanted, listed
from sellable.cli.show import number, word
from sellable.cli.terminal import Answer
from sellable.cli.typed import change, market_name, quantity
from sellable.cli.values import availability_value, outcome_word, position_value
from sellable.rpc.status import RefusedCall
from sellable.v1 import errors_pb2
from sellable.v1.availability_pb2 import CheckAvailabilityRequest, GetAvailabilityRequest
from sellable.v1.inventory_pb2 import (
    ApplyInventoryRequest,
    EventResult,
    InventoryEvent,
    ListPositionsRequest,
)

SOURCE_DEFAULT: Final = "cli"

_Sku = Annotated[str, typer.Argument(metavar="SKU", show_default=False)]
_Location = Annotated[str, typer.Argument(metavar="LOCATION", show_default=False)]
_Reason = Annotated[str, typer.Option(help="a word for the record, e.g. stocktake")]
_Source = Annotated[str, typer.Option(help="who says so")]
_EventId = Annotated[
    str | None,
    typer.Option(help="makes a repeat after a lost answer count once", show_default="a new one"),
]


def check_command(
    service: Service,
    market: Annotated[str, typer.Argument(metavar="MARKET", show_default=False)],
    skus: Annotated[list[str], typer.Argument(metavar="SKU", show_default=False)],
    *,
    location: Annotated[str, typer.Option(help="only this location of the market")] = "",
    sort: Sort = "",
) -> Answer:
    """Say how many of each SKU a market can sell now.

    Examples:
      sellable check web/FR 85123A 22423
      sellable check web/FR 85123A --location STORE-LYON
    """
    channel, country = market_name(market)
    request = CheckAvailabilityRequest(
        channel=channel, country=country, skus=skus, location=location
    )
    answer = service.call(service.availability.CheckAvailability, request)
    revision = {"revision": answer.revision}
    everything = Wanted(None, sort, "")
    return listed(
        "items", AVAILABILITY, answer.items, availability_value, everything, beside=revision
    )


def markets_command(
    service: Service,
    sku: _Sku,
    *,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """Say how many of a SKU every market can sell now.

    Examples:
      sellable markets 85123A
      sellable markets 85123A --sort -sellable --limit 5
    """
    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    request = GetAvailabilityRequest(sku=sku)
    answer = service.call(service.availability.GetAvailability, request)
    revision = {"revision": answer.revision}
    return listed(
        "items", AVAILABILITY, answer.markets, availability_value, wanted, beside=revision
    )


def positions_command(
    service: Service,
    sku: _Sku,
    *,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """Say where a SKU is: on hand, reserved, kept back and available at each location.

    Examples:
      sellable positions 85123A
      sellable positions 85123A --sort -available --all
    """
    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    answer = service.call(service.inventory.ListPositions, ListPositionsRequest(sku=sku))
    beside = {"sku": sku, "revision": answer.revision}
    return listed("positions", POSITIONS, answer.positions, position_value, wanted, beside=beside)


def set_command(
    service: Service,
    sku: _Sku,
    location: _Location,
    quantity_text: Annotated[str, typer.Argument(metavar="QTY", show_default=False)],
    *,
    reason: _Reason = "",
    source: _Source = SOURCE_DEFAULT,
    event_id: _EventId = None,
) -> Answer:
    """Record a count: how many are on hand at a location now, reserved ones included.

    Example:
      sellable set 85123A DC-PARIS 40
    """
    on_hand = quantity(quantity_text, "QTY", low=0)
    event = stock_event(sku, location, reason, source, event_id)
    event.on_hand_quantity = on_hand
    return applied(service, event, f"{sku} at {location}: {number(on_hand)} on hand")


def adjust_command(
    service: Service,
    sku: _Sku,
    location: _Location,
    change_text: Annotated[str, typer.Argument(metavar="+N|-N", show_default=False)],
    *,
    reason: _Reason = "",
    source: _Source = SOURCE_DEFAULT,
    event_id: _EventId = None,
) -> Answer:
    """Record a change: how many more, or fewer, are on hand at a location than before.

    Examples:
      sellable adjust 85123A DC-PARIS +12
      sellable adjust 85123A DC-PARIS -3 --reason broken
    """
    delta = change(change_text, "+N|-N")
    event = stock_event(sku, location, reason, source, event_id)
    event.delta_quantity = delta
    return applied(service, event, f"{sku} at {location}: {delta:+,}")


def stock_event(
    sku: str, location: str, reason: str, source: str, event_id: str | None
) -> InventoryEvent:
    """Begin a fact that is observed now; the caller says what."""
    now = Timestamp()
    now.GetCurrentTime()
    return InventoryEvent(
        event_id=event_id or str(uuid.uuid4()),
        source=source,
        sku=sku,
        location=location,
        observe_time=now,
        reason=reason,
    )


def applied(service: Service, event: InventoryEvent, what: str) -> Answer:
    """Apply one fact, and say what became of it; `what` says it to a person."""
    request = ApplyInventoryRequest(events=[event])
    again = f"--event-id {event.event_id}"
    answer = service.call(service.inventory.ApplyInventory, request, again=again)
    result = answer.results[0]
    outcome = outcome_word(result)
    if outcome == "REJECTED":
        raise _rejected(result)
    value: dict[str, Any] = {
        "sku": event.sku,
        "location": event.location,
        "event_id": event.event_id,
        "outcome": outcome,
        "detail": result.detail,
        "revision": answer.revision,
    }
    line = Text.assemble(what, "  ", word(outcome), f"  {result.detail}" if result.detail else "")
    # What was asked for is not so: a script must not go on as if it were.
    stale = outcome == "STALE"
    return Answer(value, [line], ExitCode.REFUSED if stale else ExitCode.DONE)


def _rejected(result: EventResult) -> Failure:
    reason = errors_pb2.ErrorReason.Name(result.reason).removeprefix("ERROR_REASON_")
    message = result.detail or f"the service refused it: {reason}"
    return refusal(RefusedCall(code="", reason=reason, message=message))
