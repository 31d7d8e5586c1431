"""The traditional rule and the nearest rule: lines one by one, over numbers of last midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from olist.measures import Sent, Told
from olist.world import BEGIN_MS, DAY_MS, copied

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from olist.world import Placed, World


class Oms:
    """A traditional OMS with its beliefs, and the shelves that they are about.

    Args:
        world: Stays as it is.
        grams: Of a unit, by product.
        by_distance: Whether the nearest location comes first, instead of the order of priority.
        capacity: Orders that a location ships a day; what is beyond waits.
    """

    def __init__(
        self, world: World, grams: Mapping[str, int], *, by_distance: bool, capacity: int | None
    ) -> None:
        self._truth = copied(world.truth)
        self._records = copied(world.records)
        self._beliefs = copied(world.records)
        self._stale: set[tuple[str, int]] = set()
        self._priority = world.priority
        self._grams = grams
        self._by_distance = by_distance
        self._capacity = capacity
        self._shipped: dict[tuple[int, int], int] = {}
        self._day = 0

    def sell(self, sku: str, location: int, at_ms: int) -> None:
        """Let a till sell a unit; the OMS hears of it at midnight."""
        self._midnight(at_ms)
        if self._truth[sku][location] > 0:
            self._truth[sku][location] -= 1
            self._records[sku][location] -= 1
            self._stale.add((sku, location))

    def handle(self, order: Placed) -> Told:
        """Send an order, and again what was not found, until it is or nobody is believed to be."""
        self._midnight(order.at_ms)
        ranked = self._ranked(order)
        open_units = dict(order.units)
        refused: set[tuple[str, int]] = set()
        sent: list[Sent] = []
        tries, short = 0, False
        while open_units:
            assigned = self._assign(open_units, ranked, refused)
            if not assigned:
                break
            found_at: dict[int, int] = {}
            for (sku, location), units in assigned.items():
                found = self._pick(sku, location, units)
                if found < units:
                    short = True
                    refused.add((sku, location))
                if found:
                    grams = found * self._grams[sku]
                    found_at[location] = found_at.get(location, 0) + grams
                    open_units[sku] -= found
                    if not open_units[sku]:
                        del open_units[sku]
            for location, grams in found_at.items():
                waited = self._leave(location, order.at_ms, tries)
                sent.append(Sent(location, grams, order.km[location], waited))
            tries += 1
        return Told(
            units=sum(order.units.values()),
            sent=sent,
            unfilled=sum(open_units.values()),
            short_pick=short,
            short_shipment=short,
        )

    def _ranked(self, order: Placed) -> Sequence[int]:
        if not self._by_distance:
            return self._priority
        return sorted(range(len(order.km)), key=order.km.__getitem__)

    def _assign(
        self,
        wanted: Mapping[str, int],
        ranked: Sequence[int],
        refused: set[tuple[str, int]],
    ) -> dict[tuple[str, int], int]:
        """Give each line to the first location that has all of it, else as much as there is."""
        made: dict[tuple[str, int], int] = {}
        for sku, units in wanted.items():
            there = self._beliefs[sku]
            able = [at for at in ranked if there.get(at, 0) > 0 and (sku, at) not in refused]
            whole = next((at for at in able if there[at] >= units), None)
            if whole is not None:
                made[sku, whole] = units
                continue
            for at in able:
                taken = min(units, there[at])
                made[sku, at] = taken
                units -= taken  # noqa: PLW2901 - what is left of the line
                if not units:
                    break
        return made

    def _pick(self, sku: str, location: int, units: int) -> int:
        found = min(units, self._truth[sku][location])
        self._truth[sku][location] -= found
        self._beliefs[sku][location] -= units
        # Who does not find all of it sets the record right.
        left = self._records[sku][location] - found
        self._records[sku][location] = left if found == units else 0
        self._stale.add((sku, location))
        return found

    def _leave(self, location: int, at_ms: int, earliest: int) -> int:
        """Return after how many days a shipment leaves: on the first one that has room."""
        if self._capacity is None:
            return earliest
        today = (at_ms - BEGIN_MS) // DAY_MS
        waited = earliest
        while self._shipped.get((location, today + waited), 0) >= self._capacity:
            waited += 1
        key = location, today + waited
        self._shipped[key] = self._shipped.get(key, 0) + 1
        return waited

    def _midnight(self, at_ms: int) -> None:
        day = (at_ms - BEGIN_MS) // DAY_MS
        if day == self._day:
            return
        self._day = day
        for sku, location in self._stale:
            self._beliefs[sku][location] = self._records[sku][location]
        self._stale.clear()
