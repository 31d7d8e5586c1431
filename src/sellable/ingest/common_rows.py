"""The common row of a table, read by one function that is compiled for its columns.

It knows only what nearly all rows are: one fact, whose names are short and printable. For every
other row it answers None, and `RowMaker.slow` reads that row instead; so it never decides that a
row is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sellable.ingest.columns import ABSENT
from sellable.limits import NAME_BYTES_MAX, QUANTITY_MAX, REASON_BYTES_MAX
from sellable.stock import Fact, FactKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sellable.ingest.columns import Layout
    from sellable.ingest.numbers import Quantities
    from sellable.ingest.rows import ReadContext
    from sellable.ingest.times import Times

# A text of so many characters is within its bound in bytes, whatever the characters are.
_SKU_SURE: Final = 32
_NAME_SURE: Final = NAME_BYTES_MAX // 4
_REASON_SURE: Final = REASON_BYTES_MAX // 4
_DIGITS_SURE: Final = 12
COUNTS: Final = frozenset({FactKind.COUNT, FactKind.NET_COUNT})


@dataclass(slots=True)
class Known:
    """What reading rows has taught: locations and statuses by the cell that names them."""

    quantities: Quantities
    times: Times
    places: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, bool] = field(default_factory=dict)


def common_row(
    layout: Layout, context: ReadContext, known: Known
) -> Callable[[int, list[str]], Fact | None]:
    """Return the function that makes the fact of a common row, and None of any other."""
    if layout.wide or layout.facts[0].kind is FactKind.BLOCKED:
        return _never
    kind, source, at = layout.facts[0].kind, context.source, layout.at
    sku_at, location_at, time_at = at["sku"], at["location"], at["observe_time"]
    plain = at["event_id"] == at["sequence"] == at["reason"] == ABSENT
    prefix, observe_default = f"{context.log_id}:", context.observe_us
    place_of, read_time = known.places.get, known.times.read
    quantity_of, details_of = _quantity(layout, context, known), _details(layout, prefix)

    def common(line: int, cells: list[str]) -> Fact | None:
        sku = cells[sku_at].strip()
        if not (0 < len(sku) <= _SKU_SURE and sku.isprintable()):
            return None
        location = place_of(cells[location_at] if location_at >= 0 else "")
        quantity = quantity_of(cells)
        if location is None or quantity is None:
            return None
        text = cells[time_at] if time_at >= 0 else ""
        observe_us = read_time(text) if text else observe_default
        details = (f"{prefix}{line}", line, "") if plain else details_of(line, cells)
        if details is None or isinstance(observe_us, str):
            return None
        event_id, sequence, reason = details
        return Fact(
            kind=kind,
            event_id=event_id,
            source=source,
            sku=sku,
            location=location,
            observe_us=observe_us,
            sequence=sequence,
            quantity=quantity,
            reason=reason,
        )

    return common


def _never(_line: int, _cells: list[str]) -> Fact | None:
    return None


def _quantity(
    layout: Layout, context: ReadContext, known: Known
) -> Callable[[list[str]], int | None]:
    """Return what reads the quantity of rows that fill the first fact column, and no other."""
    profile = context.profile
    kind, quantity_at = layout.facts[0].kind, layout.facts[0].at
    others = tuple(column.at for column in layout.facts[1:])
    status_at = layout.at["status"] if profile.status_is_zero and kind in COUNTS else ABSENT
    most = profile.quantity_max or QUANTITY_MAX
    signed, sold = kind is FactKind.DELTA, layout.facts[0].sold
    least = -most if signed else 0
    read, status_of = known.quantities.read, known.statuses.get

    def quantity_of(cells: list[str]) -> int | None:
        for other in others:
            if cells[other]:
                return None
        text = cells[quantity_at]
        quantity: int | str
        if len(text) <= _DIGITS_SURE and text.isdecimal() and text.isascii():
            quantity = int(text)
        else:
            quantity = read(text, up=sold)
        if isinstance(quantity, str) or not least <= quantity <= most:
            return None
        if status_at >= 0:
            zero = status_of(cells[status_at])
            return None if zero is None else 0 if zero else quantity
        if signed and not quantity:
            return None
        return -quantity if sold else quantity

    return quantity_of


def _details(
    layout: Layout, prefix: str
) -> Callable[[int, list[str]], tuple[str, int, str] | None]:
    """Return what reads event id, sequence and reason."""
    event_at, sequence_at = layout.at["event_id"], layout.at["sequence"]
    reason_at = layout.at["reason"]

    def details_of(line: int, cells: list[str]) -> tuple[str, int, str] | None:
        event_id = cells[event_at].strip() if event_at >= 0 else ""
        text = cells[sequence_at] if sequence_at >= 0 else ""
        reason = cells[reason_at].strip() if reason_at >= 0 else ""
        if len(event_id) > _NAME_SURE or len(reason) > _REASON_SURE:
            return None
        if not event_id.isprintable() or not reason.isprintable():
            return None
        if not text:
            return event_id or f"{prefix}{line}", line, reason
        if len(text) > _DIGITS_SURE or not text.isdecimal() or not text.isascii():
            return None
        return event_id or f"{prefix}{line}", int(text), reason

    return details_of
