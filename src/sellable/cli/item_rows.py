"""Master data as people keep it: rows of a CSV or JSON Lines file, each read or refused."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.cli.failure import usage
from sellable.limits import QUANTITY_MAX
from sellable.v1.common_pb2 import Money
from sellable.v1.inventory_pb2 import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELDS: Final = (
    "sku",
    "item_class",
    "weight_grams",
    "volume_cm3",
    "value",
    "currency",
    "update_time",
)
_WHOLE: Final = re.compile(r"[0-9]{1,13}")
_LINE_BYTES_MAX: Final = 64 * 1024
_NANOS: Final = 10**9


class Row(NamedTuple):
    """A row of a file: the item, or why there is none."""

    line: int
    sku: str
    item: Item | None
    problem: str = ""


class RowRefused(ValueError):
    """A value that is not as it must be; it says which and what is allowed."""


def rows(file: BinaryIO, name: str, now: Timestamp) -> Iterator[Row]:
    """Yield the rows of a file; JSON Lines if it begins with a brace, CSV else.

    Raises:
        Failure: If it has no header, or one that nobody knows.
    """
    numbered = _lines(file, name)
    head = []
    for line in numbered:
        head.append(line)
        if line.strip():
            break
    else:
        raise usage(f"{name} is empty")
    everything = _chain(head, numbered)
    if head[-1].lstrip().startswith("{"):
        yield from _json_rows(everything, now)
    else:
        yield from _csv_rows(everything, name, now)


def item_of(values: Mapping[str, Any], now: Timestamp) -> Item:
    """Return the item that text, or JSON values, describe; what is empty is not known.

    Raises:
        RowRefused: With the field and what is allowed.
    """
    given = {field: value for field, value in values.items() if value is not None and value != ""}
    item = Item(sku=_text(given, "sku"), item_class=_text(given, "item_class"), update_time=now)
    if not item.sku:
        raise RowRefused("sku: is missing")
    if "weight_grams" in given:
        item.weight_grams = _whole(given, "weight_grams")
    if "volume_cm3" in given:
        item.volume_cm3 = _whole(given, "volume_cm3")
    if ("value" in given) != ("currency" in given):
        raise RowRefused("value and currency go together, e.g. 12.50 and EUR")
    if "value" in given:
        item.value.CopyFrom(_money(given["value"], _text(given, "currency")))
    if "update_time" in given:
        item.update_time.CopyFrom(_moment(_text(given, "update_time")))
    return item


def _chain(head: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from head
    yield from rest


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    """Yield lines; what is not UTF-8 or has no end is no table."""
    for number, line in enumerate(iter(lambda: file.readline(_LINE_BYTES_MAX + 1), b""), 1):
        if len(line) > _LINE_BYTES_MAX:
            raise usage(f"{name}, line {number}: has more than {_LINE_BYTES_MAX} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise usage(f"{name}, line {number}: not UTF-8 at byte {error.start}") from error


def _json_rows(lines: Iterable[str], now: Timestamp) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Row(number, "", None, f"not JSON: {error.msg} at column {error.colno}")
            continue
        if not isinstance(values, dict):
            yield Row(number, "", None, 'not an object, e.g. {"sku": "85123A"}')
            continue
        yield _row(number, values, now)


def _csv_rows(lines: Iterable[str], name: str, now: Timestamp) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if header is None:
                header = _header(cells, f"{name}, line {line}")
            elif len(cells) == len(header):
                yield _row(
                    line, dict(zip(header, (cell.strip() for cell in cells), strict=True)), now
                )
            else:
                text = f"has {len(cells)} values, the header has {len(header)}"
                yield Row(line, "", None, text)
    except csv.Error as error:
        raise usage(f"{name}, line {before + 1}: not CSV: {error}") from error


def _header(cells: list[str], place: str) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    problems = [_unknown(field) for field in header if field not in FIELDS]
    problems += [f"{field} twice" for field in FIELDS if header.count(field) > 1]
    if "sku" not in header:
        problems.append("no column sku")
    if problems:
        raise usage(f"{place}: {'; '.join(problems)}; columns are {', '.join(FIELDS)}")
    return header


def _row(line: int, values: dict[str, Any], now: Timestamp) -> Row:
    sku = str(values.get("sku") or "")
    unknown = [_unknown(field) for field in values if field not in FIELDS]
    if unknown:
        return Row(line, sku, None, "; ".join(unknown))
    try:
        return Row(line, sku, item_of(values, now))
    except RowRefused as error:
        return Row(line, sku, None, str(error))


def _unknown(field: str) -> str:
    near = difflib.get_close_matches(field[:64].lower(), FIELDS, n=1)
    return f"unknown {field[:64]!r}" + (f", did you mean {near[0]}?" if near else "")


def _text(values: Mapping[str, Any], field: str) -> str:
    value = values.get(field, "")
    if not isinstance(value, str):
        raise RowRefused(f"{field}: {value!r} is no text")
    return value


def _whole(values: Mapping[str, Any], field: str) -> int:
    value = values[field]
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= QUANTITY_MAX:
        raise RowRefused(f"{field}: {value!r} is not a whole number from 0 to {QUANTITY_MAX}")
    return value


def _money(value: Any, currency: str) -> Money:
    try:
        # A number of JSON is what it was written as, not the float that is next to it.
        amount = Decimal(str(value)) if isinstance(value, str | int | float) else Decimal("NaN")
        scaled = amount * _NANOS
        fits = amount.is_finite() and 0 <= amount <= QUANTITY_MAX and scaled == int(scaled)
    except (InvalidOperation, OverflowError, ValueError):
        fits = False
    if not fits or isinstance(value, bool):
        raise RowRefused(
            f"value: {value!r} is not an amount from 0 to {QUANTITY_MAX} with at most 9 decimals"
        )
    units, nanos = divmod(int(scaled), _NANOS)
    return Money(currency_code=currency, units=units, nanos=nanos)


def _moment(text: str) -> Timestamp:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RowRefused(
            f"update_time: {text!r} is not a time with an offset, e.g. 2026-11-22T09:30:00Z"
        )
    made = Timestamp()
    made.FromDatetime(moment)
    return made
