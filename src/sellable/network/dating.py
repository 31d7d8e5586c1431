"""Reads what a document says of time: windows and durations, each refused where it makes no sense.

A window is read once, and checked for every place that it holds for: a local time is another
instant in each zone, and may not exist in one of them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sellable.limits import WINDOW_YEAR_MAX, WINDOW_YEAR_MIN
from sellable.network.values import Location, Window
from sellable.network.windows import instants, shown
from sellable.network.zones import country_zones, gap_around

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.network.entry import Entry
    from sellable.network.values import Market

_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII | re.IGNORECASE
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd])")
_MS_BY_UNIT: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000}
_ZONES_LISTED_MAX: Final = 10
_KEYS: Final = (("from", "start"), ("until", "end"))


def read_window(entry: Entry) -> tuple[Window | None, bool]:
    """Read `from` and `until`; the flag says whether they could be read."""
    moments: dict[str, datetime] = {}
    readable = True
    for key, name in _KEYS:
        text = entry.text(key, _moment_problem)
        if text is None:
            readable = readable and not entry.has(key)
        elif _moment_problem(text):
            readable = False
        else:
            moments[name] = datetime.fromisoformat(text.upper())
    return (Window(**moments) if moments and readable else None), readable


def window_is_right(entry: Entry, window: Window, places: Iterable[Location | Market]) -> bool:
    """Report the first place for which the window cannot be; tell whether there is none."""
    checked: set[str | None] = set()
    for place in places:
        if place.time_zone in checked:
            continue
        checked.add(place.time_zone)
        for key, name in _KEYS:
            moment: datetime | None = getattr(window, name)
            if moment is not None and moment.tzinfo is None:
                problem = _local_problem(moment, place)
                if problem is not None:
                    entry.problem(key, problem)
                    return False
        start_ms, end_ms = instants(window, place.time_zone)
        if start_ms is not None and end_ms is not None and end_ms <= start_ms:
            first, last = shown(start_ms, place.time_zone), shown(end_ms, place.time_zone)
            text = f"must be later than from: at {place_title(place)} it is {first} until {last}"
            entry.problem("until", text)
            return False
    return True


def place_title(place: Location | Market) -> str:
    """Name a place for a message."""
    return f"location {place.id}" if isinstance(place, Location) else f"market {place.key}"


def local_without_zone(what: str, place: Location | Market) -> str:
    """Say that something local means nothing at a place without a zone, and which it may have."""
    zones = country_zones(place.country)
    listed = ", ".join(zones[:_ZONES_LISTED_MAX])
    rest = len(zones) - _ZONES_LISTED_MAX
    more = f" and {rest} more" if rest > 0 else ""
    has = f"{place.country} has {listed}{more}" if zones else f"{place.country} has none"
    title = place_title(place)
    return f"{what}, but {title} has no time zone: {has}; write time_zone there"


def read_duration(entry: Entry, key: str, least_ms: int, most_ms: int) -> int:
    """Read a duration in ms, 0 if it is left out or wrong."""

    def check(text: str) -> str | None:
        duration_ms = _duration_ms(text)
        if duration_ms is not None and least_ms <= duration_ms <= most_ms:
            return None
        bounds = f"from {duration_shown(least_ms)} to {duration_shown(most_ms)}"
        return f"must be a duration such as 90s, 30m, 6h or 2d, {bounds}"

    text = entry.text(key, check)
    return 0 if text is None or check(text) else _duration_ms(text) or 0


def duration_shown(duration_ms: int) -> str:
    """Write a duration as the document does, in the greatest unit that fits."""
    for unit, unit_ms in _MS_BY_UNIT.items():
        if duration_ms % unit_ms == 0:
            return f"{duration_ms // unit_ms}{unit}"
    return f"{duration_ms}ms"


def _duration_ms(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    return None if match is None else int(match[1]) * _MS_BY_UNIT[match[2]]


def _moment_problem(text: str) -> str | None:
    if _DATE.fullmatch(text):
        return f"must say a time too: write {text}T00:00:00"
    if not _MOMENT.fullmatch(text):
        return "must be a date and time such as 2026-11-27T08:00:00 or 2026-11-27T08:00:00+01:00"
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        return f"is no date and time: {error}"
    if not WINDOW_YEAR_MIN <= moment.year <= WINDOW_YEAR_MAX:
        return f"must be in the years {WINDOW_YEAR_MIN} to {WINDOW_YEAR_MAX}"
    return None


def _local_problem(moment: datetime, place: Location | Market) -> str | None:
    """Answer why a local time says nothing there, or None."""
    if place.time_zone is None:
        return f"{local_without_zone('is a local time', place)}, or an offset here"
    gap = gap_around(moment, place.time_zone)
    if gap is None:
        return None
    before, after = (clock.time().isoformat() for clock in gap)
    return (
        f"{moment.isoformat()} does not exist in {place.time_zone} ({place_title(place)}): on that "
        f"day clocks go from {before} to {after}"
    )
