"""The rich answers: numbers from the view, and what only the SKU itself knows beside them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sellable.errors import StoreUnavailable, UnknownMarket
from sellable.stock import Availability
from sellable.store.observed import (
    Future,
    futures,
    oldest_count_by_market,
    oldest_counts,
    stock_at,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.revision import Revisions
    from sellable.store.reads import Reads
    from sellable.store.runner import Runner
    from sellable.store.view import MarketMeta

_NOTHING: Final = Future(-1, 0, 0)


class Availabilities:
    """What can be sold, for one partition; every answer comes with its revision."""

    def __init__(self, runner: Runner, reads: Reads, revisions: Revisions) -> None:
        self._runner = runner
        self._reads = reads
        self._revisions = revisions

    async def numbers(
        self, market: str, skus: Sequence[str], at_least: str = ""
    ) -> tuple[list[int], str]:
        """Return the number of every SKU, in order; -1 for one without a position.

        Raises:
            InvalidFields: `at_least` is no revision of this store.
            UnknownMarket: No such market.
            StoreUnavailable: The store is lost, or has lost what `at_least` had seen.
        """
        wanted = self._wanted(at_least)
        numbers, position = await self._reads.sellable(market, skus)
        return numbers, self._revision(position, wanted)

    async def items(
        self, market: str, skus: Sequence[str], at_least: str = "", location: str = ""
    ) -> tuple[list[Availability], str]:
        """Return every SKU with its status and age; with a location, what it has of the number.

        Raises:
            InvalidFields, UnknownMarket, StoreUnavailable: As `numbers`.
            UnknownLocation, LocationNotInMarket: Of the location.
        """
        wanted = self._wanted(at_least)
        if location:
            # In this order: the first recomputes the SKUs that a network change has not reached.
            numbers, position, meta = await self._reads.with_meta(market, skus)
            stock = await stock_at(self._runner, market, location, skus)
            numbers = [
                min(number, there) for number, (there, _) in zip(numbers, stock, strict=True)
            ]
            times = [observe_us for _, observe_us in stock]
            found = _items(market, skus, numbers, times, [_NOTHING] * len(skus), meta)
        else:
            (numbers, position, meta), times = await asyncio.gather(
                self._reads.with_meta(market, skus), oldest_counts(self._runner, market, skus)
            )
            found = _items(
                market, skus, numbers, times, await self._futures(market, skus, meta), meta
            )
        return found, self._revision(position, wanted)

    async def markets(self, sku: str, at_least: str = "") -> tuple[list[Availability], str]:
        """Return one SKU in every market that has a position of it.

        Raises:
            UnknownSku: No fact and no item about it was ever applied.
            InvalidFields, StoreUnavailable: As `numbers`.
        """
        wanted = self._wanted(at_least)
        oldest = await oldest_count_by_market(self._runner, sku)
        answers = await asyncio.gather(
            *(self._market(market, sku, observe_us) for market, observe_us in oldest.items()),
            return_exceptions=True,
        )
        found, positions = [], []
        for read in answers:
            if isinstance(read, UnknownMarket):
                continue  # it left the network between the two questions
            if isinstance(read, BaseException):
                raise read
            item, position = read
            positions.append(position)
            found.append(item)
        # Markets may be read in different ticks, and the answer includes what the earliest does;
        # without any market, the ledger still has a position to name.
        earliest = min(positions, key=_order, default="") or await self._runner.ledger_position()
        return found, self._revision(earliest, wanted)

    async def _market(self, market: str, sku: str, observe_us: int) -> tuple[Availability, str]:
        numbers, position, meta = await self._reads.with_meta(market, [sku])
        future = await self._futures(market, [sku], meta)
        return _items(market, [sku], numbers, [observe_us], future, meta)[0], position

    async def _futures(self, market: str, skus: Sequence[str], meta: MarketMeta) -> list[Future]:
        if not meta.horizon_ms:
            return [_NOTHING] * len(skus)
        return await futures(self._runner, market, skus)

    def _wanted(self, at_least: str) -> tuple[int, int] | None:
        field = "consistency.at_least_revision"
        return self._revisions.decode(at_least, field) if at_least else None

    def _revision(self, position: str, wanted: tuple[int, int] | None) -> str:
        if wanted is not None and _order(position) < wanted:
            raise StoreUnavailable("the store has lost writes that this revision had seen")
        return self._revisions.encode(position)


def _order(position: str) -> tuple[int, int]:
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence)


def _items(
    market: str,
    skus: Sequence[str],
    numbers: Sequence[int],
    times: Sequence[int],
    expected: Sequence[Future],
    meta: MarketMeta,
) -> list[Availability]:
    return [
        Availability(
            sku=sku,
            market=market,
            # Where something is expected, the number is of the same moment as that is.
            sellable=number if future.number < 0 else future.number,
            low_stock_threshold=meta.low_stock_threshold,
            oldest_observe_us=time,
            future=future.quantity,
            next_available_ms=future.first_ms,
        )
        for sku, number, time, future in zip(skus, numbers, times, expected, strict=True)
    ]
