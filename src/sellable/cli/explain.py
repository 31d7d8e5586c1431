"""Why a number is what it is: explain."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.picture import check_picture, draw_waterfall
from sellable.cli.show import number
from sellable.cli.terminal import Answer
from sellable.cli.typed import market_name
from sellable.cli.values import explanation_value
from sellable.cli.waterfall import Waterfall, steps_of
from sellable.v1.availability_pb2 import ExplainAvailabilityRequest, ExplainAvailabilityResponse

if TYPE_CHECKING:
    from rich.console import RenderableType


def explain_command(
    service: Service,
    market: Annotated[str, typer.Argument(metavar="MARKET", show_default=False)],
    sku: Annotated[str, typer.Argument(metavar="SKU", show_default=False)],
    *,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="draw it into a .png, .svg or .pdf as well"),
    ] = None,
) -> Answer:
    """Say why a market can sell that many of a SKU: every count, reservation and rule in it.

    Examples:
      sellable explain web/FR 85123A
      sellable explain web/FR 85123A --plot why.png
    """
    channel, country = market_name(market)
    check_picture(plot)
    request = ExplainAvailabilityRequest(channel=channel, country=country, sku=sku)
    answer = service.call(service.availability.ExplainAvailability, request)
    value = explanation_value(answer) | {"sku": sku, "channel": channel, "country": country}
    steps = steps_of(answer, market, datetime.now(UTC))
    view = _view(answer, sku, market)
    if answer.terms:
        view.insert(1, Waterfall(steps))
    if plot is not None:
        title = f"{sku} in {market}: {number(answer.sellable_quantity)} can be sold"
        draw_waterfall(steps, title, plot)
        value["plot"] = str(plot)
        view.append(Text(f"drawn into {plot}"))
    return Answer(value, view)


def _view(answer: ExplainAvailabilityResponse, sku: str, market: str) -> list[RenderableType]:
    if not answer.terms:
        return [Text(f"{sku} has no position at any location of {market}: none can be sold")]
    title = Text.assemble(
        (sku, "bold"), f" in {market}: {number(answer.sellable_quantity)} can be sold"
    )
    if answer.future_quantity:
        title.append(f", and {number(answer.future_quantity)} more from future supply")
    version = f"network version {answer.network_version}"
    if answer.HasField("next_switch_time"):
        moment = answer.next_switch_time.ToDatetime(UTC)
        version += f", which next changes by itself at {moment:%Y-%m-%d %H:%M:%S} UTC"
    return [title, Text(version, style="dim")]
