"""Locust as a person starts it: the load tests as processes, and what they counted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson

from support.command import environment
from support.sources import ROOT
from support.wait import eventually_async

if TYPE_CHECKING:
    from types import TracebackType

_COMMAND: Final = Path(sys.executable).with_name("locust")
_LOCUSTFILE: Final = ROOT / "loadtests" / "locustfile.py"
_END_S_MAX: Final = 60.0
# Small and short: a test is to see that it works, not how fast it is.
SMALL: Final = (
    "--skus",
    "200",
    "--hold",
    "1",
    "--think",
    "0.1",
    "--users",
    "100",
    "--spawn-rate",
    "100",
)


class Row(NamedTuple):
    """What Locust counted of one kind of call."""

    calls: int
    failures: int
    p99_ms: float


class Locust:
    """One process of Locust; `async with` starts it and leaves nothing behind.

    Args:
        address: The service to load; empty for a worker, whose master knows it.
        options: On the command line, besides.
        headless: Without the web page.
    """

    def __init__(self, address: str, *options: str, headless: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sellable-locust-")
        self._log = Path(self._folder.name) / "log"
        self._json = Path(self._folder.name) / "stats.json"
        self._arguments = [str(_COMMAND), "-f", str(_LOCUSTFILE)]
        self._arguments += ["--json-file", str(self._json.with_suffix(""))]  # it adds the suffix
        self._arguments += ["--host", address] if address else []
        self._arguments += ["--headless", "--only-summary"] if headless else []
        self._arguments += options
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - a fork, no wait
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                cwd=self._folder.name,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(_END_S_MAX)
        self._folder.cleanup()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process, started."""
        assert self._process is not None
        return self._process

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return self._log.read_text()

    @property
    def rows(self) -> dict[str, Row]:
        """What it counted, by kind of client and call, like `checkout ReserveStock`."""
        return {
            f"{e['method']} {e['name']}": _row(e) for e in orjson.loads(self._json.read_bytes())
        }

    async def says(self, text: str) -> None:
        """Wait until it has written this."""

        async def said() -> bool:
            found = text in self.said
            assert found or self.process.poll() is None, self.said
            return found

        await eventually_async(said, _END_S_MAX)

    async def ended(self) -> int:
        """Wait for its end, and return the exit code."""
        return await asyncio.to_thread(self.process.wait, _END_S_MAX)


def _row(entry: Any) -> Row:
    counted = sorted((float(ms), count) for ms, count in entry["response_times"].items())
    total = sum(count for _, count in counted)
    p99_ms, seen = 0.0, 0
    for ms, count in counted:
        if seen < 0.99 * total:
            p99_ms = ms
        seen += count
    return Row(entry["num_requests"], entry["num_failures"], p99_ms)
