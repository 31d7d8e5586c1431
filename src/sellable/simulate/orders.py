"""Orders of a file, one after the other: JSON Lines in the form of the contract, or CSV.

JSON: an object of the contract's `Order` with its `time` beside, or a `SourceOrderRequest` (`order`
and `at_time`); names in snake_case or lowerCamelCase, as protobuf writes either. CSV: a row a line
of an order; rows of an order stand together, and the first one says when and where.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO, Final

from sellable.limits import LINES_PER_RESERVATION_MAX
from sellable.names import country_problem, order_reference_problem
from sellable.simulate.contract_orders import order_of
from sellable.simulate.fields import micros, moment_ms, point_of, text
from sellable.simulate.order_fields import (
    TimedOrder,
    counted,
    line_of,
    market_of,
    postal_code_of,
    stated,
)
from sellable.simulate.rows import BadRow, RefusedRow, Row, read_rows
from sellable.sourcing.order import Destination, Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sellable.reservation import Line
    from sellable.simulate.order_fields import Locate

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
    "sku",
    "quantity",
)


def read_orders(
    stream: BinaryIO,
    currency: str = "",
    rates: Mapping[str, float] | None = None,
    locate: Locate = stated,
) -> Iterator[TimedOrder | BadRow]:
    """Give the orders of a file in its order, and each row that is none.

    Args:
        stream: Read as the orders are taken, so a file of any length costs the memory of one.
        currency: Of the network's sourcing section; values in others need a rate.
        rates: What a unit of another currency is worth in it.
        locate: Returns the point of a destination; it raises RefusedRow if there is none.

    Raises:
        UnusableFile: Where nothing further can be read.
    """
    is_json, rows = read_rows(stream, COLUMNS, _REQUIRED)
    if not is_json:
        yield from _csv_orders(rows, locate)
        return
    worth = {currency: 1.0, **(rates or {})}
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield order_of(row, worth, locate)
        except RefusedRow as error:
            yield BadRow(row.line, str(error))


def _csv_orders(rows: Iterable[Row | BadRow], locate: Locate) -> Iterator[TimedOrder | BadRow]:
    last = None

    def name_of(row: Row | BadRow) -> str | None:
        # A row that cannot be read belongs to the order that it stands in.
        nonlocal last
        last = row.values.get("order") if isinstance(row, Row) else last
        return last

    for _, grouped in groupby(rows, name_of):
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
        yield from _csv_order(readable, locate)


def _csv_order(rows: list[Row], locate: Locate) -> Iterator[TimedOrder | BadRow]:
    line, first = rows[0]
    lines: list[Line] = []
    problems: list[BadRow] = []
    for row in rows:
        try:
            lines.append(line_of(row.values, len(lines)))
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
                market=market_of(first),
                lines=counted(lines),
                destination=_destination(first, locate),
                order_reference=text(first, "order", order_reference_problem),
                promise_ms=moment_ms(first, "promise_time") if "promise_time" in first else 0,
                value_micros=None if value is None else micros(value, "value"),
            ),
            line,
        )
    except RefusedRow as error:
        yield BadRow(line, str(error))


def _destination(values: Mapping[str, str], locate: Locate) -> Destination:
    given = {"destination_country": values.get("country"), **values}
    country = text(given, "destination_country", country_problem)
    postal_code = postal_code_of(values)
    has_point = "latitude" in values or "longitude" in values
    point = locate(country, postal_code, point_of(values) if has_point else None)
    return Destination(country=country, postal_code=postal_code, point=point)
