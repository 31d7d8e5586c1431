"""Goods on their way: expect, receive."""

from __future__ import annotations

from typing import Annotated

import typer

from sellable.cli.client import Service
from sellable.cli.show import number
from sellable.cli.stock import SOURCE_DEFAULT, applied, stock_event
from sellable.cli.terminal import Answer
from sellable.cli.typed import quantity, timestamp
from sellable.v1.inventory_pb2 import FutureSupply, SupplyReceipt

_Sku = Annotated[str, typer.Argument(metavar="SKU", show_default=False)]
_Location = Annotated[str, typer.Argument(metavar="LOCATION", show_default=False)]
_Quantity = Annotated[str, typer.Argument(metavar="QTY", show_default=False)]
_Supply = Annotated[
    str, typer.Option("--supply", help="the purchase order line or transfer", show_default=False)
]
_Reason = Annotated[str, typer.Option(help="a word for the record")]
_Source = Annotated[str, typer.Option(help="who says so")]
_EventId = Annotated[
    str | None,
    typer.Option(help="makes a repeat after a lost answer count once", show_default="a new one"),
]


def expect_command(
    service: Service,
    sku: _Sku,
    location: _Location,
    quantity_text: _Quantity,
    *,
    supply: _Supply,
    at: Annotated[
        str,
        typer.Option("--at", help="when, e.g. 2026-12-01T08:00+01:00 or 10d", show_default=False),
    ],
    reason: _Reason = "",
    source: _Source = SOURCE_DEFAULT,
    event_id: _EventId = None,
) -> Answer:
    """Announce goods on their way: how many in all, arrived ones included; 0 cancels.

    Markets with a backorder_horizon promise them to customers who agree to wait.

    Examples:
      sellable expect 85123A DC-PARIS 300 --supply PO-4711 --at 2026-12-01
      sellable expect 85123A DC-PARIS 0 --supply PO-4711 --at 2026-12-01
    """
    expected = quantity(quantity_text, "QTY", low=0)
    event = stock_event(sku, location, reason, source, event_id)
    event.future_supply.CopyFrom(
        FutureSupply(supply_id=supply, quantity=expected, expect_time=timestamp(at, "--at"))
    )
    return applied(service, event, f"{sku} at {location}: {number(expected)} expected by {supply}")


def receive_command(
    service: Service,
    sku: _Sku,
    location: _Location,
    quantity_text: _Quantity,
    *,
    supply: _Supply,
    final: Annotated[bool, typer.Option("--final", help="nothing more will come of it")] = False,
    reason: _Reason = "",
    source: _Source = SOURCE_DEFAULT,
    event_id: _EventId = None,
) -> Answer:
    """Record that announced goods arrived; customers who wait for them are served first.

    Examples:
      sellable receive 85123A DC-PARIS 250 --supply PO-4711 --final
      sellable receive 85123A DC-PARIS 0 --supply PO-4711 --final
    """
    came = quantity(quantity_text, "QTY", low=0 if final else 1)
    event = stock_event(sku, location, reason, source, event_id)
    event.supply_receipt.CopyFrom(SupplyReceipt(supply_id=supply, quantity=came, final=final))
    return applied(service, event, f"{sku} at {location}: {number(came)} of {supply} arrived")
