"""The ways in which locations can send an order: service, parcels and price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sellable.sourcing.calendar import arrival_ms
from sellable.sourcing.parcels import ways_to_send

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sellable.sourcing.calendar import ShipDay
    from sellable.sourcing.carriers import Offer
    from sellable.sourcing.parcels import Weights
    from sellable.sourcing.places import Float
    from sellable.sourcing.situation import Situation
    from sellable.sourcing.solver.problem import Mask, Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modes:
    """The modes (m) of some locations, these in ascending order.

    Attributes:
        location: (m,) positions in the market.
        offer: (m,) index into `services`.
        services: `carrier/service`; one empty name without carriers.
        parcels: (m,) how many.
        grams_min: (m,) carries more than this.
        grams_max: (m,) carries at most this.
        price: (m,) without weight, in micros.
        kilogram_price: (m,) in micros.
        carbon_grams: (m,).
        parcel_grams_max: (m,) of the carrier.
        arrive_ms: (m,).
    """

    location: Whole
    offer: Whole
    services: Sequence[str]
    parcels: Whole
    grams_min: Whole
    grams_max: Whole
    price: Whole
    kilogram_price: Float
    carbon_grams: Whole
    parcel_grams_max: Whole
    arrive_ms: Whole

    def only(self, kept: Mask | Whole) -> Modes:
        """Return the modes that are kept, or in another order."""
        return replace(self, **{name: getattr(self, name)[kept] for name in _COLUMNS})

    def unit_prices(self, unit_grams: Whole) -> Whole:
        """Return (m, n) what a unit of each line adds to the price, in micros."""
        return np.rint(np.multiply.outer(self.kilogram_price / 1_000, unit_grams)).astype(np.int64)


_COLUMNS = tuple(name for name in Modes.__annotations__ if name != "services")


def modes_of(
    offers: Iterable[Offer],
    weights: Weights,
    situation: Situation,
    ship_days: Mapping[int, ShipDay],
) -> Modes:
    """Return every mode that may be part of a best plan, by location, service and parcels."""
    blocks = []
    services: list[str] = []
    for offer in offers:
        tiers = offer.lane.tiers
        ways = ways_to_send(tiers, offer.carrier.max_parcel_grams, weights)
        if len(ways):
            blocks.append(_block(len(services), offer, ways, situation, ship_days))
            services.append(offer.service)
    if not blocks:
        return modes_without_carriers(weights, {})
    columns: dict[str, Any] = {
        name: np.concatenate([block[name] for block in blocks]) for name in _COLUMNS
    }
    modes = Modes(services=tuple(services), **columns)
    return modes.only(np.argsort(modes.location, kind="stable"))


def modes_without_carriers(weights: Weights, ship_days: Mapping[int, ShipDay]) -> Modes:
    """Return one mode a location: one parcel of any weight, free, there when it is shipped."""
    locations = np.array(sorted(ship_days), dtype=np.int64)
    none, ones = np.zeros_like(locations), np.ones_like(locations)
    return Modes(
        location=locations,
        offer=none,
        services=("",),
        parcels=ones,
        grams_min=none - 1,
        grams_max=none + weights.most,
        price=none,
        kilogram_price=none.astype(np.float64),
        carbon_grams=none,
        parcel_grams_max=none + weights.most,
        arrive_ms=np.array([ship_days[at].ship_ms for at in locations.tolist()], dtype=np.int64),
    )


def _block(
    number: int,
    offer: Offer,
    ways: Whole,
    situation: Situation,
    ship_days: Mapping[int, ShipDay],
) -> dict[str, Whole | Float]:
    """Return the columns of one offer, every way for every location of it."""
    carrier, locations = offer.carrier, offer.locations
    tiers = [offer.lane.tiers[tier] for tier in ways[:, 1].tolist()]
    count, parcels = len(locations), ways[:, 0]
    distance_km = situation.distance_km[locations]
    each = np.array([tier.per_parcel for tier in tiers], dtype=np.float64)[:, None]
    each_km = np.array([tier.per_km for tier in tiers], dtype=np.float64)[:, None]
    kilogram = np.array([tier.per_kg for tier in tiers], dtype=np.float64) * offer.rate
    price = parcels[:, None] * (each + each_km * distance_km) * offer.rate
    carbon = parcels[:, None] * (
        carrier.carbon_grams_per_parcel + carrier.carbon_grams_per_km * distance_km
    )
    hours = situation.places.hours
    arrivals = np.array(
        [
            arrival_ms(ship_days[at].ship_ms, hours[at].zone, days, offer.delivery_days)
            for at, days in zip(
                locations.tolist(), offer.transit_days(distance_km).tolist(), strict=True
            )
        ],
        dtype=np.int64,
    )
    return {
        "location": np.tile(locations, len(ways)),
        "offer": np.full(count * len(ways), number, dtype=np.int64),
        "parcels": np.repeat(parcels, count),
        "grams_min": np.repeat(ways[:, 2], count),
        "grams_max": np.repeat(ways[:, 3], count),
        "price": np.rint(price).astype(np.int64).ravel(),
        "kilogram_price": np.repeat(kilogram, count),
        "carbon_grams": np.rint(carbon).astype(np.int64).ravel(),
        "parcel_grams_max": np.full(count * len(ways), carrier.max_parcel_grams, dtype=np.int64),
        "arrive_ms": np.tile(arrivals, len(ways)),
    }
