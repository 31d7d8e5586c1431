"""Rows of logs: each is applied and counted exactly once, whatever dies when."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
import pytest

from sellable import limits
from sellable.errors import StoreUnavailable
from sellable.stock import FactResult, Outcome
from sellable.store import courtesy
from sellable.store.feeds import OUTCOMES
from sellable.store.pipeline import OutOfStep
from support.feed_rows import (
    BAD,
    NOW_US,
    SOURCE,
    chunked,
    counted,
    delta,
    deltas,
    fed_store,
    feed,
    letters,
    total,
)
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.applying import Row
    from sellable.store.store import Store
    from support.server import ValkeyProcess


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with a network, and compare its counters in the end."""
    async with fed_store(store_url) as opened:
        yield opened


async def test_the_same_call_of_a_log_is_applied_once(store: Store) -> None:
    """A call whose reply was lost is out of step when it comes again, and nothing is counted."""
    rows = deltas(20)
    first = await store.feeds.apply_log(SOURCE, "f1", 0, rows)
    again = await store.feeds.apply_log(SOURCE, "f1", 0, rows)
    assert (20, 20) == (len(first.results), first.progress)
    assert ([], 20) == (again.results, again.progress)
    assert 20 == await counted(store)
    assert {"applied": 18, "rejected": 2} == {
        name: count for name, count in (await feed(store)).items() if name in OUTCOMES
    }
    assert 18 == await total(store)


async def test_rows_of_a_log_do_not_pass_those_before_them(store: Store) -> None:
    """Rows from behind a gap are not applied, and the answer says where the log is."""
    answer = await store.feeds.apply_log(SOURCE, "f1", 5, deltas(3))
    assert ([], 0) == (answer.results, answer.progress)
    assert {} == await feed(store)
    assert None is await store.feeds.log_state(SOURCE, "f1")


async def test_logs_of_two_names_or_sources_are_two(store: Store) -> None:
    """Each log begins with its own first row."""
    await store.feeds.apply_log(SOURCE, "f1", 0, [delta(1)])
    await store.feeds.apply_log(SOURCE, "f2", 0, [delta(1)])
    assert {"applied": 1, "duplicate": 1} == {
        name: count for name, count in (await feed(store)).items() if name in OUTCOMES
    }


async def test_a_log_says_how_far_it_is(store: Store) -> None:
    """Outcomes of a log add up to its rows; finished is said, and a restart begins anew."""
    await store.feeds.apply_log(SOURCE, "f1", 0, deltas(10))
    await store.feeds.finish_log(SOURCE, "f1")
    state = await store.feeds.log_state(SOURCE, "f1")
    assert state is not None
    assert (10, True) == (state.rows, state.finished)
    assert {**dict.fromkeys(OUTCOMES, 0), "applied": 9, "rejected": 1} == state.outcomes
    await store.feeds.restart_log(SOURCE, "f1")
    state = await store.feeds.log_state(SOURCE, "f1")
    assert state is not None
    assert (0, False, 0) == (state.rows, state.finished, sum(state.outcomes.values()))
    await store.feeds.apply_log(SOURCE, "f1", 0, deltas(10))
    assert 20 == await counted(store)
    assert 9 == await total(store)


async def test_refused_rows_of_a_log_are_kept_as_they_came(store: Store) -> None:
    """A letter has the row, the reason, what is wrong, and that it was tried once."""
    lost = msgspec.structs.replace(delta(1), location="NOWHERE")
    await store.feeds.apply_log(SOURCE, "f1", 0, [lost, BAD, delta(2)])
    unknown, bad = await letters(store)
    assert [list(msgspec.structs.astuple(BAD)), "INVALID_FIELD", "no digits", 1, "rejected"] == bad
    assert ("NOWHERE", "UNKNOWN_LOCATION") == (unknown[0][4], unknown[1])
    await store.feeds.apply_log(SOURCE, "f2", 0, [BAD], keep_rejected=False)
    assert 2 == len(await letters(store))


async def test_calls_of_clients_are_counted_by_source_and_keep_no_letters(store: Store) -> None:
    """Who sent a row over the API was told what became of it."""
    other = msgspec.structs.replace(delta(3), source="pos")
    lost = msgspec.structs.replace(delta(4), location="NOWHERE")
    await store.inventory.apply([delta(1), delta(1), other, lost])
    told = await feed(store)
    assert {"applied": 1, "duplicate": 1, "rejected": 1} == {
        name: count for name, count in told.items() if name in OUTCOMES
    }
    assert (NOW_US, NOW_US) == (told["newest_us"], told["l:DC"])
    assert [] == await letters(store)
    runner = store.runner
    names = await runner.connection.execute("ZRANGE", runner.partition.feeds, 0, -1)
    assert {b"pos", b"wms"} == set(names)


@pytest.mark.parametrize("work_max", [1, 60, 1_500])
async def test_a_log_goes_through_in_order_whatever_a_script_may_do(
    store: Store, work_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that stop early have those behind them sent again: no gap, and nothing twice."""
    monkeypatch.setattr(courtesy, "WORK_MAX", work_max)
    rows = deltas(1_234)
    results: list[FactResult] = []
    async for answer in store.feeds.apply_all(SOURCE, "f1", 0, chunked(rows)):
        results += answer.results
        assert answer.progress == len(results)
    refused = [at for at, result in enumerate(results) if result.outcome is Outcome.REJECTED]
    assert [at for at, row in enumerate(rows) if row is BAD] == refused
    assert 1_234 == len(results) == await counted(store)
    assert 1_111 == await total(store) == (await feed(store))["applied"]


async def test_answers_do_not_wait_for_rows_to_come(store: Store) -> None:
    """What was sent is answered while the next chunk is to come; empty ones do no harm."""
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[Sequence[Row]]:
        yield deltas(5)
        yield []
        await gate.wait()
        yield deltas(7)[5:]

    answers = store.feeds.apply_all(SOURCE, "f1", 0, slow())
    assert 5 == (await anext(answers)).progress
    gate.set()
    assert [7] == [answer.progress async for answer in answers]


async def test_nothing_comes_of_nothing(store: Store) -> None:
    """A log without rows has no answers."""
    assert [] == [answer async for answer in store.feeds.apply_all(SOURCE, "f1", 0, chunked([]))]
    assert {} == await feed(store)


async def test_a_log_that_somebody_else_applies_is_left_to_them(store: Store) -> None:
    """A second process finds the log elsewhere than it began, says where, and changes nothing."""
    await store.feeds.apply_log(SOURCE, "f1", 0, deltas(3))
    with pytest.raises(OutOfStep) as caught:
        async for _ in store.feeds.apply_all(SOURCE, "f1", 0, chunked(deltas(9))):
            pass
    assert 3 == caught.value.progress
    assert 3 == await counted(store)


async def test_a_reader_that_fails_says_so(store: Store) -> None:
    """What was sent before stays applied, and the log says how far it is."""

    async def broken() -> AsyncIterator[Sequence[Row]]:
        yield deltas(5)
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        async for _ in store.feeds.apply_all(SOURCE, "f1", 0, broken()):
            pass
    state = await store.feeds.log_state(SOURCE, "f1")
    assert state is None or state.rows == await counted(store)


async def test_whoever_leaves_early_leaves_a_log_that_goes_on(store: Store) -> None:
    """A process that dies between two answers is followed by one that asks how far the log is."""
    rows = deltas(600)
    async with aclosing(store.feeds.apply_all(SOURCE, "f1", 0, chunked(rows))) as answers:
        await anext(answers)
    state = await store.feeds.log_state(SOURCE, "f1")
    assert state is not None
    left = rows[state.rows :]
    async for _ in store.feeds.apply_all(SOURCE, "f1", state.rows, chunked(left)):
        pass
    assert (600, 540) == (await counted(store), await total(store))


async def test_a_lost_store_is_told_and_the_log_goes_on(
    store: Store, valkey: ValkeyProcess
) -> None:
    """The connection breaks at any moment: the rest is applied, and each row once."""
    rows, dice = deltas(3_000), random.Random(4)
    applied = 0

    async def connected() -> bool:
        return store.runner.connection.connected

    while applied < len(rows):
        try:
            state = await store.feeds.log_state(SOURCE, "f1")
            applied = state.rows if state else 0
            left = chunked(rows[applied:])
            async with aclosing(store.feeds.apply_all(SOURCE, "f1", applied, left)) as answers:
                async for answer in answers:
                    applied = answer.progress
                    if dice.random() < 0.3:
                        with valkey.client() as client:
                            client.execute_command("CLIENT", "KILL", "SKIPME", "yes")
        except StoreUnavailable:
            await eventually_async(connected)
    assert (3_000, 2_700) == (await counted(store), await total(store))
    state = await store.feeds.log_state(SOURCE, "f1")
    assert state is not None
    assert 3_000 == state.rows == sum(state.outcomes.values())


async def test_sources_that_were_silent_longest_are_forgotten(store: Store) -> None:
    """Of too many sources only those go of which nothing waits and no letter is kept."""
    runner = store.runner
    await store.feeds.apply_log("s1", "f1", 0, [BAD])
    for heard_ms, name in enumerate(("s1", "s2", "s3", SOURCE)):
        await store.inventory.apply([msgspec.structs.replace(delta(1), source=name)])
        await runner.connection.execute("ZADD", runner.partition.feeds, heard_ms, name)
    await runner.run("purge", 1)
    names = await runner.connection.execute("ZRANGE", runner.partition.feeds, 0, -1)
    assert [b"s1", SOURCE.encode()] == names
    assert 0 == await runner.connection.execute("EXISTS", runner.partition.feed("s2"))


async def test_sources_that_are_kept_hold_back_no_others(store: Store) -> None:
    """However many of the longest silent have letters, those behind them are forgotten."""
    runner = store.runner
    await store.inventory.apply(
        [msgspec.structs.replace(delta(1), source=f"s{at:03}") for at in range(150)]
    )
    for at in range(150):
        name = f"s{at:03}"
        await runner.connection.execute("ZADD", runner.partition.feeds, at, name)
        if at < 120:
            await store.feeds.apply_log(name, "f1", 0, [BAD])
            await runner.connection.execute("ZADD", runner.partition.feeds, at, name)
    for _ in range(3):
        await runner.run("purge", 10)
    assert 120 == await runner.connection.execute("ZCARD", runner.partition.feeds)


async def test_dead_letters_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more letters than are kept the oldest go, about."""
    monkeypatch.setattr(limits, "DEAD_LETTERS_MAX", 100)
    async for _ in store.feeds.apply_all(SOURCE, "f1", 0, chunked([BAD] * 800)):
        pass
    kept = await letters(store)
    assert 100 <= len(kept) < 400
