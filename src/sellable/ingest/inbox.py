"""A folder in which files arrive: which are complete, and where they go once they are done with.

A file is complete when nobody has written to it for a while, or, if the sender says so, when a
marker stands beside it. Names are looked at again and again instead of waiting for the system to
tell of a change: that is needed to see that nothing changes, and it works on network folders.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sellable.errors import SellableError

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE: Final = "done"
FAILED: Final = "failed"
MARKERS: Final = (".done", ".ok")
REASON_ENDING: Final = ".reason.txt"
_LOCK: Final = ".sellable-watch.lock"
_UNFINISHED: Final = (".part", ".tmp", ".filepart", ".crdownload")
_NS: Final = 1_000_000_000
_NS_PER_US: Final = 1_000


class InboxProblem(SellableError):
    """The folder cannot be worked in."""

    reason = "FOLDER_PROBLEM"


@dataclass(slots=True)
class _Seen:
    size: int
    modified_ns: int
    since: float


@dataclass(slots=True)
class Inbox:
    """Files that arrive in one folder.

    Args:
        folder: Has, or gets, the folders `done` and `failed` in it.
        settle_s: For how many seconds a complete file has not changed.
        marked: Whether a file is complete only with `FILE.done` or `FILE.ok` beside it.
    """

    folder: Path
    settle_s: float = 2.0
    marked: bool = False
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the folders that files are moved to; raise InboxProblem if that cannot be."""
        try:
            for name in (DONE, FAILED):
                (self.folder / name).mkdir(exist_ok=True)
        except OSError as error:
            raise InboxProblem(f"cannot work in {self.folder}: {error.strerror}") from error

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Have the folder for ourselves, as far as its file system knows locks; or answer False."""
        try:
            lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise InboxProblem(f"cannot work in {self.folder}: {error.strerror}") from error
        try:
            yield _locked(lock)
        finally:
            os.close(lock)

    def look(self) -> tuple[list[Path], int]:
        """Return the files that are complete, the oldest first, and how many are not yet."""
        now, wall_ns = time.monotonic(), time.time_ns()
        complete: list[tuple[int, str]] = []
        unsettled = 0
        found: dict[str, _Seen] = {}
        for name, status in self._files():
            seen = self._seen.get(name)
            if seen is None or (seen.size, seen.modified_ns) != (
                status.st_size,
                status.st_mtime_ns,
            ):
                # Of a file that was here before us the time of its last change says as much.
                age_s = max(0.0, (wall_ns - status.st_mtime_ns) / _NS) if seen is None else 0.0
                seen = _Seen(status.st_size, status.st_mtime_ns, now - age_s)
            found[name] = seen
            if now - seen.since >= self.settle_s and self._is_marked(name):
                complete.append((seen.modified_ns, name))
            elif not self.marked:
                unsettled += 1
        self._seen = found
        return [self.folder / name for _, name in sorted(complete)], unsettled

    def done(self, path: Path, size: int, modified_us: int) -> Path:
        """Move a file that was loaded; return where it is now.

        Raises:
            FileNotFoundError: Another file took its name meanwhile, and is still in the folder.
            OSError: It cannot be moved.
        """
        target = self._move(path, self._free(DONE, path.name))
        moved = target.stat()
        if (moved.st_size, moved.st_mtime_ns // _NS_PER_US) != (size, modified_us):
            target.rename(self._free(".", path.name))
            raise FileNotFoundError
        return target

    def failed(self, path: Path, reason: str) -> Path:
        """Move a file that cannot be loaded, and write down beside it why."""
        target = self._free(FAILED, path.name)
        # First the reason: whoever sees the file there can read it.
        note = target.with_name(f"{target.name}{REASON_ENDING}")
        note.write_text(f"{reason}\n", encoding="utf-8")
        try:
            return self._move(path, target)
        except OSError:
            note.unlink(missing_ok=True)
            raise

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except OSError as error:
            raise InboxProblem(f"cannot read {self.folder}: {error.strerror}") from error
        for name in names:
            if name.startswith(".") or name.lower().endswith(_UNFINISHED):
                continue
            if self.marked and name.endswith(MARKERS):
                continue
            try:
                status = (self.folder / name).lstat()
            except OSError:
                continue  # it went meanwhile
            if stat.S_ISREG(status.st_mode):
                yield name, status

    def _is_marked(self, name: str) -> bool:
        return not self.marked or any((self.folder / f"{name}{end}").exists() for end in MARKERS)

    def _free(self, kind: str, name: str) -> Path:
        """Return a name that nothing has there."""
        target = self.folder / kind / name
        stem, suffixes = Path(name).stem, Path(name).suffix
        number = 1
        while target.exists() or target.with_name(f"{target.name}{REASON_ENDING}").exists():
            number += 1
            target = target.with_name(f"{stem}~{number}{suffixes}")
        return target

    def _move(self, path: Path, target: Path) -> Path:
        path.rename(target)
        self._seen.pop(path.name, None)
        if self.marked:
            for end in MARKERS:
                path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
        return target


def _locked(lock: int) -> bool:
    """Take a lock unless somebody has it; where there are none the store still takes rows once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
