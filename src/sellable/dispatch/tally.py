"""What a process has planned, counted."""

from __future__ import annotations

from typing import Final

from sellable.tally import ATTEMPTS, Histogram

METHODS: Final = ("subsets", "milp", "nearest", "priority")


class PlanTally:
    """Plans by how they were found, and what became of those that were to be held."""

    __slots__ = ("attempts", "lost", "methods", "unproven")

    def __init__(self) -> None:
        self.methods = dict.fromkeys(METHODS, 0)
        self.unproven = 0
        self.lost = 0
        self.attempts = Histogram(ATTEMPTS)

    def planned(self, method: str, *, optimal: bool) -> None:
        """Count a plan."""
        self.methods[method] = self.methods.get(method, 0) + 1
        self.unproven += not optimal
