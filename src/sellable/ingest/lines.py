"""Bytes to lines of text, in blocks of bounded size; lines that are no text are known by number."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, BinaryIO, Final

from sellable.ingest.encodings import UNDECODABLE, decoder, find_encoding
from sellable.ingest.rows import RECORD_BYTES_MAX, FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.ingest.rows import ReadContext

_HEAD_BYTES: Final = 256 * 1024  # what the encoding is taken from
_PIECE_BYTES: Final = 16 * 1024  # some 2 ms of parsing: the engine has work for so long
_SHOWN: Final = 200


def read_block(stream: BinaryIO) -> bytes:
    """Read up to 256 KiB; raise FileProblem where the medium fails."""
    try:
        return stream.read(_PIECE_BYTES)
    except OSError as error:
        raise FileProblem(f"cannot be read any further: {error.strerror or error}") from error


class Lines:
    """The lines of one text, with their ends.

    `bad` says of each line that is no text, by its 1-based number, why; a line of more than 1 MiB
    is one, and only its beginning is given. Whoever has dealt with a line removes it there.
    """

    def __init__(self, stream: BinaryIO, context: ReadContext) -> None:
        """Read the beginning, to know the encoding."""
        self.bad: dict[int, str] = {}
        self.count = 0  # lines given so far
        self.problem: FileProblem | None = None  # what ended the text early
        self._stream = stream
        head = self._read()
        while head and len(head) < _HEAD_BYTES and (more := self._read()):
            head += more
        self._head = head
        self.encoding = find_encoding(head, context)
        self._decoder = decoder(self.encoding)
        self._end = "\n"

    def blocks(self) -> Iterator[list[str]]:
        """Give the lines; the last list may end with one that is not terminated.

        If the text ends early, the line in which it does is not given, and `problem` says why.
        """
        text = self._decoder.decode(self._head)
        self._head = b""
        if "\n" not in text and "\r" in text.rstrip("\r"):
            self._end = "\r"
        rest, dropping = "", False
        while True:
            if dropping:
                _, ended, text = text.partition(self._end)
                dropping = not ended
            rest += text
            cut = rest.rfind(self._end) + 1
            if cut:
                yield self._split(rest[:cut])
                rest = rest[cut:]
            if len(rest) > RECORD_BYTES_MAX:
                yield self._split(rest)
                rest, dropping = "", True
            chunk = self._read()
            if not chunk:
                break
            text = self._decoder.decode(chunk)
        if self.problem is None:
            rest += "" if dropping else self._decoder.decode(b"", final=True)
            if rest:
                yield self._split(rest)

    def _read(self) -> bytes:
        if self.problem is not None:
            return b""
        try:
            return read_block(self._stream)
        except FileProblem as problem:
            self.problem = problem
            return b""

    def _split(self, text: str) -> list[str]:
        lines = list(StringIO(text, newline=self._end))
        if UNDECODABLE.search(text):
            for at, line in enumerate(lines, self.count + 1):
                if UNDECODABLE.search(line):
                    self.bad[at] = f"is not {self.encoding.removesuffix('-sig')}"
        if len(text) > RECORD_BYTES_MAX:
            for index, line in enumerate(lines):
                if len(line) > RECORD_BYTES_MAX:
                    self.bad[self.count + 1 + index] = f"is longer than {RECORD_BYTES_MAX} bytes"
                    # Without quotes, which might open a cell that ends many lines later.
                    lines[index] = line[:_SHOWN].replace('"', "").rstrip("\r\n") + "...\n"
        self.count += len(lines)
        return lines
