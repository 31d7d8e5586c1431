"""The schema of lanes and their rate tables: without a hole up to the largest parcel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.limits import (
    DISTANCE_KM_MAX,
    PARCEL_GRAMS_MAX,
    PRICE_MICROS_MAX,
    PRICE_PER_KG_MICROS_MAX,
    PRICE_PER_KM_MICROS_MAX,
    TIERS_PER_LANE_MAX,
    TRANSIT_DAYS_MAX,
)
from sellable.network.amounts import fixed_shown
from sellable.network.report import quoted
from sellable.network.sourcing.values import Lane, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network.entry import Entry
    from sellable.network.report import Report

MICRO_DECIMALS: Final = 6
_GRAM_DECIMALS: Final = 3  # of a kg
_PRICES: Final = {
    "per_parcel": PRICE_MICROS_MAX,
    "per_kg": PRICE_PER_KG_MICROS_MAX,
    "per_km": PRICE_PER_KM_MICROS_MAX,
}


class LaneReader:
    """Reads the lanes of a carrier's services."""

    def __init__(
        self, report: Report, zones: Sequence[str], parcel_grams_max: int, worth: float
    ) -> None:
        """Take the zones, the largest parcel, and what the carrier's currency is worth."""
        self._report = report
        self._zones = zones
        self._parcel_grams_max = parcel_grams_max
        self._worth = worth

    def read(self, service: Entry) -> tuple[Lane, ...]:
        """Read every lane of a service."""
        lanes: list[Lane] = []
        line_by_zone: dict[str, int] = {}
        for entry in service.required_entries("lanes"):
            lane = self._lane(entry)
            if lane.zone in line_by_zone:
                line = line_by_zone[lane.zone]
                entry.problem("zone", f"has a lane already, at line {line}")
            elif lane.zone in self._zones:
                line_by_zone[lane.zone] = entry.mark.line
            lanes.append(lane)
        return tuple(lanes)

    def _lane(self, entry: Entry) -> Lane:
        entry.require("transit_days")
        zone = entry.required_text("zone", self._zone_problem)
        transit_days = entry.whole("transit_days", 0, most=TRANSIT_DAYS_MAX)
        km_per_day = entry.decimal("km_per_day", 1, DISTANCE_KM_MAX)
        tiers = self._tiers(entry)
        entry.finish()
        return Lane(zone=zone, transit_days=transit_days, km_per_day=km_per_day, tiers=tiers)

    def _zone_problem(self, text: str) -> str | None:
        if text in self._zones:
            return None
        return f"unknown zone {quoted(text)}{self._report.hint(text, self._zones)}"

    def _tiers(self, lane: Entry) -> tuple[Tier, ...]:
        entries = lane.required_entries("rates")
        tiers = []
        below: int | None = 0  # what the tiers so far take; None: not known
        for index, entry in enumerate(entries):
            if index == TIERS_PER_LANE_MAX:
                entry.refuse(f"more than {TIERS_PER_LANE_MAX} tiers")
            up_to = self._up_to(entry, below, is_last=index == len(entries) - 1)
            if not any(entry.has(key) for key in _PRICES):
                entry.problem(None, f"has no price: write {', '.join(_PRICES)} or several of them")
            tiers.append(
                Tier(
                    up_to_grams=up_to or self._parcel_grams_max,
                    per_parcel=self._price(entry, "per_parcel"),
                    per_kg=self._price(entry, "per_kg"),
                    per_km=self._price(entry, "per_km"),
                )
            )
            entry.finish()
            below = up_to
        return tuple(tiers)

    def _up_to(self, entry: Entry, below: int | None, *, is_last: bool) -> int | None:
        """Read which weights a tier takes, in grams, and report a hole or an overlap."""
        above = entry.fixed("above_kg", _GRAM_DECIMALS, 0, PARCEL_GRAMS_MAX)
        up_to = entry.fixed("up_to_kg", _GRAM_DECIMALS, 1, PARCEL_GRAMS_MAX)
        if above is not None and below is not None and above != below:
            self._refuse_border(entry, below, above)
        if up_to is None and not entry.has("up_to_kg"):
            if not is_last:
                entry.problem("up_to_kg", "is required in every tier but the last")
                return None
            up_to = self._parcel_grams_max
            if below is not None and up_to <= below:
                text = f"must end above {_kg(below)}, where the tier before ends"
                entry.problem(None, f"{text}, but parcels are at most {_kg(up_to)}")
            return up_to
        if up_to is not None and below is not None and up_to <= below:
            text = f"must be more than {_kg(below)}, up to which the tier before goes"
            entry.problem("up_to_kg", f"{text}: tiers ascend and do not overlap")
        elif is_last and up_to is not None and up_to < self._parcel_grams_max:
            largest = _kg(self._parcel_grams_max)
            text = f"leaves a hole from {_kg(up_to)} to {largest}, the max_parcel_kg of the carrier"
            entry.problem("up_to_kg", text)
        return up_to

    def _refuse_border(self, entry: Entry, below: int, above: int) -> None:
        if above > below:
            before = "the tier before ends" if below else "weights begin"
            text = f"leaves a hole from {_kg(below)}, where {before}, to {_kg(above)}"
        else:
            text = f"overlaps the tier before, which goes up to {_kg(below)}"
        entry.problem("above_kg", text)

    def _price(self, entry: Entry, key: str) -> int:
        most = _PRICES[key]
        price = entry.fixed(key, MICRO_DECIMALS, 0, most)
        if price is None:
            return 0
        if price * self._worth > most:
            text = f"comes to more than {fixed_shown(most, MICRO_DECIMALS)} of the section's"
            entry.problem(key, f"{text} currency at the exchange rate")
        return price


def _kg(grams: int) -> str:
    return f"{fixed_shown(grams, _GRAM_DECIMALS)} kg"
