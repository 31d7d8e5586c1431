"""A service whose clock is wrong sells by the right time: the store's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from support.arena import FR, network
from support.client import Want, event, state_of
from support.service import ServiceProcess, service

if TYPE_CHECKING:
    from support.server import ValkeyProcess

SKU: Final = "TIME"
HOUR_S: Final = 3_600
TTL_MS: Final = 60_000


async def test_clock_of_a_service_decides_nothing(valkey: ValkeyProcess, store_url: str) -> None:
    """An hour ahead, a service neither expires what others hold nor holds longer itself.

    What it is told is judged by the store's clock too: its own hour would be IN_FUTURE.
    """
    async with (
        service(store_url) as right,
        ServiceProcess(store_url, clock_ahead_s=HOUR_S) as process,
        process.client() as wrong,
    ):
        await right.client.apply_network(network())
        await right.client.count(SKU, "DC", 10)
        await right.client.reserve("of the right one", FR, Want(SKU), ttl_ms=TTL_MS)
        held = await wrong.reserve("of the wrong one", FR, Want(SKU), ttl_ms=TTL_MS)

        with valkey.client() as redis:
            now_ms = redis.time()[0] * 1_000
        expire_ms = held.reservation.expire_time.ToMilliseconds()
        assert now_ms - TTL_MS < expire_ms <= now_ms + TTL_MS + 1_000
        for client in (right.client, wrong):
            for name in ("of the right one", "of the wrong one"):
                assert "HELD" == state_of(await client.get(name))
        now_us = time.time_ns() // 1_000
        assert ["APPLIED", "REJECTED"] == await wrong.apply(
            event(SKU, "DC", observe_us=now_us, delta_quantity=1),
            event(SKU, "DC", observe_us=now_us + HOUR_S * 1_000_000, delta_quantity=1),
        )
        assert [9] == await wrong.sellable(FR, SKU)
        assert [] == await wrong.differences()
