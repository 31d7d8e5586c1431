"""EDI text as segments: delimiters found where the standards put them, in bounded memory.

Both standards are the same below their words: segments of elements of components. What differs is
where a file says which characters part them, and that EDIFACT can release a character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.ingest.rows import RECORD_BYTES_MAX, FileProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_BLOCK_BYTES: Final = 64 * 1024
# Enough of a beginning to hold the delimiters: an ISA has 106 characters, or a few more of those
# who fill its fields too far; of EDIFACT the first segment has to end in it, or its first line.
HEAD_BYTES: Final = 1_024
_BLANK: Final = b" \t\r\n\x00\x1a"


class Delimiters(NamedTuple):
    """The bytes that part an interchange; `release` and `repetition` may be empty."""

    element: bytes
    component: bytes
    segment: bytes
    release: bytes = b""
    repetition: bytes = b""


class Segment(NamedTuple):
    """One segment: its 1-based number in the file, its tag, and its elements without the tag.

    Elements are as they came, with their release characters; `components` takes one apart.
    """

    number: int
    tag: str
    elements: list[str]
    text: str
    component: str
    release: str

    def element(self, at: int) -> str:
        """Return the element of this 1-based place, or "" if the segment is shorter."""
        return _released(self._raw(at), self.release)

    def components(self, at: int) -> list[str]:
        """Return the components of an element; at least one, which may be empty."""
        parts = split(self._raw(at), self.component, self.release)
        return [_released(part, self.release) for part in parts]

    def _raw(self, at: int) -> str:
        return self.elements[at - 1].strip() if at <= len(self.elements) else ""


def read_segments(
    stream: BinaryIO,
    begins: Callable[[bytes], tuple[Delimiters, int]],
    ends: str,
    encoding: str = "utf-8",
) -> Iterator[Segment]:
    """Give the segments of every interchange of a stream.

    Args:
        stream: Read to its end.
        begins: Finds the delimiters in the first bytes of an interchange, and how many bytes of
            them are no segment; raises FileProblem.
        ends: The tag of the segment after which delimiters are looked for again.
        encoding: Of the text; any that has ASCII in it as it is.

    Raises:
        FileProblem: Delimiters that cannot be found, a segment that is too long, or text after the
            last terminator.
    """
    source = _Bytes(stream)
    number = 0
    while head := source.head():
        try:
            delimiters, skipped = begins(head)
        except FileProblem as problem:
            raise FileProblem(problem.problem, line=number + 1) from problem
        source.skip(skipped)
        element, component = delimiters.element.decode(), delimiters.component.decode()
        release = delimiters.release.decode()
        while (text := source.until(delimiters, number + 1)) is not None:
            if not text:
                continue
            number += 1
            # A byte that is not of the encoding stays as it is until somebody wants the text.
            line = text.decode(encoding, "surrogateescape")
            tag, *elements = split(line, element, release)
            yield Segment(number, tag.strip().upper(), elements, line, component, release)
            if tag.strip().upper() == ends:
                break


def split(text: str, separator: str, release: str) -> list[str]:
    """Split at separators that are not released; what is released stays so."""
    parts = text.split(separator)
    if not release or release not in text:
        return parts
    joined: list[str] = []
    open_end = False
    for part in parts:
        if open_end:
            joined[-1] += separator + part
        else:
            joined.append(part)
        open_end = _is_open(joined[-1], release)
    return joined


def printable(text: str) -> str:
    """Return text that may hold bytes of an unknown encoding with those escaped."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(text: str) -> str:
    """Return text in quotes for a message: on one line, whatever is in it."""
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in printable(text)) + "'"


def _is_open(text: str, release: str) -> bool:
    """Tell whether the character after this text is released: an odd number of releases ends it."""
    return bool((len(text) - len(text.rstrip(release))) % 2)


def _released(text: str, release: str) -> str:
    if not release or release not in text:
        return text
    characters = iter(text)
    return "".join(next(characters, "") if one == release else one for one in characters)


class _Bytes:
    """The bytes of a stream up to the next terminator, one block in memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self._ended = False

    def head(self) -> bytes:
        """Return the next bytes without moving, blanks left out; empty at the end."""
        while True:
            rest = self._buffer[self._at :].lstrip(_BLANK)
            if len(rest) >= HEAD_BYTES or not self._more(rest):
                self._buffer, self._at = rest, 0
                return rest[:HEAD_BYTES]

    def skip(self, count: int) -> None:
        self._at += count

    def until(self, delimiters: Delimiters, number: int) -> bytes | None:
        """Return the next segment without its terminator; None at the end."""
        begin = search = self._at
        while True:
            found = self._buffer.find(delimiters.segment, search)
            if found >= 0:
                text = self._buffer[begin:found]
                search = found + 1
                if delimiters.release and _is_open_bytes(text, delimiters.release):
                    continue
                self._at = search
                return text.strip(_BLANK)
            search = len(self._buffer)
            rest = search - begin
            if rest > RECORD_BYTES_MAX:
                raise FileProblem(f"a segment is longer than {RECORD_BYTES_MAX} bytes", line=number)
            if not self._more(self._buffer[begin:]):
                return self._last(delimiters, number)
            begin, search = 0, rest

    def _last(self, delimiters: Delimiters, number: int) -> bytes | None:
        """Answer what stands after the last terminator: blanks, or a line whose end is missing."""
        rest = self._buffer[self._at :].strip(_BLANK)
        self._buffer, self._at = b"", 0
        if not rest:
            return None
        if delimiters.segment == b"\n":
            return rest
        shown = printable(rest[:40].decode("utf-8", "surrogateescape"))
        raise FileProblem(f"the file ends within a segment: {shown!r}", line=number)

    def _more(self, rest: bytes) -> bool:
        """Read another block behind the rest; answer whether there was one."""
        if self._ended:
            return False
        block = self._stream.read(_BLOCK_BYTES)
        self._ended = not block
        self._buffer, self._at = rest + block, 0
        return bool(block)


def _is_open_bytes(text: bytes, release: bytes) -> bool:
    return bool((len(text) - len(text.rstrip(release))) % 2)
