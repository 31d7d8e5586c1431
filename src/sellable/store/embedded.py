"""The embedded store: a real valkey-server as our child, supervised, and adopted after a crash.

A server outlives a killed parent, with all its data: the next start on the folder finds it by the
lock that it holds, checks on its socket that it serves this folder and this data, and goes on with
it. So there is never a second server on the same data.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Final, Self

import structlog

from sellable.errors import StoreRefused
from sellable.store.data_folder import DataFolder, leftover_folders, make_temporary, own_socket
from sellable.store.server_options import title_of
from sellable.store.server_process import Patience, ServerProcess, ask_identity

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sellable.store.server_process import Identity

_POLL_S: Final = 0.02
_RESTART_PAUSE_S_MIN: Final = 0.1
_RESTART_PAUSE_S_MAX: Final = 5.0
_STEADY_S_MIN: Final = 10.0  # a server that lived this long is restarted without a pause

_log = structlog.get_logger(__name__)


class EmbeddedServer:
    """A store of our own on a data folder, from `start` to `stop`.

    `run` keeps it alive and belongs into the service's TaskGroup; without it a server that dies
    stays dead. Use it as `async with await EmbeddedServer.start(folder) as server`.
    """

    def __init__(self, folder: DataFolder, *, fsync: bool, temporary: bool, wait: Patience) -> None:
        self.adopted = False
        self.restart_count = 0
        self._folder = folder
        self._fsync = fsync
        self._temporary = temporary
        self._wait = wait
        self._process: ServerProcess | None = None
        self._stopping = asyncio.Event()
        self._changing = asyncio.Lock()

    @classmethod
    async def start(
        cls, data_dir: Path | None, *, fsync: bool = True, patience: Patience | None = None
    ) -> Self:
        """Own the data folder and return once its server takes commands.

        Args:
            data_dir: created if missing; None takes a temporary one that `stop` removes.
            fsync: every answered write is on the disk; otherwise within a second.
            patience: how long to wait for the server to start, load and stop.

        Raises:
            StoreRefused: the folder is in use, damaged or unusable; the message says which.
        """
        wait = patience or Patience()
        if data_dir is not None:
            return await cls._start(data_dir, fsync=fsync, temporary=False, wait=wait)
        for leftover in leftover_folders():
            # Its owner was killed: its server, if it still runs, is adopted to end it cleanly.
            with contextlib.suppress(StoreRefused):
                await (await cls._start(leftover, fsync=fsync, temporary=True, wait=wait)).stop()
        return await cls._start(make_temporary(), fsync=fsync, temporary=True, wait=wait)

    @classmethod
    async def _start(cls, path: Path, *, fsync: bool, temporary: bool, wait: Patience) -> Self:
        server = cls(DataFolder.open(path), fsync=fsync, temporary=temporary, wait=wait)
        try:
            await server._bring_up()
        except BaseException:
            server._let_go()
            raise
        return server

    @property
    def data_dir(self) -> Path:
        """The resolved data folder."""
        return self._folder.path

    @property
    def socket_path(self) -> Path:
        """Where the server listens; the same again after a restart."""
        return self._folder.socket_path

    @property
    def url(self) -> str:
        """The address as `--store` takes it."""
        return f"unix://{self.socket_path}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        if self._process is None:
            raise StoreRefused(f"the server of {self.data_dir} is not running")
        return self._process.pid

    async def run(self) -> None:
        """Start the server again whenever it dies, until `stop`.

        The data are intact: every acknowledged write is in the AOF. Whatever keeps it from
        starting, a full disk say, is logged and tried again.
        """
        clock = asyncio.get_running_loop().time
        pause_s = 0.0
        while not self._stopping.is_set():
            since = clock()
            if self._process is not None:
                await self._process.closed()
                if self._stopping.is_set():
                    return
                _log.warning("embedded_server_died", pid=self._process.pid)
            steady = clock() - since > _STEADY_S_MIN
            pause_s = 0.0 if steady else pause_s
            await self._pause(pause_s)
            pause_s = min(max(2 * pause_s, _RESTART_PAUSE_S_MIN), _RESTART_PAUSE_S_MAX)
            await self._restart()

    async def stop(self) -> None:
        """End the server cleanly and give the folder up; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        async with self._changing:
            try:
                if self._process is not None:
                    await self._process.end(self._wait)
                    self._folder.forget_socket()
            finally:
                self._let_go()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _restart(self) -> None:
        async with self._changing:
            if self._stopping.is_set():
                return
            self._process = None
            try:
                await self._bring_up()
            except StoreRefused as refusal:
                _log.error("embedded_server_not_restarted", reason=str(refusal))
                return
            self.restart_count += 1
            _log.info("embedded_server_restarted", pid=self.pid)

    async def _bring_up(self) -> None:
        try:
            sizes = self._folder.aof_sizes()
            process = await self._obtain()
        except OSError as error:
            raise StoreRefused(
                f"the data folder {self.data_dir} cannot be used: {error.strerror}"
            ) from error
        try:
            await process.ready(self._wait, give_up=self._stopping)
            if self.adopted:
                await process.set_fsync(fsync=self._fsync)
        except BaseException:
            # Never end a server that we did not launch: what it does may matter to someone.
            if not self.adopted:
                await process.end(self._wait)
                self._folder.forget_socket()
            raise
        self._process = process
        tail = process.dropped_tail()
        if tail is not None:
            name, offset = tail
            dropped_bytes = sizes.get(name, offset) - offset
            _log.warning("incomplete_tail_dropped", file=name, dropped_bytes=dropped_bytes)

    async def _obtain(self) -> ServerProcess:
        # Adopt the server that works on this folder, or launch one where there is none.
        clock = asyncio.get_running_loop().time
        until = clock() + self._wait.start_s_max
        while True:
            server_lock = self._folder.lock_for_server()
            try:
                identity = await self._ask()
                self.adopted = identity is not None
                if identity is not None:
                    return ServerProcess.adopt(self._folder, identity.pid)
                if server_lock is not None:
                    return ServerProcess.launch(self._folder, server_lock, fsync=self._fsync)
            finally:
                if server_lock is not None:
                    os.close(server_lock)  # a launched server has its own copy
            # The server of a killed parent may be about to listen, or about to end.
            if clock() > until or self._stopping.is_set():
                raise StoreRefused(
                    f"an earlier valkey-server (pid {self._folder.server_pid_text()}) still works "
                    f"on {self.data_dir} but does not answer on {self.socket_path}: end it first"
                )
            await self._pause(_POLL_S)

    async def _ask(self) -> Identity | None:
        # A copied folder brings along the note of the other folder's socket: look at both.
        own = own_socket(self.data_dir)
        for socket_path in dict.fromkeys((self.socket_path, own)):
            identity = await ask_identity(socket_path)
            if identity is None:
                continue
            served = (identity.folder, identity.title)
            if served == (str(self.data_dir), title_of(self._folder.data_id)):
                self._folder.socket_path = socket_path
                return identity
            if socket_path == own:
                raise StoreRefused(
                    f"a server (pid {identity.pid}) still serves other data that were in "
                    f"{self.data_dir} before: end it first"
                )
        return None

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _let_go(self) -> None:
        self._folder.close()
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)
