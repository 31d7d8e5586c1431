"""Dated strategies and protected windows: in force exactly in their time, in each place's zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sellable.errors import InvalidNetwork
from sellable.network import holds, parse, schedule, spans
from sellable.network.values import NetworkAt

DOCUMENT = """
locations:
  - {{id: PARIS, type: store, country: FR, tags: [flagship]}}
  - {{id: NEW-YORK, type: store, country: US, time_zone: America/New_York, tags: [flagship]}}
  - {{id: DC, type: warehouse, country: FR}}
markets:
  - {{channel: web, country: FR, locations: [PARIS, NEW-YORK]}}
  - {{channel: web, country: US, locations: [NEW-YORK], time_zone: America/New_York, sourcing: b}}
sourcing:
  default: a
  profiles:
    - name: a
      strategies:
        - name: peak
          priority: 1
          from: {start}
          until: {end}
          order: distance
          constraints:
            protected: {{locations: [tag:flagship], from: {start}, until: {end}}}
        - {{name: all year, order: distance}}
    - name: b
      strategies: [{{name: us, order: distance, from: {start}, when: {{country: US}}}}]
"""
PARIS, NEW_YORK = "Europe/Paris", "America/New_York"

# A window as it is written, a zone, and the first and last second in it. The last two are across
# the days on which clocks go forward (2026-03-29 in Paris) and back (2026-10-25).
WINDOWS = {
    "peak in Paris": (
        "2026-11-23T00:00:00",
        "2026-12-28T00:00:00",
        PARIS,
        "2026-11-22T23:00:00",
        "2026-12-27T22:59:59",
    ),
    "peak in New York": (
        "2026-11-23T00:00:00",
        "2026-12-28T00:00:00",
        NEW_YORK,
        "2026-11-23T05:00:00",
        "2026-12-28T04:59:59",
    ),
    "one instant everywhere": (
        "2026-11-23T00:00:00+01:00",
        "2026-12-27T23:00:00Z",
        NEW_YORK,
        "2026-11-22T23:00:00",
        "2026-12-27T22:59:59",
    ),
    "forward in Paris": (
        "2026-03-28T12:00:00",
        "2026-03-29T12:00:00",
        PARIS,
        "2026-03-28T11:00:00",
        "2026-03-29T09:59:59",
    ),
    "already forward in New York": (
        "2026-03-28T12:00:00",
        "2026-03-29T12:00:00",
        NEW_YORK,
        "2026-03-28T16:00:00",
        "2026-03-29T15:59:59",
    ),
    "back in Paris": (
        "2026-10-24T12:00:00",
        "2026-10-25T12:00:00",
        PARIS,
        "2026-10-24T10:00:00",
        "2026-10-25T10:59:59",
    ),
    "not yet back in New York": (
        "2026-10-24T12:00:00",
        "2026-10-25T12:00:00",
        NEW_YORK,
        "2026-10-24T16:00:00",
        "2026-10-25T15:59:59",
    ),
    "the hour that occurs twice in Paris": (
        "2026-10-25T02:30:00",
        "2026-10-25T02:30:00.",
        PARIS,
        "2026-10-25T00:30:00",
        "2026-10-25T01:29:59",
    ),
    "spring to autumn": (
        "2026-03-29T00:00:00",
        "2026-10-25T04:00:00",
        PARIS,
        "2026-03-28T23:00:00",
        "2026-10-25T02:59:59",
    ),
}


def document(start: str, end: str) -> str:
    """Write a network with the window at a strategy and at what it protects."""
    return DOCUMENT.format(start=start, end=end.rstrip("."))


def utc_ms(text: str) -> int:
    """Read a time of UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize("case", WINDOWS)
def test_a_window_holds_from_its_first_until_its_last_second(case: str) -> None:
    """A strategy's window, and a protected one, hold in exactly that time in the zone."""
    start, end, zone, first, last = WINDOWS[case]
    text = document(start, end)
    if end.endswith("."):  # elsewhere the window would be empty
        text = text.replace("locations: [tag:flagship]", "locations: [PARIS]")
        text = text.replace("priority: 1", "priority: 1\n          when: {country: FR}")
    peak = parse(text).sourcing.profiles[0].strategies[0]
    (protected,) = peak.constraints.protected
    first_ms, last_ms = utc_ms(first), utc_ms(last) + 999
    for window in (peak.window, protected.window):
        held = [
            holds(window, zone, at_ms)
            for at_ms in (first_ms - 1, first_ms, (first_ms + last_ms) // 2, last_ms, last_ms + 1)
        ]
        assert [False, True, True, True, False] == held


def test_no_window_always_holds() -> None:
    """What has no dates needs no time zone."""
    assert holds(None, None, 0)
    (us,) = parse(document("2026-01-01T00:00", "2027-01-01T00:00")).sourcing.profiles[1].strategies
    assert us.window is not None
    assert [False, True] == [
        holds(us.window, NEW_YORK, utc_ms(at))
        for at in ("2026-01-01T04:59:59", "2126-01-01T00:00:00")
    ]


def test_a_local_window_needs_the_zones_of_the_markets_that_it_is_for_alone() -> None:
    """A market without a time zone refuses no window of a strategy that is not for it."""
    text = document("2026-11-23T00:00", "2026-12-28T00:00").replace(
        "sourcing:\n", "  - {channel: web, country: ES, locations: PARIS}\nsourcing:\n", 1
    )
    with pytest.raises(InvalidNetwork, match="market web/ES has no time zone"):
        parse(text)
    assert parse(text.replace("priority: 1", "priority: 1\n          when: {country: FR}"))


def test_dated_strategies_are_on_the_timeline_and_no_switches() -> None:
    """Strategies are told where markets use them, protected locations in each zone by itself."""
    network = parse(document("2026-11-23T00:00:00", "2026-12-28T00:00:00"))
    assert [
        ("strategy peak", "web/FR", "of profile a, priority 1", "11-22T23", "12-27T23", 14),
        ("strategy peak", "PARIS", "protected in profile a", "11-22T23", "12-27T23", 14),
        ("strategy peak", "NEW-YORK", "protected in profile a", "11-23T05", "12-28T05", 14),
        ("strategy us", "web/US", "of profile b, priority 0", "11-23T05", "", 23),
    ] == [
        (span.title, span.target, span.text, _hour(span.start_ms), _hour(span.end_ms), span.line)
        for span in spans(network)
    ]
    assert [] == schedule(NetworkAt(network, 0))


def _hour(at_ms: int | None) -> str:
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%m-%dT%H}"
