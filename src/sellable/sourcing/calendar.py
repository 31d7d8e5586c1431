"""On which day a location ships: opening hours, closed dates and cut-off on its own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from sellable.sourcing.barriers import Barrier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.network import Location

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a location ships, minutes counted from the begin of its local day.

    Attributes:
        zone: Its time zone; where the network names none, the market's, else UTC.
        cut_off: Orders before it ship on the same day; None: until the location closes.
        opening: From and until when it is open, Monday first, None where it is closed; without
            any it is always open.
        closed: Local dates on which it is closed.
    """

    zone: str
    cut_off: int | None
    opening: tuple[tuple[int, int] | None, ...]
    closed: frozenset[date]

    def is_open(self, day: date) -> bool:
        """Tell whether it opens at all on a local date."""
        return day not in self.closed and (
            not self.opening or self.opening[day.weekday()] is not None
        )

    def last_minute(self, day: date) -> int | None:
        """Return until when orders ship on a date, the earlier of cut-off and closing."""
        hours = self.opening[day.weekday()] if self.opening else None
        if hours is None:
            return self.cut_off
        return hours[1] if self.cut_off is None else min(hours[1], self.cut_off)


class ShipDay(NamedTuple):
    """A local date on which a location ships.

    Orders before `order_by_ms` can ship on it. They leave at the cut-off, else at closing time;
    where there is neither, at once or, on a later day, with its first moment.
    """

    day: date
    ship_ms: int
    order_by_ms: int


def hours_of(location: Location, market_zone: str | None) -> Hours:
    """Read when a location ships from the network."""
    cut_off = None
    if location.cut_off is not None:
        hour, minute = location.cut_off.split(":")
        cut_off = int(hour) * 60 + int(minute)
    return Hours(
        zone=location.time_zone or market_zone or "UTC",
        cut_off=cut_off,
        opening=location.opening_hours,
        closed=frozenset(location.closed_dates),
    )


def local_day(at_ms: int, zone: str) -> date:
    """Return the date that the clocks of a zone show."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).date()


def ship_days(hours: Hours, at_ms: int, within_days: int) -> Iterator[ShipDay]:
    """Yield the days on which an order of this moment can ship, up to so many days ahead."""
    today = local_day(at_ms, hours.zone)
    for ahead in range(within_days + 1):
        day = today + timedelta(days=ahead)
        if not hours.is_open(day):
            continue
        minute = hours.last_minute(day)
        if minute is None:
            ship_ms = at_ms if ahead == 0 else _instant_ms(day, 0, hours.zone)
            yield ShipDay(day, ship_ms, _instant_ms(day + _DAY, 0, hours.zone))
            continue
        last_ms = _instant_ms(day, minute, hours.zone)
        if at_ms < last_ms:
            yield ShipDay(day, last_ms, last_ms)


class Calendar:
    """The ship days of one moment; equal hours are looked up once."""

    def __init__(self, at_ms: int, within_days: int) -> None:
        self._at_ms = at_ms
        self._within_days = within_days
        self._first: dict[Hours, ShipDay | None] = {}

    def ship_day(
        self, hours: Hours, location: str, capacity: int, taken: Mapping[tuple[str, date], int]
    ) -> ShipDay | Barrier:
        """Return the first day with capacity left, or what keeps every day from being one.

        Args:
            hours: When the location ships.
            location: Its id.
            capacity: Orders that it can ship a day; below 0: any number.
            taken: Orders by location and date that have taken capacity.
        """
        if hours not in self._first:
            days = ship_days(hours, self._at_ms, self._within_days)
            self._first[hours] = next(days, None)
        first = self._first[hours]
        if first is None:
            return self._why_never(hours)
        if capacity < 0 or taken.get((location, first.day), 0) < capacity:
            return first
        for day in ship_days(hours, self._at_ms, self._within_days):
            if taken.get((location, day.day), 0) < capacity:
                return day
        return Barrier.CAPACITY

    def _why_never(self, hours: Hours) -> Barrier:
        today = local_day(self._at_ms, hours.zone)
        is_past = hours.is_open(today) and hours.last_minute(today) == hours.cut_off
        return Barrier.CUT_OFF if is_past else Barrier.CLOSED


# Cut-offs and closing times are the same for all orders of a day.
@lru_cache(maxsize=65_536)
def arrival_ms(ship_ms: int, zone: str, days: int, delivery_days: frozenset[int]) -> int:
    """Return when a parcel arrives: so many delivery days later, at the same local time.

    Days of the week that are not among `delivery_days` (0 is Monday) are not counted, and
    nothing arrives on them.
    """
    left = datetime.fromtimestamp(ship_ms / 1000, ZoneInfo(zone))
    day, counted = left.date(), 0
    while counted < days or day.weekday() not in delivery_days:
        day += _DAY
        counted += day.weekday() in delivery_days
    if day == left.date():
        return ship_ms
    return round(datetime.combine(day, left.time(), left.tzinfo).timestamp() * 1000)


@lru_cache(maxsize=65_536)
def _instant_ms(day: date, minute: int, zone: str) -> int:
    local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
    return round(local.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
