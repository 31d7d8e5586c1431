"""The stock of the moment, and the version of the network that it is of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sellable.dispatch.versions import Versions
from sellable.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.dispatch.versions import KnownVersion
    from sellable.store.planned import Observed
    from sellable.store.store import Store

_READS_MAX: Final = 5


class Reading:
    """Reads what a decision needs in one round trip, as long as the network stays the same.

    Which days' capacities are needed depends on the network and on the time, so both are guessed
    from what the store told last; where the answer shows that it was wrong, it is read again.
    """

    def __init__(self, store: Store) -> None:
        self.versions = Versions(store.networks, store.reads)
        self._runner = store.runner
        self._sourced = store.sourced
        self._ahead_ms: int | None = None  # of the store's clock, before that of this process

    async def read(
        self, market: str, skus: Sequence[str], reservation_id: str = ""
    ) -> tuple[KnownVersion, Observed]:
        """Return the stock of these SKUs, and the version of the network that it is of.

        Args:
            market: The market.
            skus: Each once.
            reservation_id: What this one holds counts as available.

        Raises:
            UnknownMarket, UnknownReservation: As named.
            StoreUnavailable: The store is lost, or the network keeps changing.
        """
        known = await self.versions.of(market)
        now_ms = await self._now_ms()
        for _ in range(_READS_MAX):
            days = known.profiles.days(market, now_ms)
            observed = await self._sourced.observe(
                market, skus, known.locations(market), days, reservation_id
            )
            stock = observed.stock
            self._ahead_ms = stock.now_ms - _own_ms()
            if stock.network_version != known.version:
                known = await self.versions.get(stock.network_version)
            elif known.profiles.days(market, stock.now_ms) == days:
                return known, observed
            now_ms = stock.now_ms
        raise StoreUnavailable(f"the network of market {market} changes faster than it can be read")

    async def _now_ms(self) -> int:
        """Guess the time of the store."""
        handed_in = self._runner.clock()
        if handed_in:
            return handed_in
        if self._ahead_ms is None:
            self._ahead_ms = await self._runner.now_ms() - _own_ms()
        return _own_ms() + self._ahead_ms


def _own_ms() -> int:
    return time.monotonic_ns() // 1_000_000
