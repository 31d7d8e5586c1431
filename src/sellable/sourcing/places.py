"""The locations of a market as arrays, prepared once for all decisions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sellable.geo import EARTH_RADIUS_KM
from sellable.sourcing.calendar import Hours, hours_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from sellable.geo import Point
    from sellable.network import Location, Market, Network
    from sellable.sourcing.solver.problem import Mask, Whole

    Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """The locations of a market, l of them, in the order of its document.

    Attributes:
        market: The market.
        ids: (l) names.
        locations: (l) values of the network.
        index: The position of each id.
        enabled: (l,) whether anything can be sold from there.
        latitude, longitude: (l,) in radians, NaN where the network does not know them.
        hours: (l) when each ships.
        daily_capacity: (l,) orders a day, -1 without a limit.
    """

    market: Market
    ids: tuple[str, ...]
    locations: tuple[Location, ...]
    index: Mapping[str, int]
    enabled: Mask
    latitude: Float
    longitude: Float
    hours: tuple[Hours, ...]
    daily_capacity: Whole

    @classmethod
    def of(cls, market: Market, network: Network) -> Places:
        """Gather what the network says of the market's locations."""
        by_id = {location.id: location for location in network.locations}
        locations = tuple(by_id[name] for name in market.locations)
        shared: dict[Hours, Hours] = {}  # equal hours are one object, so that its days are too
        hours = [hours_of(place, market.time_zone) for place in locations]
        return cls(
            market=market,
            ids=market.locations,
            locations=locations,
            index={place.id: at for at, place in enumerate(locations)},
            enabled=np.array([place.enabled for place in locations], dtype=bool),
            latitude=_radians(place.latitude for place in locations),
            longitude=_radians(place.longitude for place in locations),
            hours=tuple(shared.setdefault(each, each) for each in hours),
            daily_capacity=np.array(
                [-1 if p.daily_capacity is None else p.daily_capacity for p in locations],
                dtype=np.int64,
            ),
        )

    def mask(self, names: Iterable[str]) -> Mask:
        """Mark locations by id; those of other markets are passed over."""
        marked = np.zeros(len(self.locations), dtype=bool)
        marked[[self.index[name] for name in names if name in self.index]] = True
        return marked

    def in_countries(self, countries: Iterable[str]) -> Mask:
        """Mark the locations in these countries; without any, all of them."""
        wanted = frozenset(countries)
        return np.array(
            [not wanted or place.country in wanted for place in self.locations], dtype=bool
        )

    def by_zone(self, names: Iterable[str]) -> dict[str | None, Whole]:
        """Return the positions of locations by the time zone that the network names for them."""
        found: defaultdict[str | None, list[int]] = defaultdict(list)
        for name in names:
            if name in self.index:
                at = self.index[name]
                found[self.locations[at].time_zone].append(at)
        return {zone: np.array(at, dtype=np.int64) for zone, at in found.items()}

    def distances_km(self, point: Point) -> tuple[Float, Mask]:
        """Return (l,) how far each is by great circle, and where that is known.

        A location without coordinates counts as far as the farthest with them: it is never
        chosen because nobody knows where it is.
        """
        latitude, longitude = np.radians(point.latitude), np.radians(point.longitude)
        north = np.sin((self.latitude - latitude) / 2)
        east = np.sin((self.longitude - longitude) / 2)
        haversine = north * north + np.cos(latitude) * np.cos(self.latitude) * east * east
        known = ~np.isnan(haversine)
        distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, haversine)))
        if not known.all():
            distance[~known] = distance[known].max(initial=0.0)
        return distance, known


def _radians(degrees: Iterable[float | None]) -> Float:
    return np.radians(np.array([np.nan if d is None else d for d in degrees], dtype=np.float64))
