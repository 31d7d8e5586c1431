"""The deployment as processes: a store, two services, one address; one dies, one is drained."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import grpc
import pytest

from sellable.v1.inventory_pb2 import StreamInventoryRequest
from support.client import Client, Want, event
from support.command import Command
from support.deployment import HAPROXY, DeployedStore, Proxy, proxy
from support.service import ServiceProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")

_CALLERS: Final = 4
_ON_HAND: Final = 10_000_000
_NETWORK: Final = {
    "locations": [{"id": "DC", "type": "warehouse", "country": "FR"}],
    "markets": [{"channel": "web", "country": "FR", "locations": ["DC"]}],
}
_SETTINGS: Final[dict[str, Any]] = {"drain_notice_ms": 4_000, "drain_grace_ms": 3_000}


class Shoppers:
    """Clients that reserve one unit again and again, each call until it is answered.

    A refused call is sent again with the same reservation id, as integrators are told to.
    """

    def __init__(self, address: str) -> None:
        self.sold = 0
        self.refusals: Counter[str] = Counter()
        self._address = address
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let calls flow until a condition holds, and 100 more after it."""

        async def holds() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()  # what ended it
            return await asyncio.to_thread(condition)

        await eventually_async(holds)
        enough = self.sold + 100

        async def more() -> bool:
            return self.sold >= enough

        await eventually_async(more)

    async def _shop(self, name: int) -> None:
        async with Client(self._address) as client:
            at = 0
            while not self._stopping:
                await self._reserve(client, f"cart-{name}-{at}")
                at += 1

    async def _reserve(self, client: Client, reservation_id: str) -> None:
        while True:
            try:
                await client.reserve(reservation_id, "web/FR", Want("BAG"))
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self.refusals[error.details() or ""] += 1
            else:
                self.sold += 1
                return

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._shop(name)) for name in range(_CALLERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def deployed(
    *, second_notice_ms: int = _SETTINGS["drain_notice_ms"]
) -> AsyncIterator[tuple[Proxy, ServiceProcess, ServiceProcess]]:
    """Run the deployment, with stock."""
    with DeployedStore() as store:
        first = ServiceProcess(config=store.config, durability="fsync", **_SETTINGS)
        settings = {**_SETTINGS, "drain_notice_ms": second_notice_ms}
        second = ServiceProcess(config=store.config, durability="fsync", **settings)
        async with first, second:
            with proxy([first.address, second.address]) as front:
                async with Client(front.address) as client:
                    await client.apply_network(_NETWORK)
                    await client.count("BAG", "DC", _ON_HAND)
                yield front, first, second


async def audit(front: Proxy, sold: int) -> None:
    """Every counter is right, and as many units are reserved as clients were told."""
    async with Client(front.address) as client:
        positions = await client.positions("BAG")
    assert (_ON_HAND, sold) == (positions["DC"].on_hand_quantity, positions["DC"].reserved_quantity)
    verified = await asyncio.to_thread(Command(front.address).script, "verify")
    assert (0, True) == (verified.exit_code, "every counter is right" in verified.out)


async def test_calls_go_on_when_a_service_is_killed() -> None:
    """Both services answer; one dies, the other takes over, nothing is taken twice."""
    async with deployed() as (front, first, _):
        before = [front.sent(server) for server in (1, 2)]
        async with Shoppers(front.address) as shoppers:
            await shoppers.until(lambda: front.sent(1) > before[0] + 50)
            await shoppers.until(lambda: front.sent(2) > before[1] + 50)
            first.kill()
            await shoppers.until(lambda: not front.up(1))
            await first.start()
            again = front.sent(1)
            await shoppers.until(lambda: front.up(1) and front.sent(1) > again + 50)
        await audit(front, shoppers.sold)
    # Only what had already begun to be answered by the one that died; mostly it is none.
    assert shoppers.refusals.total() <= _CALLERS, shoppers.refusals


async def test_a_drained_service_refuses_no_call() -> None:
    """SIGTERM takes a service out while calls flow: none fails; without the notice some would."""
    async with deployed(second_notice_ms=0) as (front, first, second):
        async with Shoppers(front.address) as shoppers:
            await shoppers.until(lambda: front.sent(1) > 50)
            assert await first.terminate() == 0
            gone = front.sent(2)
            await shoppers.until(lambda: front.sent(2) > gone + 50)
            assert not shoppers.refusals
            await first.start()
            await shoppers.until(lambda: front.up(1))
            # A feed that stays open keeps the drain from ending before the proxy has seen it.
            async with Client(second.address) as feeder:
                feed = feeder.inventory.StreamInventory(timeout=30)
                counted = event("CAP", "DC", on_hand_quantity=1)
                await feed.write(StreamInventoryRequest(events=[counted]))
                await feed.read()
                assert await second.terminate() == 0
            await shoppers.until(lambda: not front.up(2))
        await audit(front, shoppers.sold)
        assert shoppers.refusals  # what the notice is for
        first.kill()
        await eventually_async(lambda: asyncio.to_thread(lambda: not front.up(1)))
        async with Client(front.address) as client:
            with pytest.raises(grpc.aio.AioRpcError) as nobody:
                await client.positions("BAG")
        assert nobody.value.code() is grpc.StatusCode.UNAVAILABLE
