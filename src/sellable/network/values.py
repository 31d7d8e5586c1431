"""A checked network as values: tags are expanded, references exist, no two rules disagree.

Lines are where an entry begins in its document. They are no part of what an entry means, so two
networks that differ only in layout are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sellable.network.sourcing.values import Sourcing

if TYPE_CHECKING:
    from datetime import date, datetime


class LocationType(StrEnum):
    """What kind of place holds the stock."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    THIRD_PARTY = "3pl"
    SUPPLIER = "supplier"


class Binding(StrEnum):
    """In which order a market's reservations take units from its locations."""

    IN_ORDER = "in_order"
    LEAST_SHARED_FIRST = "least_shared_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """Units a market may not sell: `max(units, floor, ceil(on_hand * basis_points / 10000))`."""

    units: int = 0
    basis_points: int = 0
    floor: int = 0

    def __str__(self) -> str:
        """Write it as the document does."""
        if not self.basis_points and not self.floor:
            return str(self.units)
        whole, hundredths = divmod(self.basis_points, 100)
        fraction = f".{hundredths:02}".rstrip("0") if hundredths else ""
        return f"{whole}{fraction}%" + (f", at least {self.floor}" if self.floor else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When an entry holds: from `start` until just before `end`, for ever where one is missing.

    A naive time is local to each market or location that the entry speaks of.
    """

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that holds stock.

    `opening_hours` has an entry for each day of the week, Monday first: the minutes of the local
    day from and until which it is open, None where it is closed; without any it is always open.
    """

    id: str
    type: LocationType
    country: str
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = None  # None: its country has several, and the document names none
    tags: tuple[str, ...] = ()
    safety_stock: int = 0
    enabled: bool = True
    pickup: bool = False
    daily_capacity: int | None = None
    cut_off: str | None = None
    opening_hours: tuple[tuple[int, int] | None, ...] = ()
    closed_dates: tuple[date, ...] = ()  # local, ascending
    stale_after_ms: int = 0  # 0: the age of its feed does not matter
    stale_protection_buffer: Buffer = Buffer()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A channel in a country; `locations` as the document lists them, before its binding."""

    channel: str
    country: str
    locations: tuple[str, ...]
    protection_buffer: Buffer = Buffer()
    cap: int | None = None
    low_stock_threshold: int = 0
    binding: Binding = Binding.IN_ORDER
    time_zone: str | None = None
    window: Window | None = None  # outside of it the market is closed
    backorder_horizon_ms: int = 0
    sourcing_profile: str = ""  # empty: the default of the sourcing section
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        """The name of the market everywhere else: `channel/country`."""
        return f"{self.channel}/{self.country}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of `protections`.

    It sets `safety_stock` and `blocked` at `locations`, or `protection_buffer` and `cap` in
    `markets`; None there means every one. At most one of `skus` and `item_classes` is not empty.
    """

    name: str | None = None
    markets: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None
    skus: tuple[str, ...] = ()
    item_classes: tuple[str, ...] = ()
    protection_buffer: Buffer | None = None
    cap: int | None = None
    safety_stock: int | None = None
    blocked: bool | None = None
    window: Window | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The most that each market may take in all, of each SKU or of all SKUs of each class."""

    name: str | None = None
    markets: tuple[str, ...]
    skus: tuple[str, ...] = ()
    item_classes: tuple[str, ...] = ()
    units: int
    window: Window | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The whole configuration, in document order."""

    locations: tuple[Location, ...] = ()
    markets: tuple[Market, ...] = ()
    rules: tuple[Rule, ...] = ()
    quotas: tuple[Quota, ...] = ()
    sourcing: Sourcing = field(default_factory=Sourcing)


@dataclass(frozen=True, slots=True)
class NetworkAt:
    """A network at one moment, which says what of it is in force."""

    network: Network
    at_ms: int
