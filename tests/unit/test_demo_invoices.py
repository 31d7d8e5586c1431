"""Reading the CSV of the demo: what it accepts, and what it says about a file it does not."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sellable.demo.invoices import COLUMNS, Row, read_invoices
from sellable.errors import InvalidFields

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ",".join(COLUMNS)
GOOD = "536365,85123A,HEART,6,2010-12-01T08:26:00,2.55,17850,France"


def written(folder: Path, *rows: str) -> Path:
    """Write a CSV of these lines."""
    path = folder / "orders.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def problem(path: Path) -> str:
    """Answer what reading the file is refused with."""
    with pytest.raises(InvalidFields) as refused:
        list(read_invoices(path))
    return str(refused.value)


def test_rows_of_one_number_are_one_invoice(tmp_path: Path) -> None:
    """Rows that follow each other under a number are read as one invoice."""
    path = written(tmp_path, HEADER, GOOD, GOOD.replace("85123A", "71053"))
    (invoice,) = read_invoices(path)
    assert [Row("85123A", 6, Decimal("2.55")), Row("71053", 6, Decimal("2.55"))] == [*invoice.rows]
    assert ("536365", "France", "17850") == (
        invoice.number,
        invoice.country_label,
        invoice.customer,
    )
    assert datetime(2010, 12, 1, 8, 26, tzinfo=UTC) == invoice.time


def test_column_order_and_extra_columns_do_not_matter(tmp_path: Path) -> None:
    """Columns are found by name."""
    header = ",".join(["Row", *reversed(COLUMNS)])
    row = ",".join(["1", *reversed(GOOD.split(","))])
    (turned,) = read_invoices(written(tmp_path, header, row))
    (plain,) = read_invoices(written(tmp_path, HEADER, GOOD))
    assert plain == turned


def test_compressed_and_marked_files_read_the_same(tmp_path: Path) -> None:
    """Gzip is recognised by content, and a byte order mark is no part of the first column."""
    plain = written(tmp_path, HEADER, GOOD)
    odd = tmp_path / "orders.txt"
    odd.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))
    assert list(read_invoices(plain)) == list(read_invoices(odd))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (GOOD.replace(",6,", ",six,"), "Quantity must be a whole number"),
        (GOOD.replace(",6,", ",1000000000001,"), "Quantity must be at most 1,000,000,000,000"),
        (GOOD.replace("2.55", "free"), "UnitPrice a number, not '6' and 'free'"),
        ("536366" + GOOD[6:].replace("2010-12-01T08:26:00", "1/12/2010"), "not '1/12/2010'"),
        (GOOD.replace("85123A", ""), "StockCode must be 1 to 128 bytes"),
        (GOOD.replace("85123A", "S" * 129), "StockCode must be 1 to 128 bytes"),
        (GOOD.replace("536365", "I" * 65), "InvoiceNo must be 1 to 64 bytes"),
        (GOOD + ",more", "must have 8 columns, not 9"),
        ("536366" + GOOD[6:].replace("2010", "2009"), "rows must be in order of InvoiceDate"),
    ],
)
def test_bad_row_is_refused_with_its_line(tmp_path: Path, row: str, expected: str) -> None:
    """What is wrong with a row is said together with the line it stands on."""
    path = written(tmp_path, HEADER, GOOD, row)
    message = problem(path)
    assert f"{path}, line 3: " in message
    assert expected in message


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    """A file without the columns is refused, naming each one that is missing."""
    path = written(tmp_path, "InvoiceNo,StockCode,Quantity")
    missing = "Description, InvoiceDate, UnitPrice, CustomerID, Country"
    assert f"{path}, line 1: the columns {missing} are missing" == problem(path)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder, a cut archive and another encoding each get their sentence."""
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(f"{HEADER}\n{GOOD}\n".encode())[:-12])
    latin = tmp_path / "latin.csv"
    latin.write_bytes(f"{HEADER}\n{GOOD.replace('HEART', 'CÆUR')}\n".encode("latin-1"))
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "No such file" in problem(tmp_path / "none.csv")
    assert "Is a directory" in problem(tmp_path)
    assert "is damaged" in problem(cut)
    assert "must be UTF-8" in problem(latin)
    assert "are missing" in problem(empty)
