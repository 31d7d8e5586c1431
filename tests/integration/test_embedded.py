"""The embedded store with real processes: what survives which death of its server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from sellable.store.embedded import EmbeddedServer
from sellable.store.server_process import Patience
from support.embedded import client_of, config_of, get, put, restarted
from support.stocking import count_all, store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


async def test_data_survive_a_restart(tmp_path: Path) -> None:
    """A clean stop and a new start lose nothing, and leave no process and no socket."""
    async with await EmbeddedServer.start(tmp_path) as server:
        put(server, "sku", 7)
        socket_path = server.socket_path

    assert not socket_path.parent.exists()
    async with await EmbeddedServer.start(tmp_path) as server:
        assert not server.adopted
        assert get(server, "sku") == "7"


async def test_only_this_user_reaches_the_server(tmp_path: Path) -> None:
    """Socket and runtime folder are private, and there is no network port."""
    async with await EmbeddedServer.start(tmp_path / "data") as server:
        modes = [
            stat.S_IMODE(path.stat().st_mode)
            for path in (server.socket_path, server.socket_path.parent, server.data_dir)
        ]

        assert modes == [0o700, 0o700, 0o700]
        assert config_of(server, "port") == "0"


@pytest.mark.parametrize(("fsync", "expected"), [(True, "always"), (False, "everysec")])
async def test_durability_is_what_was_asked_for(
    tmp_path: Path, *, fsync: bool, expected: str
) -> None:
    """The server flushes each write, or every second, and never evicts."""
    async with await EmbeddedServer.start(tmp_path, fsync=fsync) as server:
        assert config_of(server, "appendfsync") == expected
        assert config_of(server, "appendonly") == "yes"
        assert config_of(server, "maxmemory-policy") == "noeviction"


@pytest.mark.parametrize(("locations", "expected"), [(50, "listpack"), (70, "hashtable")])
async def test_skus_are_packed_unless_they_are_long(locations: int, expected: str) -> None:
    """A SKU with 80 markets and some locations is kept as a list, one with many as a table."""
    markets = [{"channel": f"web{at}", "country": "FR", "locations": ["L0"]} for at in range(80)]
    places = [{"id": f"L{at}", "type": "store", "country": "FR"} for at in range(locations)]
    async with await EmbeddedServer.start(None) as server, store_at(server.url) as store:
        await store.networks.apply(json.dumps({"locations": places, "markets": markets}))
        for place in places:
            await count_all(store, ["A"], place["id"], lambda _: 10**6)

        with client_of(server) as client:
            assert expected == client.object("ENCODING", store.runner.partition.sku("A"))


async def test_a_killed_server_is_started_again_with_its_data(tmp_path: Path) -> None:
    """SIGKILL of the server costs a moment: it comes back on the same socket, nothing lost."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        for count in (1, 2):
            put(server, "sku", count)
            socket_path, killed = server.socket_path, server.pid

            os.kill(killed, signal.SIGKILL)

            await restarted(server, count)
            assert server.pid != killed
            assert server.socket_path == socket_path
            assert get(server, "sku") == str(count)
        await server.stop()


async def test_a_server_that_cannot_come_back_is_tried_until_it_can(tmp_path: Path) -> None:
    """While something keeps the server from starting it is tried again, and stop still works."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        put(server, "sku", 7)
        aof, aside = tmp_path / "appendonlydir", tmp_path / "aside"
        aof.rename(aside)
        aof.touch()
        with capture_logs() as logs:
            os.kill(server.pid, signal.SIGKILL)
            await eventually_async(lambda: _logged(logs, "embedded_server_not_restarted"))
        aof.unlink()
        aside.rename(aof)

        await restarted(server, 1)

        assert get(server, "sku") == "7"
        await server.stop()


async def _logged(logs: Sequence[Mapping[str, object]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


async def test_a_client_kill_is_not_taken_for_a_death(tmp_path: Path) -> None:
    """Cutting every connection, ours too, does not make the supervisor start a second server."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await eventually_async(lambda: _watched(server))
        pid = server.pid
        with client_of(server) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        await eventually_async(lambda: _watched(server))

        assert (server.pid, server.restart_count) == (pid, 0)
        await server.stop()


async def _watched(server: EmbeddedServer) -> bool:
    with client_of(server) as client:
        return len(client.client_list()) == 2


async def test_a_temporary_store_leaves_nothing(tmp_path: Path) -> None:
    """Without a data folder the store lives as long as its owner."""
    async with await EmbeddedServer.start(None) as server:
        put(server, "sku", 7)
        data_dir, socket_path = server.data_dir, server.socket_path
        assert data_dir.is_dir()

    assert not data_dir.exists()
    assert not socket_path.parent.exists()


async def test_a_server_that_ignores_shutdown_is_killed(tmp_path: Path) -> None:
    """Stopping is bounded: a frozen server is killed in the end, and its data are whole."""
    server = await EmbeddedServer.start(tmp_path, patience=Patience(stop_s_max=0.2))
    put(server, "sku", 7)
    os.kill(server.pid, signal.SIGSTOP)

    await server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    async with await EmbeddedServer.start(tmp_path) as again:
        assert get(again, "sku") == "7"


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    """The server is in a session of its own, so that the last answers can still be given."""
    async with await EmbeddedServer.start(tmp_path) as server:
        assert os.getsid(server.pid) != os.getsid(0)
