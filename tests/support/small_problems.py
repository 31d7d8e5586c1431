"""Small random sourcing problems with every constraint, for comparison with brute force."""

from __future__ import annotations

from math import prod
from random import Random

import numpy as np

from sellable.sourcing.solver.problem import Problem

FILLINGS_MAX = 5_000  # what brute force has to try, about


def small_problem(seed: int, *, split: bool) -> Problem:
    """Return a problem of at most 4 lines, 4 locations and 3 levels; also infeasible ones."""
    random = Random(seed)
    while True:
        problem = _drawn(random, split=split)
        tried = prod(
            prod(
                1 + min(int(problem.demand[line]), int(units)) if allowed else 1
                for units, allowed in zip(
                    problem.stock[problem.sku_of[line]], problem.allowed[line], strict=True
                )
            )
            if problem.split[line]
            else 1 + problem.stock.shape[1]
            for line in range(len(problem.demand))
        )
        if tried <= FILLINGS_MAX:
            return problem


def _drawn(random: Random, *, split: bool) -> Problem:
    n, places, levels = random.randint(1, 4), random.randint(2, 4), random.choice([1, 1, 2, 3])
    skus = n if random.random() < 0.6 else random.randint(1, n)
    sku_of = [*range(skus), *(random.randrange(skus) for _ in range(n - skus))]
    most = random.choice([3, 5, 8])
    stock = [
        [
            random.choice([0, random.randint(1, most), random.randint(1, most)])
            for _ in range(places)
        ]
        for _ in range(skus)
    ]
    total = [sum(row) for row in stock]
    partial = random.random() < 0.5
    highest = random.choice([3, 20, 1_000_000, 10**11 if levels == 3 else 1_000])
    dear = highest // random.choice([1, 10, 50])
    modes = [
        (place, parcels, above, above + random.choice([3, 6, 12]))
        for place in range(places)
        for parcels, above in _tiers(random)
    ]

    def cost(most: int = highest) -> list[int]:
        return [random.randint(0, most) // random.choice([1, 1, 10]) for _ in range(levels)]

    lines = list(range(n))
    random.shuffle(lines)
    together = [tuple(sorted(lines[:2]))] if n >= 2 and random.random() < 0.3 else []
    return Problem(
        demand=np.array([random.randint(1, 3) for _ in range(n)]),
        unit_grams=np.array([random.choice([0, 1, 2, 3]) for _ in range(n)]),
        sku_of=np.array(sku_of),
        stock=np.array(stock),
        sku_limit=np.array(
            [max(0, units - random.choice([0, 0, 1, 2])) if partial else units for units in total]
        ),
        allowed=np.array([[random.random() < 0.9 for _ in range(places)] for _ in range(n)]),
        mode_location=np.array([mode[0] for mode in modes], dtype=np.int64),
        mode_fixed=np.array([cost(dear) for _ in modes], dtype=np.int64).reshape(-1, levels),
        mode_unit=np.array([[cost() for _ in range(n)] for _ in modes], dtype=np.int64).reshape(
            -1, n, levels
        ),
        mode_grams_min=np.array([mode[2] for mode in modes], dtype=np.int64),
        mode_grams_max=np.array([mode[3] for mode in modes], dtype=np.int64),
        mode_parcels=np.array([mode[1] for mode in modes], dtype=np.int64),
        split=np.array([split and random.random() < 0.8 for _ in range(n)]),
        partial=partial,
        unfilled_cost=np.array([cost() for _ in range(n)]) * random.choice([1, 5, 20]),
        together=tuple(together),
        max_parcels=random.choice([None, None, 1, 2, 2, 3]),
        max_locations=random.choice([None, None, 1, 2, 2, 3]),
    )


def _tiers(random: Random) -> list[tuple[int, int]]:
    """Return parcels and what the mode takes more than, of a few modes, seldom of none."""
    count = random.choice([0, 1, 2, 3, 3, 3])
    return [(random.choice([1, 1, 2]), random.choice([-1, -1, 2, 4])) for _ in range(count)]
