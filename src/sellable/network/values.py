"""A checked network as values: tags are expanded, references exist, no two rules disagree.

Lines are where an entry begins in its document. They are no part of what an entry means, so two
networks that differ only in layout are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
class Location:
    """A place that holds stock."""

    id: str
    type: LocationType
    country: str
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = "UTC"
    tags: tuple[str, ...] = ()
    safety_stock: int = 0
    enabled: bool = True
    pickup: bool = False
    daily_capacity: int | None = None
    cut_off: str | None = None
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
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        """The name of the market everywhere else: `channel/country`."""
        return f"{self.channel}/{self.country}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of `protections`.

    It sets `safety_stock` at `locations`, or `protection_buffer` and `cap` in `markets`; None
    there means every one. At most one of `skus` and `item_classes` is not empty.
    """

    name: str | None = None
    markets: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None
    skus: tuple[str, ...] = ()
    item_classes: tuple[str, ...] = ()
    protection_buffer: Buffer | None = None
    cap: int | None = None
    safety_stock: int | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The whole configuration, in document order."""

    locations: tuple[Location, ...] = ()
    markets: tuple[Market, ...] = ()
    rules: tuple[Rule, ...] = ()
