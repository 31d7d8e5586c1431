"""OperationsService: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.maintenance.verify import verify
from sellable.rpc.convert import network as convert
from sellable.v1.operations_pb2_grpc import OperationsServiceServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.rpc.guard import Context
    from sellable.store.store import Store
    from sellable.v1 import operations_pb2 as pb


class OperationsService(OperationsServiceServicer):
    """What operators and integrators need."""

    def __init__(self, store: Store) -> None:
        self._runner = store.runner

    async def Verify(
        self, request: pb.VerifyRequest, context: Context
    ) -> AsyncIterator[pb.VerifyResponse]:
        async for progress in verify(self._runner, convert.verify(request)):
            yield convert.verify_response(
                checked_sku_count=progress.checked_sku_count,
                fraction=progress.fraction,
                differences=progress.differences,
                done=progress.done,
            )
