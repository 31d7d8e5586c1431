"""Bad input over real gRPC: its reason, its field, what is allowed; and nothing is changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.errors import SettingsRefused, StoreRefused
from sellable.settings import load_settings
from sellable.store.keys import Partition
from sellable.v1 import errors_pb2, inventory_pb2, network_pb2
from support.bad_calls import LONG_SKU, SKU_WORDS
from support.bad_documents import DOCUMENTS
from support.bad_explanations import EXPLAIN
from support.bad_feeds import FEEDS
from support.bad_input import NETWORK, arrange
from support.bad_pickup import PICKUP
from support.bad_sourcing import SOURCING
from support.bad_tables import AVAILABILITY, LATER, RESERVE
from support.client import event, refusal_of
from support.keyspace import keyspace
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.bad_calls import Bad
    from support.server import ValkeyProcess
    from support.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLS: Final = (*AVAILABILITY, *EXPLAIN, *PICKUP, *RESERVE, *LATER, *FEEDS, *SOURCING)
FACTS: Final = (
    "on_hand_quantity",
    "delta_quantity",
    "shipment",
    "safety_stock_quantity",
    "blocked",
    "future_supply",
    "supply_receipt",
    "net_quantity",
)
PARIS: Final = "DC-PARIS"
DAY_US: Final = 24 * 3600 * 1_000_000
# Reasons that no input brings about, and the tests that do.
ELSEWHERE: Final = {
    "OVERLOADED": "faults/test_reads_faults.py",
    "STORE_UNAVAILABLE": "faults/test_lost_replies.py",
    "DURABILITY_NOT_REACHED": "integration/test_replicated.py",
    "INTERNAL": "integration/test_server.py",
    "SYNC_IN_PROGRESS": "integration/test_sync_beside.py",
    "SYNC_SUSPICIOUS": "integration/test_sync.py",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["native", "grpcio"])
async def arranged(request: pytest.FixtureRequest, valkey: ValkeyProcess) -> AsyncIterator[Service]:
    """Serve one store for the whole module: what is refused leaves it as it is."""
    with valkey.client() as client:
        client.flushall()
    async with arrange(valkey.url, request.param, time.time_ns() // 1_000_000) as started:
        yield started


@pytest.mark.parametrize("bad", CALLS, ids=lambda bad: bad.name)
async def test_call_is_refused(bad: Bad, arranged: Service, valkey: ValkeyProcess) -> None:
    """The refusal names its reason, every field and what it may be; the store is as it was."""
    with valkey.client() as client:
        before = keyspace(client)
        refused = await refusal_of(bad.call(arranged.client))
        assert (bad.reason, bad.metadata) == (refused.reason, refused.metadata)
        assert bad.fields == {v.field: v.description for v in refused.violations}
        assert before == keyspace(client)


async def test_every_short_line_is_named(arranged: Service) -> None:
    """A refusal for want of stock says of each short line what there is."""
    short = next(bad for bad in RESERVE if bad.reason == "INSUFFICIENT_STOCK")
    refused = await refusal_of(short.call(arranged.client))
    assert [("A", 11, 10)] == [
        (line.sku, line.requested_quantity, line.sellable_quantity) for line in refused.short_lines
    ]


@pytest.mark.parametrize("bad", DOCUMENTS, ids=lambda bad: bad.name)
async def test_document_is_refused(bad: Bad, arranged: Service, valkey: ValkeyProcess) -> None:
    """All faults of a network come at once with line and column; the one in force stays."""
    await test_call_is_refused(bad, arranged, valkey)


def rejected(*rows: inventory_pb2.EventResult) -> list[tuple[str, str]]:
    """Return the reason and the detail of rows that are all rejected."""
    assert {inventory_pb2.OUTCOME_REJECTED} == {row.outcome for row in rows}
    names = [errors_pb2.ErrorReason.Name(row.reason) for row in rows]
    return [
        (name.removeprefix("ERROR_REASON_"), row.detail)
        for name, row in zip(names, rows, strict=True)
    ]


def without_feeds(found: dict[str, object]) -> dict[str, object]:
    """Return all but what is counted of sources: a row that is refused is a row as well."""
    return {key: held for key, held in found.items() if not key.startswith("{0}:feed")}


async def test_rows_are_rejected_one_by_one(arranged: Service, valkey: ValkeyProcess) -> None:
    """Each bad fact has its own answer with field and bound, and none changes anything."""
    now_us = time.time_ns() // 1_000
    bad = [
        (event("", PARIS, on_hand_quantity=1), "INVALID_FIELD", f"sku {SKU_WORDS}"),
        (event(LONG_SKU, PARIS, on_hand_quantity=1), "INVALID_FIELD", f"sku {SKU_WORDS}"),
        (
            event("A", PARIS, on_hand_quantity=-1),
            "INVALID_FIELD",
            "on_hand_quantity must be 0 to 1000000000000, is -1",
        ),
        (
            event("A", PARIS, on_hand_quantity=10**12 + 1),
            "INVALID_FIELD",
            "on_hand_quantity must be 0 to 1000000000000, is 1000000000001",
        ),
        (event("A", PARIS, delta_quantity=0), "INVALID_FIELD", "delta_quantity must not be 0"),
        (
            event("A", PARIS),
            "INVALID_FIELD",
            f"fact is required: one of {', '.join(FACTS)}",
        ),
        (
            event("A", PARIS, delta_quantity=10**12),
            "INVALID_FIELD",
            "on hand would leave the range of -10^12 to 10^12",
        ),
        (event("A", "NONE", on_hand_quantity=1), "UNKNOWN_LOCATION", "location NONE is not known"),
        (
            event("A", PARIS, on_hand_quantity=1, observe_us=now_us - 8 * DAY_US),
            "TOO_OLD",
            "observed longer ago than the retention of 604800000 ms",
        ),
        (
            event("A", PARIS, on_hand_quantity=1, observe_us=now_us + DAY_US),
            "IN_FUTURE",
            "observed more than 300000 ms ahead",
        ),
    ]
    request = inventory_pb2.ApplyInventoryRequest(events=[row for row, _, _ in bad])
    with valkey.client() as client:
        before = without_feeds(keyspace(client))
        answer = await arranged.client.inventory.ApplyInventory(request)
        assert [(reason, detail) for _, reason, detail in bad] == rejected(*answer.results)
        assert before == without_feeds(keyspace(client))


async def test_items_are_rejected_one_by_one(arranged: Service, valkey: ValkeyProcess) -> None:
    """Bad master data and a SKU that is held have their own answers, and nothing is changed."""
    now = Timestamp(seconds=time.time_ns() // 1_000_000_000)
    items = [
        inventory_pb2.Item(sku="A"),
        inventory_pb2.Item(sku="A", weight_grams=-1, update_time=now),
        inventory_pb2.Item(sku="A", update_time=Timestamp(seconds=now.seconds + 86_400)),
    ]
    with valkey.client() as client:
        before = keyspace(client)
        put = await arranged.client.inventory.PutItems(inventory_pb2.PutItemsRequest(items=items))
        deleted = await arranged.client.inventory.DeleteSkus(
            inventory_pb2.DeleteSkusRequest(skus=["A", ""])
        )
        assert [
            ("INVALID_FIELD", "update_time is required"),
            ("INVALID_FIELD", "weight_grams must be 0 to 1000000000000, is -1"),
            ("IN_FUTURE", "updated more than 300000 ms ahead"),
        ] == rejected(*put.results)
        assert [
            ("SKU_IN_USE", "2 reservations hold it"),
            ("INVALID_FIELD", f"sku {SKU_WORDS}"),
        ] == rejected(*deleted.results)
        assert before == keyspace(client)


async def test_location_that_holds_units_stays(arranged: Service, valkey: ValkeyProcess) -> None:
    """A network without a location that still holds reservations is refused, and says how many."""
    document = NETWORK.replace("  - {id: DC-PARIS, type: warehouse, country: FR, tags: dc}\n", "")
    document = document.replace("[DC-PARIS, STORE-LYON]", "STORE-LYON")
    request = network_pb2.ApplyNetworkRequest(document=document)
    with valkey.client() as client:
        before = keyspace(client)
        refused = await refusal_of(arranged.client.network.ApplyNetwork(request))
        assert "LOCATION_IN_USE" == refused.reason
        assert {"location": "DC-PARIS", "reservation_count": "3"} == refused.metadata
        assert before == keyspace(client)


async def test_store_of_another_partition_count_is_refused(
    arranged: Service, valkey: ValkeyProcess
) -> None:
    """A service whose number of partitions is not that of the store refuses to start."""
    identity = Partition("0").identity
    with valkey.client() as client:
        client.hset(identity, "partitions", "2")
        try:
            with pytest.raises(StoreRefused, match=r"initialised with 2 partitions .* set to 1"):
                async with service(valkey.url):
                    pass
        finally:
            client.hset(identity, "partitions", "1")


async def test_partitions_that_come_later_are_refused() -> None:
    """More than one partition is refused by its name until there is a cluster."""
    with pytest.raises(
        SettingsRefused, match="partitions is 2: more than 1 comes with the cluster"
    ):
        load_settings(partitions=2)


async def test_every_reason_is_produced() -> None:
    """Each reason of the contract is answered here, or by the test that is named for it."""
    named = {name.removeprefix("ERROR_REASON_") for name in set(errors_pb2.ErrorReason.keys())}
    by_call = {bad.reason for bad in (*CALLS, *DOCUMENTS)}
    by_row = {"TOO_OLD", "IN_FUTURE", "SKU_IN_USE", "LOCATION_IN_USE"}  # in the tests above
    assert named - {"UNSPECIFIED"} == by_call | by_row | set(ELSEWHERE)


@pytest.mark.parametrize("reason", ELSEWHERE)
async def test_reasons_of_faults_are_produced_by_faults(reason: str) -> None:
    """The test that stands in for a reason is there and speaks of it."""
    words = {"OVERLOADED": "Overloaded", "STORE_UNAVAILABLE": "StoreUnavailable"}
    text = (Path(__file__).parents[1] / ELSEWHERE[reason]).read_text()
    assert reason in text or words[reason] in text
