"""The rich answers: numbers from the view, and what only the SKU itself knows beside them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sellable.errors import (
    LocationNotInMarket,
    StoreUnavailable,
    UnknownLocation,
    UnknownMarket,
    UnknownSku,
)
from sellable.stock import Availability
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.revision import Revisions
    from sellable.store.reads import Reads
    from sellable.store.runner import Runner


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
            stock = await self._stock_at(market, location, skus)
            numbers = [min(pair) for pair in zip(numbers, stock[::2], strict=True)]
            times = stock[1::2]
        else:
            (numbers, position, meta), answer = await asyncio.gather(
                self._reads.with_meta(market, skus),
                self._runner.read("observe_times", market, pack(list(skus))),
            )
            times = answer.body
        found = [
            Availability(
                sku=sku,
                market=market,
                sellable=number,
                low_stock_threshold=meta.low_stock_threshold,
                oldest_observe_us=time,
            )
            for sku, number, time in zip(skus, numbers, times, strict=True)
        ]
        return found, self._revision(position, wanted)

    async def markets(self, sku: str, at_least: str = "") -> tuple[list[Availability], str]:
        """Return one SKU in every market that has a position of it.

        Raises:
            UnknownSku: No fact and no item about it was ever applied.
            InvalidFields, StoreUnavailable: As `numbers`.
        """
        wanted = self._wanted(at_least)
        answer = await self._runner.read("observe_sku", sku)
        if answer.outcome == "UNKNOWN_SKU":
            raise UnknownSku(sku)
        markets, times = answer.body[::2], answer.body[1::2]
        answers = await asyncio.gather(
            *(self._reads.with_meta(market, [sku]) for market in markets), return_exceptions=True
        )
        found, positions = [], []
        for market, time, read in zip(markets, times, answers, strict=True):
            if isinstance(read, UnknownMarket):
                continue  # it left the network between the two questions
            if isinstance(read, BaseException):
                raise read
            (number,), position, meta = read
            positions.append(position)
            found.append(
                Availability(
                    sku=sku,
                    market=market,
                    sellable=number,
                    low_stock_threshold=meta.low_stock_threshold,
                    oldest_observe_us=time,
                )
            )
        # Markets may be read in different ticks, and the answer includes what the earliest does;
        # without any market, the ledger still has a position to name.
        earliest = min(positions, key=_order, default="") or await self._runner.ledger_position()
        return found, self._revision(earliest, wanted)

    async def _stock_at(self, market: str, location: str, skus: Sequence[str]) -> list[int]:
        answer = await self._runner.read("observe_at", market, location, pack(list(skus)))
        if answer.outcome == "UNKNOWN_LOCATION":
            raise UnknownLocation(location)
        if answer.outcome == "LOCATION_NOT_IN_MARKET":
            raise LocationNotInMarket(location, market)
        stock: list[int] = answer.body
        return stock

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
