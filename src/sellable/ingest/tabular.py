"""CSV, TSV and their kin: a header, then one record a row."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO, Final

from sellable.ingest.columns import find_columns, read_header
from sellable.ingest.facts import RowMaker
from sellable.ingest.lines import Lines
from sellable.ingest.records import Records, meaning
from sellable.ingest.rows import ROWS_PER_BATCH, FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.ingest.profile import Profile
    from sellable.ingest.rows import ReadContext, Row

DELIMITERS: Final = (",", ";", "\t", "|", "^", "~", ":", "\x1f", "\x01")
_HEADER_CELLS_MAX: Final = 10_000
_SEPARATOR_LINE: Final = "sep="  # how Excel is told the delimiter


def read_table(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    """Give the rows of a delimited text with a header, at most 250 at a time.

    Raises:
        FileProblem: If there is no header or it lacks a column, and where the file ends early.
    """
    lines = Lines(stream, context)
    records: Records | None = None
    blank = 0
    for block in lines.blocks():
        body = block
        if records is None:
            begin = next((at for at, line in enumerate(block) if line.strip()), len(block))
            blank += begin
            if begin == len(block):
                continue
            records, used = _begin(block[begin:], blank + 1, lines, context)
            body = block[begin + used :]
        yield from _batches(records.take(body))
    if records is not None and lines.problem is None:
        yield from _batches(records.take([], final=True))
    if lines.problem is not None:
        last = context.notes.line
        raise FileProblem(lines.problem.problem, line=last, after=True) from lines.problem
    if records is None:
        raise FileProblem("the file is empty: there is no header")


def _begin(block: list[str], line: int, lines: Lines, context: ReadContext) -> tuple[Records, int]:
    """Read the header; return what reads the rest, and how many lines the header took."""
    delimiter = context.profile.delimiter
    told = 0
    first = block[0].strip().lower()
    if first.startswith(_SEPARATOR_LINE) and len(first) == len(_SEPARATOR_LINE) + 1:
        delimiter, told = delimiter or first[-1], 1
    if problem := lines.bad.get(line + told):
        raise FileProblem(f"the header {problem}", line=line + told)
    header, delimiter, used = _header(block[told:], delimiter, context.profile, line + told)
    maker = RowMaker(read_header(header, context, line + told), context)
    used += told
    context.notes.line = line + used - 1
    return Records(maker, delimiter, lines, context, line + used), used


def _header(
    block: list[str], delimiter: str, profile: Profile, line: int
) -> tuple[list[str], str, int]:
    """Return header, delimiter and lines used: of the delimiters that give most known columns."""
    best: tuple[tuple[int, int], list[str], str, int] | None = None
    problem = ""
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        reader = csv.reader(block, delimiter=candidate, strict=True)
        try:
            header = next(reader, [])
        except csv.Error as error:
            problem = meaning(error)
            continue
        score = (len(find_columns(header, profile)), len(header))
        if best is None or score > best[0]:
            best = score, header, candidate, reader.line_num
    if best is None or (problem and not best[0][0]):
        raise FileProblem(f"the header {problem}", line=line)
    if len(best[1]) > _HEADER_CELLS_MAX:
        raise FileProblem(f"the header has more than {_HEADER_CELLS_MAX} cells", line=line)
    return best[1:]


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    for at in range(0, len(rows), ROWS_PER_BATCH):
        yield rows[at : at + ROWS_PER_BATCH]
