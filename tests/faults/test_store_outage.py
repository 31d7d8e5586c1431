"""A store that is slow sheds load, one that is lost is told at once, and both are found again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest

from sellable.rpc.status import error_from_rpc
from support.arena import FR, network
from support.client import Client, Want, refusal_of
from support.server import ValkeyProcess
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from sellable.rpc.server import Transport

SKU: Final = "PATIENCE"
READS_MAX: Final = 50
COMMANDS_MAX: Final = 200
CALLS: Final = 300
AT_ONCE_S: Final = 1.0  # far below every timeout of the service

pytestmark = pytest.mark.parametrize("transport", ["native", "grpcio"])


@pytest.fixture
def own_valkey() -> Iterator[ValkeyProcess]:
    """Run a store that keeps its data on disk, to be paused and killed."""
    with ValkeyProcess("--appendonly", "yes", "--appendfsync", "always") as process:
        yield process


async def prepare(client: Client) -> None:
    """Put some units on the shelf."""
    await client.apply_network(network())
    await client.count(SKU, "DC", 1_000)
    await client.reserve("kept", FR, Want(SKU, 10))


async def fate(call: Awaitable[object]) -> str:
    """Return what became of a call: OK or the reason of its refusal."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error_from_rpc(error).reason
    return "OK"


async def test_slow_store_sheds_load(own_valkey: ValkeyProcess, transport: Transport) -> None:
    """While the store stands still, calls beyond the bounded queues are OVERLOADED at once.

    Those that were let in are answered when it goes on: nothing is lost, nothing done twice.
    """
    async with service(
        own_valkey.url,
        transport=transport,
        read_queue_max=READS_MAX,
        command_queue_max=COMMANDS_MAX,
        command_timeout_ms=30_000,
        concurrent_streams_max=2 * CALLS,
    ) as one:
        client = one.client
        await prepare(client)
        own_valkey.pause()
        try:
            reads = [asyncio.ensure_future(client.sellable(FR, SKU)) for _ in range(CALLS)]
            await eventually_async(lambda: _done(reads, CALLS - READS_MAX))
            writes = [
                asyncio.ensure_future(client.reserve(f"cart-{at}", FR, Want(SKU)))
                for at in range(CALLS)
            ]
            await eventually_async(lambda: _done(writes, CALLS - COMMANDS_MAX))
        finally:
            own_valkey.resume()
        fates = Counter(await asyncio.gather(*map(fate, reads)))
        assert {"OK": READS_MAX, "OVERLOADED": CALLS - READS_MAX} == fates
        fates = Counter(await asyncio.gather(*map(fate, writes)))
        assert {"OK", "OVERLOADED"} == fates.keys()
        assert fates["OK"] <= COMMANDS_MAX
        assert [990 - fates["OK"]] == await client.sellable(FR, SKU)
        assert [] == await client.differences()


async def test_overloaded_says_when_to_try_again(
    own_valkey: ValkeyProcess, transport: Transport
) -> None:
    """A call that was shed did nothing, is RESOURCE_EXHAUSTED, and names its queue and a delay."""
    async with service(
        own_valkey.url, transport=transport, read_queue_max=1, command_timeout_ms=30_000
    ) as one:
        await prepare(one.client)
        own_valkey.pause()
        try:
            calls = [asyncio.ensure_future(one.client.sellable(FR, SKU)) for _ in range(2)]
            done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            told = await refusal_of(done.pop())
        finally:
            own_valkey.resume()
        assert ("RESOURCE_EXHAUSTED", "OVERLOADED") == (told.code, told.reason)
        assert "read" == told.metadata["queue"]
        assert told.retry_after_ms > 0
        assert [990] == await waiting.pop()


async def test_lost_store_is_told_at_once_and_found_again(
    own_valkey: ValkeyProcess, transport: Transport
) -> None:
    """Killed: every call is UNAVAILABLE without waiting and health says so; back: all goes on."""
    async with service(own_valkey.url, transport=transport) as one:
        client = one.client
        await prepare(client)
        own_valkey.kill()
        await eventually_async(lambda: _unavailable(client))
        begun = time.monotonic()
        reads = [await fate(client.sellable(FR, SKU)) for _ in range(20)]
        writes = [await fate(client.reserve(f"cart-{at}", FR, Want(SKU))) for at in range(20)]
        assert {"STORE_UNAVAILABLE"} == {*reads, *writes}
        assert time.monotonic() - begun < AT_ONCE_S

        async def not_serving() -> bool:
            return not await client.serving()

        await eventually_async(not_serving)
        own_valkey.start()
        await eventually_async(client.serving)
        assert [990] == await client.sellable(FR, SKU)
        replayed = await client.reserve("kept", FR, Want(SKU, 10))
        assert replayed.replayed
        await client.reserve("cart-0", FR, Want(SKU))
        assert [] == await client.differences()


async def test_paused_store_times_out_and_is_found_again(
    own_valkey: ValkeyProcess, transport: Transport
) -> None:
    """A store that stands still too long is UNAVAILABLE, then at once, until it goes on.

    The write that timed out says that its outcome is unknown, and its repeat finds it out.
    """
    async with service(
        own_valkey.url, transport=transport, command_timeout_ms=200, connect_timeout_ms=200
    ) as one:
        client = one.client
        await prepare(client)
        own_valkey.pause()
        try:
            told = await refusal_of(client.reserve("cart", FR, Want(SKU)))
            assert {"outcome_unknown": "true"} == told.metadata
            begun = time.monotonic()
            for _ in range(20):
                assert "STORE_UNAVAILABLE" == await fate(client.sellable(FR, SKU))
            assert time.monotonic() - begun < AT_ONCE_S
        finally:
            own_valkey.resume()
        await eventually_async(client.serving)
        await client.reserve("cart", FR, Want(SKU))
        assert [989] == await client.sellable(FR, SKU)
        assert [] == await client.differences()


async def _done(calls: Sequence[asyncio.Future[Any]], enough: int) -> bool:
    return sum(call.done() for call in calls) >= enough


async def _unavailable(client: Client) -> bool:
    return await fate(client.sellable(FR, SKU)) == "STORE_UNAVAILABLE"
