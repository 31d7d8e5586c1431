"""Full counts as clients send them: the parts one by one, or a whole count in one call."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import inventory_pb2 as pb
from support.arena import network
from support.client import event, refusal_of
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.rpc.status import RefusedCall
    from support.client import Client
    from support.service import Service

    Row = tuple[str, int]

ROWS_PER_MESSAGE: Final = 1_000
SECOND_US: Final = 1_000_000
FULL: Final = [("A", 1), ("B", 1), ("C", 1), ("D", 1), ("E", 1)]


@asynccontextmanager
async def stocked(store_url: str, transport: str) -> AsyncIterator[Service]:
    """Serve DC and STORE; A, B, C, D and E have 5 units each at DC, counted a minute ago."""
    async with service(store_url, transport=transport) as started:
        await started.client.apply_network(network())
        before_us = time.time_ns() // 1_000 - 60 * SECOND_US
        facts = [event(sku, "DC", on_hand_quantity=5, observe_us=before_us) for sku, _ in FULL]
        assert ["APPLIED"] * 5 == await started.client.apply(*facts)
        yield started


def header(
    sync_id: str = "S1", location: str = "DC", *, observe_us: int = 0, **more: Any
) -> pb.SyncInventoryRequest:
    """Say what is counted: by `wms`, as of now unless told."""
    moment = Timestamp()
    moment.FromMicroseconds(observe_us or time.time_ns() // 1_000)
    said: dict[str, Any] = {
        "sync_id": sync_id,
        "source": "wms",
        "location": location,
        "observe_time": moment,
    }
    return pb.SyncInventoryRequest(header=pb.SyncInventoryRequest.Header(**said | more))


def rows(*counted: Row) -> pb.SyncInventoryRequest:
    """Send rows in one message."""
    part = pb.SyncInventoryRequest.Rows(
        skus=[sku for sku, _ in counted], on_hand_quantities=[quantity for _, quantity in counted]
    )
    return pb.SyncInventoryRequest(rows=part)


def commit(row_count: int) -> pb.SyncInventoryRequest:
    """End the count."""
    return pb.SyncInventoryRequest(commit=pb.SyncInventoryRequest.Commit(row_count=row_count))


def parts(
    counted: Sequence[Row], sync_id: str = "S1", **said: Any
) -> list[pb.SyncInventoryRequest]:
    """Make all parts of a whole count."""
    pages = [
        rows(*counted[at : at + ROWS_PER_MESSAGE])
        for at in range(0, len(counted), ROWS_PER_MESSAGE)
    ]
    return [header(sync_id, **said), *pages, commit(len(counted))]


async def count_fully(
    client: Client, counted: Sequence[Row], sync_id: str = "S1", **said: Any
) -> pb.SyncInventoryResponse:
    """Count a location in full."""
    return await client.inventory.SyncInventory(iter(parts(counted, sync_id, **said)), timeout=60)


def outcomes(answer: pb.SyncInventoryResponse) -> dict[str, int]:
    """Return what became of the rows, and how many positions became 0, without what is none."""
    names = ("applied", "unchanged", "stale", "rejected", "merged", "zeroed")
    counts = {name: getattr(answer, f"{name}_count") for name in names}
    return {name: count for name, count in counts.items() if count}


async def refused(client: Client, *messages: pb.SyncInventoryRequest) -> RefusedCall:
    """Send a count that must be refused."""
    return await refusal_of(client.inventory.SyncInventory(iter(messages), timeout=30))


async def on_hand(client: Client, *skus: str) -> list[int]:
    """Return what is at DC of each SKU."""
    return [(await client.positions(sku))["DC"].on_hand_quantity for sku in skus]


async def has_rows(served: Service, count: int) -> None:
    """Wait until so many rows of a count of DC are staged."""
    runner = served.store.runner

    async def staged() -> bool:
        found = await runner.connection.execute("HGET", runner.partition.sync("DC"), "rows")
        return int(found or 0) == count

    await eventually_async(staged)
