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
    another one, with no more parcels, beats in price at any distance.
    """
    most = [min(tier.up_to_grams, parcel_grams_max) for tier in tiers]
    ways = [
        Way(parcels, tier, max(parcels * above, (parcels - 1) * up_to), parcels * up_to)
        for tier, (above, up_to) in enumerate(zip([0, *most[:-1]], most, strict=True))
        if above < up_to
        for parcels in range(1, PARCELS_PER_SHIPMENT_MAX + 1)
        if parcels == 1 or (parcels - 1) * up_to < up_to_grams
    ]
    ways[0] = ways[0]._replace(grams_min=-1)
    ends = sorted({0} | {way.grams_min for way in ways[1:]} | {way.grams_max for way in ways})
    kept = {ways[0]}
    for low, high in pairwise(ends):
        # Between two neighbouring ends prices are straight lines: what is not above another one
        # at both of them never is.
        costs = [
            (
                way.parcels,
                tiers[way.tier].per_km * way.parcels,
                _price(tiers[way.tier], way.parcels, low),
                _price(tiers[way.tier], way.parcels, high),
                way,
            )
            for way in ways
            if way.grams_min <= low and high <= way.grams_max
        ]
        kept.update(
            one[-1]
            for one in costs
            if not any(_beats(other, one) for other in costs if other is not one)
        )
    return np.array([way for way in ways if way in kept], dtype=np.int64)


def _price(tier: Tier, parcels: int, grams: int) -> int:
    """Return the price without distance, in thousandths of a micro."""
    return parcels * tier.per_parcel * 1_000 + grams * tier.per_kg


def _beats(one: tuple[int, int, int, int, Way], other: tuple[int, int, int, int, Way]) -> bool:
    """Tell whether the first costs no more in anything; of equal ones the lower tier beats."""
    no_more = all(a <= b for a, b in zip(one[:-1], other[:-1], strict=True))
    return no_more and (one[:-1] != other[:-1] or one[-1].tier < other[-1].tier)
