"""What the SKUs themselves know beside the numbers of the view, by bounded scripts.

A script answers a part of what it is asked and says how far it came; here is who asks on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.errors import LocationNotInMarket, UnknownLocation, UnknownSku
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.runner import Runner

SKUS_PER_CALL: Final = 250  # a script reads the whole list, also where it answers few


class Future(NamedTuple):
    """What can be promised of a SKU; `number` is of the same moment, -1 where nothing is expected.

    `quantity` units beyond the number, the first of them at `first_ms`.
    """

    number: int
    quantity: int
    first_ms: int


async def oldest_counts(runner: Runner, market: str, skus: Sequence[str]) -> list[int]:
    """Return per SKU when the oldest count behind the market's number was observed; 0: none."""
    times: list[int] = []
    while len(times) < len(skus):
        found, _ = await some_oldest_counts(runner, market, skus[len(times) :])
        times += found
    return times


async def some_oldest_counts(
    runner: Runner, market: str, skus: Sequence[str]
) -> tuple[list[int], int]:
    """Return the times of the first SKUs, at least of one, and of how many one script was enough.

    That is all of them, or none where the first alone is more than the work of a script.
    """
    some = pack(skus[:SKUS_PER_CALL])
    chunk, *found = (await runner.read("observe_times", market, some, 0)).body
    if not chunk:
        return found, len(found)
    unfinished = found.pop()
    if found:
        return found, len(found)
    one = pack(skus[:1])
    while chunk:
        chunk, more = (await runner.read("observe_times", market, one, chunk)).body
        unfinished = _earlier(unfinished, more)
    return [unfinished], 0


async def futures(runner: Runner, market: str, skus: Sequence[str]) -> list[Future]:
    """Return per SKU what the market can promise within its horizon."""
    found: list[Future] = []
    while len(found) < len(skus):
        some = pack(skus[len(found) : len(found) + SKUS_PER_CALL])
        told = (await runner.read("observe_future", runner.clock(), market, some)).body
        found += map(Future._make, zip(told[::3], told[1::3], told[2::3], strict=True))
    return found


async def oldest_count_by_market(runner: Runner, sku: str) -> dict[str, int]:
    """Return every market that has a position of a SKU, with the oldest count behind its number.

    Raises:
        UnknownSku: No fact and no item about it was ever applied.
    """
    oldest: dict[str, int] = {}
    cursor = "0"
    while True:
        answer = await runner.read("observe_sku", sku, cursor)
        if answer.outcome == "UNKNOWN_SKU":
            raise UnknownSku(sku)
        cursor, *found = answer.body
        for market, observe_us in zip(found[::2], found[1::2], strict=True):
            oldest[market] = _earlier(oldest.get(market, 0), observe_us)
        if cursor == "0":
            return oldest


async def stock_at(
    runner: Runner, market: str, location: str, skus: Sequence[str]
) -> list[tuple[int, int]]:
    """Return per SKU what one location of a market has, and when it was counted.

    Raises:
        UnknownLocation, LocationNotInMarket: Of the location.
    """
    stock: list[tuple[int, int]] = []
    while len(stock) < len(skus):
        some = pack(skus[len(stock) : len(stock) + SKUS_PER_CALL])
        answer = await runner.read("observe_at", market, location, some)
        if answer.outcome == "UNKNOWN_LOCATION":
            raise UnknownLocation(location)
        if answer.outcome == "LOCATION_NOT_IN_MARKET":
            raise LocationNotInMarket(location, market)
        stock += zip(answer.body[::2], answer.body[1::2], strict=True)
    return stock


def _earlier(one: int, other: int) -> int:
    """Return the earlier of two times; 0 is none."""
    return min(one, other) if one and other else one or other
