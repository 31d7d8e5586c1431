"""`kill -9` of ingest workers, again and again: every row one outcome, no number differs."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any, Final

from sellable.ingest.opening import attached
from sellable.maintenance.verify import verify
from sellable.reservation import Line, ReserveRequest
from sellable.settings import load_settings
from sellable.stock import Fact, FactKind
from support.model import Model
from support.wait import eventually_async
from support.workers import PARTITION, ForkedWorkers, outcomes, push, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from sellable.store.store import Store
    from support.networks import Document
    from support.server import ValkeyProcess

SEED: Final = 20_261_123
KILLS: Final = 36
WORKERS: Final = 3
ROWS: Final = 10_000
DAY_MS: Final = 24 * 3600 * 1000
SOURCES: Final = ("erp", "wms-paris", "till-1", "till-2")
LOCATIONS: Final = ("L0", "L1", "L2")
SKUS: Final = tuple(f"K{number}" for number in range(40))
BAD: Final = (
    b"no json",
    b"[]",
    b'{"event_id": "x", "qty": 1}',
    b"\xff\x00",
    b'{"event_id":"old","sku":"K1","location":"L0","observe_time":1,"delta_quantity":1}',
    b'{"event_id":"far","sku":"K1","location":"L9","observe_time":2e15,"blocked":true}',
)
_KINDS: Final = (
    *(("count", (0, 200)),) * 4,
    *(("delta", (-9, 9)),) * 8,
    ("shipment", (1, 3)),
    ("safety", (0, 5)),
    ("blocked", (0, 1)),
    ("future", (1, 50)),
    ("receipt", (1, 9)),
)


def network() -> Document:
    """Make a network of three locations that one market sells from."""
    places: list[Document] = [
        {"id": name, "type": "store", "country": "FR", "tags": [], "enabled": True}
        for name in LOCATIONS
    ]
    market = {"channel": "web", "country": "FR", "locations": list(LOCATIONS)}
    return {"locations": places, "markets": [market], "protections": []}


def requests() -> Iterator[ReserveRequest]:
    """Yield holds for shipments to be of, of a few units each."""
    for number, sku in enumerate(SKUS):
        yield ReserveRequest(
            reservation_id=f"order-{number}",
            market="web/FR",
            lines=(Line(sku=sku, quantity=6),),
            ttl_ms=DAY_MS,
        )


def opening(now_ms: int) -> list[Fact]:
    """Return a count of every position, older than all facts of the feed."""
    return [
        Fact(
            kind=FactKind.COUNT,
            event_id=f"opening-{sku}-{location}",
            source="opening",
            sku=sku,
            location=location,
            observe_us=(now_ms - 120_000) * 1000,
            quantity=100,
        )
        for sku in SKUS
        for location in LOCATIONS
    ]


def facts(chance: random.Random, now_ms: int) -> list[Fact]:
    """Return the facts of every source, many of them of the same moments, a tenth twice."""
    made = []
    for number in range(ROWS):
        kind, (low, high) = chance.choice(_KINDS)
        sku = chance.choice(SKUS)
        more: dict[str, Any] = {}
        if kind == "shipment":
            more = {"reservation_id": chance.choice((f"order-{SKUS.index(sku)}", "unknown"))}
        elif kind in {"future", "receipt"}:
            more = {"supply_id": chance.choice(("PO-1", "PO-2"))}
            more |= {"expect_ms": now_ms + DAY_MS} if kind == "future" else {}
        made.append(
            Fact(
                kind=FactKind(kind),
                event_id=f"e{number}",
                source=chance.choice(SOURCES),
                sku=sku,
                location=chance.choice(LOCATIONS),
                observe_us=(now_ms - chance.randrange(60_000)) * 1000,
                sequence=chance.choice((0, number)),
                quantity=chance.randint(low, high) or 1,
                **more,
            )
        )
    return [*made, *chance.choices(made, k=ROWS // 10)]


def entries(chance: random.Random, told: list[Fact]) -> list[tuple[str, list[Fact | bytes]]]:
    """Return the feed as entries of some rows each, in no order, with bad rows among them."""
    chance.shuffle(told)
    by_source: dict[str, list[Fact | bytes]] = {source: [] for source in SOURCES}
    for fact in told:
        by_source[fact.source].append(fact)
        if chance.random() < 0.03:
            by_source[fact.source].append(chance.choice(BAD))
    made: list[tuple[str, list[Fact | bytes]]] = []
    for source, rows in by_source.items():
        at = 0
        while at < len(rows):
            size = chance.choice((1, 1, 3, 20, 150))
            made.append((source, rows[at : at + size]))
            at += size
    chance.shuffle(made)
    return made


def done(client: redis.Redis) -> int:
    """Count the rows that have an outcome."""
    return sum(sum(outcomes(client, source).values()) for source in SOURCES)


async def prepared(store: Store, now_ms: int) -> Model:
    """Give the store and the model the same network, stock and holds."""
    model = Model(now_ms, 7 * DAY_MS, 300_000)
    model.apply_network(network())
    await store.networks.apply(json.dumps(network()))
    counts = opening(now_ms)
    await store.inventory.apply(counts)
    for fact in counts:
        model.fact(fact)
    for request in requests():
        await store.reservations.reserve(request)
        model.reserve(request)
    return model


async def test_killed_at_any_moment(valkey: ValkeyProcess, store_url: str) -> None:
    """36 kills under a mixed feed: positions are the model's, and outcomes add up to the rows."""
    chance = random.Random(SEED)
    now_ms = time.time_ns() // 1_000_000
    told = facts(chance, now_ms)
    feed = entries(chance, list(told))
    pushed = {s: sum(len(rows) for source, rows in feed if source == s) for s in SOURCES}
    with valkey.client() as client, ForkedWorkers(store_url) as crew:
        async with attached(load_settings(store=store_url), store_url) as store:
            model = await prepared(store, now_ms)
            for _ in range(WORKERS):
                crew.start()

            async def all_done() -> bool:
                return not waiting(client, SOURCES)

            for kill in range(KILLS):
                part = feed[kill * len(feed) // KILLS : (kill + 1) * len(feed) // KILLS]
                for source, rows in part:
                    push(client, source, rows)
                wanted = done(client) + chance.randrange(1, 200)

                async def reached(wanted: int = wanted) -> bool:
                    return done(client) >= wanted or not waiting(client, SOURCES)

                await eventually_async(reached)
                crew.kill(chance.randrange(WORKERS))
                crew.start()
                if kill % 4 == 0:  # others finish what it has in hand, then it wants to
                    with crew.paused(0):
                        await eventually_async(all_done)
            await eventually_async(all_done, 60.0)
            crew.terminate()
            assert pushed == {s: sum(outcomes(client, s).values()) for s in SOURCES}
            for source in SOURCES:
                group = client.xinfo_groups(PARTITION.waiting(source))[0]
                assert 0 == group["pending"]
                assert not client.exists(PARTITION.begun(source))
            for fact in told:
                model.fact(fact)
            for sku in SKUS:
                assert model.list_positions(sku) == (await store.inventory.positions(sku))[0], sku
            assert [] == [
                found async for seen in verify(store.runner) for found in seen.differences
            ]
