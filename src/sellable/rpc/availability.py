"""AvailabilityService: convert, ask, convert."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from sellable.rpc.convert import availability as convert
from sellable.rpc.convert import explain, export, pickup
from sellable.store.export import Exports
from sellable.store.pickup import Pickups
from sellable.v1.availability_pb2_grpc import AvailabilityServiceServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.rpc.guard import Context
    from sellable.store.store import Store
    from sellable.v1 import availability_pb2 as pb

_ITEMS_AT_ONCE: Final = 200  # under a millisecond, after which other calls have their turn


class AvailabilityService(AvailabilityServiceServicer):
    """How much can be sold, per market."""

    def __init__(self, store: Store, pickup_radius_km_default: float) -> None:
        self._availability = store.availability
        self._explanations = store.explanations
        self._exports = Exports(store.runner, store.availability)
        self._pickups = Pickups(store.runner, store.reads, store.networks, store.revisions)
        self._pickup_radius_km_default = pickup_radius_km_default

    async def CheckSellable(
        self, request: pb.CheckSellableRequest, context: Context
    ) -> pb.CheckSellableResponse:
        query = convert.check_sellable(request)
        return convert.check_sellable_response(
            *await self._availability.numbers(query.market, query.skus, query.at_least_revision)
        )

    async def CheckAvailability(
        self, request: pb.CheckAvailabilityRequest, context: Context
    ) -> pb.CheckAvailabilityResponse:
        query = convert.check_availability(request)
        return convert.check_availability_response(
            *await self._availability.items(
                query.market, query.skus, query.at_least_revision, query.location
            )
        )

    async def GetAvailability(
        self, request: pb.GetAvailabilityRequest, context: Context
    ) -> pb.GetAvailabilityResponse:
        query = convert.get_availability(request)
        return convert.get_availability_response(
            *await self._availability.markets(query.sku, query.at_least_revision)
        )

    async def ExplainAvailability(
        self, request: pb.ExplainAvailabilityRequest, context: Context
    ) -> pb.ExplainAvailabilityResponse:
        query = explain.explain_availability(request)
        return explain.explain_availability_response(
            *await self._explanations.explain(query.market, query.sku)
        )

    async def FindPickupLocations(
        self, request: pb.FindPickupLocationsRequest, context: Context
    ) -> pb.FindPickupLocationsResponse:
        query = pickup.find_pickup_locations(request, self._pickup_radius_km_default)
        return pickup.find_pickup_locations_response(*await self._pickups.find(query))

    async def ExportAvailability(
        self, request: pb.ExportAvailabilityRequest, context: Context
    ) -> AsyncIterator[pb.ExportAvailabilityResponse]:
        async with aclosing(self._exports.pages(export.export_availability(request))) as pages:
            async for page in pages:
                response = export.export_availability_response(page)
                for start in range(0, len(page.items), _ITEMS_AT_ONCE):
                    export.add_items(response, page.items[start : start + _ITEMS_AT_ONCE])
                    await asyncio.sleep(0)
                yield response
