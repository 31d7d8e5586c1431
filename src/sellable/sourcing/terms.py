"""What a plan costs: raw whole numbers of each term, and the levels that a strategy makes of them.

Raw numbers are whole, each in its own unit, so that those of a plan add up exactly; a weighted
one is rounded to a micro once for each mode and each unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sellable.network import Policy, Term
from sellable.sourcing.plan import CostKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network import Strategy
    from sellable.sourcing.solver.problem import Whole

_MICROS: Final = 1_000_000
_SECONDS_PER_DAY: Final = 86_400


class Measure(NamedTuple):
    """How a term is told: its kind, how many raw units make one of `unit`, and the unit.

    An empty unit stands for the currency of the section.
    """

    kind: CostKind
    per_unit: int
    unit: str


MEASURES: Final[Mapping[Term, Measure]] = {
    Term.SHIPPING_COST: Measure(CostKind.SHIPPING, _MICROS, ""),
    Term.PARCELS: Measure(CostKind.PARCELS, 1, "parcels"),
    Term.DISTANCE: Measure(CostKind.DISTANCE, 1_000, "km"),
    Term.LATENESS: Measure(CostKind.LATENESS, _SECONDS_PER_DAY, "days"),
    Term.MARKDOWN: Measure(CostKind.MARKDOWN, _MICROS, ""),
    Term.LOAD: Measure(CostKind.LOAD, 1_000, "share"),
    Term.CARBON: Measure(CostKind.CARBON, 1_000, "kg"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The levels of a strategy.

    Attributes:
        count: How many there are.
        levels: The level of each term that counts.
        factors: What a raw unit of it counts there.
        unfilled_level: The level of units that stay unfilled.
        unfilled_cost: What each of them counts there.
        unfilled_first: Whether that level is theirs alone, before all others.
        ordered: Whether each term has a level of its own, in raw units.
    """

    count: int
    ordered: bool = False
    levels: Mapping[Term, int] = field(default_factory=dict)
    factors: Mapping[Term, float] = field(default_factory=dict)
    unfilled_level: int = 0
    unfilled_cost: int = 1
    unfilled_first: bool = False

    @classmethod
    def of(cls, strategy: Strategy) -> Scale:
        """Return one level for weighted terms or one a term of an order, from most important on.

        Where units may stay unfilled they come before all else, unless weighted terms say what
        one costs. A policy of a plain order system without terms counts the shipping cost.
        """
        if strategy.constraints.partial and (strategy.order or strategy.unfilled is None):
            first, unfilled_cost = 1, 1
        else:
            first, unfilled_cost = 0, round((strategy.unfilled or 0.0) * _MICROS)
        if strategy.order:
            return cls(
                count=first + len(strategy.order),
                ordered=True,
                levels={term: first + at for at, term in enumerate(strategy.order)},
                factors=dict.fromkeys(strategy.order, 1.0),
                unfilled_cost=unfilled_cost,
                unfilled_first=first > 0,
            )
        plain = strategy.policy is not Policy.OPTIMAL and not strategy.weights
        weights = {Term.SHIPPING_COST: 1.0} if plain else strategy.weights
        return cls(
            count=first + 1,
            levels=dict.fromkeys(weights, first),
            factors={
                term: weight * _MICROS / MEASURES[term].per_unit for term, weight in weights.items()
            },
            unfilled_cost=unfilled_cost,
            unfilled_first=first > 0,
        )

    @property
    def level_units(self) -> tuple[int, ...]:
        """How many of each level make one of what it is told in: a unit of a term, or money."""
        units = [_MICROS] * self.count
        if self.unfilled_first:
            units[self.unfilled_level] = 1
        if self.ordered:
            for term, level in self.levels.items():
                units[level] = MEASURES[term].per_unit
        return tuple(units)

    def weighed(self, term: Term, raw: Whole) -> Whole:
        """Return what raw numbers of a term count on its level; 0 if it does not count."""
        factor = self.factors.get(term, 0.0)
        if factor == 1.0:
            return raw
        weighed: Whole = np.rint(raw * factor).astype(np.int64)
        return weighed

    def stacked(self, raw: Mapping[Term, Whole], shape: tuple[int, ...]) -> Whole:
        """Return (*shape, count) the cost by level of raw numbers that are of this shape."""
        costs = np.zeros((*shape, self.count), dtype=np.int64)
        for term, level in self.levels.items():
            if term in raw:
                costs[..., level] += self.weighed(term, raw[term])
        return costs
