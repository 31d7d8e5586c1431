"""The stock to open with: enough for most orders of a replay, not for all."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.demo.orders import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sellable.demo.orders import Cancellation

# More than the demand, because a cart needs all its lines and the units lie in many places. With
# half as much again about one order of the sample in nine is refused; with no more than the demand
# it would be one in three.
PERCENT_OF_DEMAND: Final = 150


class OpeningStock(NamedTuple):
    """Units on hand at one location before the first order."""

    sku: str
    location: str
    quantity: int


def opening_stock(
    events: Iterable[Order | Cancellation], locations: Mapping[str, Sequence[str]]
) -> Iterator[OpeningStock]:
    """Answer the opening stock, by SKU and location.

    Of each SKU there is `PERCENT_OF_DEMAND` of what is ordered and not cancelled, rounded up. So
    an order of 74,215 that is cancelled at once brings no stock with it, and is refused.
    Each market's demand asks half of its first location, a quarter of the second, and so on, the
    last two alike; the units of a SKU are shared out by what its locations are asked for.

    Args:
        events: a whole replay.
        locations: by market, the locations it sells from, in their order.
    """
    for sku, by_market in sorted(_net_demand(events).items()):
        total = sum(by_market.values())
        units = -(-total * PERCENT_OF_DEMAND // 100)
        asked = _asked(by_market, locations)
        for location, quantity in _shared_out(units, asked).items():
            if quantity:
                yield OpeningStock(sku, location, quantity)


def _net_demand(events: Iterable[Order | Cancellation]) -> dict[str, Counter[str]]:
    demand: defaultdict[str, Counter[str]] = defaultdict(Counter)
    markets: dict[str, str] = {}
    for event in events:
        if isinstance(event, Order):
            markets[event.reservation_id] = event.market
            for line in event.lines:
                demand[line.sku][event.market] += line.quantity
        else:
            for cancelled in event.lines:
                demand[cancelled.sku][markets[cancelled.reservation_id]] -= cancelled.quantity
    return demand


def _asked(by_market: Counter[str], locations: Mapping[str, Sequence[str]]) -> dict[str, Fraction]:
    asked: defaultdict[str, Fraction] = defaultdict(Fraction)
    for market, quantity in by_market.items():
        rest = Fraction(quantity)
        for location in locations[market][:-1]:
            rest /= 2
            asked[location] += rest
        for location in locations[market][-1:]:
            asked[location] += rest
    return asked


def _shared_out(units: int, asked: Mapping[str, Fraction]) -> dict[str, int]:
    """Share units out in whole numbers; what is left over goes to the largest remainders."""
    total = sum(asked.values())
    if not total:
        return {}
    exact = {location: units * share / total for location, share in sorted(asked.items())}
    shares = {location: floor(share) for location, share in exact.items()}
    # sorted() is stable: equal remainders go by the location's name.
    by_remainder = sorted(exact, key=lambda location: shares[location] - exact[location])
    for location in by_remainder[: units - sum(shares.values())]:
        shares[location] += 1
    return shares
