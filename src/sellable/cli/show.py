"""Tables and colours for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from sellable.cli.values import state_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message
    from rich.console import RenderableType

    from sellable.v1.operations_pb2 import VerifyResponse
    from sellable.v1.reservations_pb2 import Allocation, Reservation

_COLOURS: Final = {
    "IN_STOCK": "green",
    "LOW_STOCK": "yellow",
    "OUT_OF_STOCK": "red",
    "BACKORDER": "cyan",
    "UNKNOWN": "dim",
    "HELD": "yellow",
    "CONFIRMED": "cyan",
    "FULFILLED": "green",
    "RELEASED": "dim",
    "EXPIRED": "red",
    "APPLIED": "green",
    "UNCHANGED": "dim",
    "STALE": "yellow",
    "DUPLICATE": "dim",
}


def word(text: str) -> Text:
    """Return a status or state in its colour."""
    return Text(text, style=_COLOURS.get(text, ""))


def number(value: int) -> str:
    """Return a number as people read it."""
    return f"{value:,}"


def table(*columns: str) -> Table:
    """Return an empty table; a column whose name begins with `>` holds numbers."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(
            name.removeprefix(">"),
            justify="right" if name.startswith(">") else "left",
            overflow="fold",
        )
    return made


def reservation_view(reservation: Reservation) -> list[RenderableType]:
    """Show a reservation with its lines."""
    title = Text.assemble(
        (reservation.reservation_id, "bold"),
        "  ",
        word(state_word(reservation)),
        f"  {reservation.channel}/{reservation.country}",
    )
    if reservation.order_reference:
        title.append(f"  order {reservation.order_reference}")
    if reservation.HasField("expire_time"):
        held = state_word(reservation) == "HELD"
        title.append(
            f"  {'expires' if held else 'expired'} {time_shown(reservation, 'expire_time')}"
        )
    lines = table("line", "SKU", ">wanted", ">granted", ">open", ">shipped", ">released", "from")
    for line in reservation.lines:
        lines.add_row(
            line.line_id,
            line.sku,
            number(line.requested_quantity),
            Text(
                number(line.granted_quantity),
                style="yellow" if line.granted_quantity < line.requested_quantity else "",
            ),
            number(line.open_quantity),
            number(line.fulfilled_quantity),
            number(line.released_quantity),
            ", ".join(map(_allocation, line.allocations)),
        )
    return [title, lines]


def difference_table(differences: Iterable[VerifyResponse.Difference]) -> Table:
    """Show counters that are not what the facts add up to."""
    made = table("SKU", "counter", ">stored", ">recomputed")
    for difference in differences:
        made.add_row(
            difference.sku,
            difference.counter,
            Text(number(difference.stored_quantity), style="red"),
            number(difference.recomputed_quantity),
        )
    return made


def _allocation(allocation: Allocation) -> str:
    parts = []
    if allocation.quantity:
        remarks = []
        if allocation.supply_id:
            day = time_shown(allocation, "expect_time")
            remarks.append(f"waiting for {allocation.supply_id}, {day}")
        if allocation.short_quantity:
            remarks.append(f"{number(allocation.short_quantity)} short")
        remark = f" ({'; '.join(remarks)})" if remarks else ""
        parts.append(f"{number(allocation.quantity)} at {allocation.location}{remark}")
    if allocation.fulfilled_quantity:
        shipped = number(allocation.fulfilled_quantity)
        parts.append(f"{shipped} shipped from {allocation.location}")
    return ", ".join(parts)


def time_shown(message: Message, field: str) -> str:
    """Return a time of a message for people, or nothing if it is not set."""
    if not message.HasField(field):
        return ""
    text: str = getattr(message, field).ToDatetime().strftime("%Y-%m-%d %H:%M:%S")
    return f"{text} UTC"
