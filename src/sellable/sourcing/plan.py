"""A plan as it is told: who ships what and when, what it costs, and why not otherwise.

Money is micros of the network's sourcing currency; times are ms since 1970, 0: not known.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class CostKind(StrEnum):
    """The terms of the contract's `CostKind`."""

    SHIPPING = "SHIPPING"
    PARCELS = "PARCELS"
    DISTANCE = "DISTANCE"
    LATENESS = "LATENESS"
    MARKDOWN = "MARKDOWN"
    LOAD = "LOAD"
    CARBON = "CARBON"
    UNFILLED = "UNFILLED"


class RejectionReason(StrEnum):
    """Why a location ships nothing of a plan; of several the first in this order."""

    EXCLUDED = "EXCLUDED"
    PROTECTED = "PROTECTED"
    COUNTRY = "COUNTRY"
    DISTANCE = "DISTANCE"
    NO_STOCK = "NO_STOCK"
    CLOSED = "CLOSED"
    CUT_OFF = "CUT_OFF"
    CAPACITY = "CAPACITY"
    NO_SERVICE = "NO_SERVICE"  # no carrier takes it there, or not in time
    COSTLIER = "COSTLIER"


class Assignment(Struct, frozen=True, kw_only=True):
    """Units of a line from a location; in `unfilled` the location is empty."""

    line_id: str
    line: int  # index in the order
    sku: str
    location: str
    quantity: int


class CostTerm(Struct, frozen=True, kw_only=True):
    """One term; `weighted_micros` of the terms of a level add up to the level, exactly.

    Terms that a strategy does not weigh are told with 0.
    """

    kind: CostKind
    raw: float
    unit: str
    weighted_micros: int
    level: int = 0


class Shipment(Struct, frozen=True, kw_only=True):
    """What one location sends, in one or more parcels."""

    location: str
    service: str  # carrier/service, empty without carriers
    parcels: int
    grams: int
    distance_km: float
    cost_micros: int
    ship_ms: int
    arrive_ms: int
    carbon_grams: float
    capacity_date: str = ""  # the local date whose capacity it takes, empty without a limit


class Plan(Struct, frozen=True, kw_only=True):
    """A plan; assignments and shipments in the order of lines, and of the market's locations.

    `levels` are what it costs, the first compared before the second: one for weighted terms, one a
    term for a strategy with an `order`, before them the units unfilled where those come first.
    `level_units` are how many of a level make one of what it is told in; empty: a million of each.
    """

    strategy: str
    assignments: tuple[Assignment, ...]
    shipments: tuple[Shipment, ...]
    unfilled: tuple[Assignment, ...]
    cost_terms: tuple[CostTerm, ...]
    levels: tuple[int, ...]
    optimal: bool
    relative_gap: float
    method: str
    level_units: tuple[int, ...] = ()


class Rejection(Struct, frozen=True, kw_only=True):
    """Why one location ships nothing."""

    location: str
    reason: RejectionReason
    detail: str


class Decision(Struct, frozen=True, kw_only=True):
    """The answer to an order."""

    plan: Plan
    alternatives: tuple[Plan, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    profile: str
    network_version: int


class DeliveryOption(Struct, frozen=True, kw_only=True):
    """One way of delivery that can be promised before the purchase.

    `service` is `carrier/service`, or `pickup` at `location`. Ordered until `order_by_ms` it
    arrives at `arrive_ms`.
    """

    service: str
    location: str = ""
    order_by_ms: int
    arrive_ms: int
    cost_micros: int
    parcels: int
    carbon_grams: float
    complete: bool
