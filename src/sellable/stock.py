"""Stock as values: facts from the back ends, positions, and the numbers of a market.

The structs that are `array_like` cross into the Lua scripts as MessagePack arrays in field order.
Observation times are microseconds since 1970, as the sources state them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct


class FactKind(StrEnum):
    """What a fact says about a position."""

    COUNT = "count"
    DELTA = "delta"
    SHIPMENT = "shipment"
    SAFETY_STOCK = "safety"
    BLOCKED = "blocked"


class Fact(Struct, frozen=True, array_like=True, kw_only=True):
    """One fact about one position.

    `quantity` is the count, the signed delta, the units shipped, the safety stock, or 1 and 0 for
    blocked and not.
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
    """One SKU at one location. `observe_us` is 0 where nothing was counted yet."""

    location: str
    on_hand: int
    reserved: int
    safety_stock: int
    available: int
    overcommitted: int
    blocked: bool
    observe_us: int
    source: str


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
    """The number of one SKU in one market; -1 where the market has no position of it."""

    sku: str
    market: str
    sellable: int
    low_stock_threshold: int
    oldest_observe_us: int
