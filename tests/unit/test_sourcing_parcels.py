"""How a weight goes in parcels: which ways are kept, and which weights an order has."""

from __future__ import annotations

import numpy as np

from sellable.limits import PARCELS_PER_SHIPMENT_MAX
from sellable.network import Tier
from sellable.sourcing.parcels import WEIGHTS_MAX, Weights, ways_to_send


def test_ways_that_are_left_out_are_never_the_cheapest() -> None:
    """For every weight, among the ways that are kept is one as cheap as any there is."""
    generator = np.random.default_rng(6)
    for _ in range(60):
        ends = np.sort(generator.choice(np.arange(1, 40), 4, replace=False)) * 100
        tiers = tuple(
            Tier(
                up_to_grams=int(end),
                per_parcel=int(generator.integers(0, 9)),
                per_kg=int(generator.integers(0, 3)) * 1_000,
                per_km=int(generator.integers(0, 3)),
            )
            for end in ends
        )
        most = int(ends[-1]) - int(generator.integers(0, 90))
        anything = Weights(each=np.zeros(0, dtype=np.int64), most=9_000)
        kept = ways_to_send(tiers, most, anything)
        for grams in generator.integers(0, 9_000, 40).tolist():
            for km in (0, 1, 50):
                every = _prices(_every_way(tiers, most, grams), tiers, grams, km)
                of_kept = [w for w in kept.tolist() if w[2] < grams <= w[3]]
                assert min(every) == min(_prices(of_kept, tiers, grams, km))
        only = Weights(each=np.array([700, 5_000]), most=5_000)
        fewer = ways_to_send(tiers, most, only).tolist()
        assert all(any(low < w <= high for w in (700, 5_000)) for _, _, low, high in fewer)


def _every_way(tiers: tuple[Tier, ...], most: int, grams: int) -> list[list[int]]:
    above = [0, *(tier.up_to_grams for tier in tiers)]
    return [
        [parcels, number]
        for number, tier in enumerate(tiers)
        for parcels in range(1, PARCELS_PER_SHIPMENT_MAX + 1)
        if above[number] < grams / parcels <= min(tier.up_to_grams, most)
        or (grams == number == 0 and parcels == 1)
    ]


def _prices(ways: list[list[int]], tiers: tuple[Tier, ...], grams: int, km: int) -> list[int]:
    return [
        way[0] * (tiers[way[1]].per_parcel + km * tiers[way[1]].per_km) * 1_000
        + grams * tiers[way[1]].per_kg
        for way in ways
    ]


def test_weights_of_an_order_are_told_one_by_one_while_they_are_few() -> None:
    """Whole lines give all units or none, others any number; beyond a bound, any weight."""

    def told(quantities: list[int], grams: list[int], *split: bool) -> list[int]:
        weights = Weights.of(np.array(quantities), np.array(grams), np.array(split))
        return list(weights.each)

    assert [3, 6, 9] == told([2, 3], [3, 1], False, False)
    assert [1, 3, 4, 6, 7] == told([2, 1], [3, 1], True, False)
    assert [0, 5] == told([1, 1], [5, 0], False, False)
    assert [] == told([WEIGHTS_MAX], [1], True)
    assert [WEIGHTS_MAX] == told([WEIGHTS_MAX], [1], False)
