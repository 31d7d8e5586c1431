"""Entries of a source's stream: each is applied and counted once, by whoever has it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from sellable.store import applying, courtesy
from sellable.store.feeds import OUTCOMES, Entry
from support.feed_rows import SOURCE, counted, deltas, fed_store, feed, letters, put_in, total

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.store import Store


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with a network, and compare its counters in the end."""
    async with fed_store(store_url) as opened:
        yield opened


async def test_entries_are_applied_once_by_two_workers(store: Store) -> None:
    """Two workers have the same entries: each row is applied and counted by one of them."""
    await put_in(store, 30)
    entries = [Entry(f"{at}-0", deltas(300)[10 * at - 10 : 10 * at]) for at in range(1, 31)]
    both = await asyncio.gather(
        store.feeds.apply_entries(SOURCE, entries),
        store.feeds.apply_entries(SOURCE, entries[::-1]),
    )
    assert 300 == sum(len(answer.results) for answers in both for answer in answers)
    assert {f"{at}-0": 1 for at in range(1, 31)} == {
        entry: sum(answer.id == entry and not answer.gone for half in both for answer in half)
        for entry, _ in entries
    }
    assert (300, 270) == (await counted(store), await total(store))
    runner = store.runner
    assert 0 == await runner.connection.execute("XLEN", runner.partition.waiting(SOURCE))
    assert 0 == await runner.connection.execute("EXISTS", runner.partition.begun(SOURCE))


@pytest.mark.parametrize("work_max", [1, 60, 1_500])
async def test_large_entries_are_applied_by_bounded_scripts(
    store: Store, work_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that is cut goes on where it was; its answer has every row."""
    monkeypatch.setattr(courtesy, "WORK_MAX", work_max)
    await put_in(store, 4)
    rows = deltas(400)
    entries = [
        Entry("1-0", rows[:300]),
        Entry("2-0", []),
        Entry("3-0", rows[300:301]),
        Entry("4-0", rows[301:]),
    ]
    answers = await store.feeds.apply_entries(SOURCE, entries)
    assert [(each.id, 0, len(each.rows), False) for each in entries] == [
        (answer.id, answer.first, len(answer.results), answer.gone) for answer in answers
    ]
    assert (400, 360) == (await counted(store), await total(store))
    assert 40 == len(await letters(store))


async def test_an_entry_that_a_dead_worker_began_is_finished(
    store: Store,
) -> None:
    """Who takes an entry over answers for the rows that were left, and counts only those."""
    await put_in(store, 1)
    rows = deltas(30)
    queue = {"source": SOURCE, "entries": [["1-0", 0, 30, False]]}
    await applying.apply_rows(
        store.runner, rows, 5_000, work_max=200, keep_rejected=True, queue=queue
    )
    begun = await counted(store)
    assert 0 < begun < 30
    (answer,) = await store.feeds.apply_entries(SOURCE, [Entry("1-0", rows)])
    assert (begun, 30 - begun, False) == (answer.first, len(answer.results), answer.gone)
    assert (30, 27) == (await counted(store), await total(store))


async def test_an_entry_is_gone_where_there_is_no_stream(store: Store) -> None:
    """Nothing waits: nothing is applied."""
    (answer,) = await store.feeds.apply_entries(SOURCE, [Entry("1-0", deltas(3))])
    assert (True, []) == (answer.gone, answer.results)
    assert -1 == await store.feeds.give_up(SOURCE, "1-0", deltas(3), "poison")
    assert {} == await feed(store)


async def test_what_is_given_up_is_dead_once(store: Store) -> None:
    """An entry that nobody could apply leaves letters, also a large one, and never comes back."""
    await put_in(store, 1)
    rows = deltas(500)
    given_up = await asyncio.gather(
        store.feeds.give_up(SOURCE, "1-0", rows, "poison"),
        store.feeds.give_up(SOURCE, "1-0", rows, "poison"),
    )
    assert 500 == sum(max(count, 0) for count in given_up)
    kept = await letters(store)
    assert [list(msgspec.structs.astuple(row)) for row in rows] == [letter[0] for letter in kept]
    assert {("", "poison", 1, "dead")} == {tuple(letter[1:]) for letter in kept}
    assert {"dead": 500} == {n: c for n, c in (await feed(store)).items() if n in OUTCOMES}
    (answer,) = await store.feeds.apply_entries(SOURCE, [Entry("1-0", rows)])
    assert answer.gone
