"""The stock of one replay: what of the snapshot is still there, and what left of late."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.errors import UnknownMarket
from sellable.network.compiled import binding_order
from sellable.simulate.standing import Standing
from sellable.sourcing.order import SourcingStock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sellable.network import Network
    from sellable.simulate.snapshot import Position, Snapshot
    from sellable.sourcing.plan import Plan
    from sellable.stock import Item

# A unit that left counts half as much every seven days, as in the store.
OUTFLOW_DAYS: Final = 7 / math.log(2)
DAY_MS: Final = 24 * 3600 * 1000
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class _Row(NamedTuple):
    """The numbers of a SKU in a market, by location."""

    sellable: int
    available: tuple[int, ...]
    on_hand: tuple[int, ...]
    outflow: tuple[float, ...]


class _Left(NamedTuple):
    """What changed of a position: units taken, and its outflow at a moment."""

    taken: int
    outflow: float
    at_ms: int


class Shelf:
    """A snapshot that orders take from; the snapshot itself stays as it is and can be shared."""

    def __init__(
        self, network: Network, version: int, snapshot: Snapshot, items: Mapping[str, Item]
    ) -> None:
        self._version = version
        self._positions = snapshot.positions
        self._items = items
        self._standing = Standing(network)
        counts = Counter(location for market in network.markets for location in market.locations)
        self._locations = {
            market.key: {location: at for at, location in enumerate(binding_order(market, counts))}
            for market in network.markets
        }
        self._left: dict[tuple[str, str], _Left] = {}
        self._began_ms: int | None = None
        self._capacity: dict[tuple[str, date], int] = {}
        self._today = 0

    def stock(self, market: str, skus: Iterable[str], at_ms: int) -> SourcingStock:
        """Return what an order of a market can be taken from at a moment.

        The capacities in it are those of the shelf itself: they hold until something is taken.

        Raises:
            UnknownMarket: The network has no such market.
        """
        locations = self._locations.get(market)
        if locations is None:
            raise UnknownMarket(market)
        self._standing.move(at_ms)
        if self._began_ms is None:
            self._began_ms = at_ms
        self._forget_days(at_ms)
        names = tuple(dict.fromkeys(skus))
        items = {sku: self._items[sku] for sku in names if sku in self._items}
        rows = [self._row(market, sku, items.get(sku), at_ms) for sku in names]
        return SourcingStock(
            now_ms=at_ms,
            network_version=self._version,
            skus=names,
            locations=tuple(locations),
            sellable=tuple(row.sellable for row in rows),
            available=tuple(row.available for row in rows),
            on_hand=tuple(row.on_hand for row in rows),
            daily_outflow=tuple(row.outflow for row in rows),
            items=items,
            capacity_taken=self._capacity,
        )

    def take(self, plan: Plan, at_ms: int) -> None:
        """Take what a plan ships: its units leave at once, and the day's capacity is used."""
        for part in plan.assignments:
            self.take_units(part.sku, part.location, part.quantity, at_ms)
        for shipment in plan.shipments:
            if shipment.capacity_date:
                key = shipment.location, date.fromisoformat(shipment.capacity_date)
                self._capacity[key] = self._capacity.get(key, 0) + 1

    def take_units(self, sku: str, location: str, units: int, at_ms: int) -> None:
        """Take units of a position; they count towards its outflow."""
        position = self._positions[sku][location]
        outflow = self._outflow(sku, location, position, at_ms) + units / OUTFLOW_DAYS
        before = self._left.get((sku, location))
        taken = units + (before.taken if before else 0)
        self._left[sku, location] = _Left(taken, outflow, at_ms)

    def _row(self, market: str, sku: str, item: Item | None, at_ms: int) -> _Row:
        """Return the numbers of a SKU; it lies at few of the locations."""
        places = self._locations[market]
        available, on_hand, outflow = [0] * len(places), [0] * len(places), [0.0] * len(places)
        item_class = item.item_class if item else ""
        overcommitted, known = 0, False
        for location, position in self._positions.get(sku, {}).items():
            index = places.get(location)
            if index is None:
                continue
            known = True
            left = self._left.get((sku, location))
            units = position.on_hand - (left.taken if left else 0)
            on_hand[index] = units
            available[index] = self._available(sku, location, item_class, position, units)
            outflow[index] = self._outflow(sku, location, position, at_ms)
            overcommitted += max(0, position.reserved - units)
        supply = max(0, sum(available) - overcommitted)
        number = (
            self._standing.sellable(market, sku, item_class, supply, sum(on_hand)) if known else -1
        )
        return _Row(number, tuple(available), tuple(on_hand), tuple(outflow))

    def _available(
        self, sku: str, location: str, item_class: str, position: Position, on_hand: int
    ) -> int:
        if position.blocked or self._standing.is_shut(location, sku, item_class):
            return 0
        safety = position.safety_stock
        if safety < 0:
            safety = self._standing.safety_stock(location, sku, item_class)
        return max(0, on_hand - position.reserved - safety)

    def _forget_days(self, at_ms: int) -> None:
        """Forget capacities of days that are over in every time zone."""
        today = at_ms // DAY_MS
        if today > self._today:
            self._today = today
            over = date.fromordinal(_EPOCH_ORDINAL + today - 2)
            self._capacity = {key: used for key, used in self._capacity.items() if key[1] >= over}

    def _outflow(self, sku: str, location: str, position: Position, at_ms: int) -> float:
        """Return the units a day that leave of late; what left earlier counts less and less."""
        left = self._left.get((sku, location))
        rate = left.outflow if left else position.daily_outflow
        since_ms = left.at_ms if left else self._began_ms
        return rate * math.exp(-(at_ms - (since_ms or at_ms)) / (OUTFLOW_DAYS * DAY_MS))
