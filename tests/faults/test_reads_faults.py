"""Reads under faults: slow, lost and damaged stores, and callers in a hurry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.errors import BugError, Overloaded, StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.reads import Reads
from sellable.store.view import META_FIELD
from sellable.store.wire import WireLimits
from support.connections import PATIENT
from support.server import ValkeyProcess
from support.views import (
    COMPLETE,
    FR,
    PARTITION,
    Refreshes,
    nothing_is_limited,
    nothing_to_refresh,
    put,
)
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import redis

    from sellable.store.refreshes import Refresh


@pytest.fixture
def client(valkey: ValkeyProcess, store_url: str) -> Iterator[redis.Redis]:
    """One complete market with three SKUs."""
    with valkey.client() as opened:
        put(opened, FR, {META_FIELD: COMPLETE, "SKU-1": 1, "SKU-2": 2, "SKU-3": 3})
        yield opened


@pytest.fixture
async def connection(store_url: str, client: redis.Redis) -> AsyncIterator[Connection]:
    """Connect to the filled store."""
    async with await Connection.open(store_url, limits=PATIENT) as opened:
        yield opened


@pytest.fixture
def refreshes(client: redis.Redis) -> Refreshes:
    """Stand in for the scripts that recompute."""
    return Refreshes(client)


def reads_of(connection: Connection, refresh: Refresh, **bounds: int) -> Reads:
    """Make a batcher of a store without quotas."""
    return Reads(
        connection,
        PARTITION,
        refresh=refresh,
        limited=nothing_is_limited,
        clock=lambda: 0,
        **bounds,
    )


@pytest.fixture
async def reads(connection: Connection, refreshes: Refreshes) -> Reads:
    """Make the batcher under test."""
    return reads_of(connection, refreshes)


async def test_deadline_of_a_reader_is_kept(reads: Reads, valkey: ValkeyProcess) -> None:
    """A reader's own timeout ends its wait; those that asked with it get their answers."""
    valkey.pause()
    try:
        patient = asyncio.ensure_future(reads.sellable(FR, ["SKU-1"]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await reads.sellable(FR, ["SKU-2"])
    finally:
        valkey.resume()
    assert (await patient)[0] == [1]
    assert (reads.admission.requests, reads.admission.skus) == (0, 0)


@pytest.mark.parametrize(("skus_max", "requests_max"), [(10, 1_000), (1_000, 5)])
async def test_silent_store_sheds_readers(
    connection: Connection,
    refreshes: Refreshes,
    valkey: ValkeyProcess,
    skus_max: int,
    requests_max: int,
) -> None:
    """Beyond the bound of SKUs or of requests a reader is refused at once; the others wait."""
    reads = reads_of(connection, refreshes, skus_max=skus_max, requests_max=requests_max)
    valkey.pause()
    try:
        waiting = [asyncio.ensure_future(reads.sellable(FR, ["SKU-1", "SKU-2"])) for _ in range(5)]
        await asyncio.sleep(0)
        for _ in range(100):
            with pytest.raises(Overloaded) as refused:
                await reads.sellable(FR, ["SKU-3"])
        assert refused.value.queue == "read"
    finally:
        valkey.resume()
    assert [numbers for numbers, _ in await asyncio.gather(*waiting)] == [[1, 2]] * 5
    assert (await reads.sellable(FR, ["SKU-3"]))[0] == [3]


async def test_full_connection_sheds_readers(store_url: str, client: redis.Redis) -> None:
    """A connection without room refuses the whole tick, and everything is counted back."""
    limits = WireLimits(command_timeout_ms=30_000, queue_max=1)
    async with await Connection.open(store_url, limits=limits) as connection:
        reads = reads_of(connection, nothing_to_refresh)
        with pytest.raises(Overloaded):
            await reads.sellable(FR, ["SKU-1"])
        assert (reads.admission.requests, reads.admission.skus) == (0, 0)


async def test_lost_store_is_answered_at_once_and_found_again() -> None:
    """Readers get UNAVAILABLE while the store is away, never a guess, and numbers afterwards."""
    with ValkeyProcess() as server:
        async with await Connection.open(server.url, limits=PATIENT) as connection:
            reads = reads_of(connection, nothing_to_refresh)
            server.pause()
            waiting = asyncio.ensure_future(reads.sellable(FR, ["SKU-1"]))
            await asyncio.sleep(0)
            server.kill()
            with pytest.raises(StoreUnavailable) as lost:
                await waiting
            assert lost.value.outcome_unknown is False
            with pytest.raises(StoreUnavailable):
                await reads.sellable(FR, ["SKU-1"])
            server.start()
            with server.client() as client:
                put(client, FR, {META_FIELD: COMPLETE, "SKU-1": 1})
            await eventually_async(lambda: asyncio.sleep(0, connection.connected))
            assert (await reads.sellable(FR, ["SKU-1"]))[0] == [1]
            assert (reads.admission.requests, reads.admission.skus) == (0, 0)


@pytest.mark.parametrize("number", ["1e+17", "", "many"])
async def test_view_that_is_not_a_number_is_our_fault(
    reads: Reads, client: redis.Redis, number: str
) -> None:
    """A damaged view is reported to its readers instead of leaving them without an answer."""
    put(client, FR, {"SKU-1": number})
    with pytest.raises(BugError):
        await reads.sellable(FR, ["SKU-1"])
    assert (await reads.sellable(FR, ["SKU-2"]))[0] == [2]


async def test_key_of_another_type_is_our_fault(reads: Reads, client: redis.Redis) -> None:
    """A view or a ledger that is no hash or stream is reported, in our words."""
    client.set(PARTITION.view("web/IT"), "text")
    with pytest.raises(BugError, match="the store rejected a command"):
        await reads.sellable("web/IT", ["SKU-1"])
    client.set(PARTITION.ledger, "text")
    with pytest.raises(BugError, match="the store rejected a command"):
        await reads.sellable(FR, ["SKU-1"])


async def test_sku_that_cannot_be_sent_leaves_nobody_waiting(reads: Reads) -> None:
    """A SKU without a UTF-8 form fails its batch at once; it was to be refused before."""
    with pytest.raises(BugError):
        await reads.sellable(FR, ["\ud800"])
    assert (await reads.sellable(FR, ["SKU-1"]))[0] == [1]
