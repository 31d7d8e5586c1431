"""What a process has planned, counted."""

from __future__ import annotations

from typing import Final

from sellable.limits import SOURCING_ATTEMPTS_MAX
from sellable.tally import Histogram

ATTEMPTS: Final = tuple(float(count) for count in range(1, SOURCING_ATTEMPTS_MAX + 1))


class PlanTally:
    """Plans by how they were found, and what became of those that were to be held."""

    __slots__ = ("attempts", "lost", "methods", "unproven")

    def __init__(self) -> None:
        self.methods: dict[str, int] = {}
        self.unproven = 0
        self.lost = 0
        self.attempts = Histogram(ATTEMPTS)

    def planned(self, method: str, *, optimal: bool) -> None:
        """Count a plan."""
        self.methods[method] = self.methods.get(method, 0) + 1
        self.unproven += not optimal
