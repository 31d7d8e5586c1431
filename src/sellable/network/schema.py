"""The schema of locations and markets: which keys an entry has, and what they may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sellable import names
from sellable.limits import (
    BACKORDER_HORIZON_MS_MAX,
    BACKORDER_HORIZON_MS_MIN,
    LOCATIONS_PER_MARKET_MAX,
    MARKETS_MAX,
    MEMBERSHIPS_MAX,
    STALE_AFTER_MS_MAX,
    STALE_AFTER_MS_MIN,
    TAGS_PER_LOCATION_MAX,
)
from sellable.network.dating import (
    local_without_zone,
    read_duration,
    read_window,
    window_is_right,
)
from sellable.network.hours import read_closed_dates, read_opening_hours
from sellable.network.report import quoted
from sellable.network.values import Binding, Buffer, Location, LocationType, Market
from sellable.network.zones import default_zone, time_zones

if TYPE_CHECKING:
    from sellable.network.entry import Entry
    from sellable.network.report import Mark, Report

_CUT_OFF: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LOCAL: Final = {
    "daily_capacity": "is of a local day",
    "cut_off": "is a local time",
    "opening_hours": "are local times",
    "closed": "are local dates",
}
_TAG_PREFIX: Final = "tag:"
_LATITUDE_MAX: Final = 90
_LONGITUDE_MAX: Final = 180


class Places:
    """The locations read so far, by id and by tag, for the selectors that name them."""

    def __init__(self, report: Report) -> None:
        """Begin without any; unknown names go to the report."""
        self._report = report
        self._line_by_id: dict[str, int] = {}
        self._ids_by_tag: dict[str, list[str]] = {}

    def add(self, entry: Entry, location: Location) -> None:
        """Make a location known; its id must be new."""
        if not location.id:
            return
        if location.id in self._line_by_id:
            line = self._line_by_id[location.id]
            entry.problem("id", f"duplicate location {quoted(location.id)}, first at line {line}")
            return
        self._line_by_id[location.id] = location.line
        for tag in location.tags:
            self._ids_by_tag.setdefault(tag, []).append(location.id)

    def expand(self, selectors: list[tuple[str, Mark, str]]) -> tuple[str, ...]:
        """Answer the locations that ids and tags select; each keeps its first place."""
        found: dict[str, None] = {}
        for text, mark, path in selectors:
            if text in self._line_by_id:
                found[text] = None
            elif text.startswith(_TAG_PREFIX):
                tag = text.removeprefix(_TAG_PREFIX)
                if tag not in self._ids_by_tag:
                    hint = self._report.hint(tag, self._ids_by_tag)
                    self._report.add(mark, path, f"no location has the tag {quoted(tag)}{hint}")
                found.update(dict.fromkeys(self._ids_by_tag.get(tag, ())))
            else:
                hint = self._report.hint(text, self._line_by_id)
                if text in self._ids_by_tag:
                    hint = f"; for the tag write {_TAG_PREFIX}{text}"
                self._report.add(mark, path, f"unknown location {quoted(text)}{hint}")
        return tuple(found)


def read_locations(root: Entry, places: Places, report: Report) -> tuple[Location, ...]:
    """Read every location and make it known to the places."""
    root.require("locations")
    locations = []
    for entry in root.entries("locations"):
        location = _location(entry, report)
        places.add(entry, location)
        locations.append(location)
    return tuple(locations)


def read_markets(
    root: Entry, places: Places, report: Report
) -> tuple[dict[str, Market], dict[str, Entry]]:
    """Read every market by its key, and answer beside it the entry that writes it."""
    root.require("markets")
    markets: dict[str, Market] = {}
    entries: dict[str, Entry] = {}
    memberships = 0
    for index, entry in enumerate(root.entries("markets")):
        market = _market(entry, places, report)
        if index == MARKETS_MAX:
            entry.refuse(f"more than {MARKETS_MAX} markets")
        memberships += len(market.locations)
        if memberships > MEMBERSHIPS_MAX:
            entry.refuse(f"the markets together have more than {MEMBERSHIPS_MAX} locations")
        if not market.channel or not market.country:
            continue
        if market.key in markets:
            line = markets[market.key].line
            entry.problem(None, f"duplicate market {market.key}, first at line {line}")
            continue
        markets[market.key] = market
        entries[market.key] = entry
    return markets, entries


def _location(entry: Entry, report: Report) -> Location:
    tags = entry.texts("tags", may_be_empty=True)
    for tag, mark, path in tags:
        if problem := names.identifier_problem(tag):
            report.add(mark, path, problem)
    if len(tags) > TAGS_PER_LOCATION_MAX:
        entry.problem("tags", f"has {len(tags)} tags, allowed are {TAGS_PER_LOCATION_MAX}")
    entry.require("type")
    location_id = entry.required_text("id", names.location_problem)
    country = entry.required_text("country", names.country_problem)
    location = Location(
        id=location_id,
        type=entry.choice("type", LocationType, LocationType.WAREHOUSE),
        country=country,
        latitude=entry.decimal("latitude", -_LATITUDE_MAX, _LATITUDE_MAX),
        longitude=entry.decimal("longitude", -_LONGITUDE_MAX, _LONGITUDE_MAX),
        time_zone=_time_zone(entry, report, country),
        tags=tuple(tag for tag, _, _ in tags),
        safety_stock=entry.whole("safety_stock", 0),
        enabled=entry.flag("enabled", default=True),
        pickup=entry.flag("pickup", default=False),
        daily_capacity=entry.whole("daily_capacity", None),
        cut_off=entry.text("cut_off", _cut_off_problem),
        opening_hours=read_opening_hours(entry, report),
        closed_dates=read_closed_dates(entry, report),
        stale_after_ms=read_duration(entry, "stale_after", STALE_AFTER_MS_MIN, STALE_AFTER_MS_MAX),
        stale_protection_buffer=entry.buffer("stale_protection_buffer") or Buffer(),
        line=entry.mark.line,
    )
    for one, other in (("latitude", "longitude"), ("stale_after", "stale_protection_buffer")):
        for key, missing in ((one, other), (other, one)):
            if entry.has(key) and not entry.has(missing):
                entry.problem(key, f"needs {missing} beside it")
    if location.time_zone is None:
        for key, what in _LOCAL.items():
            if entry.has(key):
                entry.problem(key, local_without_zone(what, location))
    entry.finish()
    return location


def _market(entry: Entry, places: Places, report: Report) -> Market:
    entry.require("locations")
    locations = places.expand(entry.texts("locations"))
    if len(locations) > LOCATIONS_PER_MARKET_MAX:
        text = f"has {len(locations)} locations, allowed are {LOCATIONS_PER_MARKET_MAX}"
        entry.problem("locations", text)
    channel = entry.required_text("channel", names.channel_problem)
    country = entry.required_text("country", names.country_problem)
    window, _ = read_window(entry)
    market = Market(
        channel=channel,
        country=country,
        locations=locations,
        protection_buffer=entry.buffer("protection_buffer") or Buffer(),
        cap=entry.whole("cap", None),
        low_stock_threshold=entry.whole("low_stock_threshold", 0),
        binding=entry.choice("binding", Binding, Binding.IN_ORDER),
        time_zone=_time_zone(entry, report, country),
        window=window,
        backorder_horizon_ms=read_duration(
            entry, "backorder_horizon", BACKORDER_HORIZON_MS_MIN, BACKORDER_HORIZON_MS_MAX
        ),
        sourcing_profile=entry.text("sourcing") or "",
        line=entry.mark.line,
    )
    if window is not None:
        window_is_right(entry, window, [market])
    entry.finish()
    return market


def _time_zone(entry: Entry, report: Report, country: str) -> str | None:
    def check(text: str) -> str | None:
        if text in time_zones():
            return None
        hint = report.hint(text, time_zones())
        return f"must be an IANA time zone such as Europe/Paris{hint}"

    zone = entry.text("time_zone", check)
    if zone is None and not names.country_problem(country):
        return default_zone(country)
    # A zone or country that is wrong has been reported; windows are checked as if it were UTC.
    return zone if zone in time_zones() else "UTC"


def _cut_off_problem(text: str) -> str | None:
    return None if _CUT_OFF.fullmatch(text) else 'must be a local time "HH:MM", e.g. "16:00"'
