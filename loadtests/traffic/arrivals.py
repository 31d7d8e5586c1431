"""When clients come: independently of each other, and of how the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


def arrivals(
    rate_per_s: float, curve: Callable[[float], float], duration_s: float, rng: Random
) -> Iterator[float]:
    """Yield the moments of a Poisson process that follows a curve, in seconds since its beginning.

    By thinning: moments come at the full rate, and each is kept with the curve's probability.

    Args:
        rate_per_s: The full rate, more than 0.
        curve: The share of it, 0 to 1, by the share of the duration that has passed.
        duration_s: When it is over.
        rng: Where the luck comes from.
    """
    moment_s = rng.expovariate(rate_per_s)
    while moment_s < duration_s:
        if rng.random() < curve(moment_s / duration_s):
            yield moment_s
        moment_s += rng.expovariate(rate_per_s)
