"""The versions of the network that decisions are made by; the last few are kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.errors import LocationNotInMarket, UnknownLocation, UnknownMarket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sellable.network import Network
    from sellable.store.networks import Networks
    from sellable.store.reads import Reads

Days: TypeAlias = "list[tuple[str, date]]"

_QUARTER_MS: Final = 15 * 60 * 1000
_KEPT_MAX: Final = (
    3  # a service that was just told of a new version may still decide by the old one
)


class KnownVersion:
    """One version, ready to decide by."""

    def __init__(self, version: int, network: Network) -> None:
        """Compile what decisions need; a large network takes a while.

        What decides is loaded with the first plan: a service that plans nothing starts a third
        faster without the solver and its tables.
        """
        from sellable.sourcing.decide import Profiles  # noqa: PLC0415

        self.version = version
        self.profiles = Profiles(network, version)
        self.currency = network.sourcing.currency
        self._locations = frozenset(location.id for location in network.locations)
        self._markets = {market.key: market.locations for market in network.markets}
        self._days: dict[str, tuple[int, Days]] = {}

    def __contains__(self, market: str) -> bool:
        """Tell whether the network has a market."""
        return market in self._markets

    def locations(self, market: str) -> tuple[str, ...]:
        """Return the locations of a market, in its order.

        Raises:
            UnknownMarket: The network has no such market.
        """
        if market not in self._markets:
            raise UnknownMarket(market)
        return self._markets[market]

    def days(self, market: str, now_ms: int) -> Days:
        """Return the days whose capacity a decision may need; the same list for a quarter hour.

        Every midnight on earth is at the end of a quarter hour, and the list may be long.

        Raises:
            UnknownMarket: The network has no such market.
        """
        quarter = now_ms // _QUARTER_MS
        known = self._days.get(market)
        if known is None or known[0] != quarter:
            known = quarter, self.profiles.days(market, now_ms)
            self._days[market] = known
        return known[1]

    def refuse_others(self, market: str, locations: Iterable[str]) -> None:
        """Pass, if the market sells from all of these; empty names count as such.

        Raises:
            UnknownLocation, LocationNotInMarket: The first that it does not sell from.
        """
        members = set(self.locations(market))
        for location in locations:
            if not location or location in members:
                continue
            if location not in self._locations:
                raise UnknownLocation(location)
            raise LocationNotInMarket(location, market)


class Versions:
    """Versions by number, each compiled once however many ask for it at the same time."""

    def __init__(self, networks: Networks, reads: Reads) -> None:
        self._networks = networks
        self._reads = reads
        self._known: OrderedDict[int, KnownVersion] = OrderedDict()
        self._latest: KnownVersion | None = None
        self._loading = asyncio.Lock()

    async def of(self, market: str) -> KnownVersion:
        """Return the newest version that was heard of, as long as it has the market.

        Raises:
            UnknownMarket: No such market.
        """
        if self._latest is None or market not in self._latest:
            _, _, meta = await self._reads.with_meta(market, [])
            return await self.get(meta.version)
        return self._latest

    async def get(self, version: int) -> KnownVersion:
        """Return one version; the newest is remembered as such.

        Raises:
            UnknownVersion: It is not kept any more.
        """
        async with self._loading:
            known = self._known.get(version)
            if known is None:
                network = await self._networks.parsed(version)
                known = await asyncio.to_thread(KnownVersion, version, network)
                self._known[version] = known
            self._known.move_to_end(version)
            while len(self._known) > _KEPT_MAX:
                self._known.popitem(last=False)
            if self._latest is None or version > self._latest.version:
                self._latest = known
            return known
