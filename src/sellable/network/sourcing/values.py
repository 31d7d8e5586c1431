"""Carriers and profiles as values: tags are expanded, and every name that is used exists.

Money is whole millionths of a currency (micros), weight whole grams.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network.values import LocationType, Market, Window


class Term(StrEnum):
    """What a plan can cost, each in its own unit; all add up over the shipments of a plan."""

    SHIPPING_COST = "shipping_cost"  # the carriers' prices, in the currency of the section
    PARCELS = "parcels"
    DISTANCE = "distance"  # km, once a shipping location
    LATENESS = "lateness"  # days after the promise, once a shipping location
    MARKDOWN = "markdown"  # value taken from where it sells well, while it lies elsewhere
    LOAD = "load"  # share of the location's daily capacity that is taken, 0 to 1
    CARBON = "carbon"  # kg of CO2


class Policy(StrEnum):
    """How a strategy looks for its plan; the last two are what a plain OMS does."""

    OPTIMAL = "optimal"
    NEAREST = "nearest"
    PRIORITY = "priority"  # the market's order of locations


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which orders a strategy is for; an empty one does not restrict."""

    channels: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # of the market
    destinations: tuple[str, ...] = ()  # countries
    postal_prefixes: tuple[str, ...] = ()  # of the destination, as plain_postal_code writes it
    item_classes: tuple[str, ...] = ()  # of any line
    value_min: int | None = None  # of the order, in micros of the section's currency
    value_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """Locations that ship nothing; a naive window is local to each of them."""

    locations: tuple[str, ...]
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What a plan must keep; None and empty do not restrict."""

    max_parcels: int | None = None
    max_locations: int | None = None
    max_distance_km: float | None = None
    countries: tuple[str, ...] = ()  # of the shipping locations
    ship_within_days: int = (
        7  # calendar days from the order's local day at the location; 0: that day
    )
    on_time: bool = False  # nothing arrives after the promise
    excluded: tuple[str, ...] = ()  # locations
    excluded_types: tuple[LocationType, ...] = ()
    protected: tuple[Protected, ...] = ()
    ship_together: tuple[tuple[str, ...], ...] = ()  # groups of item classes
    services: tuple[str, ...] = ()  # `carrier/service`; empty: all
    split_lines: bool = True
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way to source, for the orders and the time that it is for.

    Of `weights` (what one unit of a term costs, in the section's currency) and `order` (terms,
    the most important first) one is not empty where the policy is optimal.
    """

    name: str
    priority: int = 0  # the highest that applies is tried first; at equal ones document order
    when: Conditions = Conditions()
    window: Window | None = None  # a naive one is local to the market
    policy: Policy = Policy.OPTIMAL
    weights: Mapping[Term, float] = field(default_factory=dict)
    order: tuple[Term, ...] = ()
    unfilled: float | None = None  # cost of a unit unfilled; None: as few as possible, first of all
    constraints: Constraints = Constraints()
    fall_back: bool = True  # without a feasible plan, try the next strategy that applies
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Strategies under one name, in document order."""

    name: str
    strategies: tuple[Strategy, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The price of a parcel of at most so many grams, and more than the tier before takes."""

    up_to_grams: int
    per_parcel: int = 0  # micros
    per_kg: int = 0  # micros
    per_km: int = 0  # micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Where a parcel goes; the first zone of a carrier that matches prices it."""

    name: str
    countries: tuple[str, ...] = ()  # of the destination; empty: all
    postal_prefixes: tuple[str, ...] = ()  # as plain_postal_code writes it
    from_countries: tuple[str, ...] = ()  # of the shipping location; empty: all
    max_distance_km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a service does in one zone: its tiers, without a hole up to the largest parcel."""

    zone: str
    transit_days: int
    km_per_day: float | None = None  # one day more for each begun so many km
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A way of delivery that a carrier offers, such as `express`."""

    id: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who carries parcels, for which locations, and at what price."""

    id: str
    currency: str
    locations: tuple[str, ...] | None = None  # None: picks up at every location
    max_parcel_grams: int = 30_000
    carbon_grams_per_parcel: float = 0.0
    carbon_grams_per_km: float = 0.0  # of a parcel
    delivery_days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # 0 is Monday; others are skipped
    zones: tuple[Zone, ...]
    services: tuple[Service, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """The whole section. `exchange_rates` say what one unit of another currency is worth."""

    currency: str = "EUR"
    exchange_rates: Mapping[str, float] = field(default_factory=dict)
    default_profile: str = ""  # empty: there is no profile at all
    carriers: tuple[Carrier, ...] = ()
    profiles: tuple[Profile, ...] = ()


def market_fits(when: Conditions, market: Market) -> bool:
    """Tell whether orders of a market can meet the conditions.

    A window that is local needs a time zone only of markets that fit, so this is asked first.
    """
    of_channel = not when.channels or market.channel in when.channels
    return of_channel and (not when.countries or market.country in when.countries)
