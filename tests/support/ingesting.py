"""A service whose store files are loaded into, and what the store says beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis

from sellable.store.data_folder import runtime_socket
from sellable.store.keys import Partition
from support.command import SCRIPT, Command, Ended, environment
from support.keyspace import keyspace, values
from support.service import ServiceProcess
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETWORK: Final = """
locations:
  - {id: L1, type: warehouse, country: FR}
  - {id: L2, type: warehouse, country: FR}
  - {id: L3, type: warehouse, country: FR}
markets:
  - {channel: web, country: FR, locations: [L1, L2, L3]}
"""
_COUNTERS: Final = ("applied", "unchanged", "stale", "duplicate", "rejected", "dead")
_PARTITION: Final = Partition("0")
_RUN_S_MAX: Final = 60.0


class Shop:
    """A served store: files go in by the command, and what they did is read in the engine.

    Args:
        service: Serves the embedded store of a data folder.
        client: Of the engine itself.
    """

    def __init__(self, service: ServiceProcess, client: redis.Redis) -> None:
        assert service.data is not None
        self.service = service
        self.client = client
        self.variables = {"SELLABLE_DATA": str(service.data)}
        self.command = Command(service.address, **self.variables)

    def file(self, path: Path | str, *options: str, source: str, stdin: str = "") -> Ended:
        """Load a file, and have the answer as JSON."""
        arguments = ("ingest", "file", str(path), "--source", source, "--json", *options)
        return self.command(*arguments, stdin=stdin)

    def loaded(self, path: Path | str, *options: str, source: str, stdin: str = "") -> Any:
        """Load one file and return what became of it, whatever the exit code."""
        (told,) = self.file(path, *options, source=source, stdin=stdin).value["files"]
        return told

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `sellable ingest ...` as a process of its own; the caller ends it."""
        return subprocess.Popen(
            [SCRIPT, "ingest", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(self.variables | {"SELLABLE_LOG_FORMAT": "json"}),
        )

    def killed_after(self, rows: int, source: str, *arguments: str) -> bool:
        """Run it, and `kill -9` it once so many rows of the source have an outcome.

        Answer False if it came to its end before.
        """
        process = self.start(*arguments)
        eventually(lambda: process.poll() is not None or self.rows(source) >= rows, _RUN_S_MAX)
        cut = process.poll() is None
        if cut:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=_RUN_S_MAX)
        return cut

    def outcomes(self, source: str) -> dict[str, int]:
        """Return how many rows of a source came to which outcome."""
        raw: Any = self.client.hmget(_PARTITION.feed(source), _COUNTERS)
        return {n: int(v) for n, v in zip(_COUNTERS, raw, strict=True) if v and int(v)}

    def rows(self, source: str) -> int:
        """Return how many rows of a source have an outcome."""
        return sum(self.outcomes(source).values())

    def letters(self, source: str) -> int:
        """Return how many dead letters a source has."""
        found: Any = self.client.xlen(_PARTITION.dead(source))
        return int(found)

    def on_hand(self, sku: str, location: str) -> int | None:
        """Return the units of a position, None where there is none."""
        raw: Any = self.client.hget(_PARTITION.sku(sku), location)
        return None if raw is None else int(values(raw, 4)[0])

    def everything(self) -> dict[str, object]:
        """Return all that the store holds."""
        return keyspace(self.client)


@contextmanager
def shop_served(folder: Path) -> Iterator[Shop]:
    """Serve an embedded store with three locations until the block ends."""
    service = ServiceProcess(data=folder / "data")
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            socket = str(runtime_socket(folder / "data"))
            with redis.Redis(unix_socket_path=socket) as client:
                shop = Shop(service, client)
                applied = shop.command("network", "apply", "-", stdin=NETWORK)
                assert 0 == applied.exit_code, applied.err
                yield shop
        finally:
            runner.run(service.__aexit__(None, None, None))


def ago(hours: float) -> str:
    """Return a time before now as files have it."""
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as a file of JSON Lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)
