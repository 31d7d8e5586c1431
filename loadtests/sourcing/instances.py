"""Sourcing problems drawn from a seed: orders of parcels to a place, from stock all around it.

Places lie evenly in a square of 1,500 km; a line is in stock at the stated share of the locations
(at least at one that has all of it), 1 to 10 units; 1 to 5 units are wanted, of 100 g to some kg.
A carrier has two services with prices by parcel, km and kg in five weight tiers; what weighs more
than a parcel may goes in several. Money is micros of a euro.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.sourcing.solver.problem import Whole

    Float = NDArray[np.float64]

SQUARE_KM = 1_500
TIER_GRAMS = (0, 1_000, 2_000, 5_000, 10_000, 30_000)
PARCEL_GRAMS_MAX = TIER_GRAMS[-1]
EURO = 1_000_000


@dataclass(frozen=True)
class Service:
    """A way of delivery: what a parcel costs by tier, by km and by kg, and how many km a day."""

    tier_euros: tuple[float, ...]
    km_euros: float
    kg_euros: float
    km_per_day: float


SERVICES = (
    Service((3.6, 4.3, 5.6, 7.9, 13.5), 0.001, 0.05, 400),
    Service((7.9, 9.1, 11.9, 15.2, 24.0), 0.003, 0.10, 1_200),
)
PROMISED_DAYS = 2


@dataclass(frozen=True)
class Kind:
    """What a drawn problem is like."""

    lines: int
    locations: int
    share: float  # of the locations that have a line in stock
    split: bool = False  # lines may split, and constraints couple: see `coupled`
    lexicographic: bool = False  # fewest parcels, then the price, else a weighted sum of terms


def draw(kind: Kind, seed: int) -> Problem:
    """Return the problem of a kind and seed, always the same; it has a feasible plan."""
    rng = np.random.default_rng((seed, kind.lines, kind.locations, round(kind.share * 100)))
    n, places = kind.lines, kind.locations
    demand = rng.integers(1, 6, n)
    grams = np.clip(rng.lognormal(6.7, 0.9, n), 100, 12_000).astype(np.int64)
    stock = np.where(rng.random((n, places)) < kind.share, rng.integers(1, 11, (n, places)), 0)
    keeper = rng.integers(0, places, n)
    stock[np.arange(n), keeper] = np.maximum(stock[np.arange(n), keeper], demand)
    km = np.hypot(*(rng.random((2, places)) * SQUARE_KM - rng.random((2, 1)) * SQUARE_KM))
    markdown = rng.integers(0, EURO, (n, places))  # of a unit, where it sells well
    modes = _modes(km, int(demand @ grams))
    costs = _costs(modes, km, grams, markdown, lexicographic=kind.lexicographic)
    problem = Problem(
        demand=demand,
        unit_grams=grams,
        sku_of=np.arange(n),
        stock=stock,
        sku_limit=stock.sum(axis=1),
        allowed=np.ones((n, places), dtype=bool),
        split=np.full(n, kind.split),
        partial=False,
        unfilled_cost=np.zeros((n, 2 if kind.lexicographic else 1), dtype=np.int64),
        mode_location=modes[:, 0],
        mode_fixed=costs[0],
        mode_unit=costs[1],
        mode_grams_min=modes[:, 4],
        mode_grams_max=modes[:, 5],
        mode_parcels=modes[:, 3],
    )
    return coupled(problem, rng) if kind.split else problem


def _modes(km: Float, order_grams: int) -> Whole:
    """Return rows (location, service, tier, parcels, grams_min, grams_max) an order may need."""
    modes = []
    for location in range(len(km)):
        for service in range(len(SERVICES)):
            for tier, (above, up_to) in enumerate(pairwise(TIER_GRAMS)):
                if above < order_grams:
                    modes.append((location, service, tier, 1, above if tier else -1, up_to))
            for above in range(PARCEL_GRAMS_MAX, order_grams, PARCEL_GRAMS_MAX):
                parcels = above // PARCEL_GRAMS_MAX + 1
                top = len(TIER_GRAMS) - 2
                modes.append((location, service, top, parcels, above, above + PARCEL_GRAMS_MAX))
    return np.array(modes, dtype=np.int64)


def _costs(
    modes: Whole,
    km: Float,
    grams: Whole,
    markdown: Whole,
    *,
    lexicographic: bool,
) -> tuple[Whole, Whole]:
    """Return fixed and unit costs: four terms in one sum, or parcels before the price."""
    location, service, tier, parcels = modes.T[:4]
    far = km[location]
    tiers = np.array([each.tier_euros for each in SERVICES])[service, tier]
    km_euros = np.array([each.km_euros for each in SERVICES])[service]
    kg_euros = np.array([each.kg_euros for each in SERVICES])[service]
    days = 1 + np.ceil(far / np.array([each.km_per_day for each in SERVICES])[service])
    shipping = parcels * (tiers + km_euros * far)
    late = np.maximum(0, days - PROMISED_DAYS)
    by_weight = (kg_euros[:, None] * grams / 1_000 * EURO).astype(np.int64)
    if lexicographic:
        fixed = np.stack([parcels, (shipping * EURO).astype(np.int64)], axis=1)
        unit = np.stack([np.zeros_like(by_weight), by_weight], axis=2)
    else:
        weighted = shipping + 0.004 * far + 1.5 * late
        fixed = (weighted * EURO).astype(np.int64)[:, None]
        unit = (by_weight + markdown[:, location].T)[:, :, None]
    return fixed, unit


def coupled(problem: Problem, rng: np.random.Generator) -> Problem:
    """Add what couples: a shared SKU, a group, and a bound that a simple cover just keeps.

    Lines 1 and 2 are of one SKU; lines 0 and 1 come from one location, which has them all. The
    bound is on parcels or on locations, and is that of a plan that takes the location that has
    most of what is open, again and again; half of the time one more.
    """
    sku_of, stock = problem.sku_of.copy(), problem.stock.copy()
    sku_of[2] = 1
    stock[1] += stock[2]
    stock[2] = 0
    host = int(rng.integers(0, stock.shape[1]))
    stock[1, host] = max(stock[1, host], problem.demand[1] + problem.demand[2])
    stock[0, host] = max(stock[0, host], problem.demand[0])
    grown = replace(
        problem, sku_of=sku_of, stock=stock, sku_limit=stock.sum(axis=1), together=((0, 1),)
    )
    locations, parcels = _cover(grown)
    more = int(rng.integers(0, 2))
    if rng.integers(0, 2):
        return replace(grown, max_locations=locations + more)
    return replace(grown, max_parcels=parcels + more)


def _cover(problem: Problem) -> tuple[int, int]:
    """Return locations and parcels of a plan: first the group, then most of what is open."""
    left, stock = problem.demand.copy(), problem.stock.copy()
    group = list(problem.together[0])
    whole = np.all(stock[problem.sku_of[group]] >= problem.demand[group][:, None], axis=0)
    locations = parcels = 0
    while left.any():
        able = np.minimum(stock[problem.sku_of], left[:, None])
        if left[group].any():
            able[:, ~whole] = 0
        else:
            able[group] = 0
        at = int(able.sum(axis=0).argmax())
        grams = 0
        for line in range(len(left)):
            taken = min(int(left[line]), int(stock[problem.sku_of[line], at]))
            left[line] -= taken
            stock[problem.sku_of[line], at] -= taken
            grams += taken * int(problem.unit_grams[line])
        locations += 1
        parcels += max(1, -(-grams // PARCEL_GRAMS_MAX))
    return locations, parcels
