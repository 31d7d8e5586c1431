"""InventoryService: convert, call, convert; rows that are not good are answered beside the rest."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from sellable.errors import SellableError, SyncInProgress
from sellable.rpc.convert import inventory as convert
from sellable.rpc.convert import syncs as counts
from sellable.stock import FactResult
from sellable.v1.inventory_pb2_grpc import InventoryServiceServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.rpc.guard import Context
    from sellable.stock import Fact, Refused
    from sellable.store.store import Store
    from sellable.store.syncs import SyncResult, SyncState
    from sellable.v1 import inventory_pb2 as pb

Row = TypeVar("Row")


class InventoryService(InventoryServiceServicer):
    """Takes facts from the back ends."""

    def __init__(self, store: Store) -> None:
        self._inventory = store.inventory
        self._syncs = store.syncs
        self._revisions = store.revisions
        self._runner = store.runner

    async def ApplyInventory(
        self, request: pb.ApplyInventoryRequest, context: Context
    ) -> pb.ApplyInventoryResponse:
        return convert.apply_inventory_response(
            *await self._applied(convert.apply_inventory(request))
        )

    async def StreamInventory(
        self, request: AsyncIterator[pb.StreamInventoryRequest], context: Context
    ) -> AsyncIterator[pb.StreamInventoryResponse]:
        # One request is in work, and the next one is read when the client took its answer: so a
        # client that reads nothing is not read, and the stream holds one request of memory.
        async for message in request:
            answer = await self._applied(convert.stream_inventory(message))
            yield convert.stream_inventory_response(*answer, message.batch_id)

    async def SyncInventory(
        self, request: AsyncIterator[pb.SyncInventoryRequest], context: Context
    ) -> pb.SyncInventoryResponse:
        result = await self._counted(request)
        return counts.sync_inventory_response(result, self._revisions.encode(result.position))

    async def ListPositions(
        self, request: pb.ListPositionsRequest, context: Context
    ) -> pb.ListPositionsResponse:
        positions, position = await self._inventory.positions(convert.list_positions(request))
        return convert.list_positions_response(positions, self._revisions.encode(position))

    async def PutItems(self, request: pb.PutItemsRequest, context: Context) -> pb.PutItemsResponse:
        rows = convert.put_items(request)
        answers = await self._inventory.put_items(_good(rows))
        return convert.put_items_response(_merged(rows, answers))

    async def DeleteSkus(
        self, request: pb.DeleteSkusRequest, context: Context
    ) -> pb.DeleteSkusResponse:
        rows = convert.delete_skus(request)
        answers = await self._inventory.delete_skus(_good(rows))
        return convert.delete_skus_response(_merged(rows, answers))

    async def _applied(
        self, rows: Sequence[Fact | Refused | FactResult]
    ) -> tuple[list[FactResult], str]:
        """Apply the good rows of a request; return the answer to each row, and the revision."""
        answers, position = await self._inventory.apply(_good(rows))
        position = position or await self._runner.ledger_position()
        return _merged(rows, answers), self._revisions.encode(position)

    async def _counted(self, messages: AsyncIterator[pb.SyncInventoryRequest]) -> SyncResult:
        first = await anext(aiter(messages), None)
        if first is None or first.WhichOneof("part") != "header":
            raise counts.out_of_order("must be header in the first message")
        state = await self._syncs.begin(counts.header(first.header))
        if state.result is not None:
            return state.result  # the rows that follow need not be read
        try:
            state, row_count = await self._stage(state, messages)
            return await self._syncs.commit(state, row_count)
        except SellableError:
            # The next count need not wait for this one to grow old then. What is committed stays.
            with suppress(SellableError):
                await self._syncs.drop(state)
            raise

    async def _stage(
        self, state: SyncState, messages: AsyncIterator[pb.SyncInventoryRequest]
    ) -> tuple[SyncState, int]:
        """Stage all rows; return what the commit says once it is sure that nothing follows it."""
        row_count = None
        async for message in messages:
            part = message.WhichOneof("part")
            if row_count is not None:
                raise counts.out_of_order("must not be set: nothing follows the commit")
            if part == "rows":
                rows = counts.rows(message.rows)
                first_row = state.row_count
                state = await self._syncs.add(state, first_row, rows)
                if state.row_count != first_row + len(rows):
                    raise SyncInProgress(state.header.location, state.header.sync_id)
            elif part == "commit":
                row_count = counts.commit(message.commit)
            else:
                raise counts.out_of_order("must be rows or commit after the header")
        if row_count is None:
            raise counts.out_of_order("must be commit in the last message")
        return state, row_count


def _good(rows: Sequence[Row | FactResult]) -> list[Row]:
    return [row for row in rows if not isinstance(row, FactResult)]


def _merged(rows: Sequence[Row | FactResult], answers: Sequence[FactResult]) -> list[FactResult]:
    """Put the store's answers between those of the rows that were refused before it."""
    rest = iter(answers)
    return [row if isinstance(row, FactResult) else next(rest) for row in rows]
