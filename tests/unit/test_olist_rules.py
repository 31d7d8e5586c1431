"""The rules and worlds of the study of what sourcing saves, on worlds small enough for a hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest

from olist.data import Basket, Carried, Olist, Product
from olist.fits import Quality, Transit, fit_freight, fit_transit
from olist.measures import Measures, Priced, Sent, Told
from olist.rules import Oms
from olist.world import BEGIN_MS, DAY_MS, Options, Placed, World, make_world, placed_orders
from sellable.geo import Point

HERE: Final = Point(-23.5, -46.6)
GRAMS: Final = {"P": 1_000, "Q": 500}
WORLD: Final = World(
    records={"P": {0: 2, 1: 3}, "Q": {1: 1}},
    truth={"P": {0: 0, 1: 3}, "Q": {1: 1}},
    tills=[],
    priority=[0, 1],
)


def order(day: float = 0, **units: int) -> Placed:
    """Return an order that is 500 km from the first location and 100 km from the second."""
    return Placed("A", BEGIN_MS + round(day * DAY_MS), "01000", HERE, units, (500.0, 100.0))


def oms(world: World = WORLD, *, by_distance: bool = False, capacity: int | None = None) -> Oms:
    """Return the rule over a world."""
    return Oms(world, GRAMS, by_distance=by_distance, capacity=capacity)


def test_the_traditional_rule_believes_its_numbers() -> None:
    """The first location has nothing in truth: a short pick, and a day later the second one."""
    told = oms().handle(order(P=1))
    assert Told(1, [Sent(1, 1_000, 100.0, 1)], 0, True, True) == told
    assert Told(1, [Sent(1, 1_000, 100.0, 0)], 0, False, False) == oms(by_distance=True).handle(
        order(P=1)
    )


def test_it_learns_at_midnight() -> None:
    """The location whose shelf was empty is asked again on the same day, and not on the next."""
    rule = oms()
    assert rule.handle(order(0.1, P=1)).short_pick
    assert rule.handle(order(0.2, P=1)).short_pick
    assert not rule.handle(order(1.1, P=1)).short_pick


def test_lines_go_their_own_ways() -> None:
    """Each line to the first that has all of it, however many shipments that makes."""
    true = replace(WORLD, truth=WORLD.records)
    told = oms(true).handle(order(P=2, Q=1))
    assert [(0, 2_000), (1, 500)] == [(sent.location, sent.grams) for sent in told.sent]
    told = oms(true).handle(order(P=4))
    assert [(0, 2_000), (1, 2_000)] == [(sent.location, sent.grams) for sent in told.sent]
    told = oms(true).handle(order(P=9))
    assert (5, 4, False) == (
        sum(s.grams for s in told.sent) // 1_000,
        told.unfilled,
        told.short_pick,
    )


def test_tills_take_first_and_tell_later() -> None:
    """A unit sold over the counter is gone, though the OMS believes in it until midnight."""
    rule = oms(replace(WORLD, truth=WORLD.records))
    rule.sell("Q", 1, BEGIN_MS)
    told = rule.handle(order(0.5, Q=1))
    assert (True, 1) == (told.short_pick, told.unfilled)
    assert Told(1, [], 1, False, False) == rule.handle(order(1.5, Q=1))


def test_a_full_day_lets_orders_wait() -> None:
    """One order a day: the second one leaves on the day after."""
    rule = oms(by_distance=True, capacity=1)
    assert [0, 1] == [rule.handle(order(P=1)).sent[0].waited_days for _ in range(2)]


def test_measures_are_those_of_hand() -> None:
    """Days are those of the last shipment; everything else adds up."""
    quality = Quality(0, 0.0, 0.0, 0.0)
    freight = fit_freight(
        [
            Carried(km, g, 10 + g / 1_000 + km / 100, 2.0)
            for km in (0, 50, 90)
            for g in (100, 400, 700, 900, 1_500, 1_900, 3_000, 4_000, 6_000, 9_000, 20_000, 30_000)
        ]
    )
    assert pytest.approx(12.0) == freight.price(1_000, 100.0)
    assert pytest.approx(10 + 50 + 1 + 12) == freight.price(51_000, 100.0)
    measures = Measures(Priced(freight, Transit(1.0, 0.1, quality), 3.0))
    measures.add(Told(2, [Sent(0, 1_000, 100.0, 1), Sent(1, 1_000, 400.0, 0)], 0, True, True))
    measures.add(Told(1, [], 1, False, False))
    value = measures.value()
    assert (250.0, 500.0, 100.0, 50.0) == (
        value["km a shipment"],
        value["km an order"],
        value["split orders %"],
        value["short shipments %"],
    )
    assert (6.0, 3.0) == (value["delivery days"], value["transit days"])
    assert pytest.approx(12.0 + 15.0) == value["freight BRL an order"]
    assert pytest.approx(2 * 0.3 + 0.0005 * 500) == value["CO2 kg an order"]


def test_fits_find_what_made_the_data() -> None:
    """Also where one in ten was charged a lot more."""
    carried = [
        Carried(km, 300, 8 + 0.01 * km + (90 if at % 10 == 0 else 0), 2 + 0.3 * km**0.5)
        for at, km in enumerate(range(10, 1_010, 7))
    ]
    carried += [Carried(1.0, grams, 9.0, None) for grams in (800, 1_500, 4_000, 8_000, 20_000)]
    assert pytest.approx(13.0, abs=0.05) == fit_freight(carried).price(300, 500)
    assert pytest.approx(2 + 0.3 * 20) == fit_transit(carried).days(400)


def olist() -> Olist:
    """Return four orders of two cities on two days, of two sellers."""
    products = {
        name: Product(name, "toys", 500, seller, 10.0)
        for name, seller in (("P", "near"), ("Q", "far"))
    }
    baskets = [
        Basket(
            str(at),
            datetime.fromisoformat(f"2018-01-0{day}T12:00:00"),
            city,
            "01000",
            HERE,
            {sku: 1},
        )
        for at, (day, city, sku) in enumerate(
            ((2, "x", "P"), (2, "x", "Q"), (2, "y", "P"), (3, "x", "P"))
        )
    ]
    made = Olist(products, {"near": HERE, "far": Point(-3.7, -38.5)}, baskets)
    made.sold.update(near=3, far=1)
    made.sold_of.update({("near", "toys"): 3, ("far", "toys"): 1})
    return made


def test_a_world_depends_on_its_seed_alone() -> None:
    """Twice the same is the same, another seed is another one; nobody holds nothing."""
    places = [("near", HERE), ("far", Point(-3.7, -38.5))]
    options = Options(locations=2, k=2)
    first, again, other = (make_world(olist(), places, options, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert all(units >= 1 for there in first.records.values() for units in there.values())
    exact = make_world(olist(), places, options._replace(error=0.0), 1)
    assert exact.records == exact.truth


def test_goods_stay_where_they_came_from() -> None:
    """With a single location each, that is the product's own seller."""
    places = [("near", HERE), ("far", Point(-3.7, -38.5))]
    world = make_world(olist(), places, Options(locations=2, k=1), 1)
    assert {"P": [0], "Q": [1]} == {sku: list(there) for sku, there in world.records.items()}


def test_orders_keep_their_day_of_the_week_and_their_hour() -> None:
    """Merged ones are of one city and day; all fall into four weeks."""
    places = [("near", HERE)]
    plain = placed_orders(olist(), places, Options(), 1)
    merged = placed_orders(olist(), places, Options(baskets=True), 1)
    assert [1, 1, 1, 1] == [len(one.units) for one in plain]
    assert [("0", 2), ("2", 1), ("3", 1)] == [(one.id, len(one.units)) for one in merged]
    # The first week of 2018: Tuesday at noon of the second week of the four.
    assert BEGIN_MS + 8 * DAY_MS + DAY_MS // 2 == plain[0].at_ms
