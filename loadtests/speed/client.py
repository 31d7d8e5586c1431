"""One measurement by the C client (`client/grpcload.c`), and what it cost every process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arrangement import CLIENT_CORE, HERE, cpu_s, pinned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from speed.questions import Question

_WARM_UP_MS = 500
_SOURCE = HERE / "client" / "grpcload.c"
_NEEDED = "apt-get update && apt-get install -y gcc libc6-dev libnghttp2-dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One measurement.

    Attributes:
        calls_per_s: Answered calls.
        answers_per_s: The same times what a call asks for: SKUs, lines.
        p50_us: Half of the calls took at most this; `p99_us`, `p999_us` likewise.
        server_us: Processor time of the server a call.
        store_us: Processor time of the store a call.
        server_busy: The share of a core that the server used.
        client_busy: The share of a core that the client used.
        statuses: Answered calls by gRPC status.
    """

    calls_per_s: float
    answers_per_s: float
    p50_us: int
    p99_us: int
    p999_us: int
    server_us: float
    store_us: float
    server_busy: float
    client_busy: float
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """How much is asked at a time, and for how long; 0 ms: each body once."""

    connections: int = 8
    calls_each: int = 16
    measure_ms: int = 3_000
    cores: str = str(CLIENT_CORE)


class Client:
    """The built program.

    Args:
        folder: Where it is built, and bodies are put for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = folder / "grpcload"
        if shutil.which("cc") is None:
            sys.exit(f"a C compiler is missing: {_NEEDED}")
        built = subprocess.run(
            ["cc", "-O2", "-o", self._program, _SOURCE, "-lnghttp2"],  # noqa: S607 - Debian's
            check=False,
            capture_output=True,
            text=True,
        )
        if built.returncode:
            sys.exit(f"the client could not be built: {_NEEDED}\n{built.stderr}")

    def measure(
        self,
        port: int,
        question: Question,
        pressure: Pressure,
        *,
        server_pids: Sequence[int],
        store_pid: int,
    ) -> Load:
        """Ask for a while, and leave the program if a call is not answered as it should be."""
        bodies = self._folder / "bodies"
        bodies.write_bytes(b"".join(map(framed, question.bodies)))
        warm_up_ms = _WARM_UP_MS if pressure.measure_ms else 0
        numbers = (pressure.connections, pressure.calls_each, warm_up_ms, pressure.measure_ms)
        arguments = ("127.0.0.1", str(port), question.path, str(bodies), *map(str, numbers))
        client = subprocess.Popen(
            pinned(pressure.cores, self._program, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert client.stdout is not None
        client.stdout.readline()  # the measurement begins
        before = [sum(map(cpu_s, server_pids)), cpu_s(store_pid)]
        told = client.stdout.readline()
        after = [sum(map(cpu_s, server_pids)), cpu_s(store_pid)]
        _, problem = client.communicate()
        if client.returncode:
            sys.exit(f"{question.name}: {problem}")
        server_s, store_s = (late - early for early, late in zip(before, after, strict=True))
        return _load(json.loads(told), question, server_s, store_s)


def framed(message: bytes) -> bytes:
    """Return a message as gRPC frames it: not compressed, four bytes of length."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def _load(told: dict[str, Any], question: Question, server_s: float, store_s: float) -> Load:
    calls, seconds = told["calls"], told["seconds"]
    if set(told["statuses"]) - question.statuses or told["without_message"]:
        sys.exit(f"{question.name}: not every call was answered as it should be: {told}")
    return Load(
        calls_per_s=calls / seconds,
        answers_per_s=calls / seconds * question.answers,
        p50_us=told["p50_us"],
        p99_us=told["p99_us"],
        p999_us=told["p999_us"],
        server_us=1e6 * server_s / calls,
        store_us=1e6 * store_s / calls,
        server_busy=server_s / seconds,
        client_busy=told["client_cpu_s"] / seconds,
        statuses=told["statuses"],
    )
