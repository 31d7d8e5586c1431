"""What is dated comes and goes by itself: once, whoever is there, and no old number is told."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import pytest

from sellable.errors import InsufficientStock
from sellable.maintenance.rollout import Rollout
from sellable.maintenance.verify import verify
from sellable.reservation import Line, ReserveRequest
from support.moments import (
    DE,
    FR,
    START_MS,
    Moment,
    count,
    network,
    sellable,
    stores,
    switches,
    window,
)

if TYPE_CHECKING:
    from sellable.store.store import Store

SKUS: Final = tuple(f"S{number}" for number in range(40))
PEAK: Final = {"market": FR, "protection_buffer": 4, **window(1_000, 2_000)}
MINUTE_MS: Final = 60_000


async def test_three_processes_switch_once(store_url: str) -> None:
    """At the very moment, readers and background work of three processes make one switch of it."""
    clock = Moment()
    async with stores(store_url, 3, clock) as opened:
        await opened[0].networks.apply(network(PEAK))
        await count(opened[0], 10, *SKUS)
        rollouts = [Rollout(store.runner) for store in opened]
        for after, expected, made in ((1_000, 6, 1), (2_000, 10, 2)):
            clock.after(after)
            work = [sellable(store, *SKUS) for store in opened for _ in range(5)]
            told = await asyncio.gather(*work, *(rollout.step() for rollout in rollouts))
            assert [[expected] * len(SKUS)] * len(work) == told[: len(work)]
            assert ["schedule"] * made == await switches(opened[1])
        await check(opened[0], *rollouts)


async def test_nobody_reads_a_number_of_before(store_url: str) -> None:
    """Whoever asks at the moment or later is told what holds from then on, before it is rolled out.

    The anomaly: a reader that trusts the view as long as the switch has not been made.
    """
    clock = Moment()
    async with stores(store_url, 3, clock) as opened:
        await opened[0].networks.apply(network(PEAK))
        await count(opened[0], 10, *SKUS)

        async def read(store: Store) -> None:
            for _ in range(60):
                # Asked under one time, answered under that one or a later one.
                before = clock.now_ms
                numbers = await sellable(store, *random.sample(SKUS, 3))
                allowed = {right(at - START_MS) for at in (before, clock.now_ms)}
                assert set(numbers) <= allowed

        async def pass_time() -> None:
            for after in range(900, 2_100, 25):
                clock.after(after)
                await opened[0].runner.connection.execute("PING")

        await asyncio.gather(pass_time(), *(read(store) for store in opened for _ in range(4)))
        clock.after(2_100)
        assert [10] * len(SKUS) == await sellable(opened[2], *SKUS)
        assert 2 == len(await switches(opened[0]))
        await check(opened[0])


def right(after_ms: int) -> int:
    """Return what may be sold of each SKU so long after the start."""
    return 6 if 1_000 <= after_ms < 2_000 else 10


async def test_no_order_passes_a_window(store_url: str) -> None:
    """64 orders at the very moment at which a buffer of 4 begins take exactly 6 of 10 units."""
    clock = Moment()
    async with stores(store_url, 3, clock) as opened:
        await opened[0].networks.apply(network(PEAK))
        await count(opened[0], 10, "S0")
        clock.after(1_000)

        async def buy(number: int) -> bool:
            line = Line(sku="S0", quantity=1)
            request = ReserveRequest(
                reservation_id=f"r{number}", market=FR, lines=(line,), ttl_ms=600_000
            )
            try:
                await opened[number % 3].reservations.reserve(request)
            except InsufficientStock:
                return False
            return True

        assert 6 == sum(await asyncio.gather(*map(buy, range(64))))
        assert ["schedule"] == await switches(opened[0])
        await check(opened[0])


async def test_first_read_after_a_switch_without_any_process(store_url: str) -> None:
    """A process that starts after the moment tells the right number at once."""
    clock = Moment()
    async with stores(store_url, 1, clock) as (store,):
        await store.networks.apply(network(PEAK))
        await count(store, 10, *SKUS)
    clock.after(1_500)
    async with stores(store_url, 1, clock) as (store,):
        assert [6] * len(SKUS) == await sellable(store, *SKUS)
        assert ["schedule"] == await switches(store)


async def test_several_switches_that_were_missed(store_url: str) -> None:
    """All of them are made in order, each told in the ledger, before the first number is told."""
    rules = [
        {"market": FR, "protection_buffer": number, **window(1_000 * number, 1_000 * (number + 1))}
        for number in range(1, 6)
    ]
    clock = Moment()
    async with stores(store_url, 1, clock) as (store,):
        await store.networks.apply(network(*rules))
        await count(store, 10, *SKUS)
    clock.after(5_500)
    async with stores(store_url, 2, clock) as opened:
        told = await asyncio.gather(*(sellable(store, *SKUS) for store in opened))
        assert [[5] * len(SKUS)] * 2 == told
        assert ["schedule"] * 5 == await switches(opened[0])
        clock.after(6_000)
        assert [10] * len(SKUS) == await sellable(opened[1], *SKUS)
        await check(opened[0])


async def test_market_closes_and_opens(store_url: str) -> None:
    """Outside of its window a market is known and sells nothing."""
    clock = Moment()
    async with stores(store_url, 1, clock) as (store,):
        await store.networks.apply(network(de=window(1_000, 2_000)))
        await count(store, 10, "S0", location="STORE")
        for after, expected in ((0, 0), (999, 0), (1_000, 10), (1_999, 10), (2_000, 0)):
            clock.after(after)
            assert [expected] == await sellable(store, "S0", market=DE)
            assert [10] == await sellable(store, "S0", market=FR)


@pytest.mark.parametrize(
    ("zone", "local", "instant_ms"),
    [
        # Clocks go from 02:00 to 03:00 in Paris and from 03:00 to 02:00 in autumn; New York and
        # Kolkata are of other offsets, one of them by half an hour.
        ("Europe/Paris", "2024-03-31T03:00:00", 1_711_846_800_000),
        ("Europe/Paris", "2024-10-27T02:30:00", 1_729_989_000_000),
        ("America/New_York", "2024-03-10T03:00:00", 1_710_054_000_000),
        ("Asia/Kolkata", "2024-01-01T00:00:00", 1_704_047_400_000),
    ],
)
async def test_local_windows_begin_by_their_zone(
    store_url: str, zone: str, local: str, instant_ms: int
) -> None:
    """A time without an offset is one of the market's clocks; an ambiguous start is the first."""
    clock = Moment(instant_ms - 1)
    rule = {"market": FR, "protection_buffer": 4, "from": local}
    async with stores(store_url, 1, clock) as (store,):
        await store.networks.apply(network(rule, fr={"time_zone": zone}))
        await count(store, 10, "S0")
        assert [10] == await sellable(store, "S0")
        clock.now_ms = instant_ms
        assert [6] == await sellable(store, "S0")


async def test_silent_feed_keeps_back_more_and_more(store_url: str) -> None:
    """Each silent period keeps two units back; when the feed speaks, all are for sale at once."""
    clock = Moment()
    patience = {"stale_after": "1m", "stale_protection_buffer": 2}
    async with stores(store_url, 3, clock) as opened:
        store = opened[0]
        await store.networks.apply(network(dc=patience))
        await count(store, 10, *SKUS)
        for periods in range(4):
            clock.after(periods * MINUTE_MS)
            told = await asyncio.gather(*(sellable(store, *SKUS) for store in opened))
            assert [[10 - 2 * periods] * len(SKUS)] * 3 == told
            assert ["staleness"] * periods == await switches(store)
        await count(store, 9, "S0")
        told = await asyncio.gather(*(sellable(store, *SKUS) for store in opened))
        assert [[9] + [10] * (len(SKUS) - 1)] * 3 == told
        assert ["staleness"] * 4 == await switches(store)
        await check(store)


async def test_silence_ends_for_those_who_only_watch(store_url: str) -> None:
    """The background work alone sees a silence begin and end."""
    clock = Moment()
    patience = {"stale_after": "1m", "stale_protection_buffer": 2}
    async with stores(store_url, 1, clock) as (store,):
        rollout = Rollout(store.runner)
        await store.networks.apply(network(dc=patience))
        await count(store, 10, "S0")
        for after, expected in ((90_000, b"8"), (91_000, b"10")):
            if expected == b"10":
                clock.after(90_001)
                await count(store, 10, "S0")
            clock.after(after)
            assert await rollout.step()
            view = store.runner.partition.view(FR)
            assert expected == await store.runner.connection.execute("HGET", view, "S0")


async def test_each_market_hears_of_its_own_silence(store_url: str) -> None:
    """A market is told of its location's silence, also where another falls silent sooner."""
    clock = Moment()
    patience = {"stale_after": "1m", "stale_protection_buffer": 2}
    async with stores(store_url, 1, clock) as (store,):
        await store.networks.apply(network(dc=patience, store=patience))
        for after, location in ((0, "DC"), (1_000, "STORE")):
            clock.after(after)
            await count(store, 10, "S0", location=location)
        clock.after(MINUTE_MS + 1_000)
        assert [8] == await sellable(store, "S0", market=DE)


async def check(store: Store, *rollouts: Rollout) -> None:
    """Let the roll-out end, by whoever leads it, and the store recompute its own counters."""
    assert any([await each.step() for each in rollouts or [Rollout(store.runner)]])
    assert [] == [d async for step in verify(store.runner) for d in step.differences]
