"""Orders of a file, one after the other: JSON Lines in the form of the contract, or CSV.

JSON: an object of the contract's `Order` with its `time` beside, or a `SourceOrderRequest` (`order`
and `at_time`); names in snake_case or lowerCamelCase, as protobuf writes either. CSV: a row a line
of an order; rows of an order stand together, and the first one says when and where.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from sellable.limits import LINES_PER_RESERVATION_MAX
from sellable.names import (
    channel_problem,
    country_problem,
    currency_problem,
    identifier_problem,
    location_problem,
    order_reference_problem,
    sku_problem,
    text_problem,
)
from sellable.reservation import Line
from sellable.simulate.fields import MICROS, micros, moment_ms, point, text, whole
from sellable.simulate.rows import BadRow, RefusedRow, Row, read_rows, unknown
from sellable.sourcing.order import Destination, Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sellable.geo import Point

COLUMNS: Final = {
    "order": "order",
    "order_reference": "order",
    "time": "time",
    "channel": "channel",
    "country": "country",
    "destination": "destination_country",
    "destination_country": "destination_country",
    "postal_code": "postal_code",
    "latitude": "latitude",
    "longitude": "longitude",
    "sku": "sku",
    "quantity": "quantity",
    "promise_time": "promise_time",
    "value": "value",
}
_REQUIRED: Final = (
    "order",
    "time",
    "channel",
    "country",
    "latitude",
    "longitude",
    "sku",
    "quantity",
)
_POSTAL_CODE_BYTES_MAX: Final = 32
_ORDER_FIELDS: Final = (
    "order_reference",
    "channel",
    "country",
    "destination",
    "lines",
    "promise_time",
    "value",
)
_REQUEST_FIELDS: Final = frozenset(
    {
        "order",
        "at_time",
        "profile",
        "alternatives",
        "explain",
        "solve_limit",
        "reservation_id",
    }
)
_CAPITAL: Final = re.compile("[A-Z]")

_postal_problem = partial(text_problem, bytes_max=_POSTAL_CODE_BYTES_MAX)


class TimedOrder(NamedTuple):
    """An order, when it was placed (ms since 1970), and the line where it begins."""

    at_ms: int
    order: Order
    line: int


def read_orders(
    stream: BinaryIO, currency: str = "", rates: Mapping[str, float] | None = None
) -> Iterator[TimedOrder | BadRow]:
    """Give the orders of a file in its order, and each row that is none.

    Args:
        stream: Read as the orders are taken, so a file of any length costs the memory of one.
        currency: Of the network's sourcing section; values in others need a rate.
        rates: What a unit of another currency is worth in it.

    Raises:
        UnusableFile: Where nothing further can be read.
    """
    is_json, rows = read_rows(stream, COLUMNS, _REQUIRED)
    if not is_json:
        yield from _csv_orders(rows)
        return
    worth = {currency: 1.0, **(rates or {})}
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _json_order(row, worth)
        except RefusedRow as error:
            yield BadRow(row.line, str(error))


def _csv_orders(rows: Iterable[Row | BadRow]) -> Iterator[TimedOrder | BadRow]:
    last = None

    def order_of(row: Row | BadRow) -> str | None:
        # A row that cannot be read belongs to the order that it stands in.
        nonlocal last
        last = row.values.get("order") if isinstance(row, Row) else last
        return last

    for _, grouped in groupby(rows, order_of):
        # One line more than allowed is enough to refuse it: no order is too long for the memory.
        readable: list[Row] = []
        bad = False
        for row in grouped:
            if isinstance(row, BadRow):
                bad = True
                yield row
            elif len(readable) <= LINES_PER_RESERVATION_MAX:
                readable.append(row)
        if not readable or bad:
            if readable:
                yield BadRow(readable[0].line, "the order is left out: a row of it is bad")
            continue
        yield from _csv_order(readable)


def _csv_order(rows: list[Row]) -> Iterator[TimedOrder | BadRow]:
    line, first = rows[0]
    lines: list[Line] = []
    problems: list[BadRow] = []
    for row in rows:
        try:
            lines.append(_line(row.values, len(lines)))
        except RefusedRow as error:
            problems.append(BadRow(row.line, str(error)))
    if problems:
        yield from problems
        return
    try:
        value = first.get("value")
        yield TimedOrder(
            moment_ms(first, "time"),
            Order(
                market=_market(first),
                lines=_counted(lines),
                destination=Destination(
                    country=text(
                        {"destination_country": first.get("country"), **first},
                        "destination_country",
                        country_problem,
                    ),
                    postal_code=_postal_code(first),
                    point=point(first),
                ),
                order_reference=text(first, "order", order_reference_problem),
                promise_ms=moment_ms(first, "promise_time") if "promise_time" in first else 0,
                value_micros=None if value is None else micros(value, "value"),
            ),
            line,
        )
    except RefusedRow as error:
        yield BadRow(line, str(error))


def _json_order(row: Row, worth: Mapping[str, float]) -> TimedOrder:
    given = _snake(row.values)
    if isinstance(given.get("order"), dict):
        for name in given:
            if name not in _REQUEST_FIELDS:
                raise RefusedRow(unknown(name, _REQUEST_FIELDS))
        at_ms = moment_ms(given, "at_time")
        given = given["order"]
    else:
        at_ms = moment_ms(given, "time")
        del given["time"]
    for name in given:
        if name not in _ORDER_FIELDS:
            raise RefusedRow(unknown(name, (*_ORDER_FIELDS, "time")))
    lines = given.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise RefusedRow('lines: must be a list of objects, e.g. [{"sku": "85123A"}]')
    reference = given.get("order_reference", "")
    return TimedOrder(
        at_ms,
        Order(
            market=_market(given),
            lines=_counted([_line_at(line, index) for index, line in enumerate(lines)]),
            destination=_destination(given.get("destination")),
            order_reference=text(given, "order_reference", order_reference_problem)
            if reference
            else "",
            promise_ms=moment_ms(given, "promise_time") if given.get("promise_time") else 0,
            value_micros=_value(given.get("value"), worth),
        ),
        row.line,
    )


def _line_at(values: Mapping[str, Any], index: int) -> Line:
    try:
        return _line(values, index)
    except RefusedRow as error:
        raise RefusedRow(f"lines[{index}].{error}") from error


def _line(values: Mapping[str, Any], index: int) -> Line:
    given = {"line_id": str(index + 1), **{k: v for k, v in values.items() if v != ""}}
    return Line(
        line_id=text(given, "line_id", identifier_problem),
        sku=text(given, "sku", sku_problem),
        quantity=whole({"quantity": None, **given}, "quantity", 1),
        location=text(given, "location", location_problem) if "location" in given else "",
    )


def _counted(lines: list[Line]) -> tuple[Line, ...]:
    if not 1 <= len(lines) <= LINES_PER_RESERVATION_MAX:
        raise RefusedRow(f"lines: must be 1 to {LINES_PER_RESERVATION_MAX}")
    return tuple(lines)


def _market(values: Mapping[str, Any]) -> str:
    channel = text(values, "channel", channel_problem)
    return f"{channel}/{text(values, 'country', country_problem)}"


def _postal_code(values: Mapping[str, Any]) -> str:
    return text(values, "postal_code", _postal_problem) if values.get("postal_code") else ""


def _destination(given: Any) -> Destination:
    if not isinstance(given, dict):
        raise RefusedRow("destination: is missing")
    try:
        where = given.get("point")
        return Destination(
            country=text(given, "country", country_problem),
            postal_code=_postal_code(given),
            point=_point(where),
        )
    except RefusedRow as error:
        raise RefusedRow(f"destination.{error}") from error


def _point(given: Any) -> Point:
    if not isinstance(given, dict):
        raise RefusedRow("point: is missing; a simulation looks up no postal code")
    return point({"latitude": 0.0, "longitude": 0.0, **given})  # protobuf leaves out a 0


def _value(given: Any, worth: Mapping[str, float]) -> int | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RefusedRow('value: must be an object, e.g. {"currency_code": "EUR", "units": "12"}')
    currency = text(given, "currency_code", currency_problem)
    if currency not in worth:
        raise RefusedRow(f"value: no exchange rate for {currency} in the network's sourcing")
    units = whole(given, "units", 0) if "units" in given else 0
    nanos = whole(given, "nanos", 0) if "nanos" in given else 0
    return round((units * MICROS + nanos // 1_000) * worth[currency])


def _snake(value: Any) -> Any:
    """Write the names of objects as the contract does."""
    if isinstance(value, dict):
        return {
            _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name): _snake(member)
            for name, member in value.items()
        }
    return [_snake(member) for member in value] if isinstance(value, list) else value
