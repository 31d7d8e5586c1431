"""SourcingService: convert, decide, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.dispatch.asked import fields_named
from sellable.rpc.convert import at_risk, sourced
from sellable.rpc.convert import sourcing as convert
from sellable.store.at_risk import ORDERS_PER_CALL_MAX
from sellable.store.following import escalated
from sellable.v1 import sourcing_pb2 as pb
from sellable.v1.sourcing_pb2_grpc import SourcingServiceServicer

if TYPE_CHECKING:
    from sellable.dispatch.dispatch import Dispatch
    from sellable.rpc.convert.sourcing import PlanBounds
    from sellable.rpc.guard import Context
    from sellable.store.store import Store


class SourcingService(SourcingServiceServicer):
    """Decides which location ships what of an order."""

    def __init__(
        self, dispatch: Dispatch, bounds: PlanBounds, store: Store, late_after_ms: int
    ) -> None:
        self._dispatch = dispatch
        self._bounds = bounds
        self._runner = store.runner
        self._at_risk = store.at_risk
        self._late_after_ms = late_after_ms

    async def SourceOrder(
        self, request: pb.SourceOrderRequest, context: Context
    ) -> pb.SourceOrderResponse:
        asked = convert.source_order(request, self._bounds)
        with fields_named(asked):
            return sourced.source_order_response(await self._dispatch.source_order(asked))

    async def SourceAndReserve(
        self, request: pb.SourceAndReserveRequest, context: Context
    ) -> pb.SourceAndReserveResponse:
        asked = convert.source_and_reserve(request, self._bounds)
        with fields_named(asked):
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
        with fields_named(asked):
            answer = await self._dispatch.delivery_options(asked)
        return sourced.list_delivery_options_response(answer.options, answer.currency)

    async def ListAtRiskOrders(
        self, request: pb.ListAtRiskOrdersRequest, context: Context
    ) -> pb.ListAtRiskOrdersResponse:
        asked = at_risk.list_at_risk_orders(request)
        page = await escalated(self._runner, after=asked.after, count=asked.size)
        ids = [due.reservation_id for due in page]
        orders = [
            order
            for at in range(0, len(ids), ORDERS_PER_CALL_MAX)
            for order in await self._at_risk.look(
                ids[at : at + ORDERS_PER_CALL_MAX], self._late_after_ms
            )
        ]
        last = page[-1] if len(page) == asked.size else None
        now_ms = await self._runner.now_ms()
        return at_risk.list_at_risk_orders_response(orders, last, self._late_after_ms, now_ms)
