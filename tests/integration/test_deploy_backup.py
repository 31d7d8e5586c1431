"""A backup that is copied while the store is written to, and even rewritten, is whole."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING, Final

import redis

from sellable.maintenance.verify import verify
from sellable.reservation import Line, ReserveRequest
from support.deployment import DEPLOY, DeployedStore
from support.server import ValkeyProcess
from support.stocking import count_all, store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from pathlib import Path

    from sellable.store.store import Store

_ADMIN: Final = "user admin on nopass allkeys allchannels +@all\n"
_BEFORE: Final = 200
_NETWORK: Final = """
locations:
  - {id: DC, type: warehouse, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC]}
"""


async def test_a_backup_is_the_store_of_one_moment(tmp_path: Path) -> None:
    """What was acknowledged before it began is in it, and every counter of it is right."""
    target = tmp_path / "backup"
    with DeployedStore(_ADMIN) as deployed:
        async with store_at(deployed.url) as store:
            await store.networks.apply(_NETWORK)
            await count_all(store, [f"S{at}" for at in range(500)], "DC", lambda _: 1_000_000)
            sold: list[str] = []
            selling = [asyncio.create_task(sell(store, sold, name)) for name in range(4)]

            async def enough() -> bool:
                return len(sold) >= _BEFORE

            await eventually_async(enough)
            before = list(sold)
            with redis.Redis.from_url(f"redis://admin:any@127.0.0.1:{deployed.port}") as admin:
                admin.bgrewriteaof()
            await asyncio.to_thread(backup, deployed.folder, target)
            for task in selling:
                task.cancel()
            await asyncio.gather(*selling, return_exceptions=True)
        assert len(sold) > len(before)  # it was written to all the while
    with ValkeyProcess("--appendonly", "yes", "--dir", str(target)) as restored:
        async with store_at(restored.url) as store:
            assert [] == [d async for step in verify(store.runner) for d in step.differences]
            for reservation_id in before:
                assert (await store.reservations.get(reservation_id)).reservation_id


async def sell(store: Store, sold: list[str], name: int) -> None:
    """Reserve until cancelled, and note what was acknowledged."""
    at = 0
    while True:
        request = ReserveRequest(
            reservation_id=f"cart-{name}-{at}",
            market="web/FR",
            lines=(Line(sku=f"S{at % 500}", quantity=1),),
            ttl_ms=600_000,
        )
        await store.reservations.reserve(request)
        sold.append(request.reservation_id)
        at += 1


def backup(data: Path, target: Path) -> None:
    """Run the script."""
    subprocess.run([DEPLOY / "backup.sh", data, target], check=True, capture_output=True)
