"""AvailabilityService: convert, ask, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.rpc.convert import availability as convert
from sellable.v1.availability_pb2_grpc import AvailabilityServiceServicer

if TYPE_CHECKING:
    from sellable.rpc.guard import Context
    from sellable.store.store import Store
    from sellable.v1 import availability_pb2 as pb


class AvailabilityService(AvailabilityServiceServicer):
    """How much can be sold, per market."""

    def __init__(self, store: Store) -> None:
        self._availability = store.availability

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
