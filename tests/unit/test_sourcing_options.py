"""Ways of delivery before the purchase: services, pickup, and until when they are promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sellable.limits import DELIVERY_SERVICES_MAX, PICKUP_OPTIONS_MAX
from sellable.network import Carrier, Lane, Protected, Service, Strategy, Term, Tier
from sellable.reservation import Line
from sellable.sourcing.decide import Profiles
from sellable.sourcing.plan import DeliveryOption
from support.sourced import MICROS, at, carrier, network, place, request, stock, strategy

WEEK = ((9 * 60, 18 * 60),) * 5 + (None, None)
LYON = {"latitude": 45.76, "longitude": 4.84}
PLACES = [
    place("DEPOT", cut_off="16:00", **LYON),
    place("SHOP", pickup=True, opening_hours=WEEK),
]
NAMES = ["DEPOT", "SHOP"]


def _service(name: str, days: int, micros: int) -> Service:
    tier = Tier(up_to_grams=30_000, per_parcel=micros)
    return Service(id=name, lanes=(Lane(zone="all", transit_days=days, tiers=(tier,)),))


POST = carrier(
    services=(
        _service("economy", 4, 3 * MICROS),
        _service("parcel", 2, 5 * MICROS),
        _service("express", 1, 9 * MICROS),
    ),
    carbon_grams_per_parcel=100,
)


def _options(
    units: dict[str, dict[str, int]],
    *lines: tuple[str, int] | Line,
    strategies: tuple[Strategy, ...] = (strategy(),),
    carriers: tuple[Carrier, ...] = (POST,),
    places: Any = PLACES,
    held: dict[str, Any] | None = None,
    **asked: Any,
) -> list[DeliveryOption]:
    profiles = Profiles(network(places, strategies, carriers), 7)
    names = [each.id for each in places]
    return profiles.delivery_options(request(*lines, **asked), stock(units, names, **(held or {})))


def _names(options: list[DeliveryOption]) -> list[str]:
    return [option.service for option in options]


def test_each_service_is_told_with_its_arrival_cost_and_last_order() -> None:
    """The earliest first; until the cut-off of the location that ships, the promise is kept."""
    options = _options({"X": {"DEPOT": 2}}, ("X", 1))
    assert ["post/express", "post/parcel", "post/economy"] == _names(options)
    express = options[0]
    expected = DeliveryOption(
        service="post/express",
        order_by_ms=at("2026-06-10T14:00"),
        arrive_ms=at("2026-06-11T14:00"),
        cost_micros=9 * MICROS,
        parcels=1,
        carbon_grams=100.0,
        complete=True,
    )
    assert expected == express


def test_equal_arrivals_are_told_by_cost() -> None:
    """Of what arrives at the same time the cheaper one comes first."""
    two = replace(POST, services=(_service("dear", 1, 9), _service("cheap", 1, 3)))
    options = _options({"X": {"DEPOT": 1}}, ("X", 1), carriers=(two,))
    assert ["post/cheap", "post/dear"] == _names(options)


def test_an_order_by_is_that_of_the_first_location_that_closes() -> None:
    """A promise of several shipments holds until the earliest of their last orders."""
    options = _options({"X": {"DEPOT": 1}, "Y": {"SHOP": 1}}, ("X", 1), ("Y", 1))
    assert {at("2026-06-10T14:00")} == {option.order_by_ms for option in options}
    assert {2} == {option.parcels for option in options}
    assert at("2026-06-11T16:00") == options[0].arrive_ms, "the later of both"


def test_what_cannot_be_complete_is_told_as_such() -> None:
    """With a unit missing everywhere, services send what there is."""
    options = _options({"X": {"DEPOT": 1}}, ("X", 2))
    assert [False] * 3 == [option.complete for option in options]
    assert [] == _options({"X": {}}, ("X", 1))


def test_services_of_the_strategy_are_the_only_ones() -> None:
    """Others are not offered, nor services that do not reach the destination."""
    only = strategy(constraints={"services": ("post/parcel",)})
    assert ["post/parcel"] == _names(_options({"X": {"DEPOT": 1}}, ("X", 1), strategies=(only,)))
    elsewhere = replace(POST, zones=(replace(POST.zones[0], countries=("BE",)),))
    assert [] == _options({"X": {"DEPOT": 1}}, ("X", 1), carriers=(elsewhere,))


def test_a_strategy_without_a_plan_falls_back_for_options_too() -> None:
    """As for an order: the next strategy is asked, unless the first may not fall back."""
    strict = strategy("strict", priority=1, constraints={"excluded": ("DEPOT",)})
    units = {"X": {"DEPOT": 1}}
    assert 3 == len(_options(units, ("X", 1), strategies=(strict, strategy())))
    final = replace(strict, fall_back=False)
    assert [] == _options(units, ("X", 1), strategies=(final, strategy()))


def test_an_order_can_be_collected_where_all_of_it_is() -> None:
    """Pickup is ready when the location would ship, costs nothing, and needs every line."""
    units = {"X": {"SHOP": 2, "DEPOT": 2}, "Y": {"SHOP": 1}}
    (option,) = [o for o in _options(units, ("X", 2), ("Y", 1)) if o.service == "pickup"]
    expected = DeliveryOption(
        service="pickup",
        location="SHOP",
        order_by_ms=at("2026-06-10T16:00"),
        arrive_ms=at("2026-06-10T16:00"),
        cost_micros=0,
        parcels=0,
        carbon_grams=0.0,
        complete=True,
    )
    assert expected == option
    refusals: list[dict[str, Any]] = [
        {"excluded": frozenset({"SHOP"})},
        {"refused": frozenset({(0, "SHOP")})},
        {"held": {"sellable": {"X": 1}}},
    ]
    for asked in refusals:
        assert "pickup" not in _names(_options(units, ("X", 2), ("Y", 1), **asked)), asked
    assert "pickup" not in _names(_options(units, ("X", 2), ("Y", 2)))
    bound = Line(line_id="1", sku="X", quantity=1, location="DEPOT")
    assert "pickup" not in _names(_options(units, bound))


def test_protected_stores_still_hand_over() -> None:
    """Protection is from shipping; collecting is what a store is for."""
    guarded = strategy(constraints={"protected": (Protected(locations=("SHOP",)),)})
    units = {"X": {"SHOP": 1}}
    assert ["pickup"] == _names(_options(units, ("X", 1), strategies=(guarded,)))
    assert "post/express" in _names(_options(units, ("X", 1)))


def test_the_nearest_pickup_locations_are_told_and_no_more_than_a_few() -> None:
    """At most 10, by distance; one without capacity on any day is not among them."""
    places = [
        place(f"P{number:02}", pickup=True, latitude=48.8566 + number / 100, daily_capacity=1)
        for number in range(15)
    ]
    units = {"X": {each.id: 1 for each in places}}
    full = {("P00", date(2026, 6, 10 + ahead)): 1 for ahead in range(9)}
    options = _options(units, ("X", 1), places=places, held={"capacity_taken": full}, carriers=())
    assert [f"P{number:02}" for number in range(1, 11)] == [option.location for option in options]
    assert PICKUP_OPTIONS_MAX == len(options)


def test_the_number_of_services_is_bounded() -> None:
    """Of very many services the first of the document are asked."""
    many = replace(POST, services=tuple(_service(f"s{n:02}", 1, n) for n in range(40)))
    options = _options({"X": {"DEPOT": 1}}, ("X", 1), carriers=(many,))
    assert DELIVERY_SERVICES_MAX == len(options)
    assert {f"post/s{n:02}" for n in range(DELIVERY_SERVICES_MAX)} == set(_names(options))


def test_without_carriers_only_pickup_can_be_promised() -> None:
    """No arrival is known of what nobody is known to carry."""
    distance = strategy(weights={Term.DISTANCE: 1.0})
    units = {"X": {"SHOP": 1, "DEPOT": 1}}
    assert ["pickup"] == _names(_options(units, ("X", 1), strategies=(distance,), carriers=()))
