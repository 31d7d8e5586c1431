"""The bytes of a file to be loaded: known by their SHA-256, and the same until the end.

Standard input is first written to a temporary file. So everything that is loaded can be read twice,
its name is known before its first row is applied, and a load that was cut off can go on.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from sellable.ingest.rows import FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

STANDARD_INPUT: Final = "-"
STANDARD_INPUT_BYTES_MAX: Final = 10 * 1024**3
_BLOCK_BYTES: Final = 1024 * 1024
_NS_PER_US: Final = 1_000


class Changing(FileProblem):
    """A file is being written to: it is to be loaded once it is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file as it was when it was opened.

    Args:
        name: As a person named it.
        path: Where its bytes are.
        size: In bytes.
        digest: SHA-256 of the bytes, in hexadecimal digits.
        modified_us: When it was last written, in microseconds since 1970; of standard input, now.
        is_file: Whether it lies where the person named it, and others may write to it.
    """

    name: str
    path: Path
    size: int
    digest: str
    modified_us: int
    is_file: bool = True

    def open(self) -> Window:
        """Open the bytes that the digest is of; what was appended since is not read."""
        return Window(self.path, self.size)

    def check_unchanged(self) -> None:
        """Raise Changing if the file was written to since it was opened."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise Changing(f"it went away while it was read: {error.strerror}") from error
        if found.st_size != self.size:
            raise Changing(
                f"it grew or shrank while it was read, from {self.size} to {found.st_size} bytes: "
                "load it again once it is complete; what was applied is recognised"
            )
        if self.is_file and found.st_mtime_ns // _NS_PER_US != self.modified_us:
            raise Changing("it was written to while it was read: load it again once it is complete")


class Window(io.RawIOBase):
    """The first bytes of a file, as a stream that knows how far it was read."""

    def __init__(self, path: Path, size: int) -> None:
        """Open the file; the caller closes the stream."""
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._size = size
        self._at = 0

    @property
    def bytes_read(self) -> int:
        """How far the stream was read."""
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = self._file.seek(min(max(0, origin + offset), self._size))
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view[: max(0, self._size - self._at)])
        self._at += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def opened(name: str, standard_input: BinaryIO | None = None) -> Iterator[Content]:
    """Read a file once to know it by its content; `-` is standard input.

    Raises:
        FileProblem: It cannot be read, is no file, changes meanwhile, or is too much for one.
    """
    if name == STANDARD_INPUT and standard_input is not None:
        with tempfile.TemporaryDirectory(prefix="sellable-") as folder:
            yield _spooled(standard_input, Path(folder) / "input")
        return
    yield content_of(Path(name))


def content_of(path: Path) -> Content:
    """Read a file once to know it by its content; raise FileProblem as `opened`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise FileProblem("it is not a file")
            count = 0
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                count += len(block)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise FileProblem(error.strerror or "it cannot be read") from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or (
        count != after.st_size
    ):
        raise Changing("it is still being written: load it once it is complete")
    return Content(
        name=str(path),
        path=path,
        size=count,
        digest=digest.hexdigest(),
        modified_us=after.st_mtime_ns // _NS_PER_US,
    )


def _spooled(stream: BinaryIO, path: Path) -> Content:
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as file:
        while block := stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > STANDARD_INPUT_BYTES_MAX:
                raise FileProblem(
                    f"standard input has more than {STANDARD_INPUT_BYTES_MAX} bytes: name a file"
                )
            digest.update(block)
            file.write(block)
    return Content(
        name=STANDARD_INPUT,
        path=path,
        size=size,
        digest=digest.hexdigest(),
        modified_us=time.time_ns() // _NS_PER_US,
        is_file=False,
    )
