"""The connection under faults: dead, silent, cut, full, busy and demoted stores."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from sellable.errors import BugError, StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.replies import refusal
from sellable.store.wire import WireLimits
from support.connections import ADD, PATIENT, answers, outcome, written
from support.proxy import Proxy
from support.server import ValkeyProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ValkeyProcess]:
    """Start a server of the test's own, to be killed, paused and reconfigured."""
    with ValkeyProcess() as process:
        yield process


async def test_killed_store_is_answered_at_once_and_found_again(server: ValkeyProcess) -> None:
    """Waiting calls fail when the store dies, new ones fail without waiting, until it is back."""
    async with await Connection.open(server.url, limits=PATIENT) as connection:
        server.pause()
        waiting = connection.execute("ECHO", "lost")
        await written()
        server.kill()
        assert await outcome(waiting) is True
        with pytest.raises(StoreUnavailable, match="store") as refused:
            connection.execute("ECHO", "refused")
        assert refused.value.outcome_unknown is False
        server.start()
        await eventually_async(lambda: answers(connection))
        assert connection.traffic.reconnects == 1


async def test_only_a_written_call_has_an_unknown_outcome(server: ValkeyProcess) -> None:
    """A call that has not left this process surely did not happen, and says so."""
    async with await Connection.open(server.url, limits=PATIENT) as connection:
        server.pause()
        sent = connection.execute("INCR", "sent")
        await written()
        unsent = connection.execute("INCR", "unsent")
        assert connection._wire is not None
        connection._wire.lose("the test cut it")
        assert (await outcome(sent), await outcome(unsent)) == (True, False)


async def test_silent_network_times_out_and_heals(server: ValkeyProcess) -> None:
    """Bytes that vanish cost one command timeout; then calls fail at once until it heals."""
    limits = WireLimits(command_timeout_ms=200, connect_timeout_ms=200)
    async with (
        Proxy(server.socket_path) as proxy,
        await Connection.open(proxy.url, limits=limits) as connection,
    ):
        proxy.black_hole()
        started = time.monotonic()
        assert await outcome(connection.execute("ECHO", "lost")) is True
        assert 0.2 <= time.monotonic() - started < 2
        with pytest.raises(StoreUnavailable):
            connection.execute("ECHO", "refused")
        proxy.heal()
        await eventually_async(lambda: answers(connection))


async def test_slow_store_is_not_a_lost_store(server: ValkeyProcess) -> None:
    """As long as bytes arrive, calls may take longer than the command timeout together."""
    limits = WireLimits(command_timeout_ms=200)
    async with (
        Proxy(server.socket_path) as proxy,
        await Connection.open(proxy.url, limits=limits) as connection,
    ):
        proxy.delay_s = 0.05
        started = time.monotonic()
        replies = [await connection.execute("ECHO", n) for n in range(8)]
        assert [b"%d" % n for n in range(8)] == replies
        assert time.monotonic() - started > 0.2
        assert connection.traffic.reconnects == 0


async def test_frozen_service_does_not_blame_the_store(store_url: str) -> None:
    """A process that was itself stopped longer than the timeout finds its replies, not a fault."""
    async with await Connection.open(
        store_url, limits=WireLimits(command_timeout_ms=200)
    ) as connection:
        call = connection.execute("ECHO", "kept")
        await written()
        time.sleep(0.4)  # noqa: ASYNC251 - the event loop has to stand still
        assert await call == b"kept"


async def test_reply_cut_in_half_is_never_passed_on(server: ValkeyProcess) -> None:
    """A connection that breaks inside a reply fails that call and those after it, no other."""
    async with (
        Proxy(server.socket_path) as proxy,
        await Connection.open(proxy.url, limits=PATIENT) as connection,
    ):
        proxy.reply_bytes_left = len(b"$5\r\nfirst\r\n$6\r\nsec")
        calls = [connection.execute("ECHO", word) for word in ("first", "second", "third")]
        assert [await outcome(call) for call in calls] == [b"first", True, True]
        await eventually_async(lambda: answers(connection))
        assert proxy.connections == 2


async def test_full_store_refuses_writes_in_our_words(server: ValkeyProcess) -> None:
    """OOM before a command is a clean no; OOM inside a script that may have written is not."""
    with server.client() as client:
        client.config_set("maxmemory", "1")
    async with await Connection.open(server.url) as connection:
        full = "the store is out of memory and refuses writes"
        with pytest.raises(StoreUnavailable, match=full) as refused:
            await connection.execute("SET", "key", "value")
        assert refused.value.outcome_unknown is False
        with pytest.raises(StoreUnavailable, match=full) as refused:
            await connection.script(ADD, ["{0}:sum"], [1])
        assert refused.value.outcome_unknown is False
        with pytest.raises(StoreUnavailable, match=full) as refused:
            await connection.execute("EVAL", "redis.call('SET', KEYS[1], 1)", 1, "key")
        assert refused.value.outcome_unknown is True


async def test_busy_store_is_unavailable(server: ValkeyProcess) -> None:
    """While somebody's endless script runs, calls are told so; when it is killed they work."""
    with server.client() as client:
        client.config_set("busy-reply-threshold", "1")
    async with (
        await Connection.open(server.url, limits=PATIENT) as connection,
        await Connection.open(server.url, limits=PATIENT) as other,
    ):
        endless = other.execute("EVAL", "while true do end", 0)
        await written()
        with pytest.raises(StoreUnavailable, match="busy with a script"):
            await connection.execute("GET", "key")
        await connection.execute("SCRIPT", "KILL")
        with pytest.raises(BugError):
            await endless
        assert await connection.execute("GET", "key") is None


async def test_demoted_primary_is_left(server: ValkeyProcess) -> None:
    """A primary that became a replica answers nothing more, not even reads, until it is back."""
    async with await Connection.open(server.url, limits=PATIENT) as connection:
        with server.client() as client:
            client.replicaof("127.0.0.1", "1")
        with pytest.raises(StoreUnavailable, match="read-only replica"):
            await connection.execute("SET", "key", "value")
        await eventually_async(lambda: asyncio.sleep(0, not connection.connected))
        with pytest.raises(StoreUnavailable, match="read-only replica"):
            connection.execute("GET", "key")
        with server.client() as client:
            client.replicaof("NO", "ONE")
        await eventually_async(lambda: answers(connection))


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("LOADING Valkey is loading the dataset in memory", "still loading"),
        ("MISCONF Errors writing to the AOF file: No space left", "cannot save to its disk"),
        ("NOREPLICAS Not enough good replicas to write.", "too few replicas"),
        ("NOPERM User app has no permissions", "lacks a permission"),
        ("CLUSTERDOWN Hash slot not served", "cluster is down"),
    ],
)
def test_refusals_of_the_store_have_our_words(reply: str, problem: str) -> None:
    """What cannot be provoked here maps the same way: unavailable, and nothing has happened."""
    refused = refusal(reply)
    assert isinstance(refused, StoreUnavailable)
    assert problem in str(refused)
    assert reply.partition(" ")[2] not in str(refused)
    assert refused.outcome_unknown is False


async def test_closing_ends_the_search_for_a_lost_store(server: ValkeyProcess) -> None:
    """A connection that is closed while the store is away stops looking for it."""
    connection = await Connection.open(server.url, limits=PATIENT)
    server.kill()
    await eventually_async(lambda: asyncio.sleep(0, not connection.connected))
    await connection.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        connection.execute("ECHO", "refused")
