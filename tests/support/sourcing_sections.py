"""A sourcing section that writes every key, and the values that it stands for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sellable.network import (
    Carrier,
    Conditions,
    Constraints,
    Lane,
    LocationType,
    Protected,
    Service,
    Strategy,
    Term,
    Tier,
    Window,
    Zone,
)

EVERY_KEY: Final = """
locations:
  - {id: A, type: store, country: FR, tags: [t]}
  - {id: B, type: warehouse, country: NO}
markets:
  - {channel: web, country: FR, locations: [A, B], sourcing: q}
  - {channel: app, country: NO, locations: B}
sourcing:
  currency: SEK
  exchange_rates: {EUR: 0.25}
  default: p
  carriers:
    - id: c
      currency: EUR
      locations: [tag:t, B]
      max_parcel_kg: 31.5
      carbon_grams_per_parcel: 150.5
      carbon_grams_per_km: .4
      delivery_days: [mon-wed, sat, tue]
      zones:
        - name: z
          countries: NO
          postal_prefixes: [0 1, sw-1a]
          from_countries: [FR]
          max_distance_km: 12.5
        - {name: y}
      services:
        - id: s
          lanes:
            - {zone: z, transit_days: 0, rates: [{per_km: 0.000001}]}
            - zone: y
              transit_days: 3
              km_per_day: 500
              rates:
                - {above_kg: 0, up_to_kg: 0.001, per_parcel: 0.10}
                - {above_kg: 0.001, up_to_kg: 50, per_parcel: 10000000, per_kg: +1.5}
  profiles:
    - name: p
      strategies:
        - name: x
          priority: 3
          from: 2026-11-23T00:00
          until: 2026-12-28T00:00:00Z
          when:
            channel: web
            country: [FR]
            destination: [NO, FR]
            postal_prefix: 75
            item_class: C
            value_min: 0.5
            value_max: 1000000000000
          weights: {shipping_cost: 1, lateness: 2.5}
          unfilled: 20
          constraints:
            max_parcels: 1
            max_locations: 1000
            max_distance_km: 100
            countries: [FR, NO]
            ship_within_days: 0
            on_time: true
            excluded: B
            excluded_types: [3pl]
            protected: [B, {locations: [A], until: 2027-01-01T00:00}]
            ship_together: [[C, D], [E]]
            services: c/s
            split_lines: false
            partial: true
          fall_back: false
    - {name: q, strategies: [{name: x, order: [parcels, distance]}, {name: y, policy: nearest}]}
"""
CARRIER: Final = Carrier(
    id="c",
    currency="EUR",
    locations=("A", "B"),
    max_parcel_grams=31_500,
    carbon_grams_per_parcel=150.5,
    carbon_grams_per_km=0.4,
    delivery_days=(0, 1, 2, 5),
    zones=(
        Zone(
            name="z",
            countries=("NO",),
            postal_prefixes=("01", "SW1A"),
            from_countries=("FR",),
            max_distance_km=12.5,
        ),
        Zone(name="y"),
    ),
    services=(
        Service(
            id="s",
            lanes=(
                Lane(zone="z", transit_days=0, tiers=(Tier(up_to_grams=31_500, per_km=1),)),
                Lane(
                    zone="y",
                    transit_days=3,
                    km_per_day=500.0,
                    tiers=(
                        Tier(up_to_grams=1, per_parcel=100_000),
                        Tier(up_to_grams=50_000, per_parcel=10**13, per_kg=1_500_000),
                    ),
                ),
            ),
        ),
    ),
)
STRATEGY: Final = Strategy(
    name="x",
    priority=3,
    when=Conditions(
        channels=("web",),
        countries=("FR",),
        destinations=("NO", "FR"),
        postal_prefixes=("75",),
        item_classes=("C",),
        value_min=500_000,
        value_max=10**18,
    ),
    window=Window(
        start=datetime(2026, 11, 23),  # noqa: DTZ001 - local to the market
        end=datetime(2026, 12, 28, tzinfo=UTC),
    ),
    weights={Term.SHIPPING_COST: 1.0, Term.LATENESS: 2.5},
    unfilled=20.0,
    constraints=Constraints(
        max_parcels=1,
        max_locations=1_000,
        max_distance_km=100.0,
        countries=("FR", "NO"),
        ship_within_days=0,
        on_time=True,
        excluded=("B",),
        excluded_types=(LocationType.THIRD_PARTY,),
        protected=(
            Protected(locations=("B",)),
            Protected(
                locations=("A",),
                window=Window(end=datetime(2027, 1, 1)),  # noqa: DTZ001 - local to A
            ),
        ),
        ship_together=(("C", "D"), ("E",)),
        services=("c/s",),
        split_lines=False,
        partial=True,
    ),
    fall_back=False,
)
