"""ReservationService: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.rpc.convert import reservations as convert
from sellable.rpc.convert import reserved
from sellable.store.listing import list_reservations
from sellable.v1 import reservations_pb2 as pb
from sellable.v1.reservations_pb2_grpc import ReservationServiceServicer

if TYPE_CHECKING:
    from sellable.rpc.convert.reservations import TtlBounds
    from sellable.rpc.guard import Context
    from sellable.store.store import Store


class ReservationService(ReservationServiceServicer):
    """Takes stock atomically and follows it to the customer or back to the shelf."""

    def __init__(self, store: Store, ttl: TtlBounds, future_tolerance_ms: int) -> None:
        self._reservations = store.reservations
        self._ttl = ttl
        self._future_tolerance_ms = future_tolerance_ms

    async def ReserveStock(
        self, request: pb.ReserveStockRequest, context: Context
    ) -> pb.ReserveStockResponse:
        wanted = convert.reserve_stock(request, self._ttl)
        return reserved.reserve_stock_response(await self._reservations.reserve(wanted))

    async def ExtendReservation(
        self, request: pb.ExtendReservationRequest, context: Context
    ) -> pb.ExtendReservationResponse:
        wanted = convert.extend_reservation(request, self._ttl)
        answer = await self._reservations.extend(wanted.reservation_id, wanted.ttl_ms)
        return reserved.response(pb.ExtendReservationResponse, answer)

    async def ConfirmReservation(
        self, request: pb.ConfirmReservationRequest, context: Context
    ) -> pb.ConfirmReservationResponse:
        wanted = convert.confirm_reservation(request)
        answer = await self._reservations.confirm(wanted.reservation_id, wanted.order_reference)
        return reserved.response(pb.ConfirmReservationResponse, answer)

    async def ReleaseReservation(
        self, request: pb.ReleaseReservationRequest, context: Context
    ) -> pb.ReleaseReservationResponse:
        wanted = convert.release_reservation(request)
        answer = await self._reservations.release(
            wanted.reservation_id,
            wanted.parts,
            request_id=wanted.request_id,
            refusal=wanted.refusal,
        )
        return reserved.response(pb.ReleaseReservationResponse, answer)

    async def FulfillReservation(
        self, request: pb.FulfillReservationRequest, context: Context
    ) -> pb.FulfillReservationResponse:
        wanted = convert.fulfill_reservation(request)
        answer = await self._reservations.fulfil(
            wanted.reservation_id,
            wanted.parts,
            request_id=wanted.request_id,
            observe_us=wanted.observe_us,
            source=wanted.source,
            future_tolerance_ms=self._future_tolerance_ms,
        )
        return reserved.response(pb.FulfillReservationResponse, answer)

    async def TransferReservation(
        self, request: pb.TransferReservationRequest, context: Context
    ) -> pb.TransferReservationResponse:
        wanted = convert.transfer_reservation(request)
        answer = await self._reservations.transfer(
            wanted.reservation_id, wanted.parts, request_id=wanted.request_id
        )
        return reserved.response(pb.TransferReservationResponse, answer)

    async def GetReservation(
        self, request: pb.GetReservationRequest, context: Context
    ) -> pb.Reservation:
        return reserved.reservation(await self._reservations.get(convert.get_reservation(request)))

    async def ListReservations(
        self, request: pb.ListReservationsRequest, context: Context
    ) -> pb.ListReservationsResponse:
        wanted = convert.list_reservations(request)
        return reserved.list_reservations_response(
            *await list_reservations(
                self._reservations, wanted.filter, wanted.page_size, wanted.page_token
            )
        )
