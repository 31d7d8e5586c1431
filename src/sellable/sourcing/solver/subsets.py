"""The cheapest way to serve every set of bundles, each location once: dynamic programming.

Why it is exact: README.md of this room. Costs are packed; `f[p, q, s]` is the least cost of sending
the set s from at most p locations in at most q parcels (one row where there is no such bound).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.sourcing.solver.bundles import Sets
    from sellable.sourcing.solver.problem import Mask, Whole
    from sellable.sourcing.solver.scale import Cost, Scale


@dataclass(frozen=True, slots=True)
class Sent:
    """A set of bundles that a location sends in so many parcels (0: whatever is cheapest)."""

    bundles: int
    location: int
    parcels: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The most locations and parcels; None: no bound."""

    locations: int | None = None
    parcels: int | None = None

    def shape(self, bits: int) -> tuple[int, int, int]:
        """Return the shape of costs by budget and set."""
        return (self.locations or 0) + 1, (self.parcels or 0) + 1, 1 << bits

    def step(self, parcels: int) -> tuple[int, int]:
        """Return what a location with so many parcels takes of it."""
        return int(self.locations is not None), parcels if self.parcels is not None else 0


@dataclass(slots=True, eq=False)
class Table:
    """Costs of all sets, and how they came about: free locations first, then one after the other.

    Attributes:
        best: By number of parcels, the cheapest free location of each set.
        steps: `f` of the free locations, then with each of the `single` ones after it.
        single: (location, whether it must ship).
    """

    sets: Sets
    scale: Scale
    bits: int
    budget: Budget
    free: Mask  # of the entries of sets
    best: dict[int, Cost] = field(default_factory=dict)
    steps: list[Cost] = field(default_factory=list)
    single: list[tuple[int, bool]] = field(default_factory=list)

    def fill(self, *, whole: bool) -> None:
        """Serve sets from free locations: all sets, or those that the full one needs."""
        for parcels in np.unique(self.sets.parcels).tolist():
            of = self.free & (self.sets.parcels == parcels)
            best = self.scale.full(1 << self.bits)
            np.minimum.at(best, self.sets.sets[of], self.sets.costs[of])
            self.best[parcels] = best
        costs = self.scale.full(self.budget.shape(self.bits))
        costs[..., 0] = 0
        for bit in range(self.bits):
            only_full = not whole and bit == self.bits - 1
            first, rest, starts = full_pairs(bit) if only_full else pairs(bit)
            low, high = 1 << bit, 2 << bit
            block = costs[..., high - 1 :][..., :1] if only_full else costs[..., low:high]
            for parcels, best in self.best.items():
                places, boxes = self.budget.step(parcels)
                before = costs[: costs.shape[0] - places, : max(0, costs.shape[1] - boxes)]
                sums = np.take(before, rest, axis=-1) + best[low + first]
                least = np.minimum.reduceat(sums, starts, axis=-1)
                part = block[places:, boxes:]
                np.minimum(part, least, out=part)
        self.steps = [costs]

    def not_idle(self) -> None:
        """Have at least one of the locations so far ship; a step that changes nothing else."""
        self.steps.append(self.steps[-1].copy())
        self.steps[-1][..., 0] = self.scale.infinite
        self.single.append((-1, False))

    def add(self, location: int, *, must: bool) -> None:
        """Let one more location send one set, or nothing unless it must."""
        before = self.steps[-1]
        after = self.scale.full(before.shape) if must else before.copy()
        for entry in np.flatnonzero(self.sets.locations == location).tolist():
            chosen = int(self.sets.sets[entry])
            places, boxes = self.budget.step(int(self.sets.parcels[entry]))
            rest = submasks(((1 << self.bits) - 1) ^ chosen)
            part = after[places:, boxes:]
            source = before[: before.shape[0] - places, : max(0, before.shape[1] - boxes)]
            sums = source[..., rest] + self.sets.costs[entry]
            part[..., rest | chosen] = np.minimum(part[..., rest | chosen], sums)
        np.minimum(after, self.scale.infinite, out=after)
        self.steps.append(after)
        self.single.append((location, must))

    def trace(self, wanted: int, budget: tuple[int, int] = (-1, -1)) -> list[Sent]:
        """Return what sends a set at the least cost; of equal ones always the same."""
        costs = self.steps[-1]
        at = (budget[0] % costs.shape[0], budget[1] % costs.shape[1])
        sent = []
        for step in range(len(self.single), 0, -1):
            location, must = self.single[step - 1]
            if must or self.steps[step - 1][(*at, wanted)] != self.steps[step][(*at, wanted)]:
                found = self._single(step, at, wanted, location)
                sent.append(found)
                at, wanted = self._after(at, found.parcels), wanted ^ found.bundles
        while wanted:
            found = self._free(at, wanted)
            sent.append(found)
            at, wanted = self._after(at, found.parcels), wanted ^ found.bundles
        return sent

    def _after(self, at: tuple[int, int], parcels: int) -> tuple[int, int]:
        places, boxes = self.budget.step(parcels)
        return at[0] - places, at[1] - boxes

    def _single(self, step: int, at: tuple[int, int], wanted: int, location: int) -> Sent:
        goal, before = self.steps[step][(*at, wanted)], self.steps[step - 1]
        for entry in np.flatnonzero(self.sets.locations == location).tolist():
            chosen, parcels = int(self.sets.sets[entry]), int(self.sets.parcels[entry])
            rest = self._after(at, parcels)
            if chosen & ~wanted or min(rest) < 0:
                continue
            if before[(*rest, wanted ^ chosen)] + self.sets.costs[entry] == goal:
                return Sent(chosen, location, parcels)
        raise AssertionError("a cost that nothing makes up")

    def _free(self, at: tuple[int, int], wanted: int) -> Sent:
        goal, costs = self.steps[0][(*at, wanted)], self.steps[0]
        top = 1 << (wanted.bit_length() - 1)
        first = submasks(wanted ^ top) | top
        for parcels, best in self.best.items():
            rest = self._after(at, parcels)
            if min(rest) < 0:
                continue
            equal = np.flatnonzero(best[first] + costs[rest][wanted ^ first] == goal)
            if len(equal):
                chosen = int(first[equal[-1]])
                of = self.free & (self.sets.sets == chosen) & (self.sets.parcels == parcels)
                of &= self.sets.costs == best[chosen]
                return Sent(chosen, int(self.sets.locations[of].min()), parcels)
        raise AssertionError("a cost that nothing makes up")


def twice(sent: Sequence[Sent]) -> set[int]:
    """Return the locations that send more than one set."""
    seen = [each.location for each in sent]
    return {location for location in seen if seen.count(location) > 1}


@lru_cache(maxsize=32)
def pairs(bits: int) -> tuple[Whole, Whole, Whole]:
    """Return all disjoint (first, rest) of so many bits, by their union, and where each begins.

    There are 3^bits.
    """
    first, rest = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    starts = np.zeros(1, dtype=np.int64)
    for bit in range(bits):
        one = 1 << bit
        starts = np.concatenate([starts, len(first) + 2 * starts])
        first, rest = (
            np.concatenate([first, np.stack([first | one, first], axis=1).ravel()]),
            np.concatenate([rest, np.stack([rest, rest | one], axis=1).ravel()]),
        )
    return first, rest, starts


@lru_cache(maxsize=32)
def full_pairs(bits: int) -> tuple[Whole, Whole, Whole]:
    """Return those of `pairs` whose union is everything."""
    first = np.arange(1 << bits)
    return first, first[::-1].copy(), np.zeros(1, dtype=np.int64)


@lru_cache(maxsize=1 << 10)
def submasks(mask: int) -> Whole:
    """Return all subsets of a set, ascending."""
    subsets = np.zeros(1, dtype=np.int64)
    for bit in range(mask.bit_length()):
        if mask >> bit & 1:
            subsets = np.concatenate([subsets, subsets | (1 << bit)])
    return subsets
