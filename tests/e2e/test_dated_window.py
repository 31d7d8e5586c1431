"""A protection window comes and goes by itself, on every SKU that is asked for, at its time."""

from __future__ import annotations

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
    from support.client import Client

# 100,000 is the size that the product promises; it takes a minute.
SKUS: Final = int(os.environ.get("SELLABLE_TEST_SKUS", "2000"))
SKUS_PER_READ: Final = 500
ON_HAND: Final = 10
KEPT: Final = 4
LEAD_MS: Final = 2_000
LENGTH_MS: Final = 3_000
LAG_MS_MAX: Final = 1_000


def now_ms() -> int:
    """Return the time of this machine, which is the engine's too."""
    return time.time_ns() // 1_000_000


def document(start_ms: int, end_ms: int) -> dict[str, Any]:
    """Write a network whose web/FR keeps units back in between."""
    start, end = (datetime.fromtimestamp(ms / 1_000, UTC).isoformat() for ms in (start_ms, end_ms))
    rule = {"market": FR, "protection_buffer": KEPT, "from": start, "until": end, "name": "peak"}
    return network() | {"protections": [rule]}


async def read_all(client: Client) -> tuple[int, int, set[int]]:
    """Read every SKU; return when that began and ended, and which numbers there are."""
    begun_ms = now_ms()
    found: set[int] = set()
    for first in range(0, SKUS, SKUS_PER_READ):
        last = min(SKUS, first + SKUS_PER_READ)
        found |= set(await client.sellable(FR, *(f"S{number}" for number in range(first, last))))
    return begun_ms, now_ms(), found


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
        start_ms = (now_ms() + LEAD_MS) // 1_000 * 1_000  # documents know whole seconds
        end_ms = start_ms + LENGTH_MS
        await operator.apply_network(document(start_ms, end_ms))
        assert {ON_HAND} == (await read_all(shop))[2]

        lags = []
        for moment_ms, before, after in (
            (start_ms, ON_HAND, ON_HAND - KEPT),
            (end_ms, ON_HAND - KEPT, ON_HAND),
        ):
            told = {before}
            while told != {after}:
                begun_ms, ended_ms, told = await read_all(shop)
                assert told <= {before, after}
                assert told == {before} or ended_ms >= moment_ms
                assert told == {after} or begun_ms < moment_ms + LAG_MS_MAX
            lags.append(begun_ms - moment_ms)
            if after < before:
                assert not await bought(till.reserve("big", FR, Want("S0", after + 1)))
                assert await bought(till.reserve("fits", FR, Want("S0", after)))
                await till.release("fits")
        assert max(lags) < LAG_MS_MAX

        async def rolled_out() -> bool:
            return await operator.rollout_fraction() == 1.0

        await eventually_async(rolled_out, 60)
        retention = Retention(retention_ms=RETENTION_MS_DEFAULT, ledger_entries_max=1_000_000)
        store = await Store.attach(connection, retention=retention)
        assert ["schedule"] * 2 == await switches(store)
        assert [] == await operator.differences("S0")
