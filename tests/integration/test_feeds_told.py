"""What operators are told of feeds: outcomes, lags and silence, over both transports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.stock import FactKind
from sellable.store import feed_list
from sellable.store.keys import Partition
from sellable.v1 import operations_pb2 as pb
from support.client import CALL_S_MAX, event
from support.feeding import (
    fact,
    feed,
    feeds_of,
    outcomes,
    refused,
)

if TYPE_CHECKING:
    import pytest

    from support.server import ValkeyProcess
    from support.service import Service

KEYS: Final = Partition("0")


async def test_every_row_is_told_by_its_outcome(fed: Service, clock: list[int]) -> None:
    """Counters, ages and locations are those of the rows, and rows are what the outcomes add to."""
    now_us = clock[0] * 1_000
    count = fact("A", "DC", 5, kind=FactKind.COUNT, observe_us=now_us - 60)
    late = fact("A", "DC", 5, kind=count.kind, observe_us=now_us - 90)
    sold = fact("A", "SHOP", -1, observe_us=now_us - 50)
    far = fact("A", "NOWHERE", 1, observe_us=now_us - 10)
    await feed(fed.store, [count, late, sold, sold, far, refused("{")])
    told = (await feeds_of(fed.client))["wms"]
    assert {"applied": 2, "stale": 1, "duplicate": 1, "rejected": 2} == outcomes(told)
    assert (2, 0, False, 600_000) == (
        told.dead_letter_count,
        told.lag_count,
        told.silent,
        told.silent_after_ms,
    )
    assert now_us - 50 == told.newest_observe_time.ToMicroseconds()
    assert clock[0] == told.last_row_time.ToMilliseconds()
    assert not told.HasField("oldest_waiting_time")
    assert [("DC", now_us - 60), ("SHOP", now_us - 50)] == [
        (each.location, each.newest_observe_time.ToMicroseconds()) for each in told.locations
    ]


async def test_calls_count_as_feeds(fed: Service) -> None:
    """What a back end sends by ApplyInventory is told under its name, and keeps no letters."""
    sent = [event("A", "DC", delta_quantity=1, source="erp"), event("A", "NOWHERE", source="erp")]
    sent[1].delta_quantity = 1
    await fed.client.apply(*sent)
    told = (await feeds_of(fed.client))["erp"]
    assert {"applied": 1, "rejected": 1} == outcomes(told)
    assert 0 == told.dead_letter_count


async def test_a_feed_is_silent_after_its_interval(fed: Service, clock: list[int]) -> None:
    """The clock of the store decides, to the millisecond; a row ends the silence."""
    await feed(fed.store, [fact("A", "DC")])
    await feed(fed.store, [fact("A", "DC", source="pos")], source="pos")
    for ms, silent in ((600_000, False), (1, True)):
        clock[0] += ms
        told = await feeds_of(fed.client)
        assert (silent, False) == (told["wms"].silent, told["pos"].silent)
    await feed(fed.store, [fact("A", "DC", observe_us=clock[0] * 1_000)])
    assert not (await feeds_of(fed.client))["wms"].silent


async def test_a_feed_may_bring_its_own_interval(fed: Service, clock: list[int]) -> None:
    """What a profile of its files says holds where the settings say nothing, and only there."""
    for source in ("wms", "erp"):
        await fed.store.feed_list.note_interval(source, 1_000)
        await feed(fed.store, [fact("A", "DC", source=source)], source=source)
    clock[0] += 1_001
    told = await feeds_of(fed.client)
    assert (False, 600_000) == (told["wms"].silent, told["wms"].silent_after_ms)
    assert (True, 1_000) == (told["erp"].silent, told["erp"].silent_after_ms)


async def test_a_feed_that_never_came_is_missed(fed: Service) -> None:
    """A source that the settings name in full is told of before its first row."""
    told = (await feeds_of(fed.client))["missing"]
    assert (True, 0, 3_600_000) == (told.silent, told.row_count, told.silent_after_ms)
    assert not told.HasField("last_row_time")


async def test_what_waits_is_told(fed: Service, valkey: ValkeyProcess) -> None:
    """Entries that no worker took are a lag, also of a source that nobody ever heard of."""
    with valkey.client() as client:
        client.xadd(KEYS.waiting("pos-7"), {"event": "{}"}, id="1700000000000-0")
        client.xadd(KEYS.waiting("pos-7"), {"event": "{}"})
        client.xadd(f"{KEYS.waiting('')}no\x07name", {"event": "{}"})
    told = await feeds_of(fed.client)
    assert {"missing", "pos-7", "wms"} == set(told)
    assert (2, 0) == (told["pos-7"].lag_count, told["pos-7"].row_count)
    assert 1_700_000_000_000 == told["pos-7"].oldest_waiting_time.ToMilliseconds()
    with valkey.client() as client:
        client.delete(KEYS.waiting("pos-7"))
    assert {"missing", "pos-7", "wms"} == set(await feeds_of(fed.client))
    assert {"missing", "wms"} == set(await feeds_of(fed.client))  # an empty one is forgotten


async def test_a_large_store_is_looked_over_in_parts(
    fed: Service, valkey: ValkeyProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call looks at a bounded number of keys, and the next one goes on."""
    monkeypatch.setattr(feed_list, "_SCANS_PER_CALL", 1)
    monkeypatch.setattr(feed_list, "_KEYS_PER_SCAN", 10)
    with valkey.client() as client:
        for number in range(300):
            client.set(f"{{0}}:other:{number}", 1)
        client.xadd(KEYS.waiting("pos-7"), {"event": "{}"})
    calls = 1
    while "pos-7" not in await feeds_of(fed.client):
        calls += 1
        assert calls < 200


async def test_sources_come_in_pages(fed: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source is there once, by name; many locations make pages shorter, never empty."""
    names = [f"pos-{number:03}" for number in range(25)]
    for name in names:
        rows = [fact("A", location, source=name) for location in ("DC", "SHOP")]
        await feed(fed.store, rows, source=name)

    async def pages(size: int) -> list[list[str]]:
        found, token = [], ""
        while True:
            request = pb.ListFeedsRequest(page_size=size, page_token=token)
            page = await fed.client.operations.ListFeeds(request, timeout=CALL_S_MAX)
            found.append([each.source for each in page.feeds])
            token = page.next_page_token
            if not token:
                return found

    every = sorted([*names, "missing", "wms"])
    assert [every[:10], every[10:20], every[20:]] == await pages(10)
    assert [every] == await pages(0)
    monkeypatch.setattr(feed_list, "FEED_LOCATIONS_MAX", 3)
    short = await pages(10)
    assert every == [name for page in short for name in page]
    assert max(map(len, short)) <= 3
    monkeypatch.setattr(feed_list, "FEED_LOCATIONS_MAX", 1)
    told = (await feeds_of(fed.client))["pos-000"]
    assert ["DC"] == [each.location for each in told.locations]  # the one that is silent longest
