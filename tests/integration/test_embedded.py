"""The embedded store with real processes: what survives which death, and what is refused."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from structlog.testing import capture_logs

from sellable.errors import StoreRefused
from sellable.store.data_folder import SOCKET_PATH_BYTES_MAX, own_socket, runtime_socket
from sellable.store.embedded import EmbeddedServer
from sellable.store.server_process import Patience
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_INCREMENTAL = Path("appendonlydir/appendonly.aof.1.incr.aof")

# A whole service in small: it owns the folder, writes, says so, and would serve until it is killed.
_PARENT = """
import asyncio, sys
from pathlib import Path
import redis
from sellable.store.embedded import EmbeddedServer

async def main():
    server = await EmbeddedServer.start(Path(sys.argv[1]))
    with redis.Redis(unix_socket_path=str(server.socket_path)) as client:
        client.set("sku", 7)
    print(server.pid, flush=True)
    await server.run()

asyncio.run(main())
"""


def _client(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(server.socket_path), decode_responses=True)


def _put(server: EmbeddedServer, sku: str, quantity: int) -> None:
    with _client(server) as client:
        client.set(sku, quantity)


def _get(server: EmbeddedServer, sku: str) -> str | None:
    with _client(server) as client:
        return client.get(sku)


def _config(server: EmbeddedServer, name: str) -> str:
    with _client(server) as client:
        return client.config_get(name)[name]


async def _filled(data_dir: Path, count: int = 100) -> None:
    async with await EmbeddedServer.start(data_dir) as server:
        for number in range(count):
            _put(server, f"sku-{number}", number)


async def _refusal(data_dir: Path, patience: Patience | None = None) -> str:
    with pytest.raises(StoreRefused) as refused:
        await EmbeddedServer.start(data_dir, patience=patience)
    return str(refused.value)


class _Parent:
    """A real process that owns a data folder and its server."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PARENT, str(data_dir)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.server_pid = int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[_Parent]:
    """Start a process that owns `tmp_path`; its server is for the test to end."""
    started = _Parent(tmp_path)
    yield started
    started.kill()


async def test_data_survive_a_restart(tmp_path: Path) -> None:
    """A clean stop and a new start lose nothing, and leave no process and no socket."""
    async with await EmbeddedServer.start(tmp_path) as server:
        _put(server, "sku", 7)
        socket_path = server.socket_path

    assert not socket_path.parent.exists()
    async with await EmbeddedServer.start(tmp_path) as server:
        assert not server.adopted
        assert _get(server, "sku") == "7"


async def test_only_this_user_reaches_the_server(tmp_path: Path) -> None:
    """Socket and runtime folder are private, and there is no network port."""
    async with await EmbeddedServer.start(tmp_path / "data") as server:
        modes = [
            stat.S_IMODE(path.stat().st_mode)
            for path in (server.socket_path, server.socket_path.parent, server.data_dir)
        ]

        assert modes == [0o700, 0o700, 0o700]
        assert _config(server, "port") == "0"


@pytest.mark.parametrize(("fsync", "expected"), [(True, "always"), (False, "everysec")])
async def test_durability_is_what_was_asked_for(
    tmp_path: Path, *, fsync: bool, expected: str
) -> None:
    """The server flushes each write, or every second, and never evicts."""
    async with await EmbeddedServer.start(tmp_path, fsync=fsync) as server:
        assert _config(server, "appendfsync") == expected
        assert _config(server, "appendonly") == "yes"
        assert _config(server, "maxmemory-policy") == "noeviction"


async def test_a_killed_server_is_started_again_with_its_data(tmp_path: Path) -> None:
    """SIGKILL of the server costs a moment: it comes back on the same socket, nothing lost."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        for round_number in (1, 2):
            _put(server, "sku", round_number)
            socket_path, killed = server.socket_path, server.pid

            os.kill(killed, signal.SIGKILL)

            await eventually_async(lambda: _restarts(server, round_number))
            assert server.pid != killed
            assert server.socket_path == socket_path
            assert _get(server, "sku") == str(round_number)
        await server.stop()


async def _restarts(server: EmbeddedServer, count: int) -> bool:
    return server.restart_count == count


async def test_a_server_that_cannot_come_back_is_tried_until_it_can(tmp_path: Path) -> None:
    """While something keeps the server from starting it is tried again, and stop still works."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        _put(server, "sku", 7)
        aof, aside = tmp_path / "appendonlydir", tmp_path / "aside"
        aof.rename(aside)
        aof.touch()
        with capture_logs() as logs:
            os.kill(server.pid, signal.SIGKILL)
            await eventually_async(lambda: _logged(logs, "embedded_server_not_restarted"))
        aof.unlink()
        aside.rename(aof)

        await eventually_async(lambda: _restarts(server, 1))

        assert _get(server, "sku") == "7"
        await server.stop()


async def _logged(logs: list[dict[str, object]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


async def test_a_client_kill_is_not_taken_for_a_death(tmp_path: Path) -> None:
    """Cutting every connection, ours too, does not make the supervisor start a second server."""
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await eventually_async(lambda: _watched(server))
        pid = server.pid
        with _client(server) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        await eventually_async(lambda: _watched(server))

        assert (server.pid, server.restart_count) == (pid, 0)
        await server.stop()


async def _watched(server: EmbeddedServer) -> bool:
    with _client(server) as client:
        return len(client.client_list()) == 2


async def test_a_server_whose_parent_was_killed_is_adopted(tmp_path: Path, parent: _Parent) -> None:
    """SIGKILL of the service leaves its server; the next start goes on with that very process."""
    parent.kill()

    async with await EmbeddedServer.start(tmp_path, fsync=False) as server:
        assert server.adopted
        assert server.pid == parent.server_pid
        assert _get(server, "sku") == "7"
        assert _config(server, "appendfsync") == "everysec"
    assert not runtime_socket(tmp_path).exists()


async def test_an_adopted_server_that_dies_is_started_again(
    tmp_path: Path, parent: _Parent
) -> None:
    """Supervision covers a server that was not launched by this process."""
    parent.kill()
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())

        os.kill(server.pid, signal.SIGKILL)

        await eventually_async(lambda: _restarts(server, 1))
        assert not server.adopted
        assert _get(server, "sku") == "7"
        await server.stop()


async def test_both_killed_loses_nothing(tmp_path: Path, parent: _Parent) -> None:
    """SIGKILL of service and server: a stale lock and a stale socket are no obstacle."""
    parent.kill()
    os.kill(parent.server_pid, signal.SIGKILL)

    async with await EmbeddedServer.start(tmp_path) as server:
        assert not server.adopted
        assert _get(server, "sku") == "7"


async def test_a_folder_in_use_by_a_living_process_is_refused(
    tmp_path: Path, parent: _Parent
) -> None:
    """Two services never own one folder; the refusal names the process that does."""
    refusal = await _refusal(tmp_path)

    assert f"in use by process {parent.process.pid}" in refusal
    parent.kill()
    await (await EmbeddedServer.start(tmp_path)).stop()


async def test_a_leftover_server_that_does_not_answer_is_refused(
    tmp_path: Path, parent: _Parent
) -> None:
    """A frozen leftover keeps the folder from being served twice; the refusal names its pid."""
    parent.kill()
    os.kill(parent.server_pid, signal.SIGSTOP)

    refusal = await _refusal(tmp_path, Patience(start_s_max=0.1))

    assert f"valkey-server (pid {parent.server_pid}) still works on" in refusal
    os.kill(parent.server_pid, signal.SIGCONT)
    await (await EmbeddedServer.start(tmp_path)).stop()


async def test_other_processes_find_the_socket(tmp_path: Path) -> None:
    """A process that only connects learns the socket from the data folder."""
    async with await EmbeddedServer.start(tmp_path) as server:
        assert runtime_socket(tmp_path) == server.socket_path


async def test_a_copied_folder_gets_its_own_server(tmp_path: Path) -> None:
    """A copy has the same data id and the note of the other's socket, and is not mixed up."""
    first, second = tmp_path / "first", tmp_path / "second"
    await _filled(first)
    async with await EmbeddedServer.start(first) as one:
        subprocess.run(["cp", "-R", first, second], check=True)
        async with await EmbeddedServer.start(second) as other:
            _put(other, "sku-1", 99)

            assert (one.adopted, other.adopted) == (False, False)
            assert _get(one, "sku-1") == "1"


async def test_a_folder_replaced_under_its_server_is_refused(
    tmp_path: Path,
) -> None:
    """A leftover server of data that were there before is neither adopted nor pushed aside."""
    data_dir = tmp_path / "data"
    parent = _Parent(data_dir)
    parent.kill()
    data_dir.rename(tmp_path / "before")

    refusal = await _refusal(data_dir)

    assert f"a server (pid {parent.server_pid}) still serves other data" in refusal
    os.kill(parent.server_pid, signal.SIGKILL)


async def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    """Sockets have short paths, wherever the data are."""
    deep = tmp_path / ("d" * 200) / "data"

    async with await EmbeddedServer.start(deep) as server:
        assert len(os.fsencode(server.socket_path)) <= SOCKET_PATH_BYTES_MAX
        assert _get(server, "sku") is None


async def test_a_runtime_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder that someone else prepared in the temporary folder is not trusted."""
    folder = own_socket(tmp_path).parent
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        assert f"the folder {folder} of the store's socket" in await _refusal(tmp_path)
    finally:
        folder.rmdir()


async def test_an_incomplete_tail_is_dropped_and_said(tmp_path: Path) -> None:
    """A write that a power cut left half on the disk was never acknowledged; the rest loads."""
    await _filled(tmp_path)
    aof = tmp_path / _INCREMENTAL
    os.truncate(aof, aof.stat().st_size - 3)

    with capture_logs() as logs:
        async with await EmbeddedServer.start(tmp_path) as server:
            assert _get(server, "sku-98") == "98"
            assert _get(server, "sku-99") is None
    (dropped,) = [entry for entry in logs if entry["event"] == "incomplete_tail_dropped"]
    assert dropped["file"] == aof.name
    assert 0 < dropped["dropped_bytes"] < 60


def _flip_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 16] = bytes(byte ^ 0xFF for byte in content[middle : middle + 16])
    file.write_bytes(content)


def _cut_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _scribble(file: Path) -> None:
    file.write_text("scribble\n")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("appendonly.aof.1.incr.aof", _flip_middle),
        ("appendonly.aof.1.base.rdb", _cut_half),
        ("appendonly.aof.1.base.rdb", Path.unlink),
        ("appendonly.aof.manifest", _scribble),
    ],
)
async def test_a_damaged_file_is_refused_by_name(
    tmp_path: Path, name: str, damage: Callable[[Path], object]
) -> None:
    """Damage in acknowledged data is never skipped: the refusal names the file and a way out."""
    await _filled(tmp_path)
    file = tmp_path / "appendonlydir" / name
    damage(file)
    left = file.read_bytes() if file.exists() else None

    refusal = await _refusal(tmp_path)

    assert f"is damaged: {file} cannot be read" in refusal
    assert "valkey-check-aof --fix" in refusal
    assert "\n" not in refusal
    assert left == (file.read_bytes() if file.exists() else None)


async def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    """Whatever the server complains of is the answer, in one line, with the log named."""
    (tmp_path / "appendonlydir").touch()

    refusal = await _refusal(tmp_path)

    assert "Can't open or create append-only dir" in refusal
    assert str(tmp_path / "valkey.log") in refusal
    assert "\n" not in refusal


async def test_a_file_as_data_folder_is_refused(tmp_path: Path) -> None:
    """A path that is a file is answered as such."""
    file = tmp_path / "data"
    file.touch()

    assert await _refusal(file) == f"the data folder {file} is a file, not a folder"


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """No permission is answered with the folder and the reason of the system."""
    # The superuser may write anywhere but into the kernel's own file systems.
    data_dir = tmp_path / "locked" / "data" if os.geteuid() else Path("/sys/sellable")
    (tmp_path / "locked").mkdir(mode=0o500)

    assert f"the data folder {data_dir} cannot be used: " in await _refusal(data_dir)


async def test_a_temporary_store_leaves_nothing(tmp_path: Path) -> None:
    """Without a data folder the store lives as long as its owner."""
    async with await EmbeddedServer.start(None) as server:
        _put(server, "sku", 7)
        data_dir, socket_path = server.data_dir, server.socket_path
        assert data_dir.is_dir()

    assert not data_dir.exists()
    assert not socket_path.parent.exists()


async def test_a_server_that_ignores_shutdown_is_killed(tmp_path: Path) -> None:
    """Stopping is bounded: a frozen server is killed in the end, and its data are whole."""
    server = await EmbeddedServer.start(tmp_path, patience=Patience(stop_s_max=0.2))
    _put(server, "sku", 7)
    os.kill(server.pid, signal.SIGSTOP)

    await server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    async with await EmbeddedServer.start(tmp_path) as again:
        assert _get(again, "sku") == "7"


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    """The server is in a session of its own, so that the last answers can still be given."""
    async with await EmbeddedServer.start(tmp_path) as server:
        assert os.getsid(server.pid) != os.getsid(0)
