"""Time zones: which one a country has, and which instant a local time is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from sellable.errors import BugError

_ALIKE_FROM: Final = datetime(2020, 1, 1, 12)  # noqa: DTZ001 - local noon, in whichever zone
_ALIKE_DAYS: Final = 20 * 365
_SECOND: Final = timedelta(seconds=1)


@cache
def time_zones() -> frozenset[str]:
    """Answer every known IANA name."""
    return frozenset(available_timezones())


@cache
def default_zone(country: str) -> str | None:
    """Answer the zone of a country that has one, or several that tell the same time nowadays."""
    zones = country_zones(country)
    if not zones or not all(_alike(zones[0], other) for other in zones[1:]):
        return None
    return zones[0]


def country_zones(country: str) -> tuple[str, ...]:
    """Answer the zones of a country, the one of most people first."""
    return _zones_by_country().get(country, ())


def instant_ms(moment: datetime, zone: str | None, *, last: bool) -> int:
    """Answer the instant of a time in ms since 1970; a naive one is local to the zone.

    Of a local time that occurs twice, when clocks go back, `last` chooses the second.
    """
    if moment.tzinfo is None:
        if zone is None:
            raise BugError("a local time without a zone was not refused")
        moment = moment.replace(tzinfo=ZoneInfo(zone), fold=int(last))
    return round(moment.timestamp() * 1000)


def gap_around(moment: datetime, zone: str) -> tuple[datetime, datetime] | None:
    """Answer between which local times clocks skip this one; None where it exists."""
    place = ZoneInfo(zone)
    # Of a time that is skipped, fold 0 means the offset before the gap, fold 1 the one after it.
    before = moment.replace(tzinfo=place, fold=0).utcoffset()
    after = moment.replace(tzinfo=place, fold=1).utcoffset()
    if before is None or after is None or after <= before:
        return None
    early, late = moment - after, moment - before  # UTC; the clocks are set between them
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if middle <= early:
            break
        offset = middle.replace(tzinfo=UTC).astimezone(place).utcoffset()
        early, late = (middle, late) if offset == before else (early, middle)
    return late + before, late + after


def _alike(one: str, other: str) -> bool:
    """Tell whether two zones have one offset every day, as Berlin and Büsingen do."""
    zones = ZoneInfo(one), ZoneInfo(other)
    days = (_ALIKE_FROM + timedelta(days=day) for day in range(_ALIKE_DAYS))
    return all(zones[0].utcoffset(day) == zones[1].utcoffset(day) for day in days)


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for row in table.splitlines():
        if row and not row.startswith("#"):
            country, _, zone, *_ = row.split("\t")
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}
