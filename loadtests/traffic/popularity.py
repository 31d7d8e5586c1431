"""Which SKUs are asked for: few of them often, most of them seldom."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


class Popularity:
    """Draws SKUs by Zipf's law: that of rank k, from 0 on, in proportion to 1 / (k + 1)^exponent.

    Args:
        count: How many SKUs there are, at least 1.
        exponent: 0: all alike; 1: what shops usually see.
        rng: Where the luck comes from.
    """

    def __init__(self, count: int, exponent: float, rng: Random) -> None:
        self._ranks = range(count)
        self._sums = list(accumulate((rank + 1) ** -exponent for rank in self._ranks))
        self._rng = rng

    def draw(self) -> int:
        """Return the rank of one SKU."""
        return self._rng.choices(self._ranks, cum_weights=self._sums)[0]

    def distinct(self, count: int) -> list[int]:
        """Return so many different ranks, at most as many as there are, in the order drawn."""
        assert count <= len(self._ranks)
        found: dict[int, None] = {}
        while len(found) < count:
            missing = count - len(found)
            found |= dict.fromkeys(
                self._rng.choices(self._ranks, cum_weights=self._sums, k=missing)
            )
        return list(found)
