"""Many SKUs in a store at once, written by the store's own scripts without a service."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

_FACTS_PER_CALL: Final = 1_000
_CALLS_AT_ONCE: Final = 4


@asynccontextmanager
async def store_at(url: str, *, retention_ms: int = 60_000) -> AsyncIterator[Store]:
    """Give a store without any background work: no sweeper, and no roll-out."""
    async with await Connection.open(url) as connection:
        retention = Retention(retention_ms=retention_ms, ledger_entries_max=1_000_000)
        yield await Store.attach(connection, retention=retention)


async def count_all(
    store: Store, skus: Iterable[str], location: str, quantity: Callable[[int], int]
) -> None:
    """Count every SKU at a location, the first one as `quantity(0)`."""
    now_us = time.time_ns() // 1_000
    waiting: list[Sequence[Fact]] = []
    facts: list[Fact] = []
    for at, sku in enumerate(skus):
        facts.append(
            Fact(
                kind=FactKind.COUNT,
                event_id=f"opening-{location}-{at}",
                source="test",
                sku=sku,
                location=location,
                observe_us=now_us,
                quantity=quantity(at),
            )
        )
        if len(facts) == _FACTS_PER_CALL:
            waiting.append(facts)
            facts = []
        if len(waiting) == _CALLS_AT_ONCE:
            await asyncio.gather(*map(store.inventory.apply, waiting))
            waiting = []
    await asyncio.gather(*map(store.inventory.apply, [*waiting, facts] if facts else waiting))
