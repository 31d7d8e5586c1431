"""A profile: plans over the numbers of the moment, and once more what a picker refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from olist.measures import Sent, Told
from olist.world import BEGIN_MS, DAY_MS, copied
from sellable.errors import NoFeasiblePlan
from sellable.reservation import Line
from sellable.simulate.shelf import Shelf
from sellable.sourcing.order import Destination, Order, SourcingRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from olist.world import Placed, World
    from sellable.network import Network
    from sellable.simulate import Snapshot
    from sellable.simulate.replay import Decider
    from sellable.sourcing.order import SourcingStock
    from sellable.sourcing.plan import Plan
    from sellable.stock import Item

_MARKET: Final = "web/BR"


class Planned:
    """Sends orders by one profile.

    Args:
        decider: Of the network.
        network: The study's.
        names: Of the locations, in the order of the world.
        world: Stays as it is.
        snapshot: Of the world's records; shared.
        items: Weights, by product.
        profile: Its name.
        buffer: Units that each location keeps back, unless an order cannot be filled otherwise.
    """

    def __init__(
        self,
        decider: Decider,
        network: Network,
        names: Sequence[str],
        world: World,
        snapshot: Snapshot,
        items: Mapping[str, Item],
        profile: str,
        *,
        buffer: int = 0,
    ) -> None:
        self._decider = decider
        self._names = names
        self._index = {name: at for at, name in enumerate(names)}
        self._truth = copied(world.truth)
        self._records = copied(world.records)
        self._shelf = Shelf(network, 1, snapshot, items)
        self._items = items
        self._profile = profile
        self._buffer = buffer

    def sell(self, sku: str, location: int, at_ms: int) -> None:
        """Let a till sell a unit, and hear of it."""
        if self._truth[sku][location] > 0:
            self._truth[sku][location] -= 1
            self._record(sku, location, self._records[sku][location] - 1, at_ms)

    def handle(self, order: Placed) -> Told:
        """Plan, let it be picked, and plan anew until all that is planned was found."""
        tries, short_pick = 0, False
        while True:
            plan = self._plan(order, tries)
            if plan is None or self._found(plan, order.at_ms):
                break
            short_pick = True
            tries += 1
        unfilled = sum(order.units.values())
        sent: list[Sent] = []
        if plan is not None:
            unfilled = sum(part.quantity for part in plan.unfilled)
            sent = self._send(order, plan)
        return Told(
            units=sum(order.units.values()),
            sent=sent,
            unfilled=unfilled,
            short_pick=short_pick,
            # Of what was promised something is missing only if a picker was the reason.
            short_shipment=short_pick and unfilled > 0,
        )

    def _plan(self, order: Placed, tries: int) -> Plan | None:
        wanted = Order(
            market=_MARKET,
            lines=tuple(
                Line(line_id=str(at), sku=sku, quantity=units)
                for at, (sku, units) in enumerate(order.units.items())
            ),
            destination=Destination(
                country="BR", postal_code=order.prefix + "000", point=order.point
            ),
            promise_ms=order.at_ms,
        )
        request = SourcingRequest(
            order=wanted, profile=self._profile, at_ms=order.at_ms + tries * DAY_MS
        )
        stock = self._shelf.stock(_MARKET, order.units, order.at_ms)
        if self._buffer:
            plan = self._decided(request, _kept(stock, self._buffer))
            if plan is not None and not plan.unfilled:
                return plan
        return self._decided(request, stock)

    def _decided(self, request: SourcingRequest, stock: SourcingStock) -> Plan | None:
        try:
            return self._decider.decide(request, stock).plan
        except NoFeasiblePlan:
            return None

    def _found(self, plan: Plan, at_ms: int) -> bool:
        """Let pickers look; where they do not find all of it, the record becomes what is there."""
        all_found = True
        wanted: dict[tuple[str, int], int] = {}
        for part in plan.assignments:
            key = part.sku, self._index[part.location]
            wanted[key] = wanted.get(key, 0) + part.quantity
        for (sku, location), units in wanted.items():
            there = self._truth[sku][location]
            if there < units:
                all_found = False
                self._record(sku, location, there, at_ms)
        return all_found

    def _send(self, order: Placed, plan: Plan) -> list[Sent]:
        grams: dict[str, int] = {}
        for part in plan.assignments:
            location = self._index[part.location]
            self._truth[part.sku][location] -= part.quantity
            self._records[part.sku][location] -= part.quantity
            weight = part.quantity * self._items[part.sku].weight_grams
            grams[part.location] = grams.get(part.location, 0) + weight
        self._shelf.take(plan, order.at_ms)
        today = (order.at_ms - BEGIN_MS) // DAY_MS
        return [
            Sent(
                self._index[shipment.location],
                grams[shipment.location],
                order.km[self._index[shipment.location]],
                (shipment.ship_ms - BEGIN_MS) // DAY_MS - today,
            )
            for shipment in plan.shipments
        ]

    def _record(self, sku: str, location: int, units: int, at_ms: int) -> None:
        lost = self._records[sku][location] - units
        self._records[sku][location] = units
        self._shelf.take_units(sku, self._names[location], lost, at_ms)


def _kept(stock: SourcingStock, buffer: int) -> SourcingStock:
    """Return the stock without what each location keeps back."""
    available = tuple(tuple(max(0, units - buffer) for units in row) for row in stock.available)
    sellable = tuple(
        min(number, sum(row)) for number, row in zip(stock.sellable, available, strict=True)
    )
    return replace(stock, available=available, sellable=sellable)
