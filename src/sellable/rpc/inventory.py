"""InventoryService: convert, call, convert; rows that are not good are answered beside the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sellable.rpc.convert import inventory as convert
from sellable.stock import FactResult
from sellable.v1.inventory_pb2_grpc import InventoryServiceServicer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.rpc.guard import Context
    from sellable.store.store import Store
    from sellable.v1 import inventory_pb2 as pb

Row = TypeVar("Row")


class InventoryService(InventoryServiceServicer):
    """Takes facts from the back ends."""

    def __init__(self, store: Store) -> None:
        self._inventory = store.inventory
        self._revisions = store.revisions
        self._runner = store.runner

    async def ApplyInventory(
        self, request: pb.ApplyInventoryRequest, context: Context
    ) -> pb.ApplyInventoryResponse:
        rows = convert.apply_inventory(request)
        answers, position = await self._inventory.apply(_good(rows))
        position = position or await self._runner.ledger_position()
        return convert.apply_inventory_response(
            _merged(rows, answers), self._revisions.encode(position)
        )

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


def _good(rows: Sequence[Row | FactResult]) -> list[Row]:
    return [row for row in rows if not isinstance(row, FactResult)]


def _merged(rows: Sequence[Row | FactResult], answers: Sequence[FactResult]) -> list[FactResult]:
    """Put the store's answers between those of the rows that were refused before it."""
    rest = iter(answers)
    return [row if isinstance(row, FactResult) else next(rest) for row in rows]
