"""One real NATS server with JetStream, on a port and a folder of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from support.wait import eventually

if TYPE_CHECKING:
    from types import TracebackType

BINARY: Final = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
_STOP_S_MAX: Final = 10.0


class NatsProcess:
    """A server that is started by `with`; it keeps its streams over a kill and a start."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sellable-nats-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address as `--nats` takes it."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and return once it listens."""
        assert BINARY is not None
        self._process = subprocess.Popen(
            [BINARY, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(self._answers)

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_STOP_S_MAX)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False
