"""`kill -9` of the service, and of its store, at the worst moment: every unit counted once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import grpc

from sellable.store.keys import Partition
from sellable.store.scripts import SCRIPTS
from support.arena import FR, network
from support.client import Client, Want, event, state_of
from support.proxy import Proxy
from support.service import ServiceProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from pathlib import Path

    from sellable.v1.reservations_pb2 import ReserveStockResponse
    from support.server import ValkeyProcess

SKU: Final = "ALIVE"
CARTS: Final = 60
UNITS: Final = 150


def units_of(cart: int) -> int:
    """Want 1, 2 or 3 units."""
    return 1 + cart % 3


async def reserve(client: Client, cart: int) -> ReserveStockResponse | None:
    """Hold the units of one cart; None if nobody answered."""
    try:
        return await client.reserve(f"cart-{cart}", FR, Want(SKU, units_of(cart)))
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - or an answer came
        return None


async def prepare(client: Client) -> None:
    """Put the units on the shelf."""
    await client.apply_network(network())
    await client.count(SKU, "DC", UNITS)


async def check_books(client: Client) -> None:
    """Send every cart once more, and hold the counts against what the carts were told."""
    answers = await asyncio.gather(*(reserve(client, cart) for cart in range(CARTS)))
    assert None not in answers
    taken = sum(map(units_of, range(CARTS)))
    position = (await client.positions(SKU))["DC"]
    assert (UNITS, taken) == (position.on_hand_quantity, position.reserved_quantity)
    assert [UNITS - taken] == await client.sellable(FR, SKU)
    assert [] == await client.differences()


async def test_kill_between_script_and_answer(valkey: ValkeyProcess, store_url: str) -> None:
    """Every reservation was made and none was answered when the service dies; retries find them.

    The proxy keeps the store's replies back, so that the kill comes after the scripts and before
    every answer.
    """
    with valkey.client() as redis:
        for script in SCRIPTS.values():
            redis.script_load(script.source)

        async def all_ran() -> bool:
            return int(redis.get(Partition("0").number) or 0) == CARTS

        async with Proxy(valkey.socket_path) as proxy, ServiceProcess(proxy.url) as process:
            async with process.client() as client:
                await prepare(client)
                proxy.hold_replies()
                calls = [asyncio.ensure_future(reserve(client, cart)) for cart in range(CARTS)]
                await eventually_async(all_ran)
                process.kill()
                assert [None] * CARTS == await asyncio.gather(*calls)
            proxy.heal()
            await process.start()
            async with process.client() as client:
                answers = [await reserve(client, cart) for cart in range(CARTS)]
                assert [True] * CARTS == [answer and answer.replayed for answer in answers]
                await check_books(client)
                assert await all_ran()


async def test_kill_at_any_moment_under_load(store_url: str) -> None:
    """Killed while some calls are answered, some ran and some wait: retries end with one truth."""
    async with ServiceProcess(store_url) as process:
        told: set[int] = set()

        async def buy(client: Client, cart: int) -> None:
            if await reserve(client, cart) is not None:
                told.add(cart)
                if len(told) == CARTS // 4:
                    process.kill()

        async with process.client() as client:
            await prepare(client)
            await asyncio.gather(*(buy(client, cart) for cart in range(CARTS)))
        await process.start()
        async with process.client() as client:
            for cart in told:
                answer = await reserve(client, cart)
                assert answer is not None
                assert answer.replayed
            await check_books(client)


async def test_acknowledged_writes_survive_the_death_of_service_and_store(tmp_path: Path) -> None:
    """Embedded, both processes are killed under load: what was answered is there after a restart.

    Stock that was sold and shipped, holds, orders and facts: nothing acknowledged is lost, and
    what was not answered happened once or not at all.
    """
    async with ServiceProcess(data=tmp_path / "data") as process:
        async with process.client() as client:
            await prepare(client)
            await client.reserve("order", FR, Want(SKU, 5))
            await client.confirm("order")
            told: set[int] = set()
            sales = 0

            async def buy(cart: int) -> None:
                if await reserve(client, cart) is not None:
                    told.add(cart)

            async def sell(number: int) -> None:
                nonlocal sales
                fact = event("TILL", "DC", event_id=f"sale-{number}", delta_quantity=1)
                try:
                    assert ["APPLIED"] == await client.apply(fact)
                except grpc.aio.AioRpcError:
                    return
                sales += 1

            async with asyncio.TaskGroup() as group:
                for number in range(CARTS // 2):
                    group.create_task(buy(number))
                    group.create_task(sell(number))

                async def some_told() -> bool:
                    return len(told) >= 5 and sales >= 5

                await eventually_async(some_told)
                process.kill_embedded_store()
                process.kill()
        await process.start()
        async with process.client() as client:
            assert "CONFIRMED" == state_of(await client.get("order"))
            assert {"HELD"} == {state_of(await client.get(f"cart-{cart}")) for cart in told}
            assert sales <= (await client.positions("TILL"))["DC"].on_hand_quantity <= CARTS // 2
            outcomes = await client.apply(
                *(
                    event("TILL", "DC", event_id=f"sale-{number}", delta_quantity=1)
                    for number in range(CARTS // 2)
                )
            )
            assert outcomes.count("DUPLICATE") >= sales
            assert CARTS // 2 == (await client.positions("TILL"))["DC"].on_hand_quantity
            assert [] == await client.differences()
