"""`sellable pickup`: where an order can be collected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text
from typer import BadParameter

from sellable.cli.client import Service
from sellable.cli.show import number, table
from sellable.cli.terminal import Answer
from sellable.cli.typed import market_name, part
from sellable.geo import LATITUDE_MAX, LONGITUDE_MAX
from sellable.limits import PICKUP_LOCATIONS_DEFAULT
from sellable.v1.availability_pb2 import (
    FindPickupLocationsRequest,
    FindPickupLocationsResponse,
    GeoPoint,
)
from sellable.v1.common_pb2 import Line

if TYPE_CHECKING:
    from rich.table import Table

_DEGREES: Final = r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{0,15})?)\s*"
_POINT: Final = re.compile(f"{_DEGREES},{_DEGREES}")


def pickup_command(
    service: Service,
    market: Annotated[str, typer.Argument(metavar="MARKET", show_default=False)],
    lines: Annotated[list[str], typer.Argument(metavar="SKU=QTY", show_default=False)],
    *,
    near: Annotated[
        str,
        typer.Option(metavar="LAT,LON", help="where the customer is, e.g. 48.85,2.35"),
    ],
    radius: Annotated[
        float | None,
        typer.Option(
            metavar="KM", help="how far away at most", show_default="what the service is set to"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="how many locations")] = PICKUP_LOCATIONS_DEFAULT,
    incomplete: Annotated[
        bool, typer.Option("--all", help="also those that have not all of it")
    ] = False,
) -> Answer:
    """Say where in a market an order can be collected, the nearest first.

    Examples:
      sellable pickup web/FR 85123A=1 22423=2 --near 48.85,2.35
      sellable pickup web/FR 85123A=1 --near 45.76,4.84 --radius 20 --all
    """
    channel, country = market_name(market)
    request = FindPickupLocationsRequest(
        channel=channel,
        country=country,
        lines=[_line(text) for text in lines],
        near=_point(near),
        radius_km=radius,
        limit=limit,
        include_incomplete=incomplete,
    )
    answer = service.call(service.availability.FindPickupLocations, request)
    value = {
        "locations": [
            {
                "location": found.location,
                "distance_km": found.distance_km,
                "available_quantities": list(found.available_quantities),
                "complete": found.complete,
            }
            for found in answer.locations
        ],
        "revision": answer.revision,
    }
    if not answer.locations:
        words = (
            "no location within reach" if incomplete else "no location within reach has all of it"
        )
        return Answer(value, [Text(words, style="yellow")])
    return Answer(value, [_table(request, answer)])


def _line(text: str) -> Line:
    wanted = part(text, "SKU=QTY")
    if wanted.location:
        raise BadParameter(
            f"{text!r} names a location; the answer is where to collect", param_hint="SKU=QTY"
        )
    return Line(sku=wanted.name, quantity=wanted.quantity)


def _point(text: str) -> GeoPoint:
    match = _POINT.fullmatch(text)
    point = GeoPoint(latitude=float(match[1]), longitude=float(match[2])) if match else None
    if point is None or abs(point.latitude) > LATITUDE_MAX or abs(point.longitude) > LONGITUDE_MAX:
        raise BadParameter(
            f"{text!r} is not LATITUDE,LONGITUDE in degrees, -90 to 90 and -180 to 180, "
            "e.g. 48.85,2.35",
            param_hint="--near",
        )
    return point


def _table(request: FindPickupLocationsRequest, answer: FindPickupLocationsResponse) -> Table:
    made = table("location", ">km", "available", "complete")
    for found in answer.locations:
        made.add_row(
            found.location,
            f"{found.distance_km:,.1f}",
            ", ".join(
                f"{line.sku}={number(quantity)}"
                for line, quantity in zip(request.lines, found.available_quantities, strict=True)
            ),
            Text("yes", style="green") if found.complete else Text("no", style="red"),
        )
    return made
