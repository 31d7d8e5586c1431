"""Where an order can be collected: the nearest locations of a market that have all of it.

Where a location is comes from the network document, what it has from the store. Locations are
asked for in chunks from the nearest on, until enough have been found.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sellable.geo import Places, Point
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sellable.geo import Near
    from sellable.network import Network
    from sellable.reservation import Line
    from sellable.revision import Revisions
    from sellable.store.networks import Networks
    from sellable.store.reads import Reads
    from sellable.store.runner import Runner

_CELLS_PER_CALL: Final = 1_000  # SKUs times locations: about a millisecond of the engine
_LOCATIONS_PER_CALL: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupQuery:
    """Lines to collect in one place, and where the customer is."""

    market: str
    lines: tuple[Line, ...]
    near: Point
    radius_km: float
    limit: int
    include_incomplete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """One location; `available` has one number a line, which lines of one SKU share."""

    location: str
    distance_km: float
    available: tuple[int, ...]
    complete: bool


class _Geography:
    """Where to collect in one version of the network; each market is ordered when first asked."""

    def __init__(self, version: int, network: Network) -> None:
        self.version = version
        self._network = network
        self._places: dict[str, Places] = {}

    def places(self, market: str) -> Places:
        """Return the enabled pickup locations of a market whose coordinates are known."""
        if market not in self._places:
            members = next((m.locations for m in self._network.markets if m.key == market), ())
            self._places[market] = Places(self._points(set(members)))
        return self._places[market]

    def _points(self, members: Collection[str]) -> Iterator[tuple[str, Point]]:
        for place in self._network.locations:
            if place.latitude is None or place.longitude is None:
                continue
            if place.id in members and place.pickup and place.enabled:
                yield place.id, Point(place.latitude, place.longitude)


class Pickups:
    """Click and collect, for one partition."""

    def __init__(
        self, runner: Runner, reads: Reads, networks: Networks, revisions: Revisions
    ) -> None:
        self._runner = runner
        self._reads = reads
        self._networks = networks
        self._revisions = revisions
        self._geography: _Geography | None = None
        self._loading = asyncio.Lock()

    async def find(self, query: PickupQuery) -> tuple[list[Pickup], str]:
        """Return the locations within the radius, nearest first, and the revision.

        Raises:
            UnknownMarket: No such market.
            StoreUnavailable: The store is lost.
        """
        wanted: dict[str, int] = {}
        for line in query.lines:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        skus = list(wanted)
        # First of all: this recomputes the SKUs that a network change has not reached.
        numbers, position, meta = await self._reads.with_meta(query.market, skus)
        revision = self._revisions.encode(position)
        sellable = {sku: max(0, number) for sku, number in zip(skus, numbers, strict=True)}
        found: list[Pickup] = []
        if not query.include_incomplete and not _covers(sellable, wanted):
            return found, revision  # no location can hand over more than the market may sell
        places = (await self._known(meta.version)).places(query.market)
        near = places.within(query.near, query.radius_km)
        step = max(1, min(_LOCATIONS_PER_CALL, _CELLS_PER_CALL // len(skus)))
        for start in range(0, len(near), step):
            chunk = near[start : start + step]
            for place, stock in zip(chunk, await self._stock(chunk, skus), strict=True):
                available = {sku: min(sellable[sku], stock[sku]) for sku in skus}
                complete = _covers(available, wanted)
                if complete or query.include_incomplete:
                    found.append(
                        Pickup(
                            location=place.name,
                            distance_km=place.distance_km,
                            available=tuple(available[line.sku] for line in query.lines),
                            complete=complete,
                        )
                    )
                if len(found) == query.limit:
                    return found, revision
        return found, revision

    async def _stock(self, near: Sequence[Near], skus: Sequence[str]) -> list[dict[str, int]]:
        """Return what each location has available of each SKU."""
        names = pack([place.name for place in near])
        flat: list[int] = (await self._runner.read("observe_pickup", names, pack(skus))).body
        width = len(skus)
        return [
            dict(zip(skus, flat[at : at + width], strict=True)) for at in range(0, len(flat), width)
        ]

    async def _known(self, version: int) -> _Geography:
        """Return the geography of a version; the last one is remembered."""
        async with self._loading:
            known = self._geography
            if known is None or known.version != version:
                known = _Geography(version, await self._networks.parsed(version))
                self._geography = known
            return known


def _covers(available: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    return all(available[sku] >= quantity for sku, quantity in wanted.items())
