"""A snapshot of stock from a file: a row a position, as `sellable positions` names the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from sellable.limits import QUANTITY_MAX
from sellable.names import location_problem, sku_problem
from sellable.simulate.fields import decimal, text, whole
from sellable.simulate.rows import BadRow, RefusedRow, Row, UnusableFile, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_COLUMNS: Final = {
    "sku": "sku",
    "location": "location",
    "on_hand_quantity": "on_hand_quantity",
    "on_hand": "on_hand_quantity",
    "quantity": "on_hand_quantity",
    "reserved_quantity": "reserved_quantity",
    "reserved": "reserved_quantity",
    "safety_stock_quantity": "safety_stock_quantity",
    "safety_stock": "safety_stock_quantity",
    "blocked": "blocked",
    "daily_outflow": "daily_outflow",
    # What a listing of positions has besides; it follows from the others, or plays no part here.
    "available_quantity": "available_quantity",
    "overcommitted_quantity": "overcommitted_quantity",
    "observe_time": "observe_time",
    "source": "source",
    "supply_id": "supply_id",
    "expect_time": "expect_time",
}
_REQUIRED: Final = ("sku", "location", "on_hand_quantity")
_OUTFLOW_MAX: Final = 1e9
_FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Position(NamedTuple):
    """Units of a SKU at a location; safety stock -1: as the network says."""

    on_hand: int
    reserved: int = 0
    safety_stock: int = -1
    blocked: bool = False
    daily_outflow: float = 0.0


class Snapshot(NamedTuple):
    """Positions by SKU and location.

    `has_outflow` tells whether it says how fast units leave: without, nobody knows what is slow.
    """

    positions: Mapping[str, Mapping[str, Position]]
    has_outflow: bool


def read_snapshot(
    stream: BinaryIO, locations: Collection[str], told: Callable[[BadRow], None]
) -> Snapshot:
    """Return the positions of a CSV or JSON Lines file; units that are expected are left out.

    Args:
        stream: The caller closes it.
        locations: Those of the network; others hold nothing that could be shipped.
        told: Takes each row that is left out.

    Raises:
        UnusableFile: Where nothing further can be read, or there is no position at all.
    """
    positions: dict[str, dict[str, Position]] = {}
    has_outflow = False
    _, rows = read_rows(stream, _COLUMNS, _REQUIRED)
    for row in rows:
        if isinstance(row, BadRow):
            told(row)
            continue
        if row.values.get("supply_id"):
            continue
        try:
            sku, location, position = _position(row, locations)
        except RefusedRow as error:
            told(BadRow(row.line, str(error)))
            continue
        at = positions.setdefault(sku, {})
        if location in at:
            told(BadRow(row.line, f"{sku!r} at {location} was there before"))
            continue
        at[location] = position
        has_outflow = has_outflow or "daily_outflow" in row.values
    if not positions:
        raise UnusableFile("it has no position")
    return Snapshot(positions, has_outflow)


def _position(row: Row, locations: Collection[str]) -> tuple[str, str, Position]:
    given = row.values
    sku, location = text(given, "sku", sku_problem), text(given, "location", location_problem)
    if location not in locations:
        raise RefusedRow(f"location: the network has no {location}")
    if "on_hand_quantity" not in given:
        raise RefusedRow("on_hand_quantity: is missing")
    return (
        sku,
        location,
        Position(
            on_hand=whole(given, "on_hand_quantity", -QUANTITY_MAX),
            reserved=whole(given, "reserved_quantity", 0) if "reserved_quantity" in given else 0,
            safety_stock=whole(given, "safety_stock_quantity", 0)
            if "safety_stock_quantity" in given
            else -1,
            blocked=_flag(given.get("blocked", False)),
            daily_outflow=decimal(given, "daily_outflow", 0, _OUTFLOW_MAX)
            if "daily_outflow" in given
            else 0.0,
        ),
    )


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(str(value).lower())
    if found is None:
        raise RefusedRow(f"blocked: {value!r} is neither true nor false")
    return found
