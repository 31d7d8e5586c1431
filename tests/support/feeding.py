"""Rows of feeds put into a store, and what operators are told of them."""

from __future__ import annotations

import itertools
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sellable.stock import Fact, FactKind, Refused
from sellable.v1 import operations_pb2 as pb
from support.client import CALL_S_MAX, outcome_name
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.letters import Row
    from sellable.store.store import Store
    from support.client import Client
    from support.service import Service

NETWORK: Final = """\
locations:
  - {id: DC, type: warehouse, country: FR}
  - {id: SHOP, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC, SHOP]}
"""
LARGER: Final = NETWORK.replace("markets:", "  - {id: NEW, type: store, country: FR}\nmarkets:")
SILENT: Final = "missing=1h, wms=10m, pos*=1h"
RETRY: Final = pb.ResolveDeadLettersRequest.RESOLUTION_RETRY
DROP: Final = pb.ResolveDeadLettersRequest.RESOLUTION_DROP
_numbers: Final = itertools.count()


def fact(
    sku: str,
    location: str,
    quantity: int = 1,
    *,
    source: str = "wms",
    kind: FactKind = FactKind.DELTA,
    observe_us: int = 0,
    event_id: str = "",
    **more: Any,
) -> Fact:
    """Make a row, of this moment and under an id of its own unless told."""
    return Fact(
        kind=kind,
        event_id=event_id or f"row-{next(_numbers)}",
        source=source,
        sku=sku,
        location=location,
        observe_us=observe_us or time.time_ns() // 1_000,
        quantity=quantity,
        **more,
    )


def refused(payload: str, *, source: str = "wms", detail: str = "is not JSON") -> Refused:
    """Make a row that could not be read."""
    return Refused(source=source, reason="INVALID_FIELD", detail=detail, payload=payload)


@asynccontextmanager
async def feeds_served(url: str, transport: str, clock: list[int]) -> AsyncIterator[Service]:
    """Serve a store with two locations under the clock of the test, in ms."""
    async with service(url, now_ms=clock, transport=transport, feed_silent_after=SILENT) as started:
        await started.store.networks.apply(NETWORK)
        yield started


async def feed(store: Store, rows: Sequence[Row], *, source: str = "wms") -> None:
    """Apply rows as a log of the source, kept where they are refused."""
    name, done = f"log-{next(_numbers)}", 0
    while done < len(rows):
        done = (await store.feeds.apply_log(source, name, done, rows[done:])).progress


async def feeds_of(client: Client) -> dict[str, pb.Feed]:
    """Return what every source did."""
    found: dict[str, pb.Feed] = {}
    token = ""
    while True:
        request = pb.ListFeedsRequest(page_token=token)
        page = await client.operations.ListFeeds(request, timeout=CALL_S_MAX)
        found |= {each.source: each for each in page.feeds}
        token = page.next_page_token
        if not token:
            return found


def outcomes(told: pb.Feed) -> dict[str, int]:
    """Return the rows of a source by outcome, without those that there are none of."""
    names = ("applied", "unchanged", "stale", "duplicate", "rejected", "given_up")
    counts = {name: getattr(told, f"{name}_count") for name in names}
    assert told.row_count == sum(counts.values())
    return {name: count for name, count in counts.items() if count}


async def letters_of(
    client: Client, source: str = "", *, page_size: int = 0
) -> list[pb.DeadLetter]:
    """Return every dead letter, page by page."""
    found: list[pb.DeadLetter] = []
    token = ""
    while True:
        request = pb.ListDeadLettersRequest(source=source, page_size=page_size, page_token=token)
        page = await client.operations.ListDeadLetters(request, timeout=CALL_S_MAX)
        found += page.dead_letters
        token = page.next_page_token
        if not token:
            return found


async def resolve(client: Client, ids: Sequence[str], resolution: int = RETRY) -> list[str]:
    """Retry or drop letters; return the outcome of each in one word."""
    request = pb.ResolveDeadLettersRequest(
        dead_letter_ids=ids,
        resolution=resolution,  # type: ignore[arg-type]
    )
    answer = await client.operations.ResolveDeadLetters(request, timeout=CALL_S_MAX)
    return [outcome_name(result) for result in answer.results]
