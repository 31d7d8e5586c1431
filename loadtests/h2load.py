"""Calls from h2load: several processes, each with its own request, on the clients' core.

One h2load sends one body for ever, so diverse SKUs need several of them. h2load counts HTTP
answers and knows nothing of gRPC; an answer without a message is found by its missing bytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arrangement import CLIENT_CORE, cpu_s, pinned

if TYPE_CHECKING:
    from collections.abc import Sequence

_RATE = re.compile(r"finished in [\d.]+\w+, ([\d.]+) req/s")
_REQUESTS = re.compile(
    r"requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed"
)
_DATA = re.compile(r"\((\d+)\) data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One measurement.

    Attributes:
        calls_per_s: Answered calls, of all clients together.
        busy: The share of its core that the server used.
    """

    calls_per_s: float
    busy: float


def framed(message: bytes) -> bytes:
    """Return a message as gRPC frames it: not compressed, four bytes of length."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def measure(
    url: str,
    messages: Sequence[bytes],
    *,
    in_flight: int,
    duration_s: int,
    server_pid: int,
    answer_bytes_min: int,
) -> Load:
    """Send each message again and again from its own process; together `in_flight` calls."""
    each, rest = divmod(in_flight, len(messages))
    if rest:
        raise ValueError(f"{in_flight} calls in flight cannot be shared by {len(messages)}")
    with tempfile.TemporaryDirectory(prefix="sellable-load-") as folder:
        clients = []
        for number, message in enumerate(messages):
            body = Path(folder, f"{number}.bin")
            body.write_bytes(framed(message))
            clients.append(_start(url, body, each, duration_s))
        busy = _busy(server_pid, duration_s)
        outputs = [_output(client) for client in clients]
    return Load(
        calls_per_s=sum(_calls_per_s(text, answer_bytes_min) for text in outputs), busy=busy
    )


def _start(url: str, body: Path, in_flight: int, duration_s: int) -> subprocess.Popen[str]:
    command = pinned(
        CLIENT_CORE,
        "h2load",
        *("--clients", "1", "--threads", "1", "--max-concurrent-streams", str(in_flight)),
        *("--duration", str(duration_s), "--warm-up-time", "1", "--data", body),
        *("--header", "content-type: application/grpc", "--header", "te: trailers"),
        url,
    )
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _busy(pid: int, duration_s: int) -> float:
    time.sleep(1.0)  # the warm-up
    begun, used = time.monotonic(), cpu_s(pid)
    time.sleep(duration_s - 0.5)
    return (cpu_s(pid) - used) / (time.monotonic() - begun)


def _output(client: subprocess.Popen[str]) -> str:
    text, _ = client.communicate()
    if client.returncode:
        sys.exit(f"h2load failed:\n{text}")
    return text


def _calls_per_s(text: str, answer_bytes_min: int) -> float:
    rate, requests, data = _RATE.search(text), _REQUESTS.search(text), _DATA.search(text)
    if rate is None or requests is None or data is None:
        sys.exit(f"h2load was not understood:\n{text}")
    done, succeeded, failed = (int(requests[group]) for group in (2, 3, 4))
    if not done or failed or succeeded != done or int(data[1]) < done * answer_bytes_min:
        sys.exit(f"not every call was answered with a message:\n{text}")
    calls_per_s: float = float(rate[1])
    return calls_per_s
