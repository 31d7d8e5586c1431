"""Rows of one source for tests of feeds, and what the store says of the source afterwards."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.ingest.opening import attached
from sellable.maintenance.verify import verify
from sellable.settings import load_settings
from sellable.stock import Fact, FactKind, Refused
from sellable.store.feeds import GROUP, OUTCOMES
from support.arena import network
from support.stocking import store_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.applying import Row
    from sellable.store.store import Store

NOW_US: Final = time.time_ns() // 1_000
# Long enough for rows whose time is that of the beginning of the whole run.
_RETENTION_MS: Final = 24 * 3_600_000
SOURCE: Final = "wms"
BAD: Final = Refused(source=SOURCE, reason="INVALID_FIELD", detail="no digits", payload="A;x")


@asynccontextmanager
async def fed_store(url: str) -> AsyncIterator[Store]:
    """Give a store with a network, and compare its counters in the end."""
    async with store_at(url, retention_ms=_RETENTION_MS) as store:
        await store.networks.apply(json.dumps(network()))
        yield store
        assert [] == [d async for step in verify(store.runner) for d in step.differences]


@asynccontextmanager
async def store_of_workers(url: str) -> AsyncIterator[Store]:
    """Open a store as a worker does, and give it a network."""
    async with attached(load_settings(store=url), url) as store:
        await store.networks.apply(json.dumps(network()))
        yield store


def delta(number: int, sku: str = "A", quantity: int = 1, *, source: str = SOURCE) -> Fact:
    """Make a fact that changes on hand, unless it came before."""
    return Fact(
        kind=FactKind.DELTA,
        event_id=f"e{number}",
        source=source,
        sku=sku,
        location="DC",
        observe_us=NOW_US,
        quantity=quantity,
    )


def deltas(count: int) -> list[Row]:
    """Make facts about a few SKUs, and now and then a row that is none."""
    return [BAD if at % 10 == 9 else delta(at, f"S{at % 7}") for at in range(count)]


async def on_hand(store: Store, sku: str = "A") -> int:
    """Return what there is of a SKU."""
    (position,), _ = await store.inventory.positions(sku)
    return position.on_hand


async def total(store: Store) -> int:
    """Return what there is of the SKUs of `deltas`."""
    return sum([await on_hand(store, f"S{at}") for at in range(7)])


async def feed(store: Store) -> dict[str, int]:
    """Return what is counted of the source."""
    runner = store.runner
    raw = await runner.connection.execute("HGETALL", runner.partition.feed(SOURCE))
    return {name.decode(): int(value) for name, value in raw.items()}


async def counted(store: Store) -> int:
    """Return how many outcomes are counted of the source."""
    told = await feed(store)
    return sum(told.get(name, 0) for name in OUTCOMES)


async def letters(store: Store) -> list[list[Any]]:
    """Return the dead letters of the source."""
    runner = store.runner
    entries = await runner.connection.execute("XRANGE", runner.partition.dead(SOURCE), "-", "+")
    return [msgspec.msgpack.decode(fields[1]) for _, fields in entries]


async def put_in(store: Store, count: int) -> None:
    """Put entries 1-0, 2-0 and so on into the stream of the source, and have a worker read them."""
    key, connection = store.runner.partition.waiting(SOURCE), store.runner.connection
    for at in range(1, count + 1):
        await connection.execute("XADD", key, f"{at}-0", "event", "{}")
    await connection.execute("XGROUP", "CREATE", key, GROUP, "0")
    await connection.execute("XREADGROUP", "GROUP", GROUP, "w", "STREAMS", key, ">")


async def chunked(rows: Sequence[Row], size: int = 100) -> AsyncIterator[Sequence[Row]]:
    """Hand rows over as a reader does."""
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
