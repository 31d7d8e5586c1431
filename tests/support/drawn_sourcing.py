"""Small random networks, orders and stock with every rule of sourcing in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from sellable.geo import Point
from sellable.network import (
    Carrier,
    Constraints,
    Lane,
    Location,
    LocationType,
    Network,
    Protected,
    Service,
    Strategy,
    Term,
    Tier,
    Window,
    Zone,
)
from sellable.reservation import Line
from sellable.sourcing.order import Destination, SourcingRequest, SourcingStock
from support.sourced import MICROS, NOON, item, network, order, place, stock, strategy

_CLASSES = ("bed", "sofa", "sock")
_WEEK = ((9 * 60, 18 * 60),) * 5 + (None, None)
_TODAY = date(2026, 6, 10)


def drawn(seed: int, *, split: bool) -> tuple[Network, SourcingRequest, SourcingStock]:
    """Return an order of at most 3 lines over at most 4 locations; also without any plan."""
    random = Random(seed)
    places = [
        _place(random, f"P{number}") for number in range(random.randint(2, 3 if split else 4))
    ]
    names = [location.id for location in places]
    carriers = [_carrier(random, name, names) for name in ("post", "van")[: random.randint(1, 2)]]
    chosen = _strategy(random, names, split=split)
    drawn_network = network(
        places,
        [chosen],
        carriers,
        sourcing={"exchange_rates": {"USD": 0.875}},
    )
    skus = ["A", "B", "C"][: random.randint(1, 3)]
    lines = [
        Line(
            line_id=f"L{number}",
            sku=skus[number % len(skus)],
            quantity=random.choice([1, 2, 2] if split else [1, 2, 3]),
            location=random.choice([*names, *[""] * 30]),
        )
        for number in range(random.randint(1, 3))
    ]
    asked = SourcingRequest(
        order=order(
            *lines,
            destination=Destination(
                country=random.choice(["FR", "FR", "BE"]),
                postal_code=random.choice(["75001", "13001"]),
                point=Point(48.8, 2.3),
            ),
            promise_ms=random.choice([0, NOON + random.randint(1, 5) * 24 * 3_600_000]),
        ),
        explain=True,
        alternatives=2,
        solve_limit_ms=5_000,
        excluded=frozenset(name for name in names if random.random() < 0.05),
        refused=frozenset(
            (line, name) for line in range(len(lines)) for name in names if random.random() < 0.03
        ),
    )
    return drawn_network, asked, _stock(random, skus, names)


def _place(random: Random, name: str) -> Location:
    fields: dict[str, Any] = {
        "type": random.choice([LocationType.STORE, LocationType.WAREHOUSE]),
        "country": random.choice(["FR", "FR", "FR", "BE"]),
        "latitude": 44 + random.randint(0, 40) / 8,
        "longitude": 1 + random.randint(0, 30) / 8,
        "time_zone": random.choice(["Europe/Paris", "Europe/Lisbon", None]),
        "enabled": random.random() < 0.95,
        "daily_capacity": random.choice([None, None, None, 1, 5]),
        "cut_off": random.choice([None, None, "11:00", "16:30"]),
        "opening_hours": random.choice([(), (), _WEEK]),
        "closed_dates": random.choice([(), (), (_TODAY,)]),
    }
    if random.random() < 0.1:
        fields |= {"latitude": None, "longitude": None}
    return place(name, **fields)


def _carrier(random: Random, name: str, names: list[str]) -> Carrier:
    zones = [Zone(name="all")]
    if random.random() < 0.5:
        near = Zone(
            name="near",
            countries=random.choice([(), ("FR",)]),
            postal_prefixes=random.choice([(), ("75",)]),
            from_countries=random.choice([(), ("FR",)]),
            max_distance_km=random.choice([None, 300]),
        )
        zones.insert(0, near)
    if random.random() < 0.15:
        zones = zones[:1] if len(zones) > 1 else zones
    services = tuple(
        Service(
            id=service,
            lanes=tuple(_lane(random, zone.name) for zone in zones if random.random() < 0.95),
        )
        for service in ("parcel", "express")[: random.randint(1, 2)]
    )
    return Carrier(
        id=name,
        currency=random.choice(["EUR", "EUR", "USD"]),
        locations=random.choice([None, None, tuple(names[:2])]),
        max_parcel_grams=random.choice([2_000, 3_000, 30_000, 30_000]),
        carbon_grams_per_parcel=random.choice([0, 200]),
        carbon_grams_per_km=random.choice([0, 0.5]),
        delivery_days=random.choice([(0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4)]),
        zones=tuple(zones),
        services=services,
    )


def _lane(random: Random, zone: str) -> Lane:
    weights = random.choice([(30_000,), (1_000, 30_000), (500, 2_000, 30_000)])
    return Lane(
        zone=zone,
        transit_days=random.randint(0, 3),
        km_per_day=random.choice([None, 250]),
        tiers=tuple(
            Tier(
                up_to_grams=grams,
                per_parcel=random.randint(1, 9) * MICROS,
                per_kg=random.choice([0, 400_000]),
                per_km=random.choice([0, 0, 8_000]),
            )
            for grams in weights
        ),
    )


def _strategy(random: Random, names: list[str], *, split: bool) -> Strategy:
    terms = random.sample(list(Term), random.randint(1, 4))
    ordered = random.random() < 0.4
    window = Window(end=None) if random.random() < 0.5 else None
    drawn_values: dict[str, Any] = {
        "max_parcels": random.choice([1, 2, 3]),
        "max_locations": random.choice([1, 2]),
        "max_distance_km": 400,
        "countries": ("FR",),
        "ship_within_days": random.choice([0, 1]),
        "on_time": True,
        "excluded": (random.choice(names),),
        "excluded_types": (LocationType.STORE,),
        "protected": (Protected(locations=tuple(names[:1]), window=window),),
        "ship_together": (("bed", "sofa"),),
        "services": ("post/parcel",),
        "partial": True,
    }
    kept = {key: value for key, value in drawn_values.items() if random.random() < 0.15}
    constraints = Constraints(split_lines=split, **kept)
    chosen = strategy(
        constraints=constraints,
        unfilled=None if ordered else random.choice([None, 30.0]),
        order=tuple(terms) if ordered else (),
    )
    weights = {} if ordered else {term: random.choice([0.5, 1.0, 2.0]) for term in terms}
    return replace(chosen, weights=weights)


def _stock(random: Random, skus: list[str], names: list[str]) -> SourcingStock:
    share = random.choice([0.3, 0.5, 0.9])
    available = {
        sku: {name: random.choice([1, 2, 4]) if random.random() < share else 0 for name in names}
        for sku in skus
    }
    for units in available.values():
        units[random.choice(names)] += 3
    totals = {sku: sum(units.values()) for sku, units in available.items()}
    return stock(
        available,
        names,
        sellable={
            sku: max(0, units - random.choice([0, 0, 0, 0, 0, 3])) for sku, units in totals.items()
        },
        items=[
            item(
                sku,
                weight_grams=random.choice([-1, 300, 900, 2_500]),
                item_class=random.choice(_CLASSES),
                value_currency="EUR",
                value_units=random.randint(1, 99),
            )
            for sku in skus
            if random.random() < 0.9
        ],
        capacity_taken={
            (name, _TODAY + timedelta(days=ahead)): random.randint(0, 4)
            for name in names
            for ahead in range(-1, 9)
        },
        daily_outflow={
            sku: {name: random.choice([0.0, 0.01, 0.5]) for name in names} for sku in skus
        },
    )
