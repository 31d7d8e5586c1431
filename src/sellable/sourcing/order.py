"""What is to be sourced: an order, where it goes, and the stock of the moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sellable.geo import Point
    from sellable.reservation import Line
    from sellable.stock import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an order goes; `point` is looked up by whoever makes it."""

    country: str
    postal_code: str = ""
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order: its market, lines and destination. Times in ms of the store's clock, 0: none."""

    market: str  # channel/country
    lines: tuple[Line, ...]
    destination: Destination
    order_reference: str = ""
    promise_ms: int = 0  # deliver by
    value_micros: int | None = None  # in the currency of the network's sourcing section


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcingStock:
    """What the lines of an order can be taken from, as the store told it in one round trip.

    Attributes:
        now_ms: The store's time.
        network_version: The version of the network that the numbers are of.
        skus: The SKUs, each once.
        locations: The market's locations, in the network's order of the market.
        sellable: By SKU the number of the market: the most that may be reserved. It includes the
            units that the reservation itself holds, if one was named; -1: the SKU is not known.
        available: By SKU and location: units that can be taken, those of the reservation included.
        on_hand: By SKU and location.
        daily_outflow: By SKU and location: units that left a day, of late more than before.
        items: By SKU its master data, where there are some.
        capacity_taken: Orders by location and local date that hold or used its daily capacity,
            without the reservation itself.
    """

    now_ms: int
    network_version: int
    skus: tuple[str, ...]
    locations: tuple[str, ...]
    sellable: tuple[int, ...]
    available: tuple[tuple[int, ...], ...]
    on_hand: tuple[tuple[int, ...], ...]
    daily_outflow: tuple[tuple[float, ...], ...]
    items: Mapping[str, Item] = field(default_factory=dict)
    capacity_taken: Mapping[tuple[str, date], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcingRequest:
    """What is asked of a decision.

    Attributes:
        order: The order, or the open lines of a reservation.
        profile: Its name; empty takes the market's, else the section's default.
        at_ms: Which dated strategies apply, and from when delivery counts; 0: the stock's moment.
        alternatives: How many runner-ups, 0 to 5; each ships from another set of locations.
        explain: Whether to say of every location that ships nothing why.
        solve_limit_ms: After it the best plan so far is answered, with its gap.
        excluded: Locations that may ship nothing, beside what the profile says.
        refused: Pairs of line index and location that are not to be offered again.
        complete: Whether every unit must be placed, also where the profile allows partial plans.
    """

    order: Order
    profile: str = ""
    at_ms: int = 0
    alternatives: int = 0
    explain: bool = False
    solve_limit_ms: int = 200
    excluded: frozenset[str] = frozenset()
    refused: frozenset[tuple[int, str]] = frozenset()
    complete: bool = False
