"""Ingest workers as real processes that can be killed, and sources that put rows in for them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import orjson

from sellable.ingest.events import encode
from sellable.store.keys import Partition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
    from types import TracebackType

    import redis

    from sellable.stock import Fact

_COMMAND: Final = Path(sys.executable).with_name("sellable")
_STOP_S_MAX: Final = 20.0
_LOADED: Final = {
    "ingest": ("sellable.ingest.opening", "sellable.ingest.redis_stream", "uvloop"),
    "sourcing": ("sellable.ingest.opening", "sellable.dispatch.worker.worker", "sellable.service"),
}
PARTITION: Final = Partition("0")


class WorkerProcess:
    """`sellable ingest worker`, or `sellable sourcing worker`, as a process.

    Args:
        store: The URL of the store; "": the one of `--data` among the arguments.
        arguments: More of the command line.
        group: Whose worker it is.
        settings: Any setting by its name, as the environment would give it.
    """

    def __init__(
        self, store: str, *arguments: str, group: str = "ingest", **settings: object
    ) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("SELLABLE_")}
        chosen = {"log_format": "json", "ingest_claim_after_ms": 200, **settings}
        more = {f"SELLABLE_{name.upper()}": str(value) for name, value in chosen.items()}
        handle, name = tempfile.mkstemp(prefix="sellable-worker-", suffix=".log")
        self._log = Path(name)
        of_store = ["--store", store] if store else []
        self._process = subprocess.Popen(
            [str(_COMMAND), group, "worker", *of_store, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            env=kept | more,
            start_new_session=True,
        )
        os.close(handle)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every event that it logged so far."""
        lines = self._log.read_bytes().splitlines()
        return [orjson.loads(line) for line in lines if line.startswith(b"{") and line[-1:] == b"}"]

    @property
    def text(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text()

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return every event of this name."""
        return [entry for entry in self.log if entry["event"] == event]

    @property
    def rss_kib(self) -> int:
        """How much memory it has."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def kill(self) -> None:
        """End it as `kill -9` does, and wait until it is gone."""
        self._process.kill()
        self._process.wait(_STOP_S_MAX)

    def pause(self) -> None:
        """Freeze it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def terminate(self, stop: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self._process.send_signal(stop)
        return await asyncio.to_thread(self._process.wait, _STOP_S_MAX)

    async def ended(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return await asyncio.to_thread(self._process.wait, _STOP_S_MAX)

    def leave(self) -> None:
        """End it in any case, and leave nothing behind."""
        if self.alive:
            self.kill()
        self._log.unlink(missing_ok=True)


@asynccontextmanager
async def workers(
    store: str, count: int = 1, *arguments: str, **settings: Any
) -> AsyncIterator[list[WorkerProcess]]:
    """Run so many workers; the list may be changed, and all in it are ended."""
    processes = [WorkerProcess(store, *arguments, **settings) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.leave()


def push(client: redis.Redis, source: str, *entries: Sequence[Fact | bytes]) -> None:
    """Put entries of these events into the stream of a source; bytes go in as they are."""
    with client.pipeline(transaction=False) as pipe:
        for events in entries:
            fields: list[bytes | str] = ["XADD", PARTITION.waiting(source), "*"]
            for event in events:
                fields += ["event", event if isinstance(event, bytes) else encode(event)]
            pipe.execute_command(*fields)  # type: ignore[no-untyped-call]
        pipe.execute()


def outcomes(client: redis.Redis, source: str) -> dict[str, int]:
    """Return how many rows of a source came to which outcome."""
    found = client.hgetall(PARTITION.feed(source))
    names = ("applied", "unchanged", "stale", "duplicate", "rejected", "dead")
    return {n: int(found[n.encode()]) for n in names if int(found.get(n.encode(), 0))}


def waiting(client: redis.Redis, sources: Iterable[str]) -> int:
    """Count the entries of these sources that are not done."""
    return sum(int(client.xlen(PARTITION.waiting(source))) for source in sources)


def letters(client: redis.Redis, source: str) -> list[Any]:
    """Return the dead letters of a source: row, reason, detail, attempts, was."""
    entries: Any = client.xrange(PARTITION.dead(source))
    return [msgspec.msgpack.decode(fields[b"l"]) for _, fields in entries]


class ForkedWorkers:
    """Workers that start within milliseconds: forked from a process that has loaded the program.

    What runs is the command itself, in a process of its own that a signal ends as any other.
    """

    def __init__(self, store: str, group: str = "ingest", **settings: object) -> None:
        chosen = {"log_level": "error", "ingest_claim_after_ms": 200, **settings}
        self._group = group
        self._settings = {f"SELLABLE_{name.upper()}": str(v) for name, v in chosen.items()}
        self._store = store
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["support.workers", "sellable.cli.app", *_LOADED[group]]
        )
        self.running: list[Any] = []

    def start(self) -> None:
        """Start one more."""
        process = self._context.Process(
            target=_work, args=(self._group, self._store, self._settings)
        )
        process.start()
        self.running.append(process)

    def kill(self, at: int) -> None:
        """End one as `kill -9` does, and wait until it is gone."""
        process = self.running.pop(at)
        process.kill()
        process.join(_STOP_S_MAX)
        assert process.exitcode == -signal.SIGKILL

    @contextmanager
    def paused(self, at: int) -> Iterator[None]:
        """Freeze one, with whatever it has in hand."""
        pid = self.running[at].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def terminate(self) -> list[int | None]:
        """Ask all to end, and return their exit codes."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.join(_STOP_S_MAX)
        return [process.exitcode for process in self.running]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.running:
            process.kill()


def _work(group: str, store: str, settings: dict[str, str]) -> None:
    from sellable.cli.app import run  # noqa: PLC0415

    os.environ.update(settings)
    sys.exit(run([group, "worker", "--store", store]))
