"""The embedded store after the death of its owner: adopted, and never twice on one folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from typing import TYPE_CHECKING

import pytest

from sellable.store.data_folder import (
    TEMPORARY_FILE,
    leftover_folders,
    own_socket,
    runtime_socket,
)
from sellable.store.embedded import EmbeddedServer
from sellable.store.server_process import Patience
from support.embedded import Parent, config_of, fill, get, put, refusal_of, restarted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    """Start a process that owns `tmp_path`."""
    with Parent(tmp_path) as started:
        yield started


async def test_a_server_whose_parent_was_killed_is_adopted(tmp_path: Path, parent: Parent) -> None:
    """SIGKILL of the service leaves its server; the next start goes on with that very process."""
    parent.kill()

    async with await EmbeddedServer.start(tmp_path, fsync=False) as server:
        assert server.adopted
        assert server.pid == parent.server_pid
        assert get(server, "sku") == "7"
        assert config_of(server, "appendfsync") == "everysec"
    assert not runtime_socket(tmp_path).exists()


async def test_an_adopted_server_that_dies_is_started_again(tmp_path: Path, parent: Parent) -> None:
    """Supervision covers a server that was not launched by this process."""
    parent.kill()
    async with await EmbeddedServer.start(tmp_path) as server, asyncio.TaskGroup() as group:
        group.create_task(server.run())

        os.kill(server.pid, signal.SIGKILL)

        await restarted(server, 1)
        assert not server.adopted
        assert get(server, "sku") == "7"
        await server.stop()


async def test_both_killed_loses_nothing(tmp_path: Path, parent: Parent) -> None:
    """SIGKILL of service and server: a stale lock and a stale socket are no obstacle."""
    parent.kill()
    os.kill(parent.server_pid, signal.SIGKILL)

    async with await EmbeddedServer.start(tmp_path) as server:
        assert not server.adopted
        assert get(server, "sku") == "7"


async def test_a_folder_in_use_by_a_living_process_is_refused(
    tmp_path: Path, parent: Parent
) -> None:
    """Two services never own one folder; the refusal names the process that does."""
    refusal = await refusal_of(tmp_path)

    assert f"in use by process {parent.process.pid}" in refusal
    parent.kill()
    await (await EmbeddedServer.start(tmp_path)).stop()


async def test_a_leftover_server_that_does_not_answer_is_refused(
    tmp_path: Path, parent: Parent
) -> None:
    """A frozen leftover keeps the folder from being served twice; the refusal names its pid."""
    parent.kill()
    os.kill(parent.server_pid, signal.SIGSTOP)

    refusal = await refusal_of(tmp_path, Patience(start_s_max=0.1))

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
    await fill(first)
    async with await EmbeddedServer.start(first) as one:
        shutil.copytree(first, second)
        async with await EmbeddedServer.start(second) as other:
            put(other, "sku-1", 99)

            assert (one.adopted, other.adopted) == (False, False)
            assert get(one, "sku-1") == "1"


async def test_a_folder_replaced_under_its_server_is_refused(
    tmp_path: Path,
) -> None:
    """A leftover server of data that were there before is neither adopted nor pushed aside."""
    data_dir, before = tmp_path / "data", tmp_path / "before"
    with Parent(data_dir) as parent:
        parent.kill()
        data_dir.rename(before)

        refusal = await refusal_of(data_dir)

        assert f"a server (pid {parent.server_pid}) still serves other data" in refusal
        async with await EmbeddedServer.start(before) as server:
            assert (server.adopted, server.pid) == (True, parent.server_pid)


async def test_a_temporary_store_of_a_killed_owner_is_cleared_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a killed demo leaves is ended and removed by the next temporary store."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Parent() as killed, Parent() as living:
        killed.kill()
        for owner in (killed, living):
            os.utime(owner.data_dir / TEMPORARY_FILE, (0, 0))

        await (await EmbeddedServer.start(None)).stop()

        assert [living.data_dir] == leftover_folders()
        assert not own_socket(killed.data_dir).exists()
        assert runtime_socket(living.data_dir).exists()
