"""The folder that keeps an embedded store: its locks, its id, and where its server listens."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from sellable.errors import StoreRefused

OWNER_LOCK: Final = "sellable.lock"  # held by the sellable process; its text is that process's pid
SERVER_LOCK: Final = "valkey.lock"  # held by the server itself, so it stays held after our death
ID_FILE: Final = "sellable.id"
SOCKET_FILE: Final = "valkey.socket"  # its text is the path of the socket
PID_FILE: Final = "valkey.pid"
LOG_FILE: Final = "valkey.log"
AOF_FOLDER: Final = "appendonlydir"
TEMPORARY_FILE: Final = "sellable.temporary"  # marks a folder that nobody will ask for again

_TEMPORARY_PREFIX: Final = "sellable-temporary-"
_LEFTOVER_S_MIN: Final = 60.0  # younger ones may be about to be owned

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, one of them the closing NUL.
SOCKET_PATH_BYTES_MAX: Final = 103 if sys.platform == "darwin" else 107


def runtime_socket(data_dir: Path) -> Path:
    """Return where the server of this data folder listens, for processes that only connect."""
    try:
        return Path((data_dir / SOCKET_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return own_socket(data_dir.resolve())


def own_socket(resolved: Path) -> Path:
    """Return where a server of this folder listens when it is started now; always the same."""
    # $XDG_RUNTIME_DIR is not used: it is wiped when its user logs out, under a running server.
    # The temporary folder may be deep ($TMPDIR on macOS), then /tmp does.
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:16]
    name = Path(f"sellable-{os.geteuid()}-{digest}") / "s"
    candidates = [Path(tempfile.gettempdir()) / name, Path("/tmp") / name]  # noqa: S108 - 0700 inside
    for candidate in candidates:
        if len(os.fsencode(candidate)) <= SOCKET_PATH_BYTES_MAX and candidate.parents[1].is_dir():
            return candidate
    raise StoreRefused(
        f"no folder for the store's socket: {candidates[0]} is longer than "
        f"{SOCKET_PATH_BYTES_MAX} bytes; set TMPDIR to a shorter path"
    )


def make_temporary() -> Path:
    """Make a data folder that is removed by its owner, or by a later start if that was killed."""
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))
    (folder / TEMPORARY_FILE).touch()
    return folder


def leftover_folders() -> list[Path]:
    """Return this user's temporary data folders that are not new; opening one shows if it is left.

    Only the mark counts, never the name alone: a folder that someone chose is not ours to remove.
    """
    known = Path(tempfile.gettempdir()).glob(f"{_TEMPORARY_PREFIX}*/{TEMPORARY_FILE}")
    return [mark.parent for mark in known if _is_old_and_ours(mark)]


def _is_old_and_ours(mark: Path) -> bool:
    try:
        found = mark.stat()
    except OSError:
        return False  # its owner has just removed it
    return found.st_uid == os.geteuid() and time.time() - found.st_mtime > _LEFTOVER_S_MIN


class DataFolder:
    """A data folder that this process owns from `open` to `close`.

    Owning is a kernel lock: it ends with the process, however that ends, so a stale lock file is
    never an obstacle.
    """

    def __init__(self, path: Path, owner_lock: int) -> None:
        self.path = path
        self._owner_lock = owner_lock
        self.data_id = self._read_or_make_id()
        self.socket_path = runtime_socket(path)

    @classmethod
    def open(cls, data_dir: Path) -> DataFolder:
        """Create the folder if needed and own it.

        Raises:
            StoreRefused: the folder cannot be used, or a living process owns it.
        """
        try:
            path = data_dir.resolve()
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _try_lock(path / OWNER_LOCK)
            if lock is None:
                raise StoreRefused(_in_use(path))
            try:
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return cls(path, lock)
            except BaseException:
                os.close(lock)
                raise
        except FileExistsError as error:
            raise StoreRefused(f"the data folder {data_dir} is a file, not a folder") from error
        except OSError as error:
            raise StoreRefused(
                f"the data folder {data_dir} cannot be used: {error.strerror}"
            ) from error

    def close(self) -> None:
        """Give the folder up; the lock files stay, for removing them would race with a start."""
        os.close(self._owner_lock)

    @property
    def log_path(self) -> Path:
        """Where the server writes its log."""
        return self.path / LOG_FILE

    def lock_for_server(self) -> int | None:
        """Lock the folder for a server to inherit; None while a server has it."""
        return _try_lock(self.path / SERVER_LOCK)

    def has_server(self) -> bool:
        """Whether some server process still works on this folder."""
        lock = self.lock_for_server()
        if lock is None:
            return True
        os.close(lock)
        return False

    def server_pid_text(self) -> str:
        """Return the pid that the last server noted, for messages to a person."""
        try:
            return (self.path / PID_FILE).read_text(encoding="utf-8").strip() or "unknown"
        except OSError:
            return "unknown"

    def aof_sizes(self) -> dict[str, int]:
        """Return the size in bytes of every file of the AOF."""
        folder = self.path / AOF_FOLDER
        return {file.name: file.stat().st_size for file in folder.glob("*") if file.is_file()}

    def prepare_socket(self) -> None:
        """Make the runtime folder of a new server, private to this user, and note the socket."""
        self.socket_path = own_socket(self.path)
        folder = self.socket_path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or mode & 0o077:
            raise StoreRefused(
                f"the folder {folder} of the store's socket belongs to someone else or is open to "
                "others: remove it, or set TMPDIR to a folder of your own"
            )
        _write_whole(self.path / SOCKET_FILE, str(self.socket_path))

    def forget_socket(self) -> None:
        """Remove the runtime folder of a server that has ended; what is left does no harm."""
        with contextlib.suppress(OSError):
            (self.path / SOCKET_FILE).unlink(missing_ok=True)
            self.socket_path.unlink(missing_ok=True)
            self.socket_path.parent.rmdir()

    def _read_or_make_id(self) -> str:
        file = self.path / ID_FILE
        known = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        if known:
            return known
        made = secrets.token_hex(8)
        _write_whole(file, made)
        return made


def _in_use(path: Path) -> str:
    pid = (path / OWNER_LOCK).read_text(encoding="utf-8").strip()
    owner = f"process {pid}" if pid else "another process"
    return f"the data folder {path} is in use by {owner}: stop it first, or choose another --data"


def _try_lock(file: Path) -> int | None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write_whole(file: Path, text: str) -> None:
    # A reader, or a start after a power cut, sees the old text or the new one, never a part.
    draft = file.with_name(f"{file.name}.new")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
