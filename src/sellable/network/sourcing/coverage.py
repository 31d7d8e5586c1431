"""Which zones can never match, because earlier ones take all that they take."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sellable.network.report import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.network.sourcing.values import Zone


class Coverage:
    """The zones of a carrier so far. Sets of zones are bits of a number, the first the lowest."""

    def __init__(self, origins: set[str]) -> None:
        """Take the countries that have locations, from where alone parcels come."""
        self._origins = origins
        self._zones: list[Zone] = []
        self._countries = _Takers()
        self._prefixes = _Takers()
        self._origin_takers = _Takers()

    def problem_of(self, zone: Zone) -> str | None:
        """Add a zone; answer why it never matches, or None."""
        origins = self._origins.intersection(zone.from_countries or self._origins)
        if zone.from_countries and not origins:
            return "can never match: no location is in a country of from_countries"
        takers = (1 << len(self._zones)) - 1
        for index, earlier in enumerate(self._zones):
            if not _as_far(earlier.max_distance_km, zone.max_distance_km):
                takers &= ~(1 << index)
        takers &= self._countries.of_all([country] for country in zone.countries)
        takers &= self._origin_takers.of_all([country] for country in origins)
        takers &= self._prefixes.of_all(map(_beginnings, zone.postal_prefixes))
        self._countries.add(zone.countries)
        self._prefixes.add(zone.postal_prefixes)
        self._origin_takers.add(origins if zone.from_countries else ())
        self._zones.append(zone)
        if not takers:
            return None
        first = self._zones[(takers & -takers).bit_length() - 1]
        return f"can never match: zone {quoted(first.name)} before it takes all that it takes"


class _Takers:
    """Which zones take a value; those that say nothing take every one."""

    def __init__(self) -> None:
        self._by_value: defaultdict[str, int] = defaultdict(int)
        self._every = 0
        self._count = 0

    def add(self, values: Iterable[str]) -> None:
        """Note what the next zone takes."""
        bit = 1 << self._count
        self._count += 1
        listed = list(values)
        for value in listed:
            self._by_value[value] |= bit
        if not listed:
            self._every |= bit

    def of_all(self, sought: Iterable[Iterable[str]]) -> int:
        """Answer the zones that take all that is sought, each by one of its values."""
        found = -1
        for values in sought:
            takers = self._every
            for value in values:
                takers |= self._by_value.get(value, 0)
            found &= takers
        # Who seeks nothing means everything, which only those take that say nothing.
        return self._every if found == -1 else found


def _as_far(earlier_km: float | None, later_km: float | None) -> bool:
    return earlier_km is None or (later_km is not None and earlier_km >= later_km)


def _beginnings(prefix: str) -> list[str]:
    return [prefix[:length] for length in range(1, len(prefix) + 1)]
