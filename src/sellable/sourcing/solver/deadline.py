"""Whether the time to solve is over: a stopwatch, which tells no time of day."""

from __future__ import annotations

from time import perf_counter

clock_s = perf_counter  # replaced where the processor's time is measured


class Deadline:
    """Begins when it is made."""

    def __init__(self, limit_s: float) -> None:
        self._ends_s = clock_s() + limit_s

    def passed(self) -> bool:
        """Return whether nothing is left."""
        return clock_s() >= self._ends_s
