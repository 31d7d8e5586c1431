"""Data folders that cannot be served, or only in part: each is answered in one clear line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from sellable.store.data_folder import SOCKET_PATH_BYTES_MAX, own_socket
from sellable.store.embedded import EmbeddedServer
from support.embedded import fill, get, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable

_INCREMENTAL = Path("appendonlydir/appendonly.aof.1.incr.aof")


async def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    """Sockets have short paths, wherever the data are."""
    deep = tmp_path / ("d" * 200) / "data"

    async with await EmbeddedServer.start(deep) as server:
        assert len(os.fsencode(server.socket_path)) <= SOCKET_PATH_BYTES_MAX
        assert get(server, "sku") is None


async def test_a_runtime_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder that someone else prepared in the temporary folder is not trusted."""
    folder = own_socket(tmp_path).parent
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        assert f"the folder {folder} of the store's socket" in await refusal_of(tmp_path)
    finally:
        folder.rmdir()


async def test_an_incomplete_tail_is_dropped_and_said(tmp_path: Path) -> None:
    """A write that a power cut left half on the disk was never acknowledged; the rest loads."""
    await fill(tmp_path)
    aof = tmp_path / _INCREMENTAL
    os.truncate(aof, aof.stat().st_size - 3)

    with capture_logs() as logs:
        async with await EmbeddedServer.start(tmp_path) as server:
            assert get(server, "sku-98") == "98"
            assert get(server, "sku-99") is None
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
    await fill(tmp_path)
    file = tmp_path / "appendonlydir" / name
    damage(file)
    left = file.read_bytes() if file.exists() else None

    refusal = await refusal_of(tmp_path)

    assert f"is damaged: {file} cannot be read" in refusal
    assert "valkey-check-aof --fix" in refusal
    assert "\n" not in refusal
    assert left == (file.read_bytes() if file.exists() else None)


async def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    """Whatever the server complains of is the answer, in one line, with the log named."""
    (tmp_path / "appendonlydir").touch()

    refusal = await refusal_of(tmp_path)

    assert "Can't open or create append-only dir" in refusal
    assert str(tmp_path / "valkey.log") in refusal
    assert "\n" not in refusal


async def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """What fails before there is a server is answered like what the server says."""
    (tmp_path / "valkey.log").mkdir()

    expected = f"the data folder {tmp_path} cannot be used: Is a directory"
    assert await refusal_of(tmp_path) == expected


async def test_a_file_as_data_folder_is_refused(tmp_path: Path) -> None:
    """A path that is a file is answered as such."""
    file = tmp_path / "data"
    file.touch()

    assert await refusal_of(file) == f"the data folder {file} is a file, not a folder"


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """No permission is answered with the folder and the reason of the system."""
    # The superuser may write anywhere but into the kernel's own file systems.
    data_dir = tmp_path / "locked" / "data" if os.geteuid() else Path("/sys/sellable")
    (tmp_path / "locked").mkdir(mode=0o500)

    assert f"the data folder {data_dir} cannot be used: " in await refusal_of(data_dir)
