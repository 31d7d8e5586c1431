"""Gzip and zstd, recognised by their first bytes and unpacked in pieces of bounded size.

So a small file that unpacks to a huge one costs time, but no memory. What lies before damage is
given; then FileProblem says what is wrong.
"""

from __future__ import annotations

import io
import sys
import zlib
from abc import abstractmethod
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from sellable.ingest.rows import FileProblem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES: Final = 256 * 1024
_FED_BYTES: Final = 1024  # of packed data at a time: damage costs what is unpacked with it
_MAGIC_BYTES: Final = 6
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"  # after a byte of 0x50 to 0x5f
_OTHERS: Final = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV",
    b"PK\x05\x06": "an empty ZIP archive",
    b"BZh": "packed with bzip2: unpack it, or pack it with gzip or zstd",
    b"\xfd7zXZ\x00": "packed with xz: unpack it, or pack it with gzip or zstd",
    b"7z\xbc\xaf": "a 7-Zip archive: unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
}


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return the content of a stream: what is packed in it, or the stream's own bytes.

    Args:
        stream: At its beginning; it need not be able to seek. The caller closes it.

    Raises:
        FileProblem: If it is packed in a way that is not read.
    """
    head = b""
    while len(head) < _MAGIC_BYTES and (more := stream.read(_MAGIC_BYTES - len(head))):
        head += more
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise FileProblem(f"it is {what}")
    rest = _Rest(head, stream)
    if head.startswith(_GZIP):
        return cast("BinaryIO", _Unpacked(rest, "gzip", _Gzip))
    if head.startswith(_ZSTD) or head[1:4] == _ZSTD_SKIPPABLE:
        return cast("BinaryIO", _Unpacked(rest, "zstd", _Zstd))
    if stream.seekable():
        stream.seek(0)
        return stream
    return cast("BinaryIO", rest)


class _Readable(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    @abstractmethod
    def read(self, size: int = -1, /) -> bytes: ...


class _Rest(_Readable):
    """A stream together with what was read of it to recognise it."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            piece = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(piece) :]
            return piece
        return self._stream.read(_PIECE_BYTES if size < 0 else size)


class _Gzip:
    """One gzip member; `left` is what comes after it."""

    def __init__(self) -> None:
        self._packed = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def unpack(self, data: bytes, size: int) -> bytes:
        return self._packed.decompress(self._packed.unconsumed_tail + data, size)

    @property
    def hungry(self) -> bool:
        """Whether nothing more comes without more packed data."""
        return not self._packed.unconsumed_tail

    @property
    def ended(self) -> bool:
        return self._packed.eof

    @property
    def left(self) -> bytes:
        return self._packed.unused_data


class _Zstd:
    """One zstd frame; `left` is what comes after it."""

    def __init__(self) -> None:
        self._packed = zstd.ZstdDecompressor()

    def unpack(self, data: bytes, size: int) -> bytes:
        return self._packed.decompress(data, size)

    @property
    def hungry(self) -> bool:
        """Whether nothing more comes without more packed data."""
        return self._packed.needs_input

    @property
    def ended(self) -> bool:
        return self._packed.eof

    @property
    def left(self) -> bytes:
        return self._packed.unused_data


class _Unpacked(_Readable):
    """The content of one or more parts, one after the other."""

    def __init__(self, packed: _Rest, name: str, part: type[_Gzip | _Zstd]) -> None:
        self._packed, self._name, self._kind = packed, name, part
        self._part: _Gzip | _Zstd | None = part()
        self._problem: FileProblem | None = None
        self._data = b""

    def read(self, size: int = -1, /) -> bytes:
        """Return at least one byte unless the content has ended."""
        size = _PIECE_BYTES if size < 0 else size
        pieces: list[bytes] = []
        count = 0
        while count < size and self._part is not None and self._problem is None:
            try:
                piece = self._more(self._part, size - count)
            except (zlib.error, zstd.ZstdError) as error:
                cause = str(error).rpartition(": ")[2]
                self._problem = FileProblem(f"the {self._name} data is damaged: {cause}")
            except FileProblem as problem:
                self._problem = problem
            else:
                pieces.append(piece)
                count += len(piece)
        if self._problem is not None and not count:
            raise self._problem
        return b"".join(pieces)

    def _more(self, part: _Gzip | _Zstd, size: int) -> bytes:
        """Unpack a little, maybe nothing yet."""
        if part.ended:
            self._next_part(part.left + self._data)
            return b""
        if part.hungry and not self._data:
            self._data = self._packed.read(_PIECE_BYTES)
            if not self._data:
                raise FileProblem(f"the {self._name} data ends too early: it was cut off")
        given = b""
        if part.hungry:
            given, self._data = self._data[:_FED_BYTES], self._data[_FED_BYTES:]
        return part.unpack(given, size)

    def _next_part(self, left: bytes) -> None:
        """Go on with what was appended as a part of its own; padding with zeros is none."""
        while not left.strip(b"\0"):
            left = self._packed.read(_PIECE_BYTES)
            if not left:
                self._part = None
                return
        left = left.lstrip(b"\0")
        while len(left) < _MAGIC_BYTES and (more := self._packed.read(_MAGIC_BYTES)):
            left += more
        magic_right = (
            left.startswith(_GZIP)
            if self._kind is _Gzip
            else left.startswith(_ZSTD) or left[1:4] == _ZSTD_SKIPPABLE
        )
        if not magic_right:
            raise FileProblem(f"after the {self._name} data comes something else")
        self._part, self._data = self._kind(), left
