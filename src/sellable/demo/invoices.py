"""Read the UCI Online Retail CSV, whole or sampled, one invoice at a time.

Only the format is judged here; what a row means for stock is decided in `orders.py`.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from importlib import resources
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from sellable.errors import InvalidFields, Violation
from sellable.limits import QUANTITY_MAX
from sellable.names import identifier_problem, sku_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
GZIP_MAGIC: Final = b"\x1f\x8b"


class Row(NamedTuple):
    """One line of an invoice, as written; `quantity` is negative where goods came back."""

    sku: str
    quantity: int
    price: Decimal


class Cells(NamedTuple):
    """One row as text, in the order of `COLUMNS`, and the line of the file it ends on."""

    invoice: str
    sku: str
    description: str
    quantity: str
    date: str
    price: str
    customer: str
    country: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Rows that follow each other under one number; `customer` is empty where none is stated."""

    number: str
    country_label: str
    customer: str
    time: datetime
    rows: tuple[Row, ...]


def packaged_sample() -> Traversable:
    """Answer the sample of the data that this package ships."""
    return resources.files("sellable.demo").joinpath("data", "online_retail_sample.csv.gz")


def read_cells(source: Path | Traversable) -> Iterator[Cells]:
    """Read the text of every row in the order of `COLUMNS`, whatever order the file has."""
    with _text(source) as text:
        lines = csv.reader(text, strict=True)
        header = next(lines, [])
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise _invalid(source, 1, f"the columns {', '.join(missing)} are missing")
        in_order = itemgetter(*(header.index(column) for column in COLUMNS))
        for cells in lines:
            if len(cells) != len(header):
                problem = f"must have {len(header)} columns, not {len(cells)}"
                raise _invalid(source, lines.line_num, problem)
            yield Cells._make((*in_order(cells), lines.line_num))


def read_invoices(source: Path | Traversable) -> Iterator[Invoice]:
    """Read a CSV, compressed or not, holding one invoice in memory at a time.

    An invoice that another one interrupts is answered in two pieces of the same number.

    Raises:
        InvalidFields: the file cannot be read, or a row is not of the format; it names the line.
    """
    latest = datetime.min.replace(tzinfo=UTC)
    for number, group in groupby(read_cells(source), key=attrgetter("invoice")):
        cells = list(group)
        invoice = Invoice(
            number=number,
            country_label=cells[0].country,
            customer=cells[0].customer,
            time=_time(cells[0], source),
            rows=tuple(_row(row, source) for row in cells),
        )
        problem = identifier_problem(number)
        if problem:
            raise _invalid(source, cells[0].line, f"InvoiceNo {problem}")
        if invoice.time < latest:
            raise _invalid(source, cells[0].line, "rows must be in order of InvoiceDate")
        latest = invoice.time
        yield invoice


def _time(cells: Cells, source: Path | Traversable) -> datetime:
    try:
        # The data state no time zone. Only the order and the distance of times are used.
        return datetime.fromisoformat(cells.date).replace(tzinfo=UTC)
    except ValueError:
        problem = f"InvoiceDate must be like 2010-12-01T08:26:00, not {cells.date!r}"
        raise _invalid(source, cells.line, problem) from None


def _row(cells: Cells, source: Path | Traversable) -> Row:
    problem = sku_problem(cells.sku)
    if problem:
        raise _invalid(source, cells.line, f"StockCode {problem}")
    try:
        quantity = int(cells.quantity)
        price = Decimal(cells.price)
    except (ValueError, InvalidOperation):
        problem = (
            "Quantity must be a whole number and UnitPrice a number, "
            f"not {cells.quantity!r} and {cells.price!r}"
        )
        raise _invalid(source, cells.line, problem) from None
    if abs(quantity) > QUANTITY_MAX:
        raise _invalid(source, cells.line, f"Quantity must be at most {QUANTITY_MAX:,}")
    return Row(cells.sku, quantity, price)


@contextmanager
def _text(source: Path | Traversable) -> Iterator[TextIO]:
    """Open as text; whatever is wrong with the file becomes one sentence about it."""
    try:
        with source.open("rb") as raw:
            compressed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw, mode="rb") if compressed else raw
            # utf-8-sig: spreadsheets write a byte order mark before the first column's name.
            with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                yield text
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise _invalid(source, 0, "is damaged: it does not decompress to its end") from None
    except UnicodeDecodeError:
        raise _invalid(source, 0, "must be UTF-8") from None
    except csv.Error as error:
        raise _invalid(source, 0, f"is not CSV: {error}") from None
    except OSError as error:
        raise _invalid(source, 0, f"cannot be read: {error.strerror or error}") from None


def _invalid(source: Path | Traversable, line: int, problem: str) -> InvalidFields:
    place = f"{source}, line {line}" if line else str(source)
    return InvalidFields(Violation(place, problem))
