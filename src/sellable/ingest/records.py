"""Lines of a delimited text to rows, one record after the other.

A quote that is opened and never closed would swallow all lines after it. So a record of several
lines that is broken, or has another number of cells than the header, is refused as its first line
only, and reading goes on with the second.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from sellable.ingest.encodings import visible
from sellable.ingest.rows import refused

if TYPE_CHECKING:
    from sellable.ingest.facts import RowMaker
    from sellable.ingest.lines import Lines
    from sellable.ingest.rows import ReadContext, Row

# A record may have so many lines; the bound falls with each quote that is not closed, so that a
# text full of them is not read over and over.
_RECORD_LINES_MAX: Final = 1_000
_RECORD_LINES_LEAST: Final = 16
_RECORD_CHARACTERS_MAX: Final = 1024 * 1024
_NOT_CLOSED: Final = "unexpected end of data"  # the csv module's words, as the keys below
_MEANT: Final = {
    "new-line character seen": "has a carriage return in the middle",
    "field larger than": f"has a cell of more than {csv.field_size_limit()} characters",
    _NOT_CLOSED: "opens a quote that is not closed",
    "expected after": "has text after the closing quote of a cell; a quote in a cell is doubled",
}


class Records:
    """Makes rows of lines, from one block to the next; `next_line` is the first not yet used."""

    def __init__(
        self, maker: RowMaker, delimiter: str, lines: Lines, context: ReadContext, next_line: int
    ) -> None:
        """Begin after the header."""
        self.next_line = next_line
        self._maker, self._delimiter = maker, delimiter
        self._bad = lines.bad
        self._context = context
        self._waiting: list[str] = []
        self._record_lines_max = _RECORD_LINES_MAX

    def take(self, block: list[str], *, final: bool = False) -> list[Row]:
        """Return the rows of the records that end in a block; the rest waits for the next one."""
        lines = self._waiting + block
        rows: list[Row] = []
        at = 0
        while at < len(lines):
            stop = min(len(lines), at + 4 * self._record_lines_max)
            end = self._run(lines, at, stop, rows)
            if end == at:  # a quote is open from here to `stop`
                if stop == len(lines) and not final and self._may_go_on(lines[at:]):
                    break
                self._record_lines_max = max(_RECORD_LINES_LEAST, self._record_lines_max // 2)
                self._refuse(lines, at, at + 1, _MEANT[_NOT_CLOSED], rows)
                end = at + 1
            at = end
        self._waiting = lines[at:]
        self.next_line += at
        self._context.notes.line = self.next_line - 1
        return rows

    def _run(self, lines: list[str], at: int, stop: int, rows: list[Row]) -> int:
        """Read records from one line to another; return where the first one that is open begins."""
        first, bad, fast, width = self.next_line, self._bad, self._maker.fast, self._maker.width
        reader = csv.reader(lines[at:stop], delimiter=self._delimiter, strict=True)
        here = at
        append = rows.append
        try:
            for cells in reader:
                end = at + reader.line_num
                if len(cells) == width and not bad:
                    number = first + here
                    fact = fast(number, cells)
                    if fact is not None:
                        append((number, fact))
                        here = end
                        continue
                if cells and end - here > 1 and len(cells) != width:
                    text = f"opens a quote, or the record of {end - here} lines is ragged"
                    self._refuse(lines, here, here + 1, text, rows)
                    return here + 1
                if cells:
                    self._slow(lines, here, end, cells, rows)
                here = end
        except csv.Error as error:
            if str(error) == _NOT_CLOSED:
                return here
            self._refuse(lines, here, here + 1, meaning(error), rows)
            return here + 1
        return here

    def _slow(
        self, lines: list[str], here: int, end: int, cells: list[str], rows: list[Row]
    ) -> None:
        number = self.next_line + here
        for line in range(number, self.next_line + end) if self._bad else ():
            if line in self._bad:
                self._refuse(lines, here, end, self._bad[line], rows)
                return
        rows += self._maker.slow(number, cells, lambda: _payload(lines, here, end))

    def _refuse(self, lines: list[str], here: int, end: int, detail: str, rows: list[Row]) -> None:
        number = self.next_line + here
        for line in range(number, self.next_line + end) if self._bad else ():
            detail = self._bad.pop(line, detail)
        row = refused(self._context, f"the line {detail}", _payload(lines, here, end))
        rows.append((number, row))

    def _may_go_on(self, lines: list[str]) -> bool:
        return len(lines) < self._record_lines_max and sum(map(len, lines)) < _RECORD_CHARACTERS_MAX


def meaning(error: csv.Error) -> str:
    """Say what the csv module refused, as a phrase about a line."""
    return next((text for words, text in _MEANT.items() if words in str(error)), str(error))


def _payload(lines: list[str], here: int, end: int) -> str:
    return visible("".join(lines[here:end]).rstrip("\r\n"))
