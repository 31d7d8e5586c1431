"""Replays one world under every rule, and many worlds on several cores."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from olist.data import Olist, load
from olist.fits import Freight, Transit, fit_freight, fit_transit
from olist.measures import Measures, Priced
from olist.network import document, names_of
from olist.planned import Planned
from olist.rules import Oms
from olist.world import Options, locations_of, make_world, placed_orders
from sellable.network import parse
from sellable.sourcing.decide import Profiles
from sellable.stock import Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

BASE: Final = "traditional"
PROFILES: Final = ("cheapest", "fastest", "parcels first", "balanced", "buffered")
RULES: Final = (BASE, "nearest", *PROFILES)


class Basis(NamedTuple):
    """What all worlds share."""

    olist: Olist
    freight: Freight
    transit: Transit
    handling_days: float


class Job(NamedTuple):
    """One world, and the rules to replay it under."""

    folder: Path
    seed: int
    options: Options
    rules: Sequence[str]


@cache
def basis(folder: Path) -> Basis:
    """Read and fit once a process."""
    olist = load(folder)
    handling = sum(olist.handling_days) / max(1, len(olist.handling_days))
    return Basis(olist, fit_freight(olist.carried), fit_transit(olist.carried), handling)


def replay(job: Job) -> dict[str, dict[str, float]]:
    """Return the figures of every rule in the world of a seed."""
    shared = basis(job.folder)
    olist, options = shared.olist, job.options
    locations = locations_of(olist, options.locations)
    names = names_of(locations)
    orders = placed_orders(olist, locations, options, job.seed)
    world = make_world(olist, locations, options, job.seed)
    network = parse(document(locations, shared.freight, shared.transit, options.capacity))
    decider, snapshot = Profiles(network, 1), world.snapshot(names)
    grams = {sku: product.grams for sku, product in olist.products.items()}
    items = {sku: Item(sku=sku, update_us=0, weight_grams=weight) for sku, weight in grams.items()}
    found = {}
    for name in job.rules:
        rule: Oms | Planned
        if name in PROFILES:
            buffered = name == "buffered"
            profile = "balanced" if buffered else name
            rule = Planned(
                decider, network, names, world, snapshot, items, profile, buffer=int(buffered)
            )
        else:
            by_distance = name == "nearest"
            rule = Oms(world, grams, by_distance=by_distance, capacity=options.capacity)
        measures = Measures(Priced(shared.freight, shared.transit, shared.handling_days))
        tills = iter(world.tills)
        till = next(tills, None)
        for order in orders:
            while till is not None and till.at_ms <= order.at_ms:
                rule.sell(till.sku, till.location, till.at_ms)
                till = next(tills, None)
            measures.add(rule.handle(order))
        found[name] = measures.value()
    return found


def replays(jobs: Sequence[Job], processes: int) -> Iterator[dict[str, dict[str, float]]]:
    """Yield the figures of every job, in their order."""
    if processes == 1:
        yield from map(replay, jobs)
        return
    with ProcessPoolExecutor(processes) as pool:
        waiting: list[Future[dict[str, dict[str, float]]]] = [
            pool.submit(replay, job) for job in jobs
        ]
        for future in waiting:
            yield future.result()
