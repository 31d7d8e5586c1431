"""Lines of a request and parts of a reservation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.limits import (
    ALLOCATIONS_PER_RESERVATION_MAX,
    LINES_PER_RESERVATION_MAX,
    QUANTITY_MAX,
)
from sellable.names import identifier_problem, location_problem, sku_problem, supply_problem
from sellable.reservation import Line, Part, Refusal
from sellable.stock import place_of
from sellable.v1 import reservations_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.rpc.convert.checks import Checks
    from sellable.v1 import common_pb2

REFUSALS: Final[dict[reservations_pb2.RefusalReason.ValueType, Refusal]] = {
    reservations_pb2.REFUSAL_REASON_UNSPECIFIED: Refusal.NONE,
    reservations_pb2.REFUSAL_REASON_NOT_FOUND: Refusal.NOT_FOUND,
    reservations_pb2.REFUSAL_REASON_DAMAGED: Refusal.DAMAGED,
    reservations_pb2.REFUSAL_REASON_NO_CAPACITY: Refusal.NO_CAPACITY,
    reservations_pb2.REFUSAL_REASON_CLOSED: Refusal.CLOSED,
}


def line_of(checks: Checks, path: str, line: common_pb2.Line) -> Line:
    """Check one wanted line."""
    sku, quantity = line.sku, line.quantity
    if (
        0 < quantity <= QUANTITY_MAX
        and not sku_problem(sku)
        and not line.line_id
        and not line.location
    ):
        return Line(sku=sku, quantity=quantity)  # as nearly all are
    checks.optional_name(f"{path}.line_id", line.line_id, identifier_problem)
    checks.name(f"{path}.sku", line.sku, sku_problem)
    checks.quantity(f"{path}.quantity", line.quantity)
    checks.optional_name(f"{path}.location", line.location, location_problem)
    return Line(line_id=line.line_id, sku=line.sku, quantity=line.quantity, location=line.location)


def lines_of(checks: Checks, path: str, lines: Sequence[common_pb2.Line]) -> tuple[Line, ...]:
    """Check the wanted lines of the field `path`: 1 to 100."""
    if not checks.count(path, lines, 1, LINES_PER_RESERVATION_MAX):
        return ()
    made = tuple(line_of(checks, f"{path}[{index}]", line) for index, line in enumerate(lines))
    check_line_ids(checks, made, path)
    return made


def check_line_ids(checks: Checks, lines: Sequence[Line], path: str = "lines") -> None:
    """Check that no two lines of the field `path` have the same id; empty ones do not count."""
    first: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.line_id and first.setdefault(line.line_id, index) != index:
            other = first[line.line_id]
            rule = f"must be unique; {path}[{other}] has it too"
            checks.refuse(f"{path}[{index}].line_id", rule)


def parts_of(
    checks: Checks,
    quantities: Sequence[reservations_pb2.QuantityAt],
    request_id: str,
    *,
    waiting: bool,
) -> tuple[Part, ...]:
    """Check the named quantities of a release or a fulfilment, and that they have a request id.

    `waiting`: they may be units that wait for a future supply.
    """
    parts: tuple[Part, ...] = ()
    if checks.count("quantities", quantities, 0, ALLOCATIONS_PER_RESERVATION_MAX):
        parts = tuple(
            part_of(checks, f"quantities[{index}]", quantity, waiting=waiting)
            for index, quantity in enumerate(quantities)
        )
    if quantities and not request_id:
        checks.refuse("request_id", "is required with quantities")
    checks.optional_name("request_id", request_id, identifier_problem)
    return parts


def part_of(
    checks: Checks,
    path: str,
    quantity: reservations_pb2.QuantityAt,
    *,
    waiting: bool = True,
    to_location: str = "",
    refusal: Refusal = Refusal.NONE,
) -> Part:
    """Check units of one line at one place.

    `waiting`: they may be units that wait for a future supply.
    """
    checks.optional_name(f"{path}.line_id", quantity.line_id, identifier_problem)
    checks.optional_name(f"{path}.sku", quantity.sku, sku_problem)
    if not quantity.line_id and not quantity.sku:
        checks.refuse(f"{path}.line_id", "is required, or the sku instead")
    checks.optional_name(f"{path}.location", quantity.location, location_problem)
    checks.quantity(f"{path}.quantity", quantity.quantity)
    if waiting:
        checks.optional_name(f"{path}.supply_id", quantity.supply_id, supply_problem)
        if quantity.supply_id and not quantity.location:
            checks.refuse(f"{path}.location", "is required with supply_id")
    elif quantity.supply_id:
        checks.refuse(f"{path}.supply_id", "must be empty: goods leave a location, not a supply")
    return Part(
        line_id=quantity.line_id,
        sku=quantity.sku,
        location=place_of(quantity.location, quantity.supply_id),
        quantity=quantity.quantity,
        to_location=to_location,
        refusal=refusal,
    )


def move_of(
    checks: Checks, path: str, move: reservations_pb2.TransferReservationRequest.Move
) -> Part:
    """Check one move of a transfer."""
    origin: reservations_pb2.QuantityAt = getattr(move, "from")  # a keyword of Python
    refusal = refusal_of(checks, f"{path}.refusal_reason", move.refusal_reason)
    part = part_of(checks, f"{path}.from", origin, to_location=move.to_location, refusal=refusal)
    checks.name(f"{path}.to_location", move.to_location, location_problem)
    if part.location and part.location == move.to_location:
        checks.refuse(f"{path}.to_location", "must be another location than from.location")
    return part


def refusal_of(
    checks: Checks, field: str, value: reservations_pb2.RefusalReason.ValueType
) -> Refusal:
    """Check why a location could not deliver."""
    if value not in REFUSALS:
        checks.refuse(field, f"must be one of {', '.join(filter(None, REFUSALS.values()))}")
    return REFUSALS.get(value, Refusal.NONE)
