"""Questions for pickup locations and exports that are refused, as in `support.bad_tables`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from sellable.v1 import availability_pb2 as availability
from sellable.v1 import common_pb2
from support.bad_calls import CHANNEL_WORDS, COUNTRY_WORDS, QUANTITY_WORDS, SKU_WORDS, Bad

if TYPE_CHECKING:
    from support.bad_calls import Call

LATITUDE_WORDS: Final = "must be -90 to 90 degrees, is "
LONGITUDE_WORDS: Final = "must be -180 to 180 degrees, is "
RADIUS_WORDS: Final = "must be more than 0 and at most 20038, is "


def line(sku: str = "A", quantity: int = 1, **more: str) -> common_pb2.Line:
    """Want units of a SKU."""
    return common_pb2.Line(sku=sku, quantity=quantity, **more)


def find(
    *lines: common_pb2.Line,
    near: tuple[float, float] | None = (48.85, 2.35),
    country: str = "FR",
    **more: Any,
) -> Call:
    """Ask where to collect."""
    point = near and availability.GeoPoint(latitude=near[0], longitude=near[1])
    request = availability.FindPickupLocationsRequest(
        channel="web", country=country, lines=lines or [line()], near=point, **more
    )
    return lambda client: client.availability.FindPickupLocations(request)


def nothing(client: Any) -> Any:
    """Ask where to collect nothing."""
    request = availability.FindPickupLocationsRequest(
        channel="web", country="FR", near=availability.GeoPoint(latitude=1, longitude=1)
    )
    return client.availability.FindPickupLocations(request)


def export(channel: str, country: str) -> Call:
    """Ask for the first page of a market."""
    request = availability.ExportAvailabilityRequest(channel=channel, country=country)
    return lambda client: client.availability.ExportAvailability(request).read()


PICKUP: Final = (
    Bad("pickup nowhere", find(near=None), fields={"near": "is required"}),
    Bad(
        "pickup beyond the poles",
        find(near=(90.5, 180.5)),
        fields={
            "near.latitude": f"{LATITUDE_WORDS}90.5",
            "near.longitude": f"{LONGITUDE_WORDS}180.5",
        },
    ),
    Bad(
        "pickup at no number",
        find(near=(math.nan, -math.inf)),
        fields={
            "near.latitude": f"{LATITUDE_WORDS}nan",
            "near.longitude": f"{LONGITUDE_WORDS}-inf",
        },
    ),
    *(
        Bad(
            f"pickup radius of {radius_km:g}",
            find(radius_km=radius_km),
            fields={"radius_km": f"{RADIUS_WORDS}{radius_km:g}"},
        )
        for radius_km in (0.0, -1.0, 20_038.5, math.nan, math.inf)
    ),
    Bad(
        "pickup limit below 0",
        find(limit=-1),
        fields={"limit": "must be 0 to 100, is -1"},
    ),
    Bad("101 pickup locations", find(limit=101), fields={"limit": "must be 0 to 100, is 101"}),
    Bad("pickup of nothing", nothing, fields={"lines": "must have 1 to 100 entries, has 0"}),
    Bad(
        "pickup of 101 lines",
        find(*[line()] * 101),
        fields={"lines": "must have 1 to 100 entries, has 101"},
    ),
    Bad(
        "pickup lines that are wrong",
        find(line(quantity=0), line(quantity=10**12 + 1), line(""), line(location="DC-PARIS")),
        fields={
            "lines[0].quantity": f"{QUANTITY_WORDS}0",
            "lines[1].quantity": f"{QUANTITY_WORDS}1000000000001",
            "lines[2].sku": SKU_WORDS,
            "lines[3].location": "must be empty: the answer is where to collect",
        },
    ),
    Bad(
        "pickup lines of one id",
        find(line(line_id="1"), line(line_id="1")),
        fields={"lines[1].line_id": "must be unique; lines[0] has it too"},
    ),
    Bad(
        "pickup in an unknown market",
        find(country="DE"),
        "UNKNOWN_MARKET",
        metadata={"market": "web/DE"},
    ),
    Bad(
        "export of no market",
        export("Web", "UK"),
        fields={"channel": CHANNEL_WORDS, "country": f"{COUNTRY_WORDS}: write GB"},
    ),
    Bad(
        "export of an unknown market",
        export("web", "DE"),
        "UNKNOWN_MARKET",
        metadata={"market": "web/DE"},
    ),
)
