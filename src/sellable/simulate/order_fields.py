"""What orders of every form have in common: market, lines, postal code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sellable.limits import LINES_PER_RESERVATION_MAX
from sellable.names import (
    channel_problem,
    country_problem,
    identifier_problem,
    location_problem,
    sku_problem,
    text_problem,
)
from sellable.reservation import Line
from sellable.simulate.fields import text, whole
from sellable.simulate.rows import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sellable.geo import Point
    from sellable.sourcing.order import Order

_POSTAL_CODE_BYTES_MAX: Final = 32
_postal_problem = partial(text_problem, bytes_max=_POSTAL_CODE_BYTES_MAX)


# Country, postal code and the point that is stated to the point of a destination.
Locate: TypeAlias = "Callable[[str, str, Point | None], Point]"


class TimedOrder(NamedTuple):
    """An order, when it was placed (ms since 1970), and the line where it begins."""

    at_ms: int
    order: Order
    line: int


def line_of(values: Mapping[str, Any], index: int) -> Line:
    """Return a line; without an id it is called by its number."""
    given = {"line_id": str(index + 1), **{k: v for k, v in values.items() if v != ""}}
    return Line(
        line_id=text(given, "line_id", identifier_problem),
        sku=text(given, "sku", sku_problem),
        quantity=whole({"quantity": None, **given}, "quantity", 1),
        location=text(given, "location", location_problem) if "location" in given else "",
    )


def counted(lines: list[Line]) -> tuple[Line, ...]:
    """Return the lines of an order, 1 to 100 of them."""
    if not 1 <= len(lines) <= LINES_PER_RESERVATION_MAX:
        raise RefusedRow(f"lines: must be 1 to {LINES_PER_RESERVATION_MAX}")
    return tuple(lines)


def market_of(values: Mapping[str, Any]) -> str:
    """Return `channel/country`."""
    channel = text(values, "channel", channel_problem)
    return f"{channel}/{text(values, 'country', country_problem)}"


def postal_code_of(values: Mapping[str, Any]) -> str:
    """Return the postal code, or an empty one."""
    return text(values, "postal_code", _postal_problem) if values.get("postal_code") else ""


def stated(_country: str, _postal_code: str, point: Point | None) -> Point:
    """Return the point that a destination states.

    Raises:
        RefusedRow: If it states none.
    """
    if point is None:
        raise RefusedRow("latitude and longitude: are missing, and no table has postal codes")
    return point
