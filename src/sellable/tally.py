"""Counters in plain numbers: adding to one costs a fraction of a microsecond.

Who counts does not know who reads; `sellable.metrics` makes metrics of them when it is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
ATTEMPTS: Final = (1.0, 2.0, 3.0, 4.0, 5.0)
SIZES: Final = (1.0, 2.0, 5.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)


class Histogram:
    """How often values fell between bounds, and their sum.

    Args:
        bounds: Upper bounds, each included, in ascending order; above the last one is one more
            place.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, or several that are the same."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times


class MethodTally(Histogram):
    """The calls of one method that have ended: their seconds, and how many ended otherwise than OK.

    A call that fails is observed as well.
    """

    __slots__ = ("failures",)

    def __init__(self) -> None:
        super().__init__(SECONDS)
        self.failures: dict[str, int] = {}

    def fail(self, code: str) -> None:
        """Count the status code of a call that was not answered."""
        self.failures[code] = self.failures.get(code, 0) + 1


class ReadTally:
    """Reads of a store: what each asked for, and how many were refused as too many waited."""

    __slots__ = ("refused", "requests", "skus")

    def __init__(self) -> None:
        self.requests = Histogram(SIZES)
        self.skus = Histogram(SIZES)
        self.refused = 0

    def observe(self, requests: int, skus: int) -> None:
        """Count one question to the store, by how many it answers."""
        self.requests.observe(requests)
        self.skus.observe(skus)
