"""A protection window comes and goes by itself, on every SKU that is asked for, at its time."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sellable.limits import RETENTION_MS_DEFAULT
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store
from support.arena import FR, bought, network
from support.client import Want, event
from support.moments import switches
from support.service import services
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client

# 100,000 is the size that the product promises; it takes a minute.
SKUS: Final = int(os.environ.get("SELLABLE_TEST_SKUS", "2000"))
SKUS_PER_READ: Final = 500
ON_HAND: Final = 10
KEPT: Final = 4
LEAD_MS: Final = 2_000
LENGTH_MS: Final = 3_000 + SKUS // 10_000 * 1_000  # every SKU can be asked for while it lasts
LAG_MS_MAX: Final = 1_000


def now_ms() -> int:
    """Return the time of this machine, which is the engine's too."""
    return time.time_ns() // 1_000_000


def document(start_ms: int, end_ms: int) -> dict[str, Any]:
    """Write a network whose web/FR keeps units back in between."""
    start, end = (datetime.fromtimestamp(ms / 1_000, UTC).isoformat() for ms in (start_ms, end_ms))
    rule = {"market": FR, "protection_buffer": KEPT, "from": start, "until": end, "name": "peak"}
    return network() | {"protections": [rule]}


async def read_all(client: Client) -> AsyncIterator[tuple[int, int, set[int]]]:
    """Read every SKU in pages; yield when each was asked for and answered, and its numbers."""
    for first in range(0, SKUS, SKUS_PER_READ):
        skus = [f"S{number}" for number in range(first, min(SKUS, first + SKUS_PER_READ))]
        begun_ms = now_ms()
        numbers = set(await client.sellable(FR, *skus))
        yield begun_ms, now_ms(), numbers


def possible(begun_ms: int, ended_ms: int, start_ms: int, end_ms: int) -> set[int]:
    """Return the numbers that a page may tell that was asked for and answered at these times."""
    found = set()
    if begun_ms < start_ms + LAG_MS_MAX or ended_ms >= end_ms:
        found.add(ON_HAND)
    if ended_ms >= start_ms and begun_ms < end_ms + LAG_MS_MAX:
        found.add(ON_HAND - KEPT)
    return found


async def ask_for_all(client: Client, start_ms: int, end_ms: int) -> list[set[int]]:
    """Read every SKU again and again until the window is over; return what each round told."""
    rounds: list[set[int]] = []
    while not rounds or now_ms() < end_ms + LAG_MS_MAX or rounds[-1] != {ON_HAND}:
        told: set[int] = set()
        async for begun_ms, ended_ms, numbers in read_all(client):
            assert numbers <= possible(begun_ms, ended_ms, start_ms, end_ms)
            told |= numbers
        rounds.append(told)
    return rounds


async def reserve_within(client: Client, start_ms: int) -> None:
    """Hold at most what the window leaves, as soon as it has begun."""

    async def begun() -> bool:
        return now_ms() >= start_ms

    await eventually_async(begun)
    assert not await bought(client.reserve("big", FR, Want("TILL", ON_HAND - KEPT + 1)))
    assert await bought(client.reserve("fits", FR, Want("TILL", ON_HAND - KEPT)))
    await client.release("fits")


async def test_window_comes_and_goes_at_its_time(store_url: str) -> None:
    """No number is old a second after its time, while thousands are rolled out; one switch each.

    The anomaly: numbers that change only as the roll-out comes to them.
    """
    async with (
        await Connection.open(store_url) as connection,
        services(store_url, 3) as (one, other, third),
        one.client() as operator,
        other.client() as shop,
        third.client() as till,
    ):
        await operator.apply_network(network())
        for first in range(0, SKUS, 1_000):
            last = min(SKUS, first + 1_000)
            facts = [event(f"S{n}", "DC", on_hand_quantity=ON_HAND) for n in range(first, last)]
            assert {"APPLIED"} == set(await operator.apply(*facts))
        await operator.count("TILL", "DC", ON_HAND)
        start_ms = (now_ms() + LEAD_MS) // 1_000 * 1_000  # documents know whole seconds
        end_ms = start_ms + LENGTH_MS
        await operator.apply_network(document(start_ms, end_ms))
        rounds, _ = await asyncio.gather(
            ask_for_all(shop, start_ms, end_ms), reserve_within(till, start_ms)
        )
        assert {ON_HAND - KEPT} in rounds

        async def rolled_out() -> bool:
            return await operator.rollout_fraction() == 1.0

        await eventually_async(rolled_out, 120)
        retention = Retention(retention_ms=RETENTION_MS_DEFAULT, ledger_entries_max=1_000_000)
        store = await Store.attach(connection, retention=retention)
        assert ["schedule"] * 2 == await switches(store)
        assert [] == await operator.differences("TILL")
