"""Feeds take a part of the engine while clients are answered, and all of it otherwise."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from sellable.store.courtesy import WORK_MAX, Courtesy, note_clients
from support.arena import FR, network
from support.feed_rows import SOURCE, chunked, deltas, fed_store, total
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.store import Store


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with a network, and compare its counters in the end."""
    async with fed_store(store_url) as opened:
        yield opened


async def _resting_s(courtesy: Courtesy, took_s: float) -> float:
    begun_s = time.perf_counter()
    await courtesy.rest(took_s)
    return time.perf_counter() - begun_s


async def test_a_feed_alone_rests_never(store: Store) -> None:
    """Where nobody is answered three scripts are under way, as large as they may be."""
    courtesy = Courtesy(store.runner)
    await courtesy.rest(1.0)
    assert (False, 3, WORK_MAX) == (
        courtesy.beside_clients,
        courtesy.scripts_at_once,
        courtesy.work_max,
    )


async def test_a_feed_beside_clients_leaves_two_thirds(store: Store) -> None:
    """While a service notes clients, scripts are small, one at a time, with a rest after each."""
    await store.runner.connection.execute("SET", store.runner.partition.asked, 1)
    courtesy = Courtesy(store.runner)
    assert await _resting_s(courtesy, 0.01) >= 0.02
    assert (1, True) == (courtesy.scripts_at_once, courtesy.work_max < WORK_MAX)
    assert await _resting_s(courtesy, 60.0) < 1.0


async def test_a_log_goes_on_beside_clients(store: Store) -> None:
    """The note changes how fast rows are applied, and not what becomes of them."""
    rows = deltas(300)
    applied = 0
    async with aclosing(store.feeds.apply_all(SOURCE, "f1", 0, chunked(rows, 50))) as answers:
        async for answer in answers:
            applied += len(answer.results)
            await store.runner.connection.execute("SET", store.runner.partition.asked, 1)
    assert (300, 270) == (applied, await total(store))


async def test_a_service_notes_that_it_answers_clients(store_url: str) -> None:
    """The note is there while clients ask, and goes away by itself when they stop."""
    async with service(store_url) as running:
        await running.client.apply_network(network())
        connection, asked = running.store.runner.connection, running.store.runner.partition.asked
        assert not await connection.execute("EXISTS", asked)

        async def noted() -> bool:
            await asyncio.gather(*(running.client.sellable(FR, f"S{at}") for at in range(20)))
            return bool(await connection.execute("EXISTS", asked))

        async def gone() -> bool:
            return not await connection.execute("EXISTS", asked)

        await eventually_async(noted)
        await eventually_async(gone)


async def test_one_of_many_workers_notes_its_share(store: Store) -> None:
    """Ten workers that are each asked a little are together asked a lot."""
    connection, asked = store.runner.connection, store.runner.partition.asked

    async def noted() -> bool:  # one command every few ms: far below what a single process notes
        return bool(await connection.execute("EXISTS", asked))

    noting = asyncio.ensure_future(note_clients(store.runner, workers=10))
    await eventually_async(noted)
    noting.cancel()
