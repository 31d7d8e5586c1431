"""Reads are merged, cut and current, against a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.errors import StoreUnavailable, UnknownMarket
from sellable.store.connection import Connection
from sellable.store.moment import LEDGER_EMPTY
from sellable.store.reads import Reads
from sellable.store.view import META_FIELD, MarketMeta
from support.connections import PATIENT
from support.views import (
    COMPLETE,
    DE,
    FR,
    NEVER,
    PARTITION,
    Refreshes,
    calls,
    nothing_is_limited,
    put,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import redis

    from support.server import ValkeyProcess


@pytest.fixture
def client(valkey: ValkeyProcess, store_url: str) -> Iterator[redis.Redis]:
    """Two markets, both complete, with the numbers 0 to 2,999 in web/FR."""
    with valkey.client() as opened:
        put(opened, FR, {f"SKU-{n}": n for n in range(3_000)})
        put(opened, FR, {META_FIELD: COMPLETE})
        put(opened, DE, {META_FIELD: meta("1 2 3 0"), "SKU-1": 111})
        opened.config_resetstat()
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


@pytest.fixture
async def reads(connection: Connection, refreshes: Refreshes) -> Reads:
    """Make the batcher under test."""
    return Reads(
        connection, PARTITION, refresh=refreshes, limited=nothing_is_limited, clock=lambda: 0
    )


def meta(text: str, next_ms: int = NEVER, limited: int = 0) -> bytes:
    """Complete the first four values of a market's own field."""
    return f"{text} {next_ms} {limited} 0".encode()


async def test_numbers_come_in_the_order_asked(reads: Reads) -> None:
    """Every SKU has its own number, a repeated one twice, and an unknown one is -1."""
    skus = ["SKU-5", "nowhere", "SKU-0", "SKU-2999", "SKU-5"]
    assert await reads.sellable(FR, skus) == ([5, -1, 0, 2999, 5], LEDGER_EMPTY)
    assert await reads.sellable(FR, []) == ([], LEDGER_EMPTY)


async def test_large_numbers_and_any_utf8_are_read(reads: Reads, client: redis.Redis) -> None:
    """The largest quantity and a SKU outside ASCII are answered exactly."""
    put(client, FR, {"größe-42": 10**12, "small": 10_000})
    assert (await reads.sellable(FR, ["größe-42", "small"]))[0] == [10**12, 10_000]


async def test_position_is_the_last_ledger_entry(reads: Reads, client: redis.Redis) -> None:
    """An answer names the last change of the ledger before it."""
    client.xadd(PARTITION.ledger, {"kind": "test"}, id="5-1")
    client.xadd(PARTITION.ledger, {"kind": "test"}, id="6-2")
    assert await reads.sellable(FR, ["SKU-1"]) == ([1], "6-2")


async def test_requests_of_one_tick_are_one_question(reads: Reads, client: redis.Redis) -> None:
    """A hundred and twenty-eight concurrent calls cost one HMGET and one look at the ledger."""
    answers = await asyncio.gather(
        *[reads.sellable(FR, [f"SKU-{n}", f"SKU-{n + 1}"]) for n in range(128)]
    )
    assert [([n, n + 1], LEDGER_EMPTY) for n in range(128)] == answers
    assert (calls(client, "hmget"), calls(client, "xrevrange")) == (1, 1)


async def test_every_market_of_a_tick_is_asked_once(reads: Reads, client: redis.Redis) -> None:
    """Calls for two markets, mixed, are two HMGETs after one look at the ledger."""
    answers = await asyncio.gather(
        *[reads.sellable(market, ["SKU-1"]) for market in (FR, DE, FR, DE, FR)]
    )
    assert [numbers for numbers, _ in answers] == [[1], [111], [1], [111], [1]]
    assert (calls(client, "hmget"), calls(client, "xrevrange")) == (2, 1)


@pytest.mark.parametrize(("skus", "hmgets"), [(999, 1), (1_000, 2), (2_500, 4)])
async def test_hmget_is_cut_at_a_thousand_fields(
    reads: Reads, client: redis.Redis, skus: int, hmgets: int
) -> None:
    """No HMGET asks for more than 1,000 fields, and none parts a request that fits into one."""
    first, second = await asyncio.gather(
        reads.sellable(FR, [f"SKU-{n}" for n in range(300)]),
        reads.sellable(FR, [f"SKU-{n}" for n in range(300, skus)]),
    )
    assert list(range(skus)) == first[0] + second[0]
    assert hmgets == calls(client, "hmget")


async def test_unknown_market_harms_no_other_request(reads: Reads) -> None:
    """A market that does not exist is named; the other requests of the tick are answered."""
    known, unknown = await asyncio.gather(
        reads.sellable(FR, ["SKU-1"]), reads.sellable("web/XX", ["SKU-1"]), return_exceptions=True
    )
    assert known == ([1], LEDGER_EMPTY)
    assert isinstance(unknown, UnknownMarket)
    assert unknown.metadata == {"market": "web/XX"}


async def test_market_facts_follow_a_change(reads: Reads, client: redis.Redis) -> None:
    """The threshold is that of the read, also right after it has changed."""
    assert (await reads.with_meta(FR, ["SKU-1"]))[2] == MarketMeta(True, 7, 3, 5)
    put(client, FR, {META_FIELD: meta("1 7 4 9")})
    assert (await reads.with_meta(FR, ["SKU-1"]))[2] == MarketMeta(True, 7, 4, 9)
    client.delete(PARTITION.view(FR))
    with pytest.raises(UnknownMarket):
        await reads.sellable(FR, ["SKU-1"])


async def test_complete_market_needs_no_refresh(reads: Reads, refreshes: Refreshes) -> None:
    """Where the roll-out is complete nothing is recomputed."""
    await reads.sellable(FR, ["SKU-1"])
    assert refreshes.asked == []


async def test_incomplete_market_is_recomputed_first(
    reads: Reads, client: redis.Redis, refreshes: Refreshes
) -> None:
    """During a roll-out the asked SKUs are recomputed, and the numbers are read after that."""
    await reads.sellable(FR, ["SKU-1"])
    put(client, FR, {META_FIELD: meta("0 8 4 5")})
    refreshes.epoch = 8
    refreshes.views = [{"SKU-1": 41}]
    assert (await reads.sellable(FR, ["SKU-1", "SKU-2"]))[0] == [41, 2]
    assert refreshes.asked == [(FR, ["SKU-1", "SKU-2"])]


async def test_network_that_changes_meanwhile_is_recomputed_again(
    reads: Reads, client: redis.Redis, refreshes: Refreshes
) -> None:
    """An epoch that moved on during the recompute is met by another one."""
    put(client, FR, {META_FIELD: meta("0 7 4 5")})
    refreshes.views = [{META_FIELD: meta("0 8 5 5")}, {META_FIELD: meta("1 8 5 5"), "SKU-1": 43}]
    assert (await reads.sellable(FR, ["SKU-1"]))[0] == [43]
    assert len(refreshes.asked) == 2


async def test_network_that_never_rests_is_unavailable(
    reads: Reads, client: redis.Redis, refreshes: Refreshes
) -> None:
    """A reader does not chase a network for ever, and never answers an old number."""
    put(client, FR, {META_FIELD: meta("0 8 4 5")})
    with pytest.raises(StoreUnavailable, match="changes faster"):
        await reads.sellable(FR, ["SKU-1"])
    assert len(refreshes.asked) == 5


async def test_market_that_changes_inside_a_tick_counts_as_changed(reads: Reads) -> None:
    """If the HMGETs of one tick see different epochs, the least settled one decides for all."""
    assert reads._metas.changed(
        FR, [meta("1 7 3 5"), meta("0 8 4 5"), meta("0 9 5 5")]
    ) == MarketMeta(False, 9, 5, 5)
    assert reads._metas.changed(FR, [meta("0 8 4 5"), meta("1 8 4 5")]) == MarketMeta(
        False, 8, 4, 5
    )
    assert reads._metas.changed(FR, [meta("1 7 3 5"), meta("1 8 4 5")]) == MarketMeta(True, 8, 4, 5)
    with pytest.raises(UnknownMarket):
        reads._metas.changed(FR, [meta("1 7 3 5"), None])


async def test_callers_that_leave_are_not_asked_for(reads: Reads, client: redis.Redis) -> None:
    """A caller that left within its tick costs the store nothing, and its place is free again."""
    calls_made = [asyncio.ensure_future(reads.sellable(FR, ["SKU-1"])) for _ in range(5)]
    await asyncio.sleep(0)  # they have asked; the tick's question is still to be put
    for call in calls_made:
        call.cancel()
    await asyncio.wait(calls_made)
    assert (await reads.sellable(FR, ["SKU-2"]))[0] == [2]
    assert calls(client, "hmget") == 1
    assert (reads.admission.requests, reads.admission.skus) == (0, 0)
