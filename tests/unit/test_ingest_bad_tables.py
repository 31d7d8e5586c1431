"""Delimited texts that are broken: each fault has its answer, and nothing else is lost."""

from __future__ import annotations

import io
import re
import tracemalloc
from time import process_time
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sellable.ingest import lines
from sellable.ingest.tabular import read_table
from sellable.stock import Fact
from support.reading import context_of, drain, endless, read

HEADER: Final = "sku,location,quantity\n"
GOOD: Final = [("A", "DC-1", 1), ("Z", "DC-1", 26)]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 0, "the file is empty: there is no header"),
        ("\n \n\r\n", 0, "the file is empty: there is no header"),
        ("\ufeff", 0, "the file is empty: there is no header"),
        ("location,quantity\n", 1, "no column for the sku. Looked for: 'sku', 'item'"),
        ("\n\nSKUS,location,quantity\n", 3, "did you mean 'SKUS'?"),
        ("sku,location,quantities\n", 1, "no column for a quantity. Looked for: 'quantity'"),
        ("sku,location,quantities\n", 1, "did you mean 'quantities'?"),
        ("sku,quantity\n", 1, "no column for the location, and no location was given"),
        ("A,DC-1,1\nB,DC-1,2\n", 1, "Found: 'A', 'DC-1', '1'"),
        (",,\n", 1, "Found: '', '', ''"),
        ("sku,location,Quantity,quantity \n", 1, "columns 3 and 4 are both called 'quantity'"),
        ("sku,SKU,location,quantity\n", 1, "columns 1 and 2 are both called 'SKU'"),
        ('sku,"location,quantity\nA,DC-1,1\n', 1, "the header opens a quote that is not closed"),
        ('sku,"loc"ation,quantity\n', 1, "the header has text after the closing quote of a cell"),
        ("sku,location,quantity," + "x," * 10_000, 1, "the header has more than 10000 cells"),
        ("sku,location,quantity," + "x" * 1_100_000, 1, "the header is longer than 1048576 bytes"),
        ("x" * 200_000, 1, "the header has a cell of more than 131072 characters"),
    ],
)
def test_a_header_that_cannot_be_used(text: str, line: int, problem: str) -> None:
    """It stops the file before its first row, and says what was looked for and found."""
    found = read(text)
    assert [] == found.rows
    assert found.problem is not None
    assert (line, True) == (found.problem.line, problem in str(found.problem)), found.problem
    assert len(str(found.problem)) < 2_000


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("SKU,HS Code", "no column is a location"),
        ("SKU,Main Street", "column 2, 'Main Street', is no location id: say in `locations`"),
        ("SKU,DC-1,DC-1", "columns 2 and 3 are both the location DC-1"),
        ("SKU,Main,DC-1", "columns 2 and 3 are both the location DC-1"),
    ],
)
def test_a_wide_header_that_cannot_be_used(header: str, problem: str) -> None:
    """Each column of a wide table is a location that is known, once."""
    found = read(header + "\nA,1,2\n", "extends: shopify-2023-wide\nlocations: {MAIN: DC-1}\n")
    assert problem in str(found.problem)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (",DC-1,5", "sku is blank"),
        ("  ,DC-1,5", "sku is blank"),
        ("x" * 129 + ",DC-1,5", "sku must be 1 to 128 bytes"),
        ("a\x00b,DC-1,5", "sku must be 1 to 128 bytes of UTF-8 without control characters"),
        ("a\x1bb,DC-1,5", "sku must be 1 to 128 bytes of UTF-8 without control characters"),
        ("B,,5", "location is blank, and none was given for the whole file"),
        ("B,D C,5", "location 'D C' must be 1 to 64 letters, digits, dots"),
        ("B,DC+PO-1,5", "location 'DC+PO-1' must be 1 to 64 letters"),
        ("B,DC-1,", "quantity: blank"),
        ("B,DC-1,five", "quantity 'five' is not a number"),
        ("B,DC-1,-1", "quantity '-1' is negative: 0 to 1000000000000"),
        ("B,DC-1", "the row has 2 cells, the header 3"),
        ("B", "the row has 1 cells, the header 3"),
        ("B,DC-1,5,6", "the row has 4 cells, the header 3"),
        ("B;DC-1;5", "the row has 1 cells, the header 3"),
        (",,x", "sku is blank; location is blank, and none was given for the whole file; quantity"),
        ('"B"x,DC-1,5', "the line has text after the closing quote of a cell"),
        ('"B,DC-1,5', "the line opens a quote that is not closed"),
        ('B,DC-1,"5', "the line opens a quote that is not closed"),
        ('B,DC-1,"5\n"x', "the line has text after the closing quote of a cell"),
        ("B\rC,DC-1,5", "the line has a carriage return in the middle"),
        ("B" * 140_000 + ",DC-1,5", "the line has a cell of more than 131072 characters"),
        ("B,DC-1," + "5" * 2_000_000, "the line is longer than 1048576 bytes"),
        ('"' * 2_000_000, "the line is longer than 1048576 bytes"),
    ],
)
def test_a_row_that_is_refused(line: str, detail: str) -> None:
    """It is refused with its line and what is allowed; the rows around it are applied."""
    found = read(f"{HEADER}A,DC-1,1\n{line}\nZ,DC-1,26\n")
    assert (GOOD, None) == (found.counts, found.problem)
    number, row = found.refused[0]
    assert (3, "wms", "INVALID_FIELD") == (number, row.source, row.reason)
    assert row.detail.startswith(detail)
    assert row.payload[:20] == line.partition("\n")[0][:20].replace('"' * 20, "...")
    assert len(row.payload) < 5_000


@pytest.mark.parametrize(
    ("header", "cells", "detail"),
    [
        ("observe_time", "2026-11-27T12:00:00", "observe_time '2026-11-27T12:00:00' has no time z"),
        ("observe_time", "yesterday", "observe_time 'yesterday' must be a time"),
        ("sequence", "-1", "sequence '-1' must be a whole number from 0 to 9007199254740991"),
        ("sequence", "9007199254740992", "sequence '9007199254740992' must be a whole number"),
        ("sequence", "1.0", "sequence '1.0' must be a whole number"),
        ("sequence", "٣", "sequence '٣' must be a whole number"),
        ("sequence", "9" * 5_000, "must be a whole number"),
        ("event_id", "x" * 65, "event_id must be 1 to 64 bytes"),
        ("event_id", "a\tb", "event_id must be 1 to 64 bytes"),
        ("reason", "x" * 257, "reason must be 1 to 256 bytes"),
        ("delta", "3", "quantity and delta are both filled: a row states one of them"),
        ("blocked", "perhaps", "blocked 'perhaps' must be true or false"),
        ("safety_stock", "-1", "safety_stock '-1' is negative"),
        ("safety_stock,event_id", "1," + "x" * 60, "event_id with :safety must be 1 to 64 bytes"),
    ],
)
def test_a_cell_that_is_refused(header: str, cells: str, detail: str) -> None:
    """What only some tables have is checked in the same way; the whole line is one row."""
    blank = "," * cells.count(",")
    found = read(f"sku,location,quantity,{header}\nA,DC-1,1,{blank}\nB,DC-1,2,{cells}\n")
    assert [("A", "DC-1", 1)] == found.counts
    [(line, row)] = found.refused
    assert (3, True) == (line, detail in row.detail), row.detail


def test_every_fault_of_a_row_is_named() -> None:
    """Whoever corrects it needs one look."""
    text = "sku,location,quantity,observe_time,sequence\n,D C,x,y,z\n"
    [(_, row)] = read(text).refused
    for field in ("sku ", "location ", "quantity ", "observe_time ", "sequence "):
        assert field in row.detail


def test_an_open_quote_costs_one_line() -> None:
    """Ten thousand rows after a stray quote are all read, also far beyond a block."""
    good = [f"S-{i},DC-1,{i}" for i in range(20_000)]
    good[5] = '"' + good[5]
    good[9_000] = good[9_000].replace("DC", '"DC')
    good[19_999] = '"' + good[19_999]
    found = read(HEADER + "\n".join(good) + "\n")
    assert [7, 9_002, 20_001] == [line for line, _ in found.refused]
    assert 19_997 == len(found.facts)
    assert all(fact.quantity + 2 == line for line, fact in found.facts)


def test_two_open_quotes_cost_two_lines() -> None:
    """The rows between two stray quotes are not taken for one cell."""
    found = read(f'{HEADER}A,DC-1,"1\nB,DC-1,2\nC,DC-1,3\nD,"DC-1,4\nE,DC-1,5\n')
    assert ["B", "C", "E"] == [sku for sku, _, _ in found.counts]
    assert [2, 5] == [line for line, _ in found.refused]


def test_quotes_that_meet_by_chance_cost_one_line() -> None:
    """A cell that would begin in one row and end in another makes the record ragged."""
    found = read(f'{HEADER}A,DC-1,"1\nB,DC-1,2\nC",DC-1,3\nD,DC-1,4\n')
    assert ["B", 'C"', "D"] == [sku for sku, _, _ in found.counts]
    [(line, row)] = found.refused
    assert (2, 'A,DC-1,"1') == (line, row.payload)
    assert "opens a quote, or the record of 3 lines is ragged" in row.detail


def test_a_text_full_of_open_quotes_is_read_in_bounded_time() -> None:
    """Each line that opens a quote is looked at a bounded number of times."""
    begun = process_time()
    good = read(HEADER + "b,d,\n" * 30_000)
    good_seconds = process_time() - begun
    found = read(HEADER + 'b","\n' * 30_000)
    assert 30_000 == len(found.refused) == len(good.refused)
    assert process_time() - begun < 12 * good_seconds


def test_a_long_cell_with_line_breaks_is_one_row() -> None:
    """A description of hundreds of lines is read, wherever blocks of the file end in it."""
    cell = "\n".join(f"line {i} of a description" for i in range(300))
    text = "sku,location,quantity,text\n" + "".join(f'S-{i},DC-1,{i},"{cell}"\n' for i in range(99))
    found = read(text)
    assert (99, []) == (len(found.facts), found.refused)
    assert [2 + 300 * i for i in range(99)] == [line for line, _ in found.rows]


def test_a_huge_line_is_never_held() -> None:
    """A line of 64 MiB is refused with a few MiB of memory."""
    context = context_of()
    tracemalloc.start()
    rows = [row for rows in read_table(endless(HEADER, "\nZ,DC-1,26\n"), context) for row in rows]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [2, 3] == [line for line, _ in rows]
    assert isinstance(rows[1][1], Fact)
    assert peak < 16 * 1024 * 1024


def test_a_medium_that_fails_ends_the_file() -> None:
    """Rows before it are delivered; a line that was cut is none of them."""

    class _Failing(io.RawIOBase):
        """A disk with a bad block."""

        def __init__(self) -> None:
            self._pieces = [f"{HEADER}A,DC-1,1\nB,DC-1,2".encode()]

        def read(self, size: int = -1, /) -> bytes:
            if self._pieces:
                return self._pieces.pop()
            raise OSError(5, "Input/output error")

    context = context_of()
    found = drain(read_table(_Failing(), context), context.notes)  # type: ignore[arg-type]
    assert [("A", "DC-1", 1)] == found.counts
    expected = "cannot be read any further: Input/output error, after line 2"
    assert expected == str(found.problem)


CELLS: Final = st.sampled_from(
    ["", "A", "DC-1", "5", "-1", "x y", "1e3", "N/A", "é", "\x00", " ", "12.5", "not stocked"]
)
PIECES: Final = st.sampled_from(
    ["a", "DC-1", "5", ",", ",", ";", '"', '"', "\n", "\n", "\r\n", "\r", "\t", " ", "é", "\x00"]
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=30))
def test_rows_and_skipped_are_the_records(records: list[list[str]]) -> None:
    """Every record without quotes is one fact, one refusal, or one that was skipped."""
    text = HEADER + "".join(",".join(cells) + "\n" for cells in records)
    found = read(text, "blank_quantity: skip\nnot_a_position: not stocked")
    assert found.problem is None
    # A line without any sign is no record; a blank is one.
    count = sum(1 for cells in records if "".join(cells) or len(cells) > 1)
    assert count == len(found.rows) + found.notes.skipped
    assert sorted({line for line, _ in found.rows}) == [line for line, _ in found.rows]


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=60).map("".join))
@example('"\n"\n"')
@example('a,"b\nDC-1,5\n"')
def test_any_text_is_read_to_its_end(text: str) -> None:
    """No text after a header raises or loses a good line that comes after it."""
    found = read(f"{HEADER}{text}\nZ,DC-1,26\n")
    assert found.problem is None
    numbers = [line for line, _ in found.rows]
    assert sorted(set(numbers)) == numbers
    # An odd quote may have swallowed it into a cell that it closes nowhere; then it was given back.
    if '"' not in text and not re.search(r"\r(?!\n)", text):
        assert ("Z", "DC-1", 26) == found.counts[-1]
        text = text.replace("\r\n", "\n")
        records = sum(1 for line in text.split("\n") if line)
        assert records == len(found.rows) - 1 + found.notes.skipped


@settings(max_examples=300)
@given(st.binary(max_size=400) | st.lists(PIECES, max_size=60).map(lambda p: "".join(p).encode()))
def test_any_bytes_raise_nothing_but_a_problem_of_the_file(data: bytes) -> None:
    """Whatever a file holds, it is read, or stopped with a sentence for a person."""
    for content in (data, HEADER.encode() + data):
        found = read(content)
        assert found.problem is None or str(found.problem)
        for _, row in found.rows:
            assert isinstance(row, Fact) or row.payload.encode() is not None


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=60).map("".join), st.integers(1, 40))
@example('"\n"\n"', 3)
def test_blocks_may_end_anywhere(text: str, size: int) -> None:
    """Where the blocks of a file end makes no difference to its rows."""
    content = f"{HEADER}{text}\nZ,DC-1,26\n"
    whole = read(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_PIECE_BYTES", size)
        assert whole.rows == read(content, encoding="utf-8").rows
