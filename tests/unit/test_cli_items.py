"""Rows of master data: what is read from a file, and what is wrong with each row."""

from __future__ import annotations

import io
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.cli.failure import Failure
from sellable.cli.item_rows import RowRefused, item_of, rows

NOW = Timestamp(seconds=1_800_000_000)


def read(text: str | bytes) -> list[tuple[int, str, str]]:
    """Return line, SKU and problem of every row."""
    content = text if isinstance(text, bytes) else text.encode()
    return [(row.line, row.sku, row.problem) for row in rows(io.BytesIO(content), "f", NOW)]


def refused(**values: Any) -> str:
    """Return why there is no such item."""
    with pytest.raises(RowRefused) as caught:
        item_of(values, NOW)
    return str(caught.value)


def test_every_field_is_read() -> None:
    """A row of text is the item that it describes, money and time to the last digit."""
    item = item_of(
        {
            "sku": "85123A",
            "item_class": "luxury",
            "weight_grams": "450",
            "volume_cm3": "0",
            "value": "12.500000001",
            "currency": "EUR",
            "update_time": "2026-11-22T10:00:00+01:00",
        },
        NOW,
    )
    assert ("85123A", "luxury", 450, True, 0) == (
        item.sku,
        item.item_class,
        item.weight_grams,
        item.HasField("volume_cm3"),
        item.volume_cm3,
    )
    assert ("EUR", 12, 500_000_001) == (
        item.value.currency_code,
        item.value.units,
        item.value.nanos,
    )
    assert "2026-11-22T09:00:00Z" == item.update_time.ToJsonString()


def test_what_is_empty_is_not_known() -> None:
    """An empty cell is no zero, and a row without a time is as of now."""
    item = item_of({"sku": "A", "weight_grams": "", "value": "", "currency": None}, NOW)
    assert not item.HasField("weight_grams")
    assert not item.HasField("value")
    assert NOW == item.update_time


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sku": ""}, "sku: is missing"),
        ({"sku": 7}, "sku: 7 is no text"),
        (
            {"weight_grams": "1.5"},
            "weight_grams: '1.5' is not a whole number from 0 to 10000000000",
        ),
        ({"weight_grams": True}, "weight_grams: True is not a whole number"),
        ({"volume_cm3": "-1"}, "volume_cm3: '-1' is not a whole number"),
        ({"volume_cm3": 10**12 + 1}, "volume_cm3: 1000000000001 is not a whole number"),
        ({"value": "1"}, "value and currency go together, e.g. 12.50 and EUR"),
        ({"currency": "EUR"}, "value and currency go together"),
        ({"value": "-1", "currency": "EUR"}, "value: '-1' is not an amount from 0 to"),
        ({"value": "1.0000000001", "currency": "EUR"}, "with at most 9 decimals"),
        ({"value": "nan", "currency": "EUR"}, "value: 'nan' is not an amount"),
        ({"value": "1e400", "currency": "EUR"}, "value: '1e400' is not an amount"),
        ({"value": "12,50", "currency": "EUR"}, "value: '12,50' is not an amount"),
        ({"value": True, "currency": "EUR"}, "value: True is not an amount"),
        ({"value": [1], "currency": "EUR"}, "value: [1] is not an amount"),
        (
            {"update_time": "2026-11-22T10:00:00"},
            "is not a time with an offset, e.g. 2026-11-22T09",
        ),
        ({"update_time": "yesterday"}, "update_time: 'yesterday' is not a time with an offset"),
    ],
)
def test_a_wrong_value_is_told_by_its_field(values: dict[str, Any], said: str) -> None:
    """Each says the field, the value and what is allowed."""
    assert said in refused(**{"sku": "A", **values})


def test_rows_of_a_csv_have_their_lines() -> None:
    """Columns in any order, values over several lines, and a bad row does not end the file."""
    text = '\ufeffitem_class, SKU \nlux,A\n\n"two\nlines",B\nC\nlux,D,x\n,E\n'
    assert [
        (2, "A", ""),
        (4, "B", ""),
        (6, "", "has 1 values, the header has 2"),
        (7, "", "has 3 values, the header has 2"),
        (8, "E", ""),
    ] == read(text)


def test_rows_of_json_have_their_lines() -> None:
    """Each line is an object by itself; what is none is told and passed over."""
    text = '\n{"sku":"A","weight_grams":3}\n\nnope\n[]\n{"sku":"B","weigth_grams":1}\n{"sku":"C"}'
    found = read(text)
    assert [(2, "A", ""), (7, "C", "")] == [row for row in found if not row[2]]
    assert [
        (4, "", "not JSON"),
        (5, "", "not an object"),
        (6, "B", "unknown 'weigth_grams', did you mean weight_grams?"),
    ] == [
        (line, sku, problem.partition(": " if "JSON" in problem else ", e.g.")[0])
        for line, sku, problem in found
        if problem
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "f is empty"),
        (b"\n\n", "f is empty"),
        (
            b"item_class\nlux\n",
            "f, line 1: no column sku; columns are sku, item_class, weight_grams",
        ),
        (
            b"sku,itemclass\n",
            "f, line 1: unknown 'itemclass', did you mean item_class?; columns are",
        ),
        (b"sku,SKU\n", "f, line 1: sku twice"),
        (b'sku\n"a\n', "f, line 2: not CSV: unexpected end of data"),
        (b"sku\nA\n\xff\n", "f, line 3: not UTF-8 at byte 0"),
        (b"sku\n" + b"x" * 70_000, "f, line 2: has more than 65536 bytes"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, said: str) -> None:
    """What cannot be read row by row ends with the line where it stopped."""
    with pytest.raises(Failure) as caught:
        read(content)
    assert caught.value.message.startswith(said)
    assert 2 == caught.value.exit_code
