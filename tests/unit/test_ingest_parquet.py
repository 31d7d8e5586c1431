"""Parquet: columns as in a table, by their text."""

from __future__ import annotations

import io
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pytest
from pyarrow import parquet

from sellable.ingest.parquet import read_parquet
from sellable.stock import FactKind
from support.reading import OBSERVED, Read, context_of, drain

if TYPE_CHECKING:
    from typing import BinaryIO

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
NOON_US = 1_795_780_800_000_000


def packed(columns: dict[str, Any], **options: Any) -> bytes:
    """Write a file."""
    into = io.BytesIO()
    parquet.write_table(pa.table(columns), into, **options)
    return into.getvalue()


def records(content: bytes, profile: str = "", **more: object) -> Read:
    """Read a file."""
    context = context_of(profile, **more)
    return drain(read_parquet(io.BytesIO(content), context), context.notes)


def table(**columns: Any) -> dict[str, Any]:
    """Make a table of one or more rows of which some columns do not matter."""
    count = len(next(iter(columns.values())))
    return {"sku": ["A"] * count, "location": ["DC-1"] * count, "quantity": [7] * count, **columns}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([7], pa.int8()), 7),
        (pa.array([7], pa.uint64()), 7),
        (pa.array([7.0]), 7),
        (pa.array([1e12]), 10**12),
        (pa.array([Decimal("7.00")]), 7),
        (pa.array(["1e3"]), 1_000),
        (pa.array([" 7 "], pa.large_string()), 7),
        (pa.array(["7"]).dictionary_encode(), 7),
    ],
)
def test_types_of_quantities(values: Any, expected: int) -> None:
    """Every kind of number is read exactly."""
    assert [("A", "DC-1", expected)] == records(packed(table(quantity=values))).counts


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        (pa.array([7.5]), "quantity '7.5' is not a whole number"),
        (pa.array([float("nan")]), "quantity 'nan' is not a number"),
        (pa.array([float("inf")]), "quantity 'inf' is not a number"),
        (pa.array([1e300]), "quantity '1e+300' is beyond 1000000000000"),
        (pa.array([-1]), "quantity '-1' is negative"),
        (pa.array([2**63], pa.uint64()), "is beyond 1000000000000"),
        (pa.array([None], pa.int64()), "quantity: blank"),
        (pa.array([True]), "quantity 'true' is not a number"),
        (pa.array([NOON]), "is not a number"),
    ],
)
def test_quantities_that_are_none(values: Any, detail: str) -> None:
    """They are refused by the number of their record, with its cells as in a table."""
    found = records(packed(table(quantity=values)))
    [(line, row)] = found.refused
    assert (1, True) == (line, detail in row.detail), row.detail
    assert row.payload.startswith("A,DC-1,")


def test_skus_of_whole_numbers() -> None:
    """They are their digits, whatever their size."""
    found = records(packed(table(sku=pa.array([42, 2**63], pa.uint64()))))
    assert ["42", "9223372036854775808"] == [sku for sku, _, _ in found.counts]


@pytest.mark.parametrize(
    ("columns", "yaml", "expected"),
    [
        (pa.array([NOON], pa.timestamp("us", "UTC")), "", NOON_US),
        (pa.array([NOON], pa.timestamp("s", "Europe/Paris")), "", NOON_US),
        (pa.array([NOON_US * 1_000 + 1_999], pa.timestamp("ns", "UTC")), "", NOON_US + 1),
        (pa.array([NOON_US], pa.timestamp("us")), "time_zone: UTC", NOON_US),
        (pa.array(["2026-11-27T12:00:00Z"]), "", NOON_US),
        (pa.array([NOON_US // 1_000]), "time_format: epoch_ms", NOON_US),
        (pa.array([None], pa.timestamp("us")), "", OBSERVED),
    ],
)
def test_types_of_times(columns: Any, yaml: str, expected: int) -> None:
    """Times with a zone are exact; without one the profile's zone counts."""
    [(_, fact)] = records(packed(table(observe_time=columns)), yaml).facts
    assert expected == fact.observe_us


def test_a_time_without_zone_is_refused() -> None:
    """Nobody guesses where it was noon."""
    values = pa.array([NOON_US], pa.timestamp("us"))
    [(_, row)] = records(packed(table(observe_time=values))).refused
    assert "has no time zone: write an offset, or set time_zone" in row.detail


def test_flags_and_several_facts() -> None:
    """Flags are flags, and a record may state several facts."""
    found = records(packed(table(blocked=[True, None])))
    assert [(1, FactKind.COUNT), (1, FactKind.BLOCKED), (2, FactKind.COUNT)] == [
        (number, fact.kind) for number, fact in found.facts
    ]


def test_a_wide_table() -> None:
    """One column a location; null is blank."""
    content = packed({"SKU": ["A", "B"], "DC-1": [1, 2], "DC-2": [None, 3]})
    found = records(content, "extends: shopify-2023-wide")
    assert [("A", "DC-1", 1), ("B", "DC-1", 2), ("B", "DC-2", 3)] == found.counts


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"sku": ["A"], "quantity": [1]}, "no column for the location, and no location was given"),
        ({"skus": ["A"], "location": ["L"], "quantity": [1]}, "did you mean 'skus'?"),
        (table(sku=[1.0]), "column 'sku' is double: it must be text or whole numbers"),
        (table(sku=pa.array([b"A"])), "column 'sku' is binary: it must be text or whole numbers"),
        (
            table(location=pa.array([NOON])),
            "column 'location' is timestamp[us, tz=UTC]: it must be",
        ),
        (table(quantity=[[1]]), "column 'quantity' is list<"),
        (table(quantity=[{"a": 1}]), "column 'quantity' is struct<"),
        (table(quantity=[b"1"]), "it must be text, numbers, flags or times"),
        (table(observe_time=[date(2026, 11, 27)]), "column 'observe_time' is date32[day]"),
        (table(Quantity=[2]), "are both called 'Quantity'"),
        ({}, "Found: "),
    ],
)
def test_a_file_that_cannot_be_used(columns: dict[str, Any], problem: str) -> None:
    """A column that is missing, doubled or of a type that means nothing stops it."""
    found = records(packed(columns))
    assert ([], True) == (found.rows, problem in str(found.problem)), found.problem


def test_columns_that_nobody_asked_for_are_left() -> None:
    """Whatever their type is."""
    content = packed(table(picture=[b"\xff"], list=[[1]]))
    assert [("A", "DC-1", 7)] == records(content).counts


def test_damaged_files() -> None:
    """What is no Parquet says so; damage within stops after the records before it."""
    good = packed(table(sku=[f"S-{i}" for i in range(50_000)]), row_group_size=10_000)
    for content in (b"", b"PAR1", good[:-1], good[: len(good) // 2], b"sku,location\n"):
        found = records(content)
        assert ([], True) == (found.rows, "it is no Parquet file" in str(found.problem))
    hurt = bytearray(good)
    hurt[len(good) // 2 : len(good) // 2 + 20_000] = b"\xff" * 20_000
    found = records(bytes(hurt))
    assert "it is damaged" in str(found.problem)
    assert found.problem is not None
    assert len(found.rows) == found.problem.line > 0


def test_many_records_come_in_order() -> None:
    """Over the ends of batches and row groups."""
    content = packed(table(sku=[f"S-{i}" for i in range(1, 25_001)]), row_group_size=7_000)
    found = records(content)
    assert [(n, f"S-{n}") for n in range(1, 25_001)] == [(n, f.sku) for n, f in found.facts]


def test_a_stream_that_cannot_seek() -> None:
    """Standard input is written to a file first."""

    class _Stream(io.BytesIO):
        """Bytes that come once."""

        def seekable(self) -> bool:
            return False

    context = context_of()
    stream = cast("BinaryIO", _Stream(packed(table(quantity=[7]))))
    found = drain(read_parquet(stream, context), context.notes)
    assert [("A", "DC-1", 7)] == found.counts


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = records(b"PAR1")
    assert str(found.problem) == (
        "Parquet needs pyarrow, which is not installed: pip install 'sellable[parquet]'"
    )
