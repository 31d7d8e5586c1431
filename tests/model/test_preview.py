"""A preview says to the unit what applying does, for random networks and stock."""

from __future__ import annotations

import asyncio
import json
from itertools import product
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sellable.errors import InsufficientStock, InvalidNetwork, LocationInUse
from sellable.maintenance.rollout import Rollout
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind, Item
from support.moments import START_MS, Moment, stores
from support.networks import CLASSES, LOCATIONS, MARKETS, SKUS, Document, Meaning, documents

if TYPE_CHECKING:
    from sellable.store.store import Store

OTHERS: Final = ("C", "D")
ALL: Final = (*SKUS, *OTHERS)
MINUTE_MS: Final = 60_000

Numbers = dict[tuple[str, str], int]
Stock = list[tuple[str, str, int]]  # SKU, location, on hand
Holds = list[tuple[str, str, int]]  # market, SKU, quantity

# What each location counted of each SKU; -2 where it never did.
STOCK: Final = st.lists(
    st.sampled_from((-2, 0, 2, 5, 9, 12)),
    min_size=len(ALL) * len(LOCATIONS),
    max_size=len(ALL) * len(LOCATIONS),
).map(
    lambda counted: [
        (sku, location, quantity)
        for (sku, location), quantity in zip(product(ALL, LOCATIONS), counted, strict=True)
        if quantity != -2
    ]
)
HOLDS: Final = st.lists(
    st.tuples(st.sampled_from(MARKETS), st.sampled_from(ALL), st.integers(1, 2)), max_size=4
)


@st.composite
def dated_documents(draw: st.DrawFn) -> Document:
    """Draw a network, some of whose locations mind a silent feed."""
    document = draw(documents().filter(lambda drawn: not Meaning(drawn).has_equal_rank()))
    for place in document["locations"]:
        place["enabled"] = place["enabled"] or draw(st.booleans())
        if draw(st.booleans()):
            place["stale_after"] = draw(st.sampled_from(("1m", "3m")))
            place["stale_protection_buffer"] = draw(st.integers(1, 2))
    return document


@given(
    before=dated_documents(),
    after=dated_documents(),
    stock=STOCK,
    holds=HOLDS,
    minutes=st.integers(0, 4),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_preview_is_what_happens(
    store_url: str, before: Document, after: Document, stock: Stock, holds: Holds, minutes: int
) -> None:
    """Numbers are read, a document is tried out, applied and rolled out, and numbers read again."""
    asyncio.run(compare(store_url, before, after, stock, holds, minutes))


async def compare(
    url: str, before: Document, after: Document, stock: Stock, holds: Holds, minutes: int
) -> None:
    """Do so on an emptied store."""
    clock = Moment()
    async with stores(url, 1, clock) as (store,):
        await store.runner.connection.execute("FLUSHALL")
        try:
            await store.networks.apply(json.dumps(before))
        except InvalidNetwork:
            return
        await fill(store, stock, holds)
        clock.after(minutes * MINUTE_MS)
        first = await numbers(store)
        try:
            told = [each async for each in store.networks.preview(json.dumps(after))][-1]
            await store.networks.apply(json.dumps(after))
        except (InvalidNetwork, LocationInUse):
            return
        assert await Rollout(store.runner).step()
        second = await numbers(store)
        assert expected(first, second) == {
            each.market: [each.entering, each.leaving, each.changed, each.added, each.removed]
            for each in told.markets
        }


async def fill(store: Store, stock: Stock, holds: Holds) -> None:
    """Count positions, class the SKUs, and hold what there is."""
    await store.inventory.put_items(
        [
            Item(sku=sku, update_us=START_MS * 1_000, item_class=item_class)
            for sku, item_class in zip(ALL, (*CLASSES, CLASSES[0], ""), strict=True)
        ]
    )
    await store.inventory.apply(
        [
            Fact(
                kind=FactKind.COUNT,
                event_id=f"e{number}",
                source="test",
                sku=sku,
                location=location,
                observe_us=(START_MS - 1_000 * number) * 1_000,
                quantity=quantity,
            )
            for number, (sku, location, quantity) in enumerate(stock)
        ]
    )
    known = {sku for sku, _, _ in stock}
    for number, (market, sku, quantity) in enumerate(holds):
        if sku in known:
            line = Line(sku=sku, quantity=quantity)
            request = ReserveRequest(
                reservation_id=f"r{number}", market=market, lines=(line,), ttl_ms=6_000_000
            )
            try:
                await store.reservations.reserve(request)
            except InsufficientStock:
                continue


async def numbers(store: Store) -> Numbers:
    """Return every number that is not 0."""
    found = {}
    for market in MARKETS:
        told, _ = await store.reads.sellable(market, ALL)
        found.update({(market, sku): n for sku, n in zip(ALL, told, strict=True) if n > 0})
    return found


def expected(first: Numbers, second: Numbers) -> dict[str, list[int]]:
    """Return what a preview must have said."""
    found: dict[str, list[int]] = {}
    for place in first.keys() | second.keys():
        old, new = first.get(place, 0), second.get(place, 0)
        if old != new:
            row = found.setdefault(place[0], [0, 0, 0, 0, 0])
            row[0] += old == 0
            row[1] += new == 0
            row[2] += 1
            row[3] += max(0, new - old)
            row[4] += max(0, old - new)
    return found
