"""Tills report late, out of order and twice, workers are killed: what is left is right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from support.complete_journey import FOLDER, lines, sales
from support.stocking import store_at
from support.tills import Sale, Tills, Workers, differences, rows_told, synthetic

if TYPE_CHECKING:
    from support.server import ValkeyProcess

_DAY_MS: Final = 24 * 3600 * 1000
_SEED: Final = 4


async def replay(sold: list[Sale], url: str, valkey: ValkeyProcess, *, kills: int) -> None:
    """Replay sales by three workers of which some are killed, and compare every position."""
    tills = Tills(sold, time.time_ns() // 1_000)
    async with store_at(url, retention_ms=7 * _DAY_MS) as store:
        await store.networks.apply(tills.network())
        with valkey.client() as client:
            put = tills.put(client, seed=_SEED)
            with Workers(url, 3) as workers:
                workers.run_dry(client, kills=kills, seed=_SEED)
        assert kills == workers.killed
        assert [] == await differences(store, tills.left())
        told = await rows_told(store)
        assert put == told.total()
        assert 0 == told["rejected"] + told["given_up"] + told["unchanged"]
        # A repeat is a duplicate, or stale where a count overtook it.
        assert put - len(sold) - len(tills.positions) == told["duplicate"] + told["stale"]


async def test_tills_in_any_order(store_url: str, valkey: ValkeyProcess) -> None:
    """Sales of 20 stores over six days, shuffled with their counts, some twice: all is right."""
    await replay(synthetic(20, 300, 5_000, seed=_SEED), store_url, valkey, kills=6)


@pytest.mark.skipif(
    not FOLDER.exists(), reason="the Complete Journey data are not beside the checkout"
)
async def test_real_tills_in_any_order(store_url: str, valkey: ValkeyProcess) -> None:
    """A sample of a year of real tills comes to what a sum over its lines says."""
    await replay(sales(lines(rows=30_000)), store_url, valkey, kills=6)
