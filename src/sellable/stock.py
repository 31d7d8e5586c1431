"""Stock as values: facts from the back ends, positions, and the numbers of a market.

The structs that are `array_like` cross into the Lua scripts as MessagePack arrays in field order.
Observation times are microseconds since 1970, as the sources state them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, Literal

from msgspec import Struct


def place_of(location: str, supply_id: str) -> str:
    """Name where units are: a location, or a future supply that comes to it.

    The store treats both alike; "+" is in no location and in no supply id.
    """
    return f"{location}+{supply_id}" if supply_id else location


def parts_of_place(place: str) -> tuple[str, str]:
    """Return the location of a place, and the supply that it stands for or ""."""
    location, _, supply_id = place.partition("+")
    return location, supply_id


class FactKind(StrEnum):
    """What a fact says about a position."""

    COUNT = "count"
    NET_COUNT = "net"
    DELTA = "delta"
    SHIPMENT = "shipment"
    SAFETY_STOCK = "safety"
    BLOCKED = "blocked"
    FUTURE_SUPPLY = "future"
    SUPPLY_RECEIPT = "receipt"


# What the contract, and rows of feeds, call each kind.
FACT_FIELDS: Final = {
    "on_hand_quantity": FactKind.COUNT,
    "delta_quantity": FactKind.DELTA,
    "shipment": FactKind.SHIPMENT,
    "safety_stock_quantity": FactKind.SAFETY_STOCK,
    "blocked": FactKind.BLOCKED,
    "future_supply": FactKind.FUTURE_SUPPLY,
    "supply_receipt": FactKind.SUPPLY_RECEIPT,
    "net_quantity": FactKind.NET_COUNT,
}


class Fact(Struct, frozen=True, array_like=True, kw_only=True):
    """One fact about one position.

    `quantity` is the count, the count without reserved units, the signed delta, the units shipped,
    the safety stock, 1 and 0 for blocked and not, the units expected in all, or the units that
    arrived. `expect_ms` is of a supply that is announced; `final` says that nothing more arrives.
    """

    kind: FactKind
    event_id: str
    source: str
    sku: str
    location: str
    observe_us: int
    sequence: int = 0
    quantity: int = 0
    reservation_id: str = ""
    line_id: str = ""
    reason: str = ""
    supply_id: str = ""
    expect_ms: int = 0
    final: bool = False


class Refused(Struct, frozen=True, array_like=True, kw_only=True):
    """A row of a feed that is no fact: refused before it reached the store, and counted there.

    `reason` is an error reason, `detail` says what is wrong and what is allowed, `payload` is the
    row as it came (text that is not UTF-8 with backslash escapes).
    """

    kind: Literal["refused"] = "refused"
    source: str
    reason: str
    detail: str
    payload: str


class Outcome(IntEnum):
    """What became of a row; the numbers are those of the contract."""

    APPLIED = 1
    UNCHANGED = 2
    STALE = 3
    DUPLICATE = 4
    REJECTED = 5


class FactResult(Struct, frozen=True, array_like=True):
    """The answer to one row; `reason` is an error reason for REJECTED, else empty."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""


class Position(Struct, frozen=True, array_like=True, kw_only=True):
    """One SKU at one location, or what is expected there; `place_of` makes such a `location`.

    `observe_us` is 0 where nothing was counted or announced yet, `expect_ms` for stock.
    """

    location: str
    on_hand: int
    reserved: int
    safety_stock: int
    available: int
    overcommitted: int
    blocked: bool
    observe_us: int
    source: str
    expect_ms: int = 0


class Item(Struct, frozen=True, array_like=True, kw_only=True):
    """Master data of a SKU; -1 and the empty string mean unset. The latest `update_us` wins."""

    sku: str
    update_us: int
    item_class: str = ""
    weight_grams: int = -1
    volume_cm3: int = -1
    value_currency: str = ""
    value_units: int = 0
    value_nanos: int = 0


class Availability(Struct, frozen=True, kw_only=True):
    """The number of one SKU in one market; -1 where the market has no position of it.

    `future` are units beyond it that can be promised from future supply, the first of them at
    `next_available_ms`.
    """

    sku: str
    market: str
    sellable: int
    low_stock_threshold: int
    oldest_observe_us: int
    future: int = 0
    next_available_ms: int = 0
