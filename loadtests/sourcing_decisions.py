"""How long a sourcing decision takes beside its solver: strategies, calendar, carriers, telling.

Run: `python loadtests/sourcing_decisions.py`; `--profile` says where the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
from dataclasses import replace
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Final

from sellable.geo import Point
from sellable.network import (
    Carrier,
    Constraints,
    Lane,
    Location,
    LocationType,
    Market,
    Network,
    Profile,
    Service,
    Sourcing,
    Strategy,
    Term,
    Tier,
    Zone,
)
from sellable.reservation import Line
from sellable.sourcing import decide
from sellable.sourcing.decide import Profiles
from sellable.sourcing.order import Destination, Order, SourcingRequest, SourcingStock
from sellable.stock import Item

if TYPE_CHECKING:
    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Solution

NOW_MS: Final = 1_781_092_800_000
ZONES: Final = ("Europe/Paris", "Europe/Berlin", "Europe/Madrid")
WEEK: Final = ((540, 1_140),) * 6 + (None,)


def drawn_network(locations: int) -> Network:
    """Return a market of stores with hours, cut-offs and capacities, two carriers, two zones."""
    random = Random(locations)
    places = tuple(
        Location(
            id=f"S{number}",
            type=LocationType.STORE,
            country="FR",
            latitude=43 + 7 * random.random(),
            longitude=-1 + 8 * random.random(),
            time_zone=ZONES[number % len(ZONES)],
            daily_capacity=random.choice([None, 20, 50]),
            cut_off=random.choice([None, "14:00", "16:00"]),
            opening_hours=random.choice([(), WEEK]),
        )
        for number in range(locations)
    )
    strategy = Strategy(
        name="standard",
        weights={
            Term.SHIPPING_COST: 1.0,
            Term.DISTANCE: 0.001,
            Term.LATENESS: 4.0,
            Term.MARKDOWN: 0.1,
            Term.LOAD: 0.5,
            Term.CARBON: 0.1,
        },
        constraints=Constraints(max_distance_km=1_200, split_lines=False),
    )
    return Network(
        locations=places,
        markets=(
            Market(
                channel="web",
                country="FR",
                locations=tuple(place.id for place in places),
                time_zone="Europe/Paris",
            ),
        ),
        sourcing=Sourcing(
            default_profile="usual",
            carriers=tuple(_carrier(name, dear) for name, dear in (("post", 1), ("swift", 2))),
            profiles=(Profile(name="usual", strategies=(strategy,)),),
        ),
    )


def _carrier(name: str, dear: int) -> Carrier:
    def lane(zone: str, days: int) -> Lane:
        tiers = tuple(
            Tier(up_to_grams=grams, per_parcel=dear * micros, per_kg=50_000, per_km=1_000)
            for grams, micros in (
                (1_000, 3_600_000),
                (2_000, 4_300_000),
                (5_000, 5_600_000),
                (10_000, 7_900_000),
                (30_000, 13_500_000),
            )
        )
        return Lane(zone=zone, transit_days=days, km_per_day=800, tiers=tiers)

    return Carrier(
        id=name,
        currency="EUR",
        carbon_grams_per_parcel=200,
        carbon_grams_per_km=0.4,
        delivery_days=(0, 1, 2, 3, 4, 5),
        zones=(Zone(name="near", max_distance_km=200), Zone(name="far")),
        services=tuple(
            Service(id=service, lanes=(lane("near", days), lane("far", days + 1)))
            for service, days in (("parcel", 2), ("express", 1))
        ),
    )


def drawn_order(network: Network, lines: int, seed: int) -> tuple[SourcingRequest, SourcingStock]:
    """Return an order, and its stock at three of ten locations."""
    random = Random(seed)
    ids = network.markets[0].locations
    skus = tuple(f"K{number}" for number in range(lines))
    rows = [tuple(random.randint(1, 9) if random.random() < 0.3 else 0 for _ in ids) for _ in skus]
    rows = [(*row[:-1], 9) for row in rows]
    order = Order(
        market="web/FR",
        lines=tuple(Line(line_id=sku, sku=sku, quantity=random.randint(1, 3)) for sku in skus),
        destination=Destination(
            country="FR", postal_code="75001", point=Point(48.8 + random.random(), 2.3)
        ),
        promise_ms=NOW_MS + 3 * 24 * 3600 * 1000,
    )
    stock = SourcingStock(
        now_ms=NOW_MS,
        network_version=1,
        skus=skus,
        locations=ids,
        sellable=tuple(map(sum, rows)),
        available=tuple(rows),
        on_hand=tuple(rows),
        daily_outflow=tuple(tuple(random.random() for _ in ids) for _ in skus),
        items={
            sku: Item(
                sku=sku,
                update_us=1,
                weight_grams=random.randint(100, 6_000),
                value_currency="EUR",
                value_units=random.randint(5, 200),
            )
            for sku in skus
        },
    )
    return SourcingRequest(order=order), stock


class _Timed:
    """Calls the solver, and counts its time apart."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._solve = decide.best

    def __call__(self, case: Case, limit_ms: int) -> Solution | None:
        started = perf_counter()
        found = self._solve(case, limit_ms)
        self.seconds += perf_counter() - started
        return found


def main() -> None:
    """Print the median and the 99th percentile by size, without the solver and with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    timed = _Timed()
    decide.best = timed
    print(f"{'lines x locations':>18} {'median ms':>10} {'p99 ms':>8} {'solver, median ms':>18}")
    for lines, locations in ((3, 50), (10, 50), (12, 500), (3, 4_096)):
        network = drawn_network(locations)
        profiles = Profiles(network, 1)
        orders = [drawn_order(network, lines, seed) for seed in range(asked.orders)]
        for request, stock in orders[:20]:
            profiles.decide(request, stock)
        own, solving = [], []
        gc.collect()
        profile = cProfile.Profile() if asked.profile else None
        for request, stock in orders:
            timed.seconds = 0.0
            started = perf_counter()
            if profile is not None:
                profile.enable()
            profiles.decide(replace(request, solve_limit_ms=1_000), stock)
            if profile is not None:
                profile.disable()
            own.append((perf_counter() - started - timed.seconds) * 1_000)
            solving.append(timed.seconds * 1_000)
        own.sort()
        solving.sort()
        size = f"{lines} x {locations}"
        half, most = len(own) // 2, len(own) * 99 // 100
        print(f"{size:>18} {own[half]:>10.2f} {own[most]:>8.2f} {solving[half]:>18.2f}")
        if profile is not None:
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
