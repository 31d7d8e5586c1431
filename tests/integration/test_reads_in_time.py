"""Reads know when numbers change by themselves, what was recomputed, and what quotas limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sellable.errors import StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.reads import Reads
from sellable.store.view import META_FIELD, NEVER_MS
from support.views import FR, PARTITION, Refreshes, calls, nothing_is_limited, put
from support.wait import eventually, eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    import redis

    from support.server import ValkeyProcess

LATER_MS = 2_000_000_000_000


def meta(text: str, next_ms: int = NEVER_MS, limited: int = 0) -> bytes:
    """Complete the first four values of a market's own field."""
    return f"{text} {next_ms} {limited} 0".encode()


@pytest.fixture
def client(valkey: ValkeyProcess, store_url: str) -> Iterator[redis.Redis]:
    """Give a market with three SKUs."""
    with valkey.client() as opened:
        put(opened, FR, {META_FIELD: meta("1 7 3 5"), "A": 1, "B": 2, "C": 3})
        opened.config_resetstat()
        yield opened


@pytest.fixture
async def connection(store_url: str, client: redis.Redis) -> AsyncIterator[Connection]:
    """Connect to the filled store."""
    async with await Connection.open(store_url) as opened:
        yield opened


class Quotas:
    """Answers for the script that knows quotas: one less than was marked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def __call__(self, market: str, skus: Sequence[str]) -> list[int]:
        """Note what is asked, and answer 0, 1, 2 and so on."""
        self.asked.append(list(skus))
        return list(range(len(skus)))


def reads_of(connection: Connection, refresh: Refreshes, **more: Any) -> Reads:
    """Make the batcher under test."""
    chosen = {"limited": nothing_is_limited, "clock": lambda: 0} | more
    return Reads(connection, PARTITION, refresh=refresh, **chosen)


async def test_numbers_are_made_anew_once_their_time_has_come(
    connection: Connection, client: redis.Redis
) -> None:
    """From the moment that the market names on, no number is told before the switch was made."""
    refreshes, now_ms = Refreshes(client), [LATER_MS - 1]
    put(client, FR, {META_FIELD: meta("1 7 3 5", LATER_MS)})
    reads = reads_of(connection, refreshes, clock=lambda: now_ms[0])
    assert (await reads.sellable(FR, ["A"]))[0] == [1]
    assert refreshes.asked == []
    now_ms[0] = LATER_MS
    refreshes.epoch = 8
    refreshes.views = [{META_FIELD: meta("0 8 3 5"), "A": 41}]
    assert (await reads.sellable(FR, ["A"]))[0] == [41]
    assert refreshes.asked == [(FR, ["A"])]


async def test_time_is_the_engines_where_none_is_handed_in(
    connection: Connection, client: redis.Redis
) -> None:
    """A moment of the past has come, one of the future has not; TIME is asked for once a tick."""
    refreshes = Refreshes(client)
    reads = reads_of(connection, refreshes)
    put(client, FR, {META_FIELD: meta("1 7 3 5", LATER_MS)})
    await asyncio.gather(*(reads.sellable(FR, ["A"]) for _ in range(10)))
    assert (refreshes.asked, calls(client, "time")) == ([], 1)
    put(client, FR, {META_FIELD: meta("1 7 3 5", 1)})
    refreshes.views = [{META_FIELD: meta("1 7 3 5")}]
    await reads.sellable(FR, ["A"])
    assert refreshes.asked == [(FR, ["A"])]


async def test_switch_that_does_not_come_is_unavailable(
    connection: Connection, client: redis.Redis
) -> None:
    """As long as the moment has passed and nothing was switched, nothing is told."""
    put(client, FR, {META_FIELD: meta("1 7 3 5", 1)})
    with pytest.raises(StoreUnavailable, match="changes faster"):
        await reads_of(connection, Refreshes(client)).sellable(FR, ["A"])


async def test_skus_are_recomputed_once_an_epoch(
    connection: Connection, client: redis.Redis
) -> None:
    """While a change is rolled out, a process asks for each SKU once; for all again at the next."""
    refreshes = Refreshes(client)
    reads = reads_of(connection, refreshes)
    put(client, FR, {META_FIELD: meta("0 7 3 5")})
    assert (await reads.sellable(FR, ["A", "B"]))[0] == [1, 2]
    assert (await reads.sellable(FR, ["B", "A"]))[0] == [2, 1]
    assert (await reads.sellable(FR, ["B", "C"]))[0] == [2, 3]
    assert [skus for _, skus in refreshes.asked] == [["A", "B"], ["B", "C"]]
    put(client, FR, {META_FIELD: meta("0 8 3 5")})
    refreshes.epoch = 8
    await reads.sellable(FR, ["A"])
    assert len(refreshes.asked) == 3


async def test_requests_of_one_tick_are_recomputed_together(
    connection: Connection, client: redis.Redis
) -> None:
    """What many ask for at once is one question to the scripts; who leaves takes nobody along."""
    refreshes = Refreshes(client)
    reads = reads_of(connection, refreshes)
    put(client, FR, {META_FIELD: meta("0 7 3 5")})
    first, *others = [
        asyncio.ensure_future(reads.sellable(FR, [sku])) for sku in ("A", "B", "C", "A")
    ]

    async def asked() -> bool:
        return bool(refreshes.asked)

    await eventually_async(asked)
    first.cancel()
    assert [(await other)[0] for other in others] == [[2], [3], [1]]
    assert refreshes.asked == [(FR, ["A", "B", "C"])]


async def test_numbers_asked_for_before_the_recompute_are_not_taken(
    connection: Connection, client: redis.Redis
) -> None:
    """What was on its way when its SKU was recomputed is read again, however late it comes."""
    refreshes, late = Refreshes(client), list[asyncio.Future[Any]]()

    async def refresh(market: str, skus: Sequence[str]) -> int:
        if not late:
            late.append(asyncio.ensure_future(reads.sellable(FR, ["A"])))
            for _ in range(4):
                await asyncio.sleep(0)  # it has been asked, and its answer not been looked at
            eventually(lambda: calls(client, "hmget") == 2)
            put(client, FR, {"A": 41})
        return await refreshes(market, skus)

    put(client, FR, {META_FIELD: meta("0 7 3 5")})
    reads = Reads(
        connection, PARTITION, refresh=refresh, limited=nothing_is_limited, clock=lambda: 0
    )
    assert (await reads.sellable(FR, ["A"]))[0] == [41]
    assert (await late[0])[0] == [41]
    assert len(refreshes.asked) == 2


async def test_what_was_recomputed_is_forgotten_with_the_connection(
    connection: Connection, client: redis.Redis
) -> None:
    """A store that was lost and found again may not be the one that recomputed."""
    refreshes = Refreshes(client)
    reads = reads_of(connection, refreshes)
    put(client, FR, {META_FIELD: meta("0 7 3 5")})
    await reads.sellable(FR, ["A"])
    connection.traffic.reconnects += 1
    await reads.sellable(FR, ["A"])
    assert len(refreshes.asked) == 2


async def test_marked_numbers_are_asked_for_again(
    connection: Connection, client: redis.Redis
) -> None:
    """Where a quota is in force its SKUs, and only they, are told by the script that knows it."""
    put(client, FR, {META_FIELD: meta("1 7 3 5", limited=1), "A": "9q", "C": "0q"})
    quotas = Quotas()
    reads = reads_of(connection, Refreshes(client), limited=quotas)
    assert (await reads.sellable(FR, ["C", "B", "none", "A"]))[0] == [0, 2, -1, 1]
    assert quotas.asked == [["C", "A"]]


async def test_marked_numbers_are_asked_for_in_bounded_calls(
    connection: Connection, client: redis.Redis
) -> None:
    """At most 200 SKUs a call of the script."""
    skus = [f"Q{number}" for number in range(450)]
    put(client, FR, {META_FIELD: meta("1 7 3 5", limited=1)} | dict.fromkeys(skus, "9q"))
    quotas = Quotas()
    await reads_of(connection, Refreshes(client), limited=quotas).sellable(FR, skus)
    assert [len(asked) for asked in quotas.asked] == [200, 200, 50]
