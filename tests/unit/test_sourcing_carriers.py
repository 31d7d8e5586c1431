"""What carriers offer: zones, parcels, prices, arrival and carbon, through a decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sellable.errors import NoFeasiblePlan
from sellable.limits import PARCELS_PER_SHIPMENT_MAX
from sellable.network import Carrier, Lane, Service, Term, Tier, Zone
from sellable.sourcing.decide import Profiles
from sellable.sourcing.order import Destination
from sellable.sourcing.plan import RejectionReason, Shipment
from support.sourced import (
    MICROS,
    NOON,
    PARIS,
    carrier,
    item,
    network,
    place,
    request,
    stock,
    strategy,
)

DAY_MS = 24 * 3_600_000


def _lane(*tiers: Tier, **fields: Any) -> Lane:
    known: dict[str, Any] = {"zone": "all", "transit_days": 2, "tiers": tiers}
    return Lane(**{**known, **fields})


def _service(name: str, *lanes: Lane) -> Service:
    return Service(id=name, lanes=lanes)


def _shipped(*carriers: Carrier, grams: int = 1_000, quantity: int = 1, **asked: Any) -> Shipment:
    """Return what one location in Marseille sends to Paris, 660.9 km away."""
    shop = place("A", latitude=43.3, longitude=5.4)
    constraints = asked.pop("constraints", {})
    sourcing = asked.pop("sourcing", {})
    profiles = Profiles(
        network([shop], [strategy(constraints=constraints)], carriers, sourcing=sourcing), 7
    )
    held = stock({"X": {"A": 99_999}}, ["A"], items=[item("X", weight_grams=grams)])
    decision = profiles.decide(request(("X", quantity), **asked), held)
    (shipment,) = decision.plan.shipments
    return shipment


TIERS = (
    Tier(up_to_grams=1_000, per_parcel=3 * MICROS),
    Tier(up_to_grams=5_000, per_parcel=4 * MICROS, per_kg=MICROS),
    Tier(up_to_grams=30_000, per_parcel=20 * MICROS, per_km=1_000),
)


@pytest.mark.parametrize(
    ("grams", "quantity", "parcels", "micros"),
    [
        (1_000, 1, 1, 3 * MICROS),
        (1_001, 1, 1, 5_001_000),
        (900, 3, 1, 6_700_000),  # three of the first tier cost 9
        (1_000, 5, 1, 9 * MICROS),
        (1_000, 6, 2, 14 * MICROS),  # two of 3 kg; one of 6 kg costs 20.66
        (5_000, 4, 1, 20_660_935),  # four of 5 kg cost 36
        (5_000, 7, 2, 41_321_869),
        (0, 3, 1, 3 * MICROS),
    ],
)
def test_a_weight_goes_in_the_cheapest_equal_parcels(
    grams: int, quantity: int, parcels: int, micros: int
) -> None:
    """Each parcel is priced by the tier that its share of the weight falls into."""
    shipment = _shipped(
        carrier(services=(_service("parcel", _lane(*TIERS)),)), grams=grams, quantity=quantity
    )
    assert (parcels, micros) == (shipment.parcels, shipment.cost_micros)
    assert grams * quantity == shipment.grams


def test_an_unknown_weight_weighs_nothing() -> None:
    """An item without a weight adds nothing to a parcel."""
    listed = carrier(services=(_service("parcel", _lane(*TIERS)),))
    assert 0 == _shipped(listed, grams=-1, quantity=9).grams


def test_prices_are_changed_into_the_currency_of_the_section() -> None:
    """Of a carrier in dollars every price counts what a dollar is worth."""
    listed = carrier(services=(_service("parcel", _lane(*TIERS)),))
    euros = _shipped(listed, grams=2_000).cost_micros
    dollars = _shipped(
        replace(listed, currency="USD"), grams=2_000, sourcing={"exchange_rates": {"USD": 0.5}}
    ).cost_micros
    assert 6 * MICROS == euros == 2 * dollars


@pytest.mark.parametrize(
    ("zones", "postal_code", "micros"),
    [
        ((Zone(name="z1"), Zone(name="z2")), "75001", 1),
        ((Zone(name="z1", countries=("BE",)), Zone(name="z2")), "75001", 2),
        ((Zone(name="z1", countries=("FR", "BE")), Zone(name="z2")), "75001", 1),
        ((Zone(name="z1", postal_prefixes=("75",)), Zone(name="z2")), "7 5-001", 1),
        ((Zone(name="z1", postal_prefixes=("75",)), Zone(name="z2")), "57001", 2),
        ((Zone(name="z1", postal_prefixes=("75",)), Zone(name="z2")), "", 2),
        ((Zone(name="z1", from_countries=("BE",)), Zone(name="z2")), "75001", 2),
        ((Zone(name="z1", max_distance_km=660), Zone(name="z2")), "75001", 2),
        ((Zone(name="z1", max_distance_km=661), Zone(name="z2")), "75001", 1),
    ],
)
def test_the_first_zone_that_matches_prices_a_parcel(
    zones: tuple[Zone, ...], postal_code: str, micros: int
) -> None:
    """Country, postal code, origin and distance must all match; later zones are not asked."""
    lanes = [
        _lane(Tier(up_to_grams=30_000, per_parcel=price), zone=zone)
        for zone, price in (("z1", 1), ("z2", 2))
    ]
    listed = carrier(zones=zones, services=(_service("parcel", *lanes),))
    destination = Destination(country="FR", postal_code=postal_code, point=PARIS)
    assert micros == _shipped(listed, order={"destination": destination}).cost_micros


@pytest.mark.parametrize(
    ("transit_days", "km_per_day", "delivery_days", "days"),
    [
        (2, None, tuple(range(7)), 2),
        (2, 400, tuple(range(7)), 4),  # 660.9 km are two begun times 400
        (0, 661, tuple(range(7)), 1),
        (3, None, (0, 1, 2, 3, 4), 5),  # Wednesday: Thursday, Friday, Monday
    ],
)
def test_parcels_take_days_by_service_and_distance(
    transit_days: int, km_per_day: float | None, delivery_days: tuple[int, ...], days: int
) -> None:
    """A day more for each begun so many km; only delivery days count."""
    lane = _lane(*TIERS, transit_days=transit_days, km_per_day=km_per_day)
    listed = carrier(services=(_service("parcel", lane),), delivery_days=delivery_days)
    shipment = _shipped(listed)
    assert (NOON, NOON + days * DAY_MS) == (shipment.ship_ms, shipment.arrive_ms)


def test_each_parcel_has_its_carbon() -> None:
    """What a parcel and each of its km emit, times the parcels, in whole grams."""
    listed = carrier(
        services=(_service("parcel", _lane(*TIERS)),),
        carbon_grams_per_parcel=100,
        carbon_grams_per_km=2,
    )
    shipment = _shipped(listed, quantity=6)
    assert (2, 2 * 100 + 2_644.0) == (shipment.parcels, shipment.carbon_grams)


def test_a_promise_is_kept_by_the_service_that_can() -> None:
    """With `on_time` the dear service goes; where none is in time, there is no plan."""
    cheap = _service("parcel", _lane(Tier(up_to_grams=30_000, per_parcel=1)))
    fast = _service("express", _lane(Tier(up_to_grams=30_000, per_parcel=9), transit_days=1))
    listed = carrier(services=(cheap, fast))
    promised = {"promise_ms": NOON + DAY_MS}
    assert "post/parcel" == _shipped(listed, order=promised).service
    kept = {"on_time": True}
    assert "post/express" == _shipped(listed, order=promised, constraints=kept).service
    with pytest.raises(NoFeasiblePlan, match="without a service that arrives in time"):
        _shipped(listed, order={"promise_ms": NOON + DAY_MS - 1}, constraints=kept)


def test_a_carrier_serves_its_locations_and_a_strategy_its_services() -> None:
    """Only what picks up at a location, and is among the services asked for, takes its parcels."""
    with pytest.raises(NoFeasiblePlan) as refused:
        _shipped(carrier(locations=("OTHER",)))
    assert ["carriers"] == [line.constraint for line in refused.value.lines]
    two = (carrier("dear"), carrier("post", services=(_service("parcel", _lane(TIERS[0])),)))
    assert "dear/parcel" == _shipped(*two, constraints={"services": ("dear/parcel",)}).service
    with pytest.raises(NoFeasiblePlan) as refused:
        _shipped(replace(two[0], locations=()), constraints={"services": ("dear/parcel",)})
    assert ["services"] == [line.constraint for line in refused.value.lines]


def test_a_unit_goes_with_a_carrier_whose_parcels_can_hold_it() -> None:
    """A bed of 40 kg is no two parcels of 20 kg, and alone decides what its location uses."""
    light = carrier("light", services=(_service("parcel", _lane(TIERS[0])),))
    heavy = carrier(
        "heavy",
        max_parcel_grams=99_000,
        services=(_service("freight", _lane(Tier(up_to_grams=99_000, per_parcel=90 * MICROS))),),
    )
    assert "light/parcel" == _shipped(light, heavy).service
    assert "heavy/freight" == _shipped(light, heavy, grams=40_000).service
    with pytest.raises(NoFeasiblePlan, match="without a service for parcels so heavy"):
        _shipped(light, grams=40_000)


def test_a_shipment_has_a_bounded_number_of_parcels() -> None:
    """100 parcels of 30 kg are sent; one unit more has no way to go."""
    most = PARCELS_PER_SHIPMENT_MAX * 3
    whole = {"split_lines": False}
    shipment = _shipped(carrier(), grams=10_000, quantity=most, constraints=whole)
    assert PARCELS_PER_SHIPMENT_MAX == shipment.parcels
    with pytest.raises(NoFeasiblePlan) as refused:
        _shipped(carrier(), grams=10_000, quantity=most + 1, constraints=whole)
    assert ["carriers"] == [line.constraint for line in refused.value.lines]


def test_without_carriers_every_location_ships_at_no_known_price() -> None:
    """One parcel, no price and no arrival; the distance still decides."""
    places = [place("FAR", latitude=43.3, longitude=5.4), place("NEAR", latitude=48.0)]
    chosen = strategy(weights={Term.DISTANCE: 1.0})
    held = stock({"X": {"FAR": 1, "NEAR": 1}}, ["FAR", "NEAR"])
    decision = Profiles(network(places, [chosen], []), 7).decide(request(("X", 1)), held)
    (shipment,) = decision.plan.shipments
    told = (shipment.location, shipment.service, shipment.parcels, shipment.cost_micros)
    assert ("NEAR", "", 1, 0) == told
    assert (NOON, 0) == (shipment.ship_ms, shipment.arrive_ms)


def test_a_location_that_nobody_can_find_is_never_preferred() -> None:
    """Without coordinates it counts as the farthest, and a limit of distance rejects it."""
    places = [
        place("NOWHERE", latitude=None, longitude=None),
        place("FAR", latitude=43.3, longitude=5.4),
        place("NEAR", latitude=48.0),
    ]
    names = [location.id for location in places]
    held = stock({"X": dict.fromkeys(names, 1)}, names)
    for limit, reason in ((None, RejectionReason.COSTLIER), (900, RejectionReason.DISTANCE)):
        chosen = strategy(weights={Term.DISTANCE: 1.0}, constraints={"max_distance_km": limit})
        profiles = Profiles(network(places, [chosen]), 7)
        decision = profiles.decide(request(("X", 1), explain=True), held)
        assert ["NEAR"] == [shipment.location for shipment in decision.plan.shipments]
        reasons = {rejection.location: rejection.reason for rejection in decision.rejections}
        assert reason is reasons["NOWHERE"]
    alone = stock({"X": {"NOWHERE": 1}}, names)
    profiles = Profiles(network(places, [strategy()]), 7)
    (shipment,) = profiles.decide(request(("X", 1)), alone).plan.shipments
    assert pytest.approx(660.93, abs=0.01) == shipment.distance_km
