"""Replays whose figures are worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sellable.errors import UnknownMarket, UnknownProfile
from sellable.geo import Point
from sellable.reservation import Line
from sellable.simulate import Position, Replay, Snapshot, TimedOrder
from sellable.simulate.figures import Figures
from sellable.simulate.shelf import OUTFLOW_DAYS, Shelf
from sellable.sourcing.order import Destination, Order
from sellable.stock import Item
from support.simulated import DAY_MS, DOCUMENT, FirstFit, at_ms, network

NOON = at_ms("2026-03-02T12:00:00")


def order(*lines: tuple[str, int], moment_ms: int = NOON, promise_ms: int = 0) -> TimedOrder:
    """Return an order of SKUs and units."""
    made = Order(
        market="web/FR",
        lines=tuple(Line(sku=sku, quantity=units) for sku, units in lines),
        destination=Destination(country="FR", point=Point(47.0, 3.0)),
        promise_ms=promise_ms,
    )
    return TimedOrder(moment_ms, made, 1)


def snapshot(*, has_outflow: bool = False, **skus: dict[str, Position]) -> Snapshot:
    """Return positions by SKU."""
    return Snapshot(skus, has_outflow)


def replay(stock: Snapshot, *orders: TimedOrder, document: str = DOCUMENT) -> dict[str, Any]:
    """Return the figures of both profiles."""
    played = Replay(network(document), FirstFit(), stock, {}, ["near", "listed"])
    for one in orders:
        played.play(one)
    return {name: figures.value() for name, figures in played.figures.items()}


def test_figures_are_those_of_hand() -> None:
    """Three orders: one whole, one split and short, one that nothing is left for."""
    stock = snapshot(S1={"NORTH": Position(2), "SOUTH": Position(2)}, S2={"NORTH": Position(1)})
    promised = NOON + DAY_MS
    found = replay(
        stock,
        order(("S1", 1), promise_ms=promised),
        order(("S1", 3), ("S2", 1)),
        order(("S2", 2)),
        order(("S9", 1)),
    )
    # SOUTH keeps one unit back, so there are three units of S1 and one of S2.
    near = found["near"]
    assert (4, 2, 5, 8) == tuple(near[n] for n in ("orders", "shipped_orders", "lines", "units"))
    assert (3, 3, 4) == (near["short_orders"], near["short_lines"], near["unfilled_units"])
    assert {"stock": 1, "unfilled in part": 1, "unknown SKU": 1} == near["short_because"]
    # near: SOUTH sends the first order, NORTH the rest of the second.
    assert (1.0, 0.0) == (near["shipments_per_order"], near["split_share"])
    # listed: NORTH sends the first, and NORTH and SOUTH share the second.
    listed = found["listed"]
    assert (1.5, 0.5) == (listed["shipments_per_order"], listed["split_share"])
    assert (100.0, 150.0) == (
        listed["distance_km_per_shipment"],
        listed["distance_km_per_order"],
    )
    assert (12.0, 6.0) == (listed["cost"], listed["cost_per_order"])
    assert (0.6, 0.3) == (listed["carbon_kg"], round(listed["carbon_kg_per_order"], 9))
    assert (2.0, 1.0) == (listed["days"], listed["late_share"])
    assert (1.0, None) == (listed["proven_share"], listed["slow_units"])


def test_profiles_do_not_take_from_each_other() -> None:
    """Two units are enough for both profiles to ship two each."""
    found = replay(snapshot(S1={"NORTH": Position(2)}), *[order(("S1", 1))] * 3)
    assert [2, 2] == [found[name]["shipped_orders"] for name in ("near", "listed")]
    assert [1, 1] == [found[name]["short_orders"] for name in ("near", "listed")]


def test_an_order_is_decided_at_its_own_time() -> None:
    """The moment goes into the request and the stock, so that dated strategies apply."""
    decider = FirstFit()
    played = Replay(network(), decider, snapshot(S1={"NORTH": Position(9)}), {}, ["near"])
    for moment_ms in (NOON, NOON + 40 * DAY_MS):
        played.play(order(("S1", 1), moment_ms=moment_ms))
    assert [NOON, NOON + 40 * DAY_MS] == [request.at_ms for request, _ in decider.asked]
    assert [NOON, NOON + 40 * DAY_MS] == [stock.now_ms for _, stock in decider.asked]


def test_a_dated_protection_holds_in_its_window_only() -> None:
    """Safety stock of a rule counts from its first moment to just before its last."""
    document = DOCUMENT + (
        "protections:\n  - {location: NORTH, safety_stock: 9,"
        " from: 2026-03-03T00:00:00, until: 2026-03-04T00:00:00}\n"
    )
    shelf = Shelf(network(document), 1, snapshot(S1={"NORTH": Position(10)}), {})
    # Midnight in Paris is 23:00 of the day before in UTC.
    for moment, available in (
        ("2026-03-02T22:59:59", 10),
        ("2026-03-02T23:00:00", 1),
        ("2026-03-03T22:59:59", 1),
        ("2026-03-03T23:00:00", 10),
    ):
        assert ((available, 0),) == shelf.stock("web/FR", ["S1"], at_ms(moment)).available


def test_the_number_of_a_market_keeps_its_buffer() -> None:
    """A percentage is of what is on hand, rounded up; what is blocked is no supply."""
    document = DOCUMENT.replace(
        "locations: [NORTH, SOUTH]}", "locations: [NORTH, SOUTH], protection_buffer: 30%}"
    )
    stock = snapshot(
        S1={"NORTH": Position(5, reserved=1), "SOUTH": Position(4, safety_stock=2)},
        S2={"NORTH": Position(5, blocked=True), "SOUTH": Position(1, reserved=3)},
    )
    taken = Shelf(network(document), 1, stock, {}).stock("web/FR", ["S1", "S2", "S3"], NOON)
    assert ((4, 2), (0, 0), (0, 0)) == taken.available
    # 6 available less 3 of 9 on hand; nothing of S2; S3 is not known.
    assert (3, 0, -1) == taken.sellable


def test_capacity_of_a_day_is_used_up_and_forgotten() -> None:
    """One order a shipping location and date; days that are over cost no memory."""
    decider = FirstFit()
    played = Replay(network(), decider, snapshot(S1={"NORTH": Position(9)}), {}, ["near"])
    for day in (0, 0, 1, 9, 9):
        played.play(order(("S1", 1), moment_ms=NOON + day * DAY_MS))
    counts = [
        [(place, str(date), used) for (place, date), used in stock.capacity_taken.items()]
        for _, stock in decider.asked
    ]
    first, second = ("NORTH", "2026-03-02"), ("NORTH", "2026-03-11")
    assert [[], [(*first, 1)], [(*first, 2)], [], [(*second, 1)]] == counts


def test_outflow_falls_with_time_and_rises_with_what_leaves() -> None:
    """After a week half of it is left; a unit adds what makes one in all as time goes on."""
    shelf = Shelf(
        network(),
        1,
        snapshot(S1={"NORTH": Position(9, daily_outflow=2.0)}),
        {"S1": Item(sku="S1", update_us=0)},
    )
    assert 2.0 == shelf.stock("web/FR", ["S1"], NOON).daily_outflow[0][0]
    later = NOON + 7 * DAY_MS
    faded = shelf.stock("web/FR", ["S1"], later).daily_outflow[0][0]
    assert pytest.approx(1.0) == faded
    shelf.take_units("S1", "NORTH", 7, later)
    told = shelf.stock("web/FR", ["S1"], later)
    assert pytest.approx(faded + 7 / OUTFLOW_DAYS) == told.daily_outflow[0][0]
    assert (2,) == tuple(row[0] for row in told.on_hand)


def test_slow_units_are_those_that_would_have_stayed() -> None:
    """Of ten units five would leave within 60 days; an order of seven moves five slow ones."""
    stock = snapshot(S1={"NORTH": Position(10, daily_outflow=5 / 60)}, has_outflow=True)
    assert 5 == replay(stock, order(("S1", 7)))["listed"]["slow_units"]


def test_times_are_ranked_with_three_digits() -> None:
    """The median and the 99th percentile by nearest rank, in memory of a fixed size."""
    figures = Figures()
    for took_us in range(1, 101):
        figures.add_time(took_us * 1_000)
    figures.add_time(1_234_567_000)
    value = figures.value()
    assert (0.051, 0.1) == (value["decide_ms_p50"], value["decide_ms_p99"])
    assert 1_230_000 == max(figures._times_us)


def test_the_same_orders_give_the_same_figures() -> None:
    """Nothing but the solver's times depends on the run."""
    stock = snapshot(S1={"NORTH": Position(30), "SOUTH": Position(30, daily_outflow=0.1)})
    orders = [order(("S1", 1 + at % 3), moment_ms=NOON + at) for at in range(40)]
    first, second = replay(stock, *orders), replay(stock, *orders)
    for figures in (*first.values(), *second.values()):
        del figures["decide_ms_p50"], figures["decide_ms_p99"]
    assert first == second


def test_what_the_network_has_not_is_refused() -> None:
    """A profile before the first order, a market at its order; then nothing is counted."""
    stock = snapshot(S1={"NORTH": Position(1)})
    with pytest.raises(UnknownProfile):
        Replay(network(), FirstFit(), stock, {}, ["far"])
    played = Replay(network(), FirstFit(), stock, {}, ["near"])
    one = order(("S1", 1))
    elsewhere = Order(market="web/DE", lines=one.order.lines, destination=one.order.destination)
    with pytest.raises(UnknownMarket):
        played.play(TimedOrder(NOON, elsewhere, 1))
    assert 0 == played.figures["near"].orders
