"""Which format a file has: by its content, and by the ending of its name where that is mute."""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from sellable.ingest.compressed import unpacked
from sellable.ingest.edi.edifact import read_edifact
from sellable.ingest.edi.x12 import read_x12
from sellable.ingest.forms import Form
from sellable.ingest.json_lines import read_json_lines
from sellable.ingest.parquet import read_parquet
from sellable.ingest.tabular import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from sellable.ingest.content import Content
    from sellable.ingest.rows import Notes, ReadContext, Row

    _Read: TypeAlias = Callable[[BinaryIO, ReadContext], Iterator[list[Row]]]

_HEAD_BYTES: Final = 1_024
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_PACKED_ENDINGS: Final = frozenset({".gz", ".zst", ".gzip", ".zstd"})
_ISA_ELEMENTS: Final = 16
_BUFFER_BYTES: Final = 256 * 1024


_READERS: Final[dict[Form, _Read]] = {
    Form.CSV: read_table,
    Form.JSON_LINES: read_json_lines,
    Form.PARQUET: read_parquet,
    Form.X12: read_x12,
    Form.EDIFACT: read_edifact,
}
_ENDINGS: Final = {
    ".jsonl": Form.JSON_LINES,
    ".ndjson": Form.JSON_LINES,
    ".json": Form.JSON_LINES,
    ".parquet": Form.PARQUET,
    ".x12": Form.X12,
    ".846": Form.X12,
    ".edifact": Form.EDIFACT,
}


class FileReader:
    """One file being read; see `Reader`.

    Args:
        content: What is read; may be read again by another reader.
        form: What kind of file, not AUTO.
        context: What the rows share.
    """

    def __init__(self, content: Content, form: Form, context: ReadContext) -> None:
        self.name = content.name
        self.notes: Notes = context.notes
        self.bytes_total: int | None = content.size
        self._window = content.open()
        self.form = form
        self._context = context

    @property
    def bytes_read(self) -> int:
        return self._window.bytes_read

    def rows(self) -> Iterator[list[Row]]:
        with self._window as window:
            stream = _plain(window)
            yield from _READERS[self.form](stream, self._context)


def form_of(content: Content) -> Form:
    """Find out what kind of file it is, under any compression.

    Raises:
        FileProblem: It is compressed and cannot be read.
    """
    with content.open() as window:
        head = _plain(window).read(_HEAD_BYTES)
    return form_of_head(head, content.name)


def form_of_head(head: bytes, name: str) -> Form:
    """Find out what kind of file begins so; every text may be a table."""
    if head.startswith(b"PAR1"):
        return Form.PARQUET
    begin = head.removeprefix(_UTF8_MARK).lstrip()
    sign = begin[3:4]
    # A table may have a column "ISA" first, but hardly 15 behind it.
    if begin[:3].upper() == b"ISA" and not sign.isalnum() and begin.count(sign) >= _ISA_ELEMENTS:
        return Form.X12
    signs = begin[3:9].decode("latin-1")
    if begin[:4] in {b"UNB+", b"UNH+"} or (
        begin[:3] == b"UNA" and signs and not any(map(str.isalnum, signs))
    ):
        return Form.EDIFACT
    if begin.startswith(b"{"):
        return Form.JSON_LINES
    hint = _ENDINGS.get(_ending(name), Form.CSV)
    return hint if begin.startswith(b"[") or not begin else Form.CSV


def _ending(name: str) -> str:
    *_, last = ["", *(s.lower() for s in PurePath(name).suffixes)]
    if last in _PACKED_ENDINGS:
        last = PurePath(PurePath(name).stem).suffix.lower()
    return last


def _plain(window: io.RawIOBase) -> BinaryIO:
    return unpacked(cast("BinaryIO", io.BufferedReader(window, _BUFFER_BYTES)))
