"""The whole service under test: as real processes, or in this process over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sellable.registrations import express, registrations
from sellable.rpc.server import serve
from sellable.service import answers, open_store, server_options
from sellable.settings import load_settings
from sellable.store.data_folder import runtime_socket
from support.client import Client
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from sellable.rpc.server import RunningServer
    from sellable.store.store import Store

_STOP_S_MAX: Final = 20.0
_START_S_MAX: Final = 30.0
# The console script of this environment, as a person starts it.
_COMMAND: Final = Path(sys.executable).with_name("sellable")
# A service whose machine's clock is wrong: whatever Python asks for the time is told another one.
_CLOCK_AHEAD: Final = """
import sys, time
ahead_s, real, real_ns = float(sys.argv.pop(1)), time.time, time.time_ns
time.time = lambda: real() + ahead_s
time.time_ns = lambda: real_ns() + int(ahead_s * 1e9)
from sellable.cli import main
main()
"""


class ServiceProcess:
    """`sellable serve` as a process; `async with` starts it and leaves nothing behind.

    Args:
        store: The URL of the store; None: the embedded one, on `data` or a temporary folder.
        data: The data folder of the embedded store.
        listen: Where to serve; a free port by default, kept over restarts.
        clock_ahead_s: How wrong the clock of this service is.
        command: Another installation's `sellable`.
        settings: Any other setting by its name, as the environment would give it.
    """

    def __init__(
        self,
        store: str | None = None,
        *,
        data: Path | None = None,
        listen: str = "127.0.0.1:0",
        clock_ahead_s: float = 0.0,
        command: Path = _COMMAND,
        **settings: object,
    ) -> None:
        self.data = data
        self.address = ""
        self._listen = listen
        self._flags = ["--store", store] if store is not None else []
        self._flags += ["--data", str(data)] if data is not None else []
        self._command = [str(command)]
        if clock_ahead_s:
            self._command = [sys.executable, "-c", _CLOCK_AHEAD, str(clock_ahead_s)]
        self._settings = {"log_format": "json", "health_interval_ms": 20, **settings}
        self._folder = Path(tempfile.mkdtemp(prefix="sellable-service-"))
        self._log = self._folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running service."""
        return self._running().pid

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every event that was logged so far, by this run and those before it."""
        if not self._log.exists():
            return []
        lines = self._log.read_bytes().splitlines()
        return [orjson.loads(line) for line in lines if line.startswith(b"{") and line[-1:] == b"}"]

    def client(self) -> Client:
        """Return a client of this service; the caller closes it (`async with`)."""
        return Client(self.address)

    async def start(self) -> None:
        """Start the process and return once it says SERVING; a later start takes the same port."""
        seen = len(self._addresses())
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - a fork, no wait
                [*self._command, "serve", "--listen", self.address or self._listen, *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )

        async def listening() -> bool:
            assert self._running().poll() is None, self._log.read_text()
            return len(self._addresses()) > seen

        await eventually_async(listening, _START_S_MAX)
        self.address = self._addresses()[-1]
        async with self.client() as client:
            await eventually_async(client.serving)

    def kill(self) -> None:
        """End the process as `kill -9` does, and wait until it is gone."""
        process = self._running()
        process.kill()
        process.wait(_STOP_S_MAX)

    def kill_embedded_store(self) -> None:
        """End the embedded store's own process as `kill -9` does, if it runs."""
        assert self.data is not None
        with (
            contextlib.suppress(redis.ConnectionError),
            # Mostly nobody is there any more, which is not to be asked again for seconds.
            redis.Redis(
                unix_socket_path=str(runtime_socket(self.data)), retry=Retry(NoBackoff(), 0)
            ) as client,
        ):
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask the process to end, and return its exit code."""
        process = self._running()
        process.terminate()
        return await asyncio.to_thread(process.wait, _STOP_S_MAX)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            try:
                await self.terminate()
            except subprocess.TimeoutExpired:
                self.kill()
        if self.data is not None:
            self.kill_embedded_store()  # left over by a service that was killed
        shutil.rmtree(self._folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("SELLABLE_")}
        return kept | {f"SELLABLE_{k.upper()}": str(v) for k, v in self._settings.items()}

    def _addresses(self) -> list[str]:
        return [entry["address"] for entry in self.log if entry.get("event") == "serving"]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the service was not started"
        return self._process


@asynccontextmanager
async def services(store: str, count: int, **settings: Any) -> AsyncIterator[list[ServiceProcess]]:
    """Run so many services on one store, started side by side."""
    async with contextlib.AsyncExitStack() as stack:
        processes = [ServiceProcess(store, **settings) for _ in range(count)]
        await asyncio.gather(*(stack.enter_async_context(process) for process in processes))
        yield processes


@dataclass(frozen=True)
class Service:
    """A service in this process: its store, its server, and one client that is connected."""

    store: Store
    server: RunningServer
    client: Client


@asynccontextmanager
async def service(
    store: str, *, now_ms: list[int] | None = None, **settings: object
) -> AsyncIterator[Service]:
    """Run the service in this process, over a real socket.

    Args:
        store: The URL of the store.
        now_ms: One element: the time, as the test sets it; without it the store's clock counts.
        settings: Any setting by its name, e.g. `transport="grpcio"`.
    """
    chosen: dict[str, object] = {"listen": "127.0.0.1:0", "health_interval_ms": 20, **settings}
    loaded = load_settings(store=store, **chosen)
    async with open_store(loaded, None) as opened:
        if now_ms is not None:
            opened.runner.clock = lambda: now_ms[0]
        async with (
            serve(
                registrations(opened, loaded),
                server_options(loaded),
                store_answers=lambda: answers(opened),
                express=lambda gate: express(opened, gate, loaded),
            ) as server,
            Client(server.address) as client,
        ):
            await eventually_async(client.serving)
            yield Service(opened, server, client)
