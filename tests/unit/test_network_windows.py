"""Windows, time zones and durations of a document: what instants and numbers they are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.network import Network, parse, spans
from sellable.network.dating import duration_shown
from sellable.network.zones import country_zones, default_zone, gap_around

PLACES = """locations:
  - {id: A, type: store, country: FR, tags: [t]}
  - {id: B, type: store, country: US, tags: [t], time_zone: America/New_York}
  - {id: C, type: store, country: ES}
  - {id: D, type: store, country: BV}
markets:
  - {channel: web, country: FR, locations: [A, B], cap: 2}
  - {channel: web, country: US, locations: [B]}
  - {channel: web, country: JP, locations: [B]}
"""
RULE = PLACES + "protections:\n  - "
LOCATION = "markets: []\nlocations:\n  - {id: A, type: store, country: FR"
MARKET = "locations: [{id: A, type: store, country: FR}]\nmarkets:\n  - {channel: web, country: FR"


def bounds(network: Network) -> list[tuple[str, str, str]]:
    """Answer where each dated entry holds, from when until when, in UTC."""
    return [(span.target, _utc(span.start_ms), _utc(span.end_ms)) for span in spans(network)]


def _utc(at_ms: int | None) -> str:
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%m-%dT%H:%M:%S}"


WINDOWS = {
    "local": ("from: 2027-01-01T00:00:00", ("12-31T23:00:00", "")),
    "without seconds": ("until: 2027-07-01T00:00", ("", "06-30T22:00:00")),
    "quoted": ("from: '2027-01-01T00:00:30'", ("12-31T23:00:30", "")),
    "with an offset": ("from: 2027-01-01T00:00:00-05:30", ("01-01T05:30:00", "")),
    "UTC": (
        "from: 2027-01-01T00:00Z, until: 2027-01-01t01:00z",
        ("01-01T00:00:00", "01-01T01:00:00"),
    ),
    "mixed": (
        "from: 2027-01-01T00:30, until: 2027-01-01T00:00Z",
        ("12-31T23:30:00", "01-01T00:00:00"),
    ),
    "the hour that occurs twice": (
        "from: 2027-10-31T02:30:00, until: 2027-10-31T02:30:00",
        ("10-31T00:30:00", "10-31T01:30:00"),
    ),
    "just before the gap": ("until: 2027-03-28T01:59:59", ("", "03-28T00:59:59")),
    "just after the gap": ("from: 2027-03-28T03:00:00", ("03-28T01:00:00", "")),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_windows_are_instants(case: str) -> None:
    """A time without an offset is local; of one that occurs twice, the whole window is taken."""
    text, expected = WINDOWS[case]
    rule = f"{{market: web/FR, protection_buffer: 1, {text}}}"
    assert [("web/FR", *expected)] == bounds(parse(RULE + rule))


def test_markets_and_locations_have_their_own_midnight() -> None:
    """What begins at midnight begins in each zone at another instant."""
    network = parse(
        RULE + "{location: tag:t, safety_stock: 1, from: 2027-01-01T00:00}\n"
        "quotas:\n  - {market: [web/FR, web/JP], sku: S, units: 1, until: 2027-07-01T00:00}\n"
    )
    assert [
        ("A", "12-31T23:00:00", ""),
        ("B", "01-01T05:00:00", ""),
        ("web/FR", "", "06-30T22:00:00"),
        ("web/JP", "", "06-30T15:00:00"),
    ] == bounds(network)


def test_windows_that_only_touch_stand_beside_each_other() -> None:
    """One rule may begin at the moment at which another of its rank ends."""
    text = (
        "{sku: S, cap: 1, until: 2027-01-01T00:00Z}\n  - {sku: S, cap: 2, from: 2027-01-01T00:00Z}"
    )
    assert 2 == len(parse(RULE + text).rules)


ZONES = {
    "FR": "Europe/Paris",
    "NO": "Europe/Oslo",
    "DE": "Europe/Berlin",  # and Busingen, which tells the same time
    "MY": "Asia/Kuala_Lumpur",
    "ES": None,
    "US": None,
    "BV": None,  # nobody lives there
}


@pytest.mark.parametrize("country", ZONES)
def test_a_country_with_one_time_has_a_zone(country: str) -> None:
    """Locations and markets have the zone of their country, if all of it tells the same time."""
    assert ZONES[country] == default_zone(country)
    place = f"{{id: A, type: store, country: {country}}}"
    network = parse(
        f"locations: [{place}]\nmarkets: [{{channel: c, country: {country}, locations: A}}]"
    )
    assert ZONES[country] == network.locations[0].time_zone
    assert ZONES[country] == network.markets[0].time_zone


def test_a_written_zone_goes_before_that_of_the_country() -> None:
    """A market's time zone may be another one than its country's."""
    network = parse(MARKET + ", locations: A, time_zone: Asia/Tokyo, from: 2027-01-01T00:00}")
    assert [("web/FR", "12-31T15:00:00", "")] == bounds(network)


def test_several_zones_are_listed_with_the_main_one_first() -> None:
    """Who has to choose sees the zones of the country."""
    assert ("Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary") == country_zones("ES")


GAPS = {
    "Europe/Paris": ("2027-03-28T02:00:00", "02:00:00", "03:00:00"),
    "America/New_York": ("2027-03-14T02:59:59", "02:00:00", "03:00:00"),
    "Australia/Lord_Howe": ("2027-10-03T02:15:00", "02:00:00", "02:30:00"),
    "Africa/Cairo": ("2027-04-30T00:30:00", "00:00:00", "01:00:00"),
    "Pacific/Apia": ("2011-12-30T12:00:00", "00:00:00", "00:00:00"),  # a whole day
}


@pytest.mark.parametrize("zone", GAPS)
def test_gaps_are_known_to_the_second(zone: str) -> None:
    """A local time that is skipped is told with where clocks go from and to."""
    moment, *expected = GAPS[zone]
    gap = gap_around(datetime.fromisoformat(moment), zone)
    assert gap is not None
    assert expected == [clock.time().isoformat() for clock in gap]


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Europe/Paris", "America/New_York", "Pacific/Apia", "Asia/Tehran"]),
)
def test_a_time_exists_or_is_in_a_gap(moment: datetime, zone: str) -> None:
    """Exactly the local times that no instant has are in a gap, and inside of its ends."""
    moment = moment.replace(microsecond=0)
    instant = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    exists = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    gap = gap_around(moment, zone)
    assert exists == (gap is None)
    if gap is not None:
        assert gap[0] <= moment < gap[1]


DURATIONS = {"90s": 90_000, "60s": 60_000, "30m": 1_800_000, "6h": 21_600_000, "30d": 2_592_000_000}


@pytest.mark.parametrize("text", DURATIONS)
def test_durations_are_read_and_written(text: str) -> None:
    """A duration is a whole number of one unit, and is shown in the greatest one that fits."""
    network = parse(
        LOCATION + f", stale_after: {text}, stale_protection_buffer: '5%, at least 2'}}"
    )
    (place,) = network.locations
    assert DURATIONS[text] == place.stale_after_ms
    assert "5%, at least 2" == str(place.stale_protection_buffer)
    assert {"60s": "1m"}.get(text, text) == duration_shown(place.stale_after_ms)
