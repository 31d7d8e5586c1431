"""Workers on a stream of NATS: one position in our store, whatever becomes of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import nats
import pytest
from nats.js.api import StreamConfig

from sellable.ingest.events import encode
from support.feed_rows import SOURCE, delta, on_hand
from support.nats import BINARY, NatsProcess
from support.wait import eventually_async
from support.workers import WorkerProcess, letters, outcomes, workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import redis
    from nats.js import JetStreamContext

    from sellable.store.store import Store
    from support.server import ValkeyProcess

pytestmark = pytest.mark.skipif(BINARY is None, reason="needs nats-server (apt-get install it)")

STREAM: Final = "STOCK"


@pytest.fixture
def server() -> Iterator[NatsProcess]:
    """Give a NATS server."""
    with NatsProcess() as process:
        yield process


@asynccontextmanager
async def stream_of(server: NatsProcess) -> AsyncIterator[JetStreamContext]:
    """Connect as a producer, to a stream that is there."""
    client = await nats.connect(server.url)
    try:
        context = client.jetstream()
        await context.add_stream(StreamConfig(name=STREAM, subjects=["stock.>"]))
        yield context
    finally:
        await client.close()


def event(number: int) -> bytes:
    """Make an event that adds one unit."""
    return encode(delta(number))


def arguments(server: NatsProcess, *more: str) -> tuple[str, ...]:
    """Return what a worker is started with."""
    return ("--nats", server.url, "--stream", STREAM, "--source", SOURCE, *more)


async def counted(client: redis.Redis, rows: int) -> None:
    """Wait until so many rows have an outcome; never are there more."""

    async def there() -> bool:
        return sum(outcomes(client, SOURCE).values()) >= rows

    await eventually_async(there, 30.0)
    assert rows == sum(outcomes(client, SOURCE).values())


async def test_two_workers_of_which_one_is_killed(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """Each message counts once: one of two workers is killed in the middle, a third one comes."""
    async with stream_of(server) as context:
        for number in range(400):
            await context.publish("stock.a", event(number))
        async with workers(store_url, 2, *arguments(server), ingest_batch_rows_max=7) as crew:
            with valkey.client() as client:

                async def some() -> bool:
                    return sum(outcomes(client, SOURCE).values()) >= 50

                await eventually_async(some, 30.0)
                crew[0].kill()
                crew.append(WorkerProcess(store_url, *arguments(server)))
                for number in range(400, 800):
                    await context.publish("stock.a", event(number))
                await counted(client, 800)
                assert {"applied": 800} == outcomes(client, SOURCE)
                assert 800 == await on_hand(store)
                assert 0 == await crew[1].terminate()


async def test_purged_messages_stall_nothing(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """Messages that are gone leave a gap in the numbers, and those of other subjects do too."""
    async with stream_of(server) as context:
        for number in range(30):
            await context.publish("stock.other" if number % 3 == 1 else "stock.a", event(number))
        await context.delete_msg(STREAM, 4)
        await context.delete_msg(STREAM, 9)
        with valkey.client() as client:
            more = arguments(server, "--subject", "stock.a")
            async with workers(store_url, 1, *more) as (worker,):
                await counted(client, 18)
                assert 0 == await worker.terminate()
            for number in range(30, 40):
                await context.publish("stock.a", event(number))
            await context.purge_stream(STREAM, seq=36)
            async with workers(store_url, 1, *more):
                await counted(client, 18 + 5)
            assert {"applied": 23} == outcomes(client, SOURCE)


async def test_a_stream_made_again_is_another_one(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """Its numbers begin with 1 again, and its rows are read although the position was beyond."""
    async with stream_of(server) as context:
        for number in range(20):
            await context.publish("stock.a", event(number))
        with valkey.client() as client:
            async with workers(store_url, 1, *arguments(server)):
                await counted(client, 20)
                await context.delete_stream(STREAM)
                await context.add_stream(StreamConfig(name=STREAM, subjects=["stock.>"]))
                for number in range(15, 25):
                    await context.publish("stock.a", event(number))
                await counted(client, 30)
            assert {"applied": 25, "duplicate": 5} == outcomes(client, SOURCE)


async def test_what_is_no_event_is_a_dead_letter(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """Bad messages are refused one by one, and none of them stops the rest."""
    async with stream_of(server) as context:
        await context.publish("stock.a", b"no json")
        await context.publish("stock.a", b"")
        await context.publish("stock.a", event(1) + b"\n" + event(2))
        await context.publish("stock.a", event(3))
        with valkey.client() as client:
            async with workers(store_url, 1, *arguments(server)):
                await counted(client, 4)
            assert {"applied": 1, "rejected": 3} == outcomes(client, SOURCE)
            assert ["no json", ""] == [letter[0][4] for letter in letters(client, SOURCE)][:2]


async def test_a_row_that_cannot_be_applied_is_passed(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """A row that makes the script fail is refused after its tries; the others are applied."""
    async with stream_of(server) as context:
        poison = event(2).replace(b'"A"', b'"POISON"')
        for message in (event(0), event(1), poison, event(3), event(4)):
            await context.publish("stock.a", message)
        with valkey.client() as client:
            client.set("{0}:k:POISON", "planted")
            async with workers(store_url, 1, *arguments(server), ingest_tries_max=2):
                await counted(client, 5)
            assert {"applied": 4, "rejected": 1} == outcomes(client, SOURCE)
            ((row, reason, detail, *_),) = letters(client, SOURCE)
            assert ("INTERNAL", "could not be applied in 2 tries") == (reason, detail)
            assert b"POISON" in row[4].encode()


async def test_the_server_is_away_for_a_while(
    valkey: ValkeyProcess, store_url: str, store: Store, server: NatsProcess
) -> None:
    """A worker outlives its NATS server, and a stream that is not there yet."""
    with valkey.client() as client:
        async with workers(store_url, 1, *arguments(server)) as (worker,):

            async def told() -> bool:
                return bool(worker.logged("nats_stream_not_read"))

            await eventually_async(told, 30.0)
            async with stream_of(server) as context:
                for number in range(10):
                    await context.publish("stock.a", event(number))
            await counted(client, 10)
            server.kill()
            server.start()
            async with stream_of(server) as context:
                for number in range(10, 20):
                    await context.publish("stock.a", event(number))
            await counted(client, 20)
            assert {"applied": 20} == outcomes(client, SOURCE)
            assert 0 == await worker.terminate()
