"""The connection keeps order and bounds, against a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.errors import BugError, Overloaded, StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.scripts import Script
from sellable.store.wire import PIECE, WireLimits
from support.connections import ADD, PATIENT, outcome, written
from support.server import ValkeyProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[Connection]:
    """Connect to the shared server, which no test of this fixture may harm."""
    async with await Connection.open(store_url, limits=PATIENT) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[ValkeyProcess]:
    """Start a server of the test's own, to be killed, paused and reconfigured."""
    with ValkeyProcess() as process:
        yield process


async def test_calls_of_one_tick_leave_together(connection: Connection) -> None:
    """A hundred calls of one tick are few writes to the socket, and a hundred answers in order."""
    before = connection.traffic.flushes
    replies = await asyncio.gather(*[connection.execute("ECHO", n) for n in range(100)])
    assert [b"%d" % n for n in range(100)] == replies
    assert before + -(-100 // PIECE) == connection.traffic.flushes


async def test_pipeline_returns_refusals_in_their_place(connection: Connection) -> None:
    """A command that is rejected does not hide the replies of its neighbours."""
    first, rejected, last = await connection.pipeline(
        [("ECHO", "a"), ("NO-SUCH-COMMAND", "secret"), ("ECHO", "b")]
    )
    assert (b"a", b"b") == (first, last)
    assert isinstance(rejected, BugError)


async def test_pipeline_of_nothing_is_answered_at_once(connection: Connection) -> None:
    """No command has no reply to wait for, and those behind it get theirs."""
    async with asyncio.timeout(5):
        assert [] == await connection.pipeline([])
        assert b"next" == await connection.execute("ECHO", "next")


async def test_order_survives_callers_that_leave(
    connection: Connection, valkey: ValkeyProcess
) -> None:
    """Replies of cancelled callers are dropped, and everybody else gets their own."""
    valkey.pause()
    try:
        calls = [connection.execute("ECHO", n) for n in range(200)]
        calls[0].cancel()
        await written()
        for call in calls[3::3]:
            call.cancel()
    finally:
        valkey.resume()
    stayed = [n for n in range(200) if n % 3]
    assert [b"%d" % n for n in stayed] == [await calls[n] for n in stayed]
    assert all(call.cancelled() for call in calls[::3])


async def test_deadline_of_a_caller_is_kept(connection: Connection, valkey: ValkeyProcess) -> None:
    """A caller's own timeout ends its wait; the connection and its order go on."""
    valkey.pause()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await connection.execute("ECHO", "late")
    finally:
        valkey.resume()
    assert await connection.execute("ECHO", "next") == b"next"
    assert connection.traffic.reconnects == 0


async def test_silent_store_sheds_load(server: ValkeyProcess) -> None:
    """At most `queue_max` commands wait; the next is refused at once, and none is lost."""
    limits = WireLimits(command_timeout_ms=30_000, queue_max=100)
    async with await Connection.open(server.url, limits=limits) as connection:
        server.pause()
        calls = [connection.execute("ECHO", n) for n in range(98)]
        with pytest.raises(Overloaded) as refused:
            connection.pipeline([("ECHO", "x")] * 3)
        assert refused.value.queue == "store"
        both = connection.pipeline([("ECHO", "x")] * 2)
        calls[0].cancel()  # its reply is still to come: it keeps its place
        with pytest.raises(Overloaded):
            connection.execute("ECHO", "x")
        server.resume()
        assert [b"%d" % n for n in range(1, 98)] == await asyncio.gather(*calls[1:])
        assert await both == [b"x", b"x"]
        assert await connection.execute("ECHO", "room again") == b"room again"


async def test_unsent_bytes_are_bounded(server: ValkeyProcess) -> None:
    """Few large commands to a store that does not read are refused like many small ones."""
    limits = WireLimits(command_timeout_ms=30_000, queue_bytes_max=1_000_000)
    async with await Connection.open(server.url, limits=limits) as connection:
        server.pause()
        large = connection.execute("ECHO", b"x" * 4_000_000)
        await written()
        with pytest.raises(Overloaded):
            connection.execute("ECHO", "small")
        server.resume()
        assert len(await large) == 4_000_000
        assert await connection.execute("ECHO", "small") == b"small"


async def test_unknown_script_is_loaded_once_and_run_once(
    connection: Connection, valkey: ValkeyProcess
) -> None:
    """After SCRIPT FLUSH every waiting caller's script runs exactly once, after one load."""
    with valkey.client() as client:
        client.config_resetstat()
    calls = [connection.script(ADD, ["{0}:sum"], [1]) for _ in range(50)]
    assert sorted(await asyncio.gather(*calls)) == list(range(1, 51))
    with valkey.client() as client:
        assert client.info("commandstats")["cmdstat_script|load"]["calls"] == 1


async def test_script_with_another_sha_is_our_fault(connection: Connection) -> None:
    """A script whose SHA is not that of its source is reported, and not run again and again."""
    wrong = Script("wrong", ADD.source, "0" * 40)
    with pytest.raises(BugError, match="SHA of script wrong"):
        await connection.script(wrong, ["{0}:sum"], [1])


async def test_engine_words_stay_in_the_log(connection: Connection) -> None:
    """A rejected command is our bug, and what the engine says about it is not in the message."""
    with pytest.raises(BugError) as refused:
        await connection.execute("NO-SUCH-COMMAND", "secret")
    assert str(refused.value) == "the store rejected a command of this service"


async def test_closing_ends_what_waits(server: ValkeyProcess) -> None:
    """Calls that wait when the connection is closed fail, and so does every later one."""
    connection = await Connection.open(server.url, limits=PATIENT)
    server.pause()
    waiting = connection.execute("ECHO", "lost")
    await written()
    await connection.close()
    assert await outcome(waiting) is True
    with pytest.raises(StoreUnavailable, match="closed"):
        connection.execute("ECHO", "refused")
