"""`sellable serve` says plainly where it serves, or why it does not."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from support.command import SCRIPT, Command, environment
from support.server import ValkeyProcess

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import ServiceProcess

_STOP_S_MAX: Final = 30


def refused(*arguments: str) -> tuple[int, str]:
    """Run a service that must not start; return its exit code and the last it said."""
    ended = Command("").script("serve", "--listen", "127.0.0.1:0", *arguments)
    assert not ended.out
    return ended.exit_code, ended.err.splitlines()[-1]


def test_a_data_folder_in_use(served: ServiceProcess) -> None:
    """The second service on a folder is told which process has it."""
    exit_code, said = refused("--data", str(served.data))
    assert 1 == exit_code
    assert said.startswith(f"error: the data folder {served.data} is in use by process ")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use(workers: str, tmp_path: Path) -> None:
    """The address is named with the reason of the system, however many are to serve there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        expected = (1, f"error: cannot listen on {address}: address already in use")
        data = str(tmp_path / "data")
        assert expected == refused("--data", data, "--listen", address, "--workers", workers)


def test_a_store_that_evicts() -> None:
    """A policy that would drop stock is refused with its name and the reason."""
    with ValkeyProcess("--maxmemory-policy", "allkeys-lru") as valkey:
        exit_code, said = refused("--store", valkey.url)
    assert 1 == exit_code
    assert "its maxmemory-policy is allkeys-lru: eviction would silently drop stock" in said


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["--partitions", "2"], 2, "error: partitions is 2: more than 1 comes with the cluster"),
        (["--store", "redis://h:port"], 1, "error: the port of --store is not a number from 0"),
        (["--store", "unix:///nowhere.sock"], 3, "error: the store did not answer while it was"),
        (["--data", "/dev/null/x"], 1, "error: the data folder /dev/null/x cannot be used"),
    ],
)
def test_what_cannot_be_served(arguments: list[str], exit_code: int, said: str) -> None:
    """What is wrong is one sentence, and the exit code tells a wrong setting from a lost store."""
    code, last = refused(*arguments)
    assert exit_code == code
    assert last.startswith(said)


def test_a_store_of_another_kind() -> None:
    """A kind of store that is not known is refused with those that are."""
    ended = Command("")("serve", "--store", "cluster://h")
    kinds = "redis://, rediss:// or unix:// of a server you run; none: embedded"
    assert (2, "", f"error: --store: must be {kinds}\n") == ended


def test_every_wrong_setting_is_listed() -> None:
    """Several settings that are wrong are told together."""
    ended = Command("")("serve", "--transport", "pigeon", "--durability", "hope")
    first, *notes = ended.err.splitlines()
    assert (2, "error: the settings are not valid") == (ended.exit_code, first)
    assert ["--transport:", "--durability:"] == [note.split()[0] for note in notes]


def test_a_person_is_greeted_and_ends_it_with_ctrl_c(tmp_path: Path) -> None:
    """On a terminal one line says where it serves and what to do; Ctrl-C ends it cleanly."""
    ours, theirs = pty.openpty()
    log = tmp_path / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [SCRIPT, "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=errors,
            env=environment({"TERM": "dumb"}),
            start_new_session=True,
        )
    os.close(theirs)
    said = b""
    try:
        while b"\n" not in said:
            said += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(_STOP_S_MAX), log.read_text()
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    line = said.decode().strip()
    assert line.startswith("sellable serves at 127.0.0.1:")
    assert f"stock in {tmp_path / 'data'}" in line
    assert line.endswith("Ctrl-C ends it.")
    assert "Traceback" not in log.read_text()
