"""The opening stock and the network of the demo."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sellable.demo.invoices import packaged_sample
from sellable.demo.network import market_locations, network_document
from sellable.demo.opening import PERCENT_OF_DEMAND, OpeningStock, opening_stock
from sellable.demo.orders import Cancellation, CancelledLine, Order, OrderLine, Replay
from sellable.network import LocationType, NetworkAt, compile_network, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCATIONS: Mapping[str, Sequence[str]] = {
    "web/FR": ("DC-PARIS", "STORE-LYON", "STORE-NICE"),
    "web/DE": ("DC-BERLIN",),
    "web/IT": (),
}


def order(reservation_id: str, country: str, *lines: OrderLine) -> Order:
    """Make an order of the web."""
    return Order(
        reservation_id=reservation_id,
        invoice=reservation_id,
        channel="web",
        country=country,
        customer="17850",
        time=datetime(2011, 1, 4, tzinfo=UTC),
        lines=lines,
    )


def cancellation(*lines: CancelledLine) -> Cancellation:
    """Make a cancellation of what is known."""
    return Cancellation(
        invoice="C9",
        customer="17850",
        time=datetime(2011, 1, 5, tzinfo=UTC),
        lines=lines,
        unmatched=(OrderLine("A", 1_000),),
    )


def test_stock_is_shared_out_by_the_order_of_locations() -> None:
    """The first holds half of a market's stock, the second a quarter, the last the rest."""
    assert 150 == PERCENT_OF_DEMAND
    assert [
        OpeningStock("A", "DC-PARIS", 60),
        OpeningStock("A", "STORE-LYON", 30),
        OpeningStock("A", "STORE-NICE", 30),
    ] == list(opening_stock([order("1", "FR", OrderLine("A", 80))], LOCATIONS))


def test_stock_follows_the_demand_of_the_markets() -> None:
    """Locations hold what their markets order, in whole units that add up to the total."""
    events = [order("1", "FR", OrderLine("A", 3)), order("2", "DE", OrderLine("A", 4))]
    stock = {where: units for _, where, units in opening_stock(events, LOCATIONS)}
    # 11 units for 7: exactly 2.36, 1.18, 1.18 and 6.29.
    assert {"DC-BERLIN": 6, "DC-PARIS": 3, "STORE-LYON": 1, "STORE-NICE": 1} == stock


def test_cancelled_units_bring_no_stock() -> None:
    """What is taken back of a known order is no demand; a SKU without demand has no stock."""
    events: list[Order | Cancellation] = [
        order("1", "DE", OrderLine("A", 74_215), OrderLine("B", 5)),
        order("2", "DE", OrderLine("A", 10)),
        cancellation(CancelledLine("1", 0, "A", 74_215), CancelledLine("1", 1, "B", 5)),
    ]
    assert [OpeningStock("A", "DC-BERLIN", 15)] == list(opening_stock(events, LOCATIONS))


def test_market_without_locations_asks_for_nothing() -> None:
    """Demand that no location can serve brings no stock."""
    assert [] == list(opening_stock([order("1", "IT", OrderLine("A", 5))], LOCATIONS))


def test_sample_opens_with_stock_at_every_location() -> None:
    """Every position is there once and not empty, and the total is what the demand asks for."""
    locations = market_locations(parse(network_document()))
    replay = Replay(packaged_sample(), locations)
    stock = list(opening_stock(replay, locations))
    demand: Counter[str] = Counter()
    for event in replay:
        sign = 1 if isinstance(event, Order) else -1
        for line in event.lines:
            demand[line.sku] += sign * line.quantity
    assert {where for names in locations.values() for where in names} == {
        position.location for position in stock
    }
    assert len(stock) == len({position[:2] for position in stock})
    assert min(position.quantity for position in stock) > 0
    by_sku: Counter[str] = Counter()
    for sku, _, units in stock:
        by_sku[sku] += units
    assert {sku: -(-units * 3 // 2) for sku, units in demand.items() if units} == dict(by_sku)


def test_opening_stock_is_the_same_every_time() -> None:
    """Two runs over the sample answer the same positions in the same order."""
    locations = market_locations(parse(network_document()))
    replay = Replay(packaged_sample(), locations)
    assert list(opening_stock(replay, locations)) == list(opening_stock(replay, locations))


def test_network_shows_what_the_product_does() -> None:
    """Four channels, fourteen countries, stores beside centres, one closed, rules, overlaps."""
    network = parse(network_document())
    assert {"web", "app", "marketplace", "wholesale"} == {m.channel for m in network.markets}
    assert 14 == len({market.country for market in network.markets})
    assert {LocationType.WAREHOUSE, LocationType.STORE} == {p.type for p in network.locations}
    assert ["DC-LEIPZIG"] == [place.id for place in network.locations if not place.enabled]
    assert ["STORE-LONDON"] == [place.id for place in network.locations if place.safety_stock]
    assert 3 == len(network.rules)
    served: Counter[str] = Counter(place for m in network.markets for place in set(m.locations))
    assert {place.id for place in network.locations} == set(served)
    assert min(served[place.id] for place in network.locations if "dc" in place.tags) > 1


def test_network_compiles() -> None:
    """The demo's document goes all the way to the store's fields, one a location and market."""
    network = parse(network_document())
    compiled = compile_network(NetworkAt(network, 0))
    assert {f"l:{place.id}" for place in network.locations} <= set(compiled.fields)
    assert {market.key for market in network.markets} == set(compiled.markets)
