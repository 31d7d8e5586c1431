"""Which strategies of a profile are for an order at a moment, and what each asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sellable.network import holds
from sellable.sourcing.barriers import Barrier
from sellable.sourcing.carriers import postal_match
from sellable.sourcing.terms import Scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sellable.network import Conditions, Profile, Strategy, Window
    from sellable.sourcing.demand import Demand
    from sellable.sourcing.places import Places
    from sellable.sourcing.solver.problem import Whole

    Barriers = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class _Guard:
    """A window in which locations ship nothing, by the zone whose clock it is read on."""

    window: Window | None
    locations: dict[str | None, Whole]


class Tactic:
    """A strategy prepared for the locations of one market."""

    def __init__(self, strategy: Strategy, places: Places) -> None:
        self.strategy = strategy
        self.scale = Scale.of(strategy)
        self.services = frozenset(strategy.constraints.services)
        constraints = strategy.constraints
        types = frozenset(constraints.excluded_types)
        # Later ones come first in the order of barriers.
        fixed = np.full(len(places.ids), Barrier.NONE, dtype=np.int8)
        fixed[~places.in_countries(constraints.countries)] = Barrier.COUNTRY
        fixed[[place.type in types for place in places.locations]] = Barrier.TYPE
        fixed[places.mask(constraints.excluded)] = Barrier.EXCLUDED
        fixed[~places.enabled] = Barrier.DISABLED
        self._fixed = fixed
        self._guards = [
            _Guard(entry.window, places.by_zone(entry.locations)) for entry in constraints.protected
        ]

    def barriers(self, at_ms: int) -> Barriers:
        """Return (l,) the first barrier that the strategy itself puts before each location."""
        barriers = self._fixed.copy()
        for guard in self._guards:
            for zone, locations in guard.locations.items():
                if holds(guard.window, zone, at_ms):
                    barriers[locations] = np.minimum(barriers[locations], Barrier.PROTECTED)
        return barriers


class Tactics:
    """The strategies of a profile for one market, the first to try first."""

    def __init__(self, profile: Profile, places: Places) -> None:
        self.profile = profile.name
        self._places = places
        # Sorting keeps document order among equals.
        ordered = sorted(profile.strategies, key=lambda strategy: -strategy.priority)
        self._tactics = [Tactic(strategy, places) for strategy in ordered]
        self._whole = [Tactic(_whole(strategy), places) for strategy in ordered]

    def applying(self, demand: Demand, at_ms: int, *, complete: bool = False) -> Iterator[Tactic]:
        """Yield those whose window and conditions hold; `complete`: without their partial plans."""
        market = self._places.market
        for tactic in self._whole if complete else self._tactics:
            strategy = tactic.strategy
            if holds(strategy.window, market.time_zone, at_ms) and meets(strategy.when, demand):
                yield tactic


def _whole(strategy: Strategy) -> Strategy:
    return replace(strategy, constraints=replace(strategy.constraints, partial=False))


def meets(when: Conditions, demand: Demand) -> bool:
    """Tell whether an order is one of those; one without a value meets no bound of values."""
    order = demand.order
    channel, _, country = order.market.partition("/")
    postal_code = order.destination.postal_code
    return (
        _among(channel, when.channels)
        and _among(country, when.countries)
        and _among(order.destination.country, when.destinations)
        and (not when.postal_prefixes or postal_match(postal_code, when.postal_prefixes))
        and (not when.item_classes or not set(when.item_classes).isdisjoint(demand.item_class))
        and _between(order.value_micros, when.value_min, when.value_max)
    )


def _among(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or name in wanted


def _between(value: int | None, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    if value is None:
        return False
    return (least is None or least <= value) and (most is None or value <= most)
