"""AvailabilityService, the export: which market, and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.rpc.convert.availability import item
from sellable.rpc.convert.checks import Checks
from sellable.v1 import availability_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.stock import Availability
    from sellable.store.export import Page


def export_availability(request: availability_pb2.ExportAvailabilityRequest) -> str:
    """Check the market of an export."""
    checks = Checks()
    market = checks.market(request.channel, request.country)
    checks.done()
    return market


def export_availability_response(page: Page) -> availability_pb2.ExportAvailabilityResponse:
    """Answer a page without its items."""
    return availability_pb2.ExportAvailabilityResponse(
        revision=page.revision, fraction=page.fraction
    )


def add_items(
    response: availability_pb2.ExportAvailabilityResponse, items: Iterable[Availability]
) -> None:
    """Add items to a page."""
    response.items.extend(map(item, items))
