"""Several stores on one engine, under one clock that the test moves, and documents with windows."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START_MS: Final = 1_700_000_000_000
DAY_MS: Final = 24 * 3600 * 1000
FR: Final = "web/FR"
DE: Final = "web/DE"


class Moment:
    """The time of a test."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """Return it, as the clock of a store."""
        return self.now_ms

    def after(self, ms: int) -> None:
        """Go on to a moment after the start."""
        self.now_ms = START_MS + ms


@asynccontextmanager
async def stores(
    url: str, count: int, clock: Moment, **settings: Any
) -> AsyncIterator[list[Store]]:
    """Give so many stores on one engine, each over a connection of its own, as of services."""
    retention = Retention(retention_ms=7 * DAY_MS, ledger_entries_max=1_000_000)
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            connection = await stack.enter_async_context(await Connection.open(url))
            found.append(
                await Store.attach(connection, retention=retention, clock=clock, **settings)
            )
        yield found


def network(*rules: dict[str, Any], **settings: Any) -> str:
    """Write a network of two locations: web/FR sells from both, web/DE from STORE.

    Args:
        rules: Its protections.
        settings: More of `dc`, `store`, `fr` or `de`, e.g. `fr={"protection_buffer": 3}`.
    """
    chosen: dict[str, dict[str, Any]] = {
        "dc": {"id": "DC", "type": "warehouse", "country": "FR"},
        "store": {"id": "STORE", "type": "store", "country": "DE"},
        "fr": {"channel": "web", "country": "FR", "locations": ["DC", "STORE"]},
        "de": {"channel": "web", "country": "DE", "locations": ["STORE"]},
    }
    for name, more in settings.items():
        chosen[name] |= more
    return json.dumps(
        {
            "locations": [chosen["dc"], chosen["store"]],
            "markets": [chosen["fr"], chosen["de"]],
            "protections": list(rules),
        }
    )


def window(start_ms: int | None, end_ms: int | None = None) -> dict[str, str]:
    """Write a window of so many ms after the start."""
    edges = {"from": start_ms, "until": end_ms}
    return {
        word: datetime.fromtimestamp((START_MS + ms) / 1000, UTC).isoformat()
        for word, ms in edges.items()
        if ms is not None
    }


async def count(store: Store, quantity: int, *skus: str, location: str = "DC") -> None:
    """Count SKUs at a location, at this moment."""
    now_ms = store.runner.clock()
    results, _ = await store.inventory.apply(
        [
            Fact(
                kind=FactKind.COUNT,
                event_id=f"{now_ms}",
                source="test",
                sku=sku,
                location=location,
                observe_us=now_ms * 1_000,
                quantity=quantity,
            )
            for sku in skus
        ]
    )
    assert {result.outcome.name for result in results} <= {"APPLIED", "UNCHANGED"}


async def sellable(store: Store, *skus: str, market: str = FR) -> list[int]:
    """Return the number of each SKU."""
    return (await store.reads.sellable(market, list(skus)))[0]


async def switches(store: Store) -> list[str]:
    """Return why the network was changed by itself, each time, by the ledger."""
    entries = await store.runner.connection.execute(
        "XRANGE", store.runner.partition.ledger, "-", "+"
    )
    found = []
    for _, (_, packed) in entries:
        kind, _, _, _, _, source, *_ = msgspec.msgpack.decode(packed)
        if kind == "NETWORK" and source in {"schedule", "staleness"}:
            found.append(source)
    return found
