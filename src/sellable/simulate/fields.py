"""Values of a row, from text of CSV or from JSON; what is wrong is said by field."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from sellable.geo import LATITUDE_MAX, LONGITUDE_MAX, Point
from sellable.limits import QUANTITY_MAX
from sellable.simulate.rows import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MICROS: Final = 10**6
_WHOLE: Final = re.compile(r"-?[0-9]{1,13}")
_AMOUNT_MAX: Final = 10**12


def text(values: Mapping[str, Any], field: str, problem: Callable[[str], str | None]) -> str:
    """Return a text that must be there and be as `problem` demands."""
    value = values.get(field)
    if value is None or value == "":
        raise RefusedRow(f"{field}: is missing")
    if not isinstance(value, str):
        raise RefusedRow(f"{field}: {value!r} is no text")
    if said := problem(value):
        raise RefusedRow(f"{field}: {said}")
    return value


def whole(values: Mapping[str, Any], field: str, low: int) -> int:
    """Return a whole number from `low` to 10^12; JSON may write it as text, as protobuf does."""
    value = values[field]
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is not int or not low <= value <= QUANTITY_MAX:
        raise RefusedRow(f"{field}: {value!r} is not a whole number from {low} to {QUANTITY_MAX}")
    return value


def decimal(values: Mapping[str, Any], field: str, low: float, high: float) -> float:
    """Return a number within bounds."""
    value = values.get(field)
    if value is None:
        raise RefusedRow(f"{field}: is missing")
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not low <= number <= high:
        raise RefusedRow(f"{field}: {value!r} is not a number from {low:g} to {high:g}")
    return number


def point_of(values: Mapping[str, Any]) -> Point:
    """Return the point of `latitude` and `longitude`."""
    return Point(
        decimal(values, "latitude", -LATITUDE_MAX, LATITUDE_MAX),
        decimal(values, "longitude", -LONGITUDE_MAX, LONGITUDE_MAX),
    )


def moment_ms(values: Mapping[str, Any], field: str) -> int:
    """Return a time in ms since 1970; without an offset it is UTC."""
    value = values.get(field)
    if value is None or value == "":
        raise RefusedRow(f"{field}: is missing")
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise RefusedRow(
            f"{field}: {value!r} is not a time, e.g. 2026-11-22T09:30:00Z (UTC without an offset)"
        ) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(found.timestamp() * 1000)


def micros(value: Any, field: str) -> int:
    """Return an amount of money in millionths, of at most 10^12 with at most 6 decimals."""
    try:
        # A number of JSON is what it was written as, not the float that is next to it.
        amount = Decimal(str(value)) if isinstance(value, str | int | float) else Decimal("NaN")
        scaled = amount * MICROS
        fits = amount.is_finite() and 0 <= amount <= _AMOUNT_MAX and scaled == int(scaled)
    except (InvalidOperation, OverflowError, ValueError):
        fits = False
    if not fits or isinstance(value, bool):
        raise RefusedRow(f"{field}: {value!r} is not an amount with at most 6 decimals")
    return int(scaled)
