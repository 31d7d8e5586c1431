"""A network of two shops for simulations, and a decider whose plans can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sellable.errors import BlockedLine, NoFeasiblePlan, UnknownSku
from sellable.network import Network, parse
from sellable.sourcing.plan import Assignment, Decision, Plan, Shipment

if TYPE_CHECKING:
    from sellable.sourcing.order import SourcingRequest, SourcingStock

DOCUMENT: Final = """
locations:
  - {id: NORTH, type: warehouse, country: FR, latitude: 50, longitude: 3, time_zone: Europe/Paris}
  - {id: SOUTH, type: store, country: FR, latitude: 44, longitude: 3, time_zone: Europe/Paris,
     safety_stock: 1}
markets:
  - {channel: web, country: FR, time_zone: Europe/Paris, locations: [NORTH, SOUTH]}
sourcing:
  currency: EUR
  default: near
  carriers:
    - id: post
      carbon_grams_per_parcel: 100
      carbon_grams_per_km: 1
      zones: [{name: all}]
      services:
        - id: standard
          lanes: [{zone: all, transit_days: 2, rates: [{per_parcel: 4}]}]
  profiles:
    - {name: near, strategies: [{name: near, order: [distance]}]}
    - {name: listed, strategies: [{name: listed, policy: priority}]}
"""
DAY_MS: Final = 24 * 3600 * 1000


def network(document: str = DOCUMENT) -> Network:
    """Return the network."""
    return parse(document)


def at_ms(text: str) -> int:
    """Return a moment of UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class FirstFit:
    """Takes each line from the locations in order; `listed` begins with the first, `near` the last.

    Every shipment goes 100 km, costs 4, weighs on the air with 200 g, and takes two days.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[SourcingRequest, SourcingStock]] = []

    def decide(self, request: SourcingRequest, stock: SourcingStock) -> Decision:
        """Return the plan, with what is missing left unfilled."""
        # The mapping goes on to change with the orders that follow.
        asked = replace(stock, capacity_taken=dict(stock.capacity_taken))
        self.asked.append((request, asked))
        order = list(range(len(stock.locations)))
        if request.profile == "near":
            order.reverse()
        parts: list[Assignment] = []
        missing: list[Assignment] = []
        for index, line in enumerate(request.order.lines):
            row = stock.skus.index(line.sku)
            if stock.sellable[row] < 0:
                raise UnknownSku(line.sku)
            wanted = line.quantity
            for at in order:
                units = min(wanted, stock.available[row][at])
                wanted -= units
                if units:
                    parts.append(_part(index, line.sku, stock.locations[at], units))
            if wanted:
                missing.append(_part(index, line.sku, "", wanted))
        if not parts:
            blocked = BlockedLine("1", request.order.lines[0].sku, "stock", "nothing is left")
            raise NoFeasiblePlan(blocked)
        places = [name for name in stock.locations if any(name == p.location for p in parts)]
        shipped_ms = request.at_ms
        plan = Plan(
            strategy=request.profile,
            assignments=tuple(parts),
            shipments=tuple(_shipment(place, shipped_ms) for place in places),
            unfilled=tuple(missing),
            cost_terms=(),
            levels=(0,),
            optimal=True,
            relative_gap=0.0,
            method="subsets",
        )
        return Decision(plan=plan, profile=request.profile, network_version=1)


def _part(line: int, sku: str, location: str, units: int) -> Assignment:
    return Assignment(line_id=str(line + 1), line=line, sku=sku, location=location, quantity=units)


def _shipment(location: str, shipped_ms: int) -> Shipment:
    day = datetime.fromtimestamp(shipped_ms / 1000, UTC).date().isoformat()
    return Shipment(
        location=location,
        service="post/standard",
        parcels=1,
        grams=0,
        distance_km=100.0,
        cost_micros=4_000_000,
        ship_ms=shipped_ms,
        arrive_ms=shipped_ms + 2 * DAY_MS,
        carbon_grams=200.0,
        capacity_date=day,
    )
