"""The days of locations in the reference model: one rule says what becomes of an order of a day.

A day is settled after every call, from what the reservation has open and has shipped.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from sellable.reservation import State
from sellable.stock import parts_of_place
from support.model import Model

if TYPE_CHECKING:
    from datetime import date

    from sellable.stock import Fact, FactResult
    from support.model_values import Held


class DaysModel(Model):
    """Every call of the model, with the daily capacity of locations."""

    def __init__(self, now_ms: int, retention_ms: int, future_tolerance_ms: int) -> None:
        super().__init__(now_ms, retention_ms, future_tolerance_ms)
        self.used_before: Counter[tuple[str, date]] = Counter()  # by what is forgotten

    def settle_days(self) -> None:
        """Say of each day that was held, or given back, whether goods left on it."""
        for held in self.reservations.values():
            for day in sorted(held.days, key=lambda day: day.state not in ("held", "lapsed")):
                bound = [
                    bound
                    for line in held.lines
                    for bound in line.bound
                    if parts_of_place(bound.location)[0] == day.location
                ]
                if any(one.open for one in bound):
                    continue
                others = [one.state for one in held.days if one.location == day.location]
                covered = "used" in others or "held" in others
                if any(one.fulfilled for one in bound) and (day.state == "held" or not covered):
                    day.state = "used"
                elif day.state == "held":
                    day.state = "lapsed" if held.state is State.EXPIRED else "free"

    def fact(self, fact: Fact) -> FactResult:
        """Apply one fact, and settle the days: the next one comes after it."""
        result = super().fact(fact)
        self.settle_days()
        return result

    def expire_due(self) -> None:
        """Expire holds with their days."""
        super().expire_due()
        self.settle_days()

    def purge(self) -> None:
        """Forget reservations; what they used stays used."""
        before = dict(self.reservations)
        super().purge()
        for name in before.keys() - self.reservations.keys():
            used = [day for day in before[name].days if day.state == "used"]
            self.used_before.update((day.location, day.date) for day in used)

    def places_of(self, held: Held) -> list[str]:
        """Return where days are not limited, or one is its own, of one with a plan."""
        places = super().places_of(held)
        if held.plan is None:
            return places
        own = {day.location for day in held.days if day.state != "free"}
        return [
            place
            for place in places
            if place in own or self.locations[place].get("daily_capacity") is None
        ]

    def retake(self, held: Held) -> bool:
        """Take what expired again, and the days of locations that it comes back to."""
        if not super().retake(held):
            return False
        places = {
            parts_of_place(bound.location)[0]
            for line in held.lines
            for bound in line.bound
            if bound.open
        }
        for day in held.days:
            if day.state == "lapsed" and day.location in places:
                if self.orders_left(day.location, day.date) < 1:
                    return False
                day.state = "held"
        return True

    def taken(self, location: str, on: date) -> int:
        """Return how many orders hold or used a day."""
        days = [day for held in self.reservations.values() for day in held.days]
        return self.used_before[location, on] + sum(
            (day.location, day.date) == (location, on) and day.state in ("held", "used")
            for day in days
        )

    def orders_left(self, location: str, on: date) -> float:
        """Return how many more orders a location can ship on a day."""
        limit = self.locations.get(location, {}).get("daily_capacity")
        return math.inf if limit is None else limit - self.taken(location, on)
