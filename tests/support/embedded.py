"""Embedded servers under test: reading and writing them, and owners that can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
import redis

from sellable.errors import StoreRefused
from sellable.store.embedded import EmbeddedServer
from support.wait import eventually_async

if TYPE_CHECKING:
    from types import TracebackType

    from sellable.store.server_process import Patience

# A whole service in small: it owns the folder, writes, says so, and would serve until it is killed.
_OWNER = """
import asyncio, sys
from pathlib import Path
import redis
from sellable.store.embedded import EmbeddedServer

async def main():
    server = await EmbeddedServer.start(Path(sys.argv[1]) if sys.argv[1:] else None)
    with redis.Redis(unix_socket_path=str(server.socket_path)) as client:
        client.set("sku", 7)
    print(server.pid, server.data_dir, flush=True)
    await server.run()

asyncio.run(main())
"""


def client_of(server: EmbeddedServer) -> redis.Redis:
    """Return a plain blocking client; the caller closes it (`with`)."""
    return redis.Redis(unix_socket_path=str(server.socket_path), decode_responses=True)


def put(server: EmbeddedServer, sku: str, quantity: int) -> None:
    """Write one number and wait for the answer."""
    with client_of(server) as client:
        client.set(sku, quantity)


def get(server: EmbeddedServer, sku: str) -> str | None:
    """Read one number."""
    with client_of(server) as client:
        found: str | None = client.get(sku)
        return found


def config_of(server: EmbeddedServer, name: str) -> str:
    """Read one option that the server runs with."""
    with client_of(server) as client:
        return str(client.config_get(name)[name])


async def fill(data_dir: Path) -> None:
    """Leave a stopped store with sku-0 to sku-99, each with its number."""
    async with await EmbeddedServer.start(data_dir) as server:
        for number in range(100):
            put(server, f"sku-{number}", number)


async def refusal_of(data_dir: Path, patience: Patience | None = None) -> str:
    """Return what a start on this folder is refused with."""
    with pytest.raises(StoreRefused) as refused:
        await EmbeddedServer.start(data_dir, patience=patience)
    return str(refused.value)


async def restarted(server: EmbeddedServer, count: int) -> None:
    """Wait until the server was started again this many times."""

    async def reached() -> bool:
        return server.restart_count == count

    await eventually_async(reached)


class Parent:
    """A real process that owns a data folder (none: a temporary one) and its server."""

    def __init__(self, data_dir: Path | None = None) -> None:
        arguments = [] if data_dir is None else [str(data_dir)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OWNER, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        pid, folder = self.process.stdout.readline().split()
        self.server_pid, self.data_dir = int(pid), Path(folder)

    def kill(self) -> None:
        """End the process as `kill -9` would; its server lives on."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing is left behind, whatever became of the test.
        self.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.server_pid, signal.SIGKILL)
