"""Reads a table of postal codes: GeoNames' format as it comes, or a plain CSV file with a header.

GeoNames: UTF-8, tabs, no header, no quotes; of its 12 columns these are read: 1 the country, 2 the
postal code, 10 the latitude, 11 the longitude (readme.txt of download.geonames.org/export/zip).
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from array import array
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

import numpy as np

from sellable.errors import SettingsRefused
from sellable.geo import LATITUDE_MAX, LONGITUDE_MAX
from sellable.limits import (
    POSTAL_CODE_BYTES_MAX,
    POSTAL_PROBLEMS_MAX,
    POSTAL_ROW_CHARACTERS_MAX,
    POSTAL_ROWS_MAX,
)
from sellable.places.codes import KEY_BYTES, MICRO, PostalCodes, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COLUMNS: Final = ("country", "postal_code", "latitude", "longitude")
GEONAMES_COLUMNS: Final = 12

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_COUNTRY_LETTERS: Final = 2


class _Layout(NamedTuple):
    """Where the four columns are."""

    country: int
    postal_code: int
    latitude: int
    longitude: int


_GEONAMES: Final = _Layout(0, 1, 9, 10)


def read_postal_codes(path: Path) -> PostalCodes:
    """Read a file of postal codes: text, packed with gzip, or the one table of a ZIP archive.

    A row with a fault is left out and told in `problems`.

    Raises:
        SettingsRefused: If the file cannot be read, is neither format, has no row that is right, or
            more than POSTAL_ROWS_MAX.
    """
    with ExitStack() as closing:
        try:
            text = io.TextIOWrapper(_opened(path, closing), encoding="utf-8-sig", newline="")
            closing.callback(text.detach)
            return _read(path, _bounded(path, text))
        except UnicodeDecodeError as error:
            problem = f"it is not UTF-8: {error.reason}"
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            problem = f"it is damaged: {error}"
        except OSError as error:
            problem = error.strerror or f"it is damaged: {error}"
        except csv.Error as error:
            problem = f"it is not a table: {error}"
    raise _refused(path, problem)


def _refused(path: Path, problem: str) -> SettingsRefused:
    return SettingsRefused(f"postal_codes: {path}: {problem}")


def _opened(path: Path, closing: ExitStack) -> BinaryIO:
    stream = closing.enter_context(path.open("rb"))
    magic = stream.read(len(_ZIP))
    stream.seek(0)
    if magic.startswith(_GZIP):
        return cast("BinaryIO", closing.enter_context(gzip.open(stream)))
    if magic != _ZIP:
        return stream
    archive = closing.enter_context(zipfile.ZipFile(stream))
    names = [
        name
        for name in archive.namelist()
        if name.lower().endswith((".txt", ".csv")) and not name.lower().startswith("readme")
    ]
    if len(names) != 1:
        raise _refused(path, f"the archive must hold one .txt or .csv table, not {len(names)}")
    return cast("BinaryIO", closing.enter_context(archive.open(names[0])))


def _bounded(path: Path, text: io.TextIOWrapper) -> Iterator[str]:
    """Give the lines; none may be so long that it is no line of a table."""
    number = 0
    while line := text.readline(POSTAL_ROW_CHARACTERS_MAX + 1):
        number += 1
        if len(line) > POSTAL_ROW_CHARACTERS_MAX:
            most = f"at most {POSTAL_ROW_CHARACTERS_MAX:,} are allowed"
            raise _refused(path, f"line {number}: it has more characters: {most}")
        yield line


def _read(path: Path, lines: Iterator[str]) -> PostalCodes:
    first = next(lines, "")
    if first.count("\t") + 1 >= GEONAMES_COLUMNS - 1:
        plain = csv.reader(chain((first,), lines), delimiter="\t", quoting=csv.QUOTE_NONE)
        return _table(path, enumerate(plain, start=1), _GEONAMES)
    rows = csv.reader(chain((first,), lines))
    layout = _layout(path, next(rows, []))
    return _table(path, ((rows.line_num, row) for row in rows), layout)


def _layout(path: Path, header: list[str]) -> _Layout:
    names = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        allowed = f"GeoNames' {GEONAMES_COLUMNS} columns with tabs, or a CSV file with the header"
        found = f"it lacks {', '.join(missing)}"
        raise _refused(path, f"line 1: it must be {allowed} {','.join(COLUMNS)}; {found}")
    return _Layout(*map(names.index, COLUMNS))


def _table(path: Path, rows: Iterable[tuple[int, list[str]]], layout: _Layout) -> PostalCodes:
    keys, micros = bytearray(), array("i")
    problems: list[str] = []
    count = problem_count = 0
    for line, row in rows:
        if not row:
            continue
        count += 1
        if count > POSTAL_ROWS_MAX:
            raise _refused(path, f"line {line}: at most {POSTAL_ROWS_MAX:,} rows are allowed")
        try:
            key, north, east = _entry(row, layout)
        except ValueError as error:
            problem_count += 1
            if problem_count <= POSTAL_PROBLEMS_MAX:
                problems.append(f"line {line}: {error}")
            continue
        keys += key
        micros.append(north)
        micros.append(east)
    if not micros:
        raise _refused(path, "; ".join(["no row is right", *problems[:1]]))
    points = np.frombuffer(micros, dtype=np.int32).reshape(-1, 2)
    return PostalCodes(keys, points, problems, problem_count)


def _entry(row: list[str], layout: _Layout) -> tuple[bytes, int, int]:
    """Return the key and the point of a row, in millionths of a degree.

    Raises:
        ValueError: If a cell is not as it must be; its text says which and what is allowed.
    """
    if len(row) <= max(layout):
        raise ValueError(f"it has {len(row)} columns, at least {max(layout) + 1} are needed")
    country = row[layout.country].strip().upper()
    if len(country) != _COUNTRY_LETTERS or not (country.isascii() and country.isalpha()):
        raise ValueError(f"country: {country!r} is not two letters of ISO 3166-1")
    code = normalised(row[layout.postal_code])
    if not (code.isascii() and 0 < len(code) <= POSTAL_CODE_BYTES_MAX):
        raise ValueError(
            f"postal_code: {code!r} is not 1 to {POSTAL_CODE_BYTES_MAX} ASCII characters"
        )
    north = _degrees("latitude", row[layout.latitude], LATITUDE_MAX)
    east = _degrees("longitude", row[layout.longitude], LONGITUDE_MAX)
    return f"{country}{code}".encode().ljust(KEY_BYTES, b"\0"), north, east


def _degrees(name: str, text: str, most: float) -> int:
    try:
        value = float(text)
    except ValueError:
        value = most + 1
    if not -most <= value <= most:
        raise ValueError(f"{name}: {text!r} is not a number from {-most:g} to {most:g}")
    return round(value * MICRO)
