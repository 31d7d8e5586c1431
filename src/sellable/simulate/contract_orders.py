"""Orders as JSON, in the form of the contract: names in snake_case or lowerCamelCase."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sellable.names import country_problem, currency_problem, order_reference_problem
from sellable.simulate.fields import MICROS, moment_ms, point_of, text, whole
from sellable.simulate.order_fields import (
    TimedOrder,
    counted,
    line_of,
    market_of,
    postal_code_of,
)
from sellable.simulate.rows import RefusedRow, unknown
from sellable.sourcing.order import Destination, Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sellable.geo import Point
    from sellable.reservation import Line
    from sellable.simulate.order_fields import Locate
    from sellable.simulate.rows import Row

_ORDER_FIELDS: Final = (
    "order_reference",
    "channel",
    "country",
    "destination",
    "lines",
    "promise_time",
    "value",
)
_REQUEST_FIELDS: Final = (
    "order",
    "at_time",
    "profile",
    "alternatives",
    "explain",
    "solve_limit",
    "reservation_id",
)
_LINE_FIELDS: Final = ("line_id", "sku", "quantity", "location")
_DESTINATION_FIELDS: Final = ("country", "postal_code", "point")
_CAPITAL: Final = re.compile("[A-Z]")


def order_of(row: Row, worth: Mapping[str, float], locate: Locate) -> TimedOrder:
    """Return the order of a line.

    Args:
        row: An `Order` with its `time`, or a `SourceOrderRequest`.
        worth: What a unit of each known currency is worth in the one of the costs.
        locate: See `read_orders`.

    Raises:
        RefusedRow: With the field path and what is allowed.
    """
    given = _snake(row.values)
    if isinstance(given.get("order"), dict):
        _refuse_unknown(given, _REQUEST_FIELDS)
        at_ms = moment_ms(given, "at_time")
        given = given["order"]
    else:
        at_ms = moment_ms(given, "time")
        del given["time"]  # it is none of an order
    _refuse_unknown(given, _ORDER_FIELDS)
    lines = given.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise RefusedRow('lines: must be a list of objects, e.g. [{"sku": "85123A"}]')
    reference = given.get("order_reference", "")
    return TimedOrder(
        at_ms,
        Order(
            market=market_of(given),
            lines=counted([_line_at(line, index) for index, line in enumerate(lines)]),
            destination=_destination(given.get("destination"), locate),
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
        _refuse_unknown(values, _LINE_FIELDS)
        return line_of(values, index)
    except RefusedRow as error:
        raise RefusedRow(f"lines[{index}].{error}") from error


def _destination(given: Any, locate: Locate) -> Destination:
    if not isinstance(given, dict):
        raise RefusedRow("destination: is missing")
    try:
        _refuse_unknown(given, _DESTINATION_FIELDS)
        country, postal_code = text(given, "country", country_problem), postal_code_of(given)
        point = _point(given.get("point"))
    except RefusedRow as error:
        raise RefusedRow(f"destination.{error}") from error
    point = locate(country, postal_code, point)
    return Destination(country=country, postal_code=postal_code, point=point)


def _point(given: Any) -> Point | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RefusedRow('point: must be an object, e.g. {"latitude": 45.76, "longitude": 4.83}')
    return point_of({"latitude": 0.0, "longitude": 0.0, **given})  # protobuf leaves out a 0


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


def _refuse_unknown(given: Mapping[str, Any], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise RefusedRow(unknown(name, known))


def _snake(value: Any) -> Any:
    """Write the names of objects as the contract does."""
    if isinstance(value, dict):
        return {
            _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name): _snake(member)
            for name, member in value.items()
        }
    return [_snake(member) for member in value] if isinstance(value, list) else value
