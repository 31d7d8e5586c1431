"""AvailabilityService, click and collect: what is wanted and where, and where it can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.geo import LATITUDE_MAX, LONGITUDE_MAX, Point
from sellable.limits import (
    LINES_PER_RESERVATION_MAX,
    PICKUP_LOCATIONS_DEFAULT,
    PICKUP_LOCATIONS_MAX,
    PICKUP_RADIUS_KM_MAX,
)
from sellable.names import identifier_problem, sku_problem
from sellable.reservation import Line
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.lines import check_line_ids
from sellable.store.pickup import PickupQuery
from sellable.v1 import availability_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.store.pickup import Pickup
    from sellable.v1 import common_pb2

_NO_LOCATION: Final = "must be empty: the answer is where to collect"


def find_pickup_locations(
    request: availability_pb2.FindPickupLocationsRequest, radius_km_default: float
) -> PickupQuery:
    """Check what is wanted, and where the customer is."""
    checks = Checks()
    market = checks.market(request.channel, request.country)
    lines: tuple[Line, ...] = ()
    if checks.count("lines", request.lines, 1, LINES_PER_RESERVATION_MAX):
        lines = tuple(
            _line(checks, f"lines[{index}]", line) for index, line in enumerate(request.lines)
        )
        check_line_ids(checks, lines)
    near = Point(0.0, 0.0)
    if request.HasField("near"):
        near = Point(request.near.latitude, request.near.longitude)
        checks.degrees("near.latitude", near.latitude, LATITUDE_MAX)
        checks.degrees("near.longitude", near.longitude, LONGITUDE_MAX)
    else:
        checks.refuse("near", "is required")
    radius_km = radius_km_default
    if request.HasField("radius_km"):
        radius_km = request.radius_km
        if not 0 < radius_km <= PICKUP_RADIUS_KM_MAX:  # NaN is not either
            allowed = f"must be more than 0 and at most {PICKUP_RADIUS_KM_MAX}"
            checks.refuse("radius_km", f"{allowed}, is {radius_km:g}")
    checks.number("limit", request.limit, 0, PICKUP_LOCATIONS_MAX)
    checks.done()
    return PickupQuery(
        market=market,
        lines=lines,
        near=near,
        radius_km=radius_km,
        limit=request.limit or PICKUP_LOCATIONS_DEFAULT,
        include_incomplete=request.include_incomplete,
    )


def find_pickup_locations_response(
    pickups: Iterable[Pickup], revision: str
) -> availability_pb2.FindPickupLocationsResponse:
    """Answer the locations, nearest first."""
    return availability_pb2.FindPickupLocationsResponse(
        locations=[
            availability_pb2.FindPickupLocationsResponse.Pickup(
                location=pickup.location,
                distance_km=pickup.distance_km,
                available_quantities=pickup.available,
                complete=pickup.complete,
            )
            for pickup in pickups
        ],
        revision=revision,
    )


def _line(checks: Checks, path: str, line: common_pb2.Line) -> Line:
    checks.optional_name(f"{path}.line_id", line.line_id, identifier_problem)
    checks.name(f"{path}.sku", line.sku, sku_problem)
    checks.quantity(f"{path}.quantity", line.quantity)
    if line.location:
        checks.refuse(f"{path}.location", _NO_LOCATION)
    return Line(line_id=line.line_id, sku=line.sku, quantity=line.quantity)
