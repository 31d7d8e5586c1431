"""Observation times that are kept are those of the store, whatever is counted meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.stock import Fact, FactKind
from sellable.store import ages
from sellable.store.ages import Ages
from sellable.store.observed import oldest_counts
from sellable.store.syncs import SyncHeader
from sellable.store.view import MarketMeta
from support.connections import answers
from support.server import ValkeyProcess
from support.stocking import store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.store import Store

FR: Final = "web/FR"
_KEPT_MS: Final = 24 * 3_600_000  # the facts are of when this file was read
META: Final = MarketMeta(complete=True, epoch=1, version=1, low_stock_threshold=5)
SKUS: Final = [f"SKU-{n}" for n in range(20)]
BEGIN_US: Final = time.time_ns() // 1_000 - 10_000_000
NETWORK: Final = """
locations:
  - {id: DC, type: warehouse, country: FR}
  - {id: SHOP, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC, SHOP]}
"""


def count(sku: str, location: str, observe_us: int, quantity: int = 1) -> Fact:
    """Make a count."""
    return Fact(
        kind=FactKind.COUNT,
        event_id=f"{location}-{sku}-{observe_us}",
        source="test",
        sku=sku,
        location=location,
        observe_us=observe_us,
        quantity=quantity,
    )


class Reader:
    """Asks as the hot path does: what was counted first, then the numbers, then the times."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ages = Ages(store.runner)
        self.asked = 0

    async def times(self, skus: Sequence[str], meta: MarketMeta = META) -> list[int]:
        """Return the times, and count those that were not known."""
        self.ages.follow()
        await self.store.runner.connection.execute("PING")  # stands for the numbers
        known: list[Any] = self.ages.known(FR, meta, skus)
        missing = [at for at, told in enumerate(known) if told is None]
        self.asked += len(missing)
        for at, told in zip(
            missing, await self.ages.ask(FR, [skus[at] for at in missing]), strict=True
        ):
            known[at] = told
        return [age.observe_us for age in known]


@asynccontextmanager
async def counted(url: str) -> AsyncIterator[Reader]:
    """Give a store with a network in which every SKU was counted once."""
    async with store_at(url, retention_ms=_KEPT_MS) as store:
        await store.networks.apply(NETWORK)
        await store.inventory.apply([count(sku, "DC", BEGIN_US + n) for n, sku in enumerate(SKUS)])
        yield Reader(store)


async def truth(reader: Reader) -> list[int]:
    """Return what the scripts say."""
    return await oldest_counts(reader.store.runner, FR, SKUS)


async def test_what_is_known_is_not_asked_again(store_url: str) -> None:
    """Once asked, times are answered without a script until the SKU is counted again."""
    async with counted(store_url) as reader:
        assert [BEGIN_US + n for n in range(20)] == await reader.times(SKUS) == await truth(reader)
        assert 20 == reader.asked
        assert await reader.times(SKUS) == await truth(reader)
        assert 20 == reader.asked
        await reader.store.inventory.apply([count("SKU-7", "DC", BEGIN_US + 100)])
        assert BEGIN_US + 100 == (await reader.times(SKUS))[7]
        assert 21 == reader.asked


@pytest.mark.parametrize("guarded", [False, True])
async def test_without_following_times_would_be_old(store_url: str, *, guarded: bool) -> None:
    """The anomaly: who does not read what was counted answers a time that is none any more."""
    async with counted(store_url) as reader:
        await reader.times(SKUS)
        if not guarded:
            reader.ages.follow = lambda: None  # type: ignore[method-assign]
        await reader.store.inventory.apply([count("SKU-7", "DC", BEGIN_US + 100)])
        assert guarded == (await reader.times(SKUS) == await truth(reader))


async def _older_at_another_location(store: Store) -> None:
    await store.inventory.apply([count("SKU-3", "SHOP", BEGIN_US - 5)])


async def _deleted(store: Store) -> None:
    await store.inventory.delete_skus(["SKU-3"])


async def _counted_as_a_whole(store: Store) -> None:
    header = SyncHeader(
        sync_id="S", source="wms", location="DC", observe_us=BEGIN_US + 500, max_zeroed_fraction=1.0
    )
    begun = await store.syncs.begin(header)
    begun = await store.syncs.add(begun, 0, [("SKU-4", 2)])
    await store.syncs.commit(begun, 1)


async def _emptied(store: Store) -> None:
    await store.runner.connection.execute("DEL", store.runner.partition.rebased)
    await _older_at_another_location(store)
    await store.runner.connection.execute("DEL", store.runner.partition.rebased)


async def _counted_often(store: Store) -> None:
    for n in range(ages.BEHIND_MAX + 10):
        await store.inventory.apply([count(f"SKU-{n % 20}", "DC", BEGIN_US + 1_000 + n)])


@pytest.mark.parametrize(
    "change",
    [_older_at_another_location, _counted_as_a_whole, _deleted, _emptied, _counted_often],
    ids=lambda change: change.__name__.strip("_"),
)
async def test_times_follow_every_change(store_url: str, change: Any) -> None:
    """Whatever sets or removes a base is noticed, also where the stream lost the place."""
    async with counted(store_url) as reader:
        await reader.times(SKUS)
        before = await truth(reader)
        await change(reader.store)
        after = await truth(reader)
        assert before != after
        for _ in range(3):
            assert after == await reader.times(SKUS)


async def test_times_follow_a_store_that_was_away() -> None:
    """After a reconnect nothing is trusted that was known before."""
    with ValkeyProcess() as server:
        async with counted(server.url) as reader:
            await reader.times(SKUS)
            server.kill()
            server.start()  # empty
            await eventually_async(lambda: answers(reader.store.runner.connection))
            assert [0] * 20 == await reader.times(SKUS)


async def test_another_network_forgets(store_url: str) -> None:
    """Under another network the market's locations may be others."""
    async with counted(store_url) as reader:
        await reader.times(SKUS)
        await reader.times(SKUS, META._replace(epoch=2))
        assert 40 == reader.asked


async def test_no_more_is_kept_than_stated(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is asked for everything does not grow for ever, and stays right."""
    monkeypatch.setattr(ages, "KEPT_MAX", 8)
    async with counted(store_url) as reader:
        for start in range(0, 20, 5):
            some = SKUS[start : start + 5]
            assert [BEGIN_US + n for n in range(start, start + 5)] == await reader.times(some)
            assert sum(len(kept.ages) for kept in reader.ages._markets.values()) <= 8


async def test_readers_beside_writers_see_every_acknowledged_count(store_url: str) -> None:
    """Many readers of one process while another connection counts: never older than it was told."""
    choose = random.Random(7)
    async with counted(store_url) as reader, store_at(store_url, retention_ms=_KEPT_MS) as writer:
        acknowledged = {sku: BEGIN_US + n for n, sku in enumerate(SKUS)}
        issued = dict(acknowledged)
        writing = True

        async def write(of: list[str]) -> None:
            for n in range(150):
                some = choose.sample(of, 3)
                facts = [count(sku, "DC", BEGIN_US + 1_000 + n) for sku in some]
                issued.update({fact.sku: fact.observe_us for fact in facts})
                await writer.inventory.apply(facts)
                acknowledged.update({fact.sku: fact.observe_us for fact in facts})

        async def read() -> None:
            while writing:
                some = choose.sample(SKUS, 5)
                least = [acknowledged[sku] for sku in some]
                told = await reader.times(some)
                for sku, low, at in zip(some, least, told, strict=True):
                    assert low <= at <= issued[sku]

        reading = [asyncio.ensure_future(read()) for _ in range(20)]
        await asyncio.gather(*[write(SKUS[n::4]) for n in range(4)])
        writing = False
        await asyncio.gather(*reading)
        assert await reader.times(SKUS) == await truth(reader)
        assert reader.asked > 20
