"""SourcingService: convert, decide, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.rpc.convert import sourced
from sellable.rpc.convert import sourcing as convert
from sellable.v1 import sourcing_pb2 as pb
from sellable.v1.sourcing_pb2_grpc import SourcingServiceServicer

if TYPE_CHECKING:
    from sellable.dispatch.dispatch import Dispatch
    from sellable.rpc.convert.sourcing import PlanBounds
    from sellable.rpc.guard import Context


class SourcingService(SourcingServiceServicer):
    """Decides which location ships what of an order."""

    def __init__(self, dispatch: Dispatch, bounds: PlanBounds) -> None:
        self._dispatch = dispatch
        self._bounds = bounds

    async def SourceOrder(
        self, request: pb.SourceOrderRequest, context: Context
    ) -> pb.SourceOrderResponse:
        asked = convert.source_order(request, self._bounds)
        return sourced.source_order_response(await self._dispatch.source_order(asked))

    async def SourceAndReserve(
        self, request: pb.SourceAndReserveRequest, context: Context
    ) -> pb.SourceAndReserveResponse:
        asked = convert.source_and_reserve(request, self._bounds)
        held = await self._dispatch.source_and_reserve(asked)
        return sourced.response(pb.SourceAndReserveResponse, held)

    async def SourceReservation(
        self, request: pb.SourceReservationRequest, context: Context
    ) -> pb.SourceReservationResponse:
        asked = convert.source_reservation(request, self._bounds)
        held = await self._dispatch.source_reservation(asked)
        return sourced.response(pb.SourceReservationResponse, held)

    async def ListDeliveryOptions(
        self, request: pb.ListDeliveryOptionsRequest, context: Context
    ) -> pb.ListDeliveryOptionsResponse:
        asked = convert.list_delivery_options(request, self._bounds)
        answer = await self._dispatch.delivery_options(asked)
        return sourced.list_delivery_options_response(answer.options, answer.currency)
