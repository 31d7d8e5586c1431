"""How a weight goes in equal parcels of a price list, and which ways are never the best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sellable.limits import PARCELS_PER_SHIPMENT_MAX

if TYPE_CHECKING:
    from sellable.network import Tier
    from sellable.sourcing.solver.problem import Mask, Whole

WEIGHTS_MAX: Final = 4_096  # an order with more different weights is taken to have every weight


class Way(NamedTuple):
    """So many equal parcels of a tier: they carry more than `grams_min`, at most `grams_max`.

    -1 as the minimum: also nothing that weighs.
    """

    parcels: int
    tier: int
    grams_min: int
    grams_max: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """What a shipment of an order may weigh: each of `each`, ascending, or anything up to `most`.

    `each` is empty where there would be more than `WEIGHTS_MAX`.
    """

    each: Whole
    most: int

    @classmethod
    def of(cls, quantities: Whole, unit_grams: Whole, split: Mask) -> Weights:
        """Gather the weights: of a line that may split any number of units, else all or none."""
        most = int(quantities @ unit_grams)
        heavy = [
            (int(quantity), int(grams)) if splits else (1, int(quantity * grams))
            for quantity, grams, splits in zip(quantities, unit_grams, split, strict=True)
            if grams
        ]
        if prod(quantity + 1 for quantity, _ in heavy) > WEIGHTS_MAX:
            return cls(each=np.zeros(0, dtype=np.int64), most=most)
        sums = np.zeros(1, dtype=np.int64)
        for quantity, grams in heavy:
            sums = np.unique(np.add.outer(sums, np.arange(quantity + 1) * grams))
        return cls(each=sums if len(heavy) < len(quantities) else sums[1:], most=most)

    def carried(self, ways: Whole) -> Whole:
        """Return those rows of `ways` that carry at least one of the weights."""
        least, most = ways[:, 2], ways[:, 3]
        if not len(self.each):
            return ways[least < self.most]
        first = np.searchsorted(self.each, least, side="right")
        return ways[first < np.searchsorted(self.each, most, side="right")]


def ways_to_send(tiers: tuple[Tier, ...], parcel_grams_max: int, weights: Weights) -> Whole:
    """Return (w, 4) the ways, as rows of `Way`, that may be the best for one of the weights."""
    up_to_grams = 1_000
    while up_to_grams < weights.most:  # few different bounds, so that most are remembered
        up_to_grams *= 4
    return weights.carried(_useful(tiers, parcel_grams_max, up_to_grams))


@lru_cache(maxsize=4_096)
def _useful(tiers: tuple[Tier, ...], parcel_grams_max: int, up_to_grams: int) -> Whole:
    """Return every way that may be the best for some weight up to a bound.

    A parcel is priced by the tier that its weight falls into, so p parcels of a tier above a and
    up to b grams carry more than p*a and at most p*b. As fewer parcels of a tier are never worse,
    p are of use for more than (p-1)*b only. Of what is left for a weight that falls out which
    another one, of fewer parcels, beats in price at any distance.
    """
    up_to = [min(tier.up_to_grams, parcel_grams_max) for tier in tiers]
    bounds = [(above, most) for above, most in pairwise([0, *up_to]) if above < most]
    high = np.unique(np.concatenate([_multiples(bound, up_to_grams) for bound in bounds]))
    low = np.append(0, high[:-1])
    # Between two neighbouring ends the number of parcels of a tier stays, and prices are straight
    # lines: what is not above another one at both ends never is.
    best_low, best_high, best_km = np.full((3, len(high)), np.inf)
    found = {(0, 1)}
    for tier, (above, most) in reversed(list(enumerate(bounds))):
        parcels = -(-high // most)
        each = parcels * float(tiers[tier].per_parcel)
        price_low, price_high = (each + end * (tiers[tier].per_kg / 1_000) for end in (low, high))
        price_km = parcels * float(tiers[tier].per_km)
        beaten = (price_low >= best_low) & (price_high >= best_high) & (price_km >= best_km)
        fits = (parcels <= PARCELS_PER_SHIPMENT_MAX) & (parcels * above <= low) & ~beaten
        found.update((tier, count) for count in parcels[fits].tolist())
        better = fits & (price_low + price_high < best_low + best_high)
        for best, price in (
            (best_low, price_low),
            (best_high, price_high),
            (best_km, price_km),
        ):
            best[better] = price[better]
    ways = [
        Way(count, tier, max(count * above, (count - 1) * most), count * most)
        for tier, (above, most) in enumerate(bounds)
        for count in sorted(count for other, count in found if other == tier)
    ]
    ways[0] = ways[0]._replace(grams_min=-1)
    return np.array(ways, dtype=np.int64)


def _multiples(bound: tuple[int, int], up_to_grams: int) -> Whole:
    """Return the weights at which the number of parcels of a tier changes, or may be its own."""
    above, most = bound
    counts = np.arange(1, min(PARCELS_PER_SHIPMENT_MAX, -(-up_to_grams // most)) + 1)
    ends = np.concatenate([counts * above, counts * most])
    return ends[ends > 0]
