"""Rows of CSV and JSON Lines with the line that each begins at, read as a stream."""

from __future__ import annotations

import csv
import difflib
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

LINE_BYTES_MAX: Final = 1024 * 1024  # an order of 100 long lines has a tenth of it


class UnusableFile(ValueError):
    """A file of which no further row can be read; it says where and why."""


class RefusedRow(ValueError):
    """A value that is not as it must be; it says which and what is allowed."""


class BadRow(NamedTuple):
    """A row that is left out, and why."""

    line: int
    problem: str


class Row(NamedTuple):
    """A row: text by column, or a value of JSON."""

    line: int
    values: dict[str, Any]


def read_rows(
    stream: BinaryIO, columns: Mapping[str, str], required: Collection[str]
) -> tuple[bool, Iterator[Row | BadRow]]:
    """Tell whether a file is JSON Lines (it begins with a brace) or CSV, and give its rows.

    Args:
        stream: Read to its end, line by line; the caller closes it.
        columns: What columns of CSV may be called, and what each is; names are lower case.
        required: Columns of CSV that must be there.

    Raises:
        UnusableFile: If it is empty or has no usable header; from the iterator, if a line is no
            UTF-8, too long, or the CSV is broken.
    """
    lines = _lines(stream)
    head = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    else:
        raise UnusableFile("it is empty")
    everything = chain(head, lines)
    if head[-1].lstrip().startswith("{"):
        return True, _json_rows(everything)
    reader = csv.reader(everything, strict=True)
    begun, header = _header(reader, columns, required)
    return False, _csv_rows(reader, begun, header)


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that nobody knows a name, and which one may be meant."""
    near = difflib.get_close_matches(name[:64].lower(), list(known), n=1)
    return f"unknown {name[:64]!r}" + (f", did you mean {near[0]}?" if near else "")


def _lines(stream: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: stream.readline(LINE_BYTES_MAX + 1), b""), 1):
        if len(line) > LINE_BYTES_MAX:
            raise UnusableFile(f"line {number} has more than {LINE_BYTES_MAX} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UnusableFile(f"line {number} is not UTF-8 at byte {error.start}") from error


def _json_rows(lines: Iterable[str]) -> Iterator[Row | BadRow]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield BadRow(number, f"not JSON: {error.msg} at column {error.colno}")
            continue
        if isinstance(values, dict):
            yield Row(number, values)
        else:
            yield BadRow(number, "not a JSON object")


def _header(
    reader: Any, columns: Mapping[str, str], required: Collection[str]
) -> tuple[int, list[str]]:
    cells: list[str] = []
    try:
        while not cells:
            cells = next(reader)
    except csv.Error as error:
        raise UnusableFile(f"line {reader.line_num} is not CSV: {error}") from error
    names = [cell.strip().lower() for cell in cells]
    header = [columns.get(name, "") for name in names]
    problems = [
        unknown(name, columns) for name, known in zip(names, header, strict=True) if not known
    ]
    problems += [f"{name} twice" for name in sorted(set(header) - {""}) if header.count(name) > 1]
    problems += [f"no column {name}" for name in required if name not in header]
    if problems:
        allowed = ", ".join(dict.fromkeys(columns.values()))
        raise UnusableFile(f"line {reader.line_num}: {'; '.join(problems)}; columns are {allowed}")
    return reader.line_num, header


def _csv_rows(reader: Any, line: int, header: list[str]) -> Iterator[Row | BadRow]:
    before = line
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if len(cells) == len(header):
                values = (cell.strip() for cell in cells)
                yield Row(line, {n: v for n, v in zip(header, values, strict=True) if v})
            else:
                yield BadRow(line, f"has {len(cells)} values, the header has {len(header)}")
    except csv.Error as error:
        raise UnusableFile(f"line {before + 1} is not CSV: {error}") from error
