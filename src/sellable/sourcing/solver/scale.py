"""The levels of a cost as one number that compares and adds as they do.

A level counts as often as all lower ones together can cost, and once more. Where that exceeds 62
bits the numbers are Python's own, in arrays of objects: slower, and as exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.sourcing.solver.problem import Problem, Whole

    Cost = NDArray[Any]  # int64, or objects that are whole numbers

NO_COST_BITS = 60  # two of them still add up in int64


@dataclass(frozen=True, slots=True)
class Scale:
    """How levels become one number.

    Attributes:
        divisors: What all costs of a level have in common.
        weights: What a unit of each level is worth, after its division.
        infinite: More than any plan costs; the sum of two is still a number.
        wide: Whether the numbers are Python's own.
    """

    divisors: tuple[int, ...]
    weights: tuple[int, ...]
    infinite: int
    wide: bool

    def pack(self, costs: Whole) -> Cost:
        """Return (..., k) costs as (...) numbers."""
        if len(self.weights) == 1 and not self.wide and self.divisors == (1,):
            return costs[..., 0]
        packed: Cost = np.zeros(costs.shape[:-1], dtype=object if self.wide else np.int64)
        for level, (divisor, weight) in enumerate(zip(self.divisors, self.weights, strict=True)):
            part: Cost = costs[..., level] if divisor == 1 else costs[..., level] // divisor
            packed = packed + (part.astype(object) if self.wide else part) * weight
        return packed

    def unpack(self, cost: int) -> tuple[int, ...]:
        """Return the levels of a number."""
        levels = []
        for divisor, weight in zip(self.divisors, self.weights, strict=True):
            part, cost = divmod(cost, weight)
            levels.append(part * divisor)
        return tuple(levels)

    def full(self, shape: int | tuple[int, ...]) -> Cost:
        """Return an array of this shape that is all infinite."""
        return np.full(shape, self.infinite, dtype=object if self.wide else np.int64)


def scale_of(problem: Problem) -> Scale:
    """Return the scale of a problem: the plain one if it fits, else of what is not in common."""
    highest = _highest(problem)
    divisors = [1] * len(highest)
    if prod(most + 1 for most in highest) >= 1 << NO_COST_BITS:
        divisors = [_common(problem, level) for level in range(len(highest))]
        highest = [most // divisor for most, divisor in zip(highest, divisors, strict=True)]
    weights = [prod(most + 1 for most in highest[level + 1 :]) for level in range(len(highest))]
    total = prod(most + 1 for most in highest)
    wide = total >= 1 << NO_COST_BITS
    infinite = total if wide else 1 << NO_COST_BITS
    return Scale(tuple(divisors), tuple(weights), infinite, wide)


def _highest(problem: Problem) -> list[int]:
    """Return by level the most that any plan costs."""
    units = [int(each) for each in problem.demand]
    places = min(problem.stock.shape[1], sum(units))
    if problem.max_locations is not None:
        places = min(places, problem.max_locations)
    levels = problem.unfilled_cost.shape[1]
    fixed = problem.mode_fixed.max(axis=0, initial=0).tolist()
    unit = problem.mode_unit.max(axis=0, initial=0)
    if problem.partial:
        unit = np.maximum(unit, problem.unfilled_cost)
    each = unit.tolist()
    return [
        places * fixed[level] + sum(count * each[line][level] for line, count in enumerate(units))
        for level in range(levels)
    ]


def _common(problem: Problem, level: int) -> int:
    """Return the greatest common divisor of all costs of a level, 1 if they are all 0."""
    parts = (problem.mode_fixed, problem.mode_unit, problem.unfilled_cost)
    return gcd(*(int(np.gcd.reduce(part[..., level], axis=None)) for part in parts)) or 1
