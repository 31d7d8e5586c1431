"""The columns of the lists: availability, positions, reservations, versions of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from sellable.cli.listing import Column
from sellable.cli.show import number, time_shown, word
from sellable.cli.values import state_word, status_word
from sellable.v1.availability_pb2 import Availability
from sellable.v1.inventory_pb2 import Position
from sellable.v1.network_pb2 import ListNetworkVersionsResponse
from sellable.v1.reservations_pb2 import Reservation

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

_Version = ListNetworkVersionsResponse.Version


def _moment(field: str) -> Callable[[Message], int]:
    """Return how rows are sorted by a time; those without one come first."""

    def nanoseconds(message: Message) -> int:
        value: int = getattr(message, field).ToNanoseconds()
        return value if message.HasField(field) else -(2**63)

    return nanoseconds


def _expected(item: Availability) -> str:
    if not item.future_quantity:
        return ""
    return f"{number(item.future_quantity)} from {time_shown(item, 'next_available_time')}"


def _remarks(position: Position) -> Text:
    remarks = ["blocked"] if position.blocked else []
    if position.overcommitted_quantity:
        remarks.append(f"{number(position.overcommitted_quantity)} overcommitted")
    said = [Text(", ".join(remarks), style="red")] if remarks else []
    if position.supply_id:
        when = f"expected {time_shown(position, 'expect_time')}"
        if not position.on_hand_quantity and not position.reserved_quantity:
            when = "nothing more expected"
        said.append(Text(f"{when} with {position.supply_id}", style="cyan"))
    return Text(", ").join(said)


AVAILABILITY: Final = (
    Column[Availability]("SKU", lambda row: row.sku),
    Column[Availability]("market", lambda row: f"{row.channel}/{row.country}"),
    Column[Availability](
        "sellable",
        lambda row: number(row.sellable_quantity),
        by=lambda row: row.sellable_quantity,
        number=True,
    ),
    Column[Availability]("status", lambda row: word(status_word(row))),
    Column[Availability]("expected", _expected, by=lambda row: row.future_quantity),
    Column[Availability](
        "oldest count",
        lambda row: time_shown(row, "oldest_observe_time"),
        by=_moment("oldest_observe_time"),
    ),
)
POSITIONS: Final = (
    Column[Position]("location", lambda row: row.location),
    Column[Position](
        "on hand",
        lambda row: number(row.on_hand_quantity),
        by=lambda row: row.on_hand_quantity,
        number=True,
    ),
    Column[Position](
        "reserved",
        lambda row: number(row.reserved_quantity),
        by=lambda row: row.reserved_quantity,
        number=True,
    ),
    Column[Position](
        "safety stock",
        lambda row: number(row.safety_stock_quantity),
        by=lambda row: row.safety_stock_quantity,
        number=True,
    ),
    Column[Position](
        "available",
        lambda row: Text(
            number(row.available_quantity), style="green" if row.available_quantity else "red"
        ),
        by=lambda row: row.available_quantity,
        number=True,
    ),
    Column[Position](
        "counted", lambda row: time_shown(row, "observe_time"), by=_moment("observe_time")
    ),
    Column[Position]("by", lambda row: row.source),
    Column[Position]("remarks", _remarks),
)
RESERVATIONS: Final = (
    Column[Reservation]("reservation", lambda row: row.reservation_id),
    Column[Reservation]("state", lambda row: word(state_word(row))),
    Column[Reservation]("market", lambda row: f"{row.channel}/{row.country}"),
    Column[Reservation]("order", lambda row: row.order_reference),
    Column[Reservation](
        "lines", lambda row: ", ".join(f"{line.sku}={line.granted_quantity}" for line in row.lines)
    ),
    Column[Reservation](
        "created", lambda row: time_shown(row, "create_time"), by=_moment("create_time")
    ),
    Column[Reservation](
        "expires", lambda row: time_shown(row, "expire_time"), by=_moment("expire_time")
    ),
)
VERSIONS: Final = (
    Column[_Version](
        "version", lambda row: str(row.version), by=lambda row: row.version, number=True
    ),
    Column[_Version](
        "applied", lambda row: time_shown(row, "apply_time"), by=_moment("apply_time")
    ),
    Column[_Version]("author", lambda row: row.author),
    Column[_Version]("comment", lambda row: row.comment),
)
