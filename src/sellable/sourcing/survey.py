"""Which line may come from which location under a strategy, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.barriers import Barrier
from sellable.sourcing.calendar import Calendar
from sellable.sourcing.modes import modes_of, modes_without_carriers
from sellable.sourcing.parcels import Weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.sourcing.calendar import ShipDay
    from sellable.sourcing.demand import Demand
    from sellable.sourcing.modes import Modes
    from sellable.sourcing.situation import Situation
    from sellable.sourcing.solver.problem import Mask
    from sellable.sourcing.strategies import Barriers, Tactic


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What a strategy leaves of the lines (n) and locations (l) of a market.

    Attributes:
        situation: What was looked at.
        tactic: The strategy.
        barriers: (n, l) int8, the first barrier between a line and a location, or `Barrier.NONE`.
        split: (n,) whether a line may come from several locations.
        groups: Lines that ship together.
        ship_days: When the locations ship that some line may come from, by position.
        modes: How these can send it.
    """

    situation: Situation
    tactic: Tactic
    barriers: Barriers
    split: Mask
    groups: tuple[tuple[int, ...], ...]
    ship_days: dict[int, ShipDay]
    modes: Modes

    @property
    def allowed(self) -> Mask:
        """(n, l) whether a line may come from a location."""
        allowed: Mask = self.barriers == Barrier.NONE
        return allowed

    @classmethod
    def of(cls, situation: Situation, tactic: Tactic) -> Survey:
        """Look at every line and location."""
        demand, constraints = situation.demand, tactic.strategy.constraints
        calendar = Calendar(situation.at_ms, constraints.ship_within_days)
        groups = groups_of(constraints.ship_together, demand.item_class)
        grouped = [line for group in groups for line in group]
        split = (demand.quantity > 1) & constraints.split_lines
        split[grouped] = False
        barriers = _before_stock(situation, tactic)
        available = demand.available[demand.sku_of]
        _lower(barriers, available <= 0, Barrier.NO_STOCK)
        short = ~split[:, None] & (available < demand.quantity[:, None])
        _lower(barriers, short, Barrier.SHORT)
        _keep_together(barriers, groups, demand)
        ship_days = _ship_days(barriers, situation, calendar)
        modes = _modes(barriers, situation, tactic, split, ship_days)
        _keep_together(barriers, groups, demand)
        served = (barriers == Barrier.NONE).any(axis=0)
        return cls(
            situation=situation,
            tactic=tactic,
            barriers=barriers,
            split=split,
            groups=groups,
            ship_days=ship_days,
            modes=modes.only(served[modes.location]),
        )


def groups_of(
    together: Sequence[Sequence[str]], item_class: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    """Return the lines of the classes that ship together, two or more in each group.

    Groups that have a class in common are one.
    """
    merged: list[set[str]] = []
    for classes in together:
        joined = set(classes)
        for other in [group for group in merged if not group.isdisjoint(joined)]:
            joined |= other
            merged.remove(other)
        merged.append(joined)
    lines = (
        tuple(line for line, name in enumerate(item_class) if name in group) for group in merged
    )
    return tuple(sorted(group for group in lines if len(group) > 1))


def _lower(barriers: Barriers, where: Mask, barrier: Barrier) -> None:
    """Put a barrier before lines and locations that have none of a lower number."""
    np.minimum(barriers, barrier, out=barriers, where=where)


def _before_stock(situation: Situation, tactic: Tactic) -> Barriers:
    request, places = situation.request, situation.places
    base = tactic.barriers(situation.at_ms)
    _lower(base, places.mask(request.excluded), Barrier.LEFT_OUT)
    most_km = tactic.strategy.constraints.max_distance_km
    if most_km is not None:
        within = situation.distance_known & (situation.distance_km <= most_km)
        _lower(base, ~within, Barrier.DISTANCE)
    barriers = np.tile(base, (len(request.order.lines), 1))
    for number, line in enumerate(request.order.lines):
        if line.location:
            _lower(barriers[number], ~places.mask((line.location,)), Barrier.BOUND)
    for number, location in request.refused:
        if location in places.index and 0 <= number < len(barriers):
            cell = (number, places.index[location])
            barriers[cell] = min(barriers[cell], Barrier.REFUSED)
    return barriers


def _keep_together(barriers: Barriers, groups: tuple[tuple[int, ...], ...], demand: Demand) -> None:
    """Bar every line of a group from the locations that have not all of it."""
    for group in groups:
        lines = list(group)
        wanted = np.zeros(len(demand.skus), dtype=np.int64)
        np.add.at(wanted, demand.sku_of[lines], demand.quantity[lines])
        whole = (demand.available >= wanted[:, None]).all(axis=0)
        whole &= (barriers[lines] == Barrier.NONE).all(axis=0)
        cells = np.zeros(barriers.shape, dtype=bool)
        cells[lines] = ~whole
        _lower(barriers, cells & (barriers == Barrier.NONE), Barrier.APART)


def _ship_days(barriers: Barriers, situation: Situation, calendar: Calendar) -> dict[int, ShipDay]:
    """Return when the locations ship that are still open to a line, and bar the others."""
    places, taken = situation.places, situation.capacity_taken
    hours, capacity = places.hours, places.daily_capacity.tolist()
    found: dict[int, ShipDay] = {}
    for at in np.flatnonzero((barriers == Barrier.NONE).any(axis=0)).tolist():
        day = calendar.ship_day(hours[at], places.ids[at], capacity[at], taken)
        if isinstance(day, Barrier):
            np.minimum(barriers[:, at], day, out=barriers[:, at])
        else:
            found[at] = day
    return found


def _modes(
    barriers: Barriers,
    situation: Situation,
    tactic: Tactic,
    split: Mask,
    ship_days: dict[int, ShipDay],
) -> Modes:
    """Return how the locations that ship can send what they have, and bar those that cannot."""
    demand, request = situation.demand, situation.request
    wanted = np.zeros(len(situation.places.ids), dtype=bool)
    wanted[list(ship_days)] = True
    weights = Weights.of(demand.quantity, demand.unit_grams, split)
    if situation.carriers.exist:
        offers = situation.carriers.offers(
            request.order.destination,
            situation.distance_km,
            known=situation.distance_known,
            wanted=wanted,
            services=tactic.services,
        )
        modes = modes_of(offers, weights, situation, ship_days)
    else:
        modes = modes_without_carriers(weights, ship_days)
    _bar_unserved(barriers, wanted, modes, Barrier.NO_SERVICE)
    if tactic.strategy.constraints.on_time and request.order.promise_ms:
        modes = modes.only(modes.arrive_ms <= request.order.promise_ms)
        _bar_unserved(barriers, wanted, modes, Barrier.LATE)
    if len(modes.location):
        modes = _bear_heaviest(barriers, modes, demand, split)
    return modes


def _bar_unserved(barriers: Barriers, wanted: Mask, modes: Modes, barrier: Barrier) -> None:
    unserved = wanted.copy()
    unserved[modes.location] = False
    _lower(barriers, np.broadcast_to(unserved, barriers.shape), barrier)


def _bear_heaviest(barriers: Barriers, modes: Modes, demand: Demand, split: Mask) -> Modes:
    """Keep, of each location, the modes whose parcels can hold any unit that it may ship.

    What is too heavy for all of them is barred from there: a unit for one parcel, or a line that
    stays whole for all parcels of a shipment.
    """
    starts = np.flatnonzero(np.diff(modes.location, prepend=-1))
    places = modes.location[starts]
    grams = demand.unit_grams[:, None]
    parcel_most = np.maximum.reduceat(modes.parcel_grams_max, starts)
    shipment_most = np.maximum.reduceat(modes.grams_max, starts)
    whole_grams = np.where(split, 1, demand.quantity)[:, None] * grams
    heavy = np.zeros(barriers.shape, dtype=bool)
    heavy[:, places] = (grams > parcel_most) | (whole_grams > shipment_most)
    _lower(barriers, heavy, Barrier.TOO_HEAVY)
    heaviest = np.where(barriers == Barrier.NONE, grams, 0).max(axis=0)
    return modes.only(modes.parcel_grams_max >= heaviest[modes.location])
