"""What the carriers of the network offer between its locations and a destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sellable.network.sourcing.postal import plain_postal_code

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sellable.network import Carrier, Lane, Sourcing, Zone
    from sellable.sourcing.order import Destination
    from sellable.sourcing.places import Float, Places
    from sellable.sourcing.solver.problem import Mask, Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer:
    """One service in one zone, for the locations that are in it.

    `rate` is what a unit of the carrier's currency is worth in that of the section.
    """

    carrier: Carrier
    service: str  # carrier/service
    lane: Lane
    rate: float
    delivery_days: frozenset[int]
    locations: Whole  # positions, ascending

    def transit_days(self, distance_km: Float) -> Whole:
        """Return how many delivery days parcels of these distances take."""
        days = np.full(len(distance_km), self.lane.transit_days, dtype=np.int64)
        if self.lane.km_per_day is None:
            return days
        return days + np.ceil(distance_km / self.lane.km_per_day).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """A zone of a carrier, and the locations that it may start from."""

    zone: Zone
    starts: Mask


class Carriers:
    """The carriers as they serve the locations of one market."""

    def __init__(self, sourcing: Sourcing, places: Places) -> None:
        self._served: list[tuple[Carrier, Mask, tuple[_Reach, ...], float]] = []
        for carrier in sourcing.carriers:
            named = carrier.locations
            everywhere = np.ones(len(places.locations), dtype=bool)
            serves = everywhere if named is None else places.mask(named)
            reaches = tuple(
                _Reach(zone, places.in_countries(zone.from_countries)) for zone in carrier.zones
            )
            rate = worth(sourcing, carrier.currency) or 1.0
            self._served.append((carrier, serves, reaches, rate))

    @property
    def exist(self) -> bool:
        """Whether there are any; without them every location ships at no known price."""
        return bool(self._served)

    def offers(
        self,
        destination: Destination,
        distance_km: Float,
        *,
        known: Mask,
        wanted: Mask,
        services: Collection[str] = (),
    ) -> Iterator[Offer]:
        """Yield what serves the wanted locations, in document order.

        Args:
            destination: Where the parcels go.
            distance_km: (l,) how far each location is from there.
            known: (l,) whether that is known; a zone with a greatest distance is for those only.
            wanted: (l,) the locations that matter.
            services: `carrier/service`; without any, all are offered.
        """
        for carrier, serves, reaches, rate in self._served:
            names = {service.id: f"{carrier.id}/{service.id}" for service in carrier.services}
            if services and not any(name in services for name in names.values()):
                continue
            zones = dict(_zones(reaches, destination, distance_km, known, wanted & serves))
            for service in carrier.services:
                if services and names[service.id] not in services:
                    continue
                for lane in service.lanes:
                    if lane.zone in zones:
                        yield Offer(
                            carrier=carrier,
                            service=names[service.id],
                            lane=lane,
                            rate=rate,
                            delivery_days=frozenset(carrier.delivery_days),
                            locations=zones[lane.zone],
                        )


def worth(sourcing: Sourcing, currency: str) -> float | None:
    """Return what a unit of a currency is worth in that of the section; None: not known."""
    if currency == sourcing.currency:
        return 1.0
    rates: Mapping[str, float] = sourcing.exchange_rates
    return rates.get(currency)


def postal_match(postal_code: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a postal code begins with one of the prefixes, as the network writes them."""
    return plain_postal_code(postal_code).startswith(prefixes)


def _zones(
    reaches: tuple[_Reach, ...],
    destination: Destination,
    distance_km: Float,
    known: Mask,
    left: Mask,
) -> Iterator[tuple[str, Whole]]:
    """Yield each zone with the locations for which it is the first that matches."""
    for reach in reaches:
        zone = reach.zone
        if zone.countries and destination.country not in zone.countries:
            continue
        if zone.postal_prefixes and not postal_match(destination.postal_code, zone.postal_prefixes):
            continue
        inside = left & reach.starts
        if zone.max_distance_km is not None:
            inside &= known & (distance_km <= zone.max_distance_km)
        if inside.any():
            yield zone.name, np.flatnonzero(inside)
            left = left & ~inside
