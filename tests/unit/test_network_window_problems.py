"""What a document says of time wrongly, each at its line, column and field."""

from __future__ import annotations

import pytest

from support.network_problems import assert_placed

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
QUOTA = PLACES + "quotas:\n  - "
LOCATION = "markets: []\nlocations:\n  - {id: A, type: store, country: FR"
MARKET = "locations: [{id: A, type: store, country: FR}]\nmarkets:\n  - {channel: web, country: FR"

DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    # Times that are none.
    RULE + "{sku: S, cap: 1, market: web/FR, from: §2027-01-01, until: §1st}": [
        ("protections[0].from", "must say a time too: write 2027-01-01T00:00:00"),
        ("protections[0].until", "must be a date and time such as 2026-11-27T08:00:00"),
    ],
    RULE + "{sku: S, cap: 1, from: §2027-02-29T00:00:00, until: §2027-01-01T24:00}": [
        ("protections[0].from", "is no date and time: day is out of range"),
        ("protections[0].until", "is no date and time: hour must be in 0..23"),
    ],
    RULE + "{sku: S, cap: 1, from: §1999-12-31T23:59:59Z, until: §2101-01-01T00:00}": [
        ("protections[0].from", "must be in the years 2000 to 2100"),
        ("protections[0].until", "must be in the years 2000 to 2100"),
    ],
    RULE + "{sku: S, cap: 1, from: §2027-01-01 00:00:00, until: §[x]}": [
        ("protections[0].from", "must be a date and time such as"),
        ("protections[0].until", "must be a text"),
    ],
    # Windows that end before they start, in one place or in all.
    RULE + "{sku: S, cap: 1, market: web/FR, from: 2027-01-01T00:00, until: §2027-01-01T00:00}": [
        ("protections[0].until", "market web/FR it is 2027-01-01T00:00:00+01:00 until 2027-01-01"),
    ],
    RULE
    + "{location: tag:t, safety_stock: 1, from: 2027-01-01T00:00, until: §2027-01-01T03:00Z}": [
        (
            "protections[0].until",
            "at location B it is 2027-01-01T00:00:00-05:00 until 2026-12-31T22",
        ),
    ],
    QUOTA
    + "{market: web/FR, sku: S, units: 1, from: 2027-01-02T00:00, until: §2027-01-01T00:00}": [
        ("quotas[0].until", "must be later than from: at market web/FR"),
    ],
    MARKET + ", locations: A, from: 2027-01-01T00:00:01Z, until: §2027-01-01T00:00:00Z}": [
        ("markets[0].until", "must be later than from: at market web/FR"),
    ],
    # Local times that do not exist, or are of no zone.
    RULE + "{market: web/FR, protection_buffer: 1, from: §2027-03-28T02:30:00}": [
        (
            "protections[0].from",
            "2027-03-28T02:30:00 does not exist in Europe/Paris (market web/FR)",
        ),
    ],
    RULE + "{location: [A, B], safety_stock: 1, until: §2027-03-14T02:00:00}": [
        ("protections[0].until", "clocks go from 02:00:00 to 03:00:00"),
    ],
    RULE + "{location: C, safety_stock: 1, until: §2027-03-14T02:00:00}": [
        ("protections[0].until", "ES has Europe/Madrid, Africa/Ceuta, Atlantic/Canary; write"),
    ],
    RULE + "{sku: S, safety_stock: 1, until: §2027-03-14T08:00:00}": [
        ("protections[0].until", "location C has no time zone"),
    ],
    RULE + "{location: D, safety_stock: 1, until: §2027-03-14T08:00:00}": [
        ("protections[0].until", "location D has no time zone: BV has none; write time_zone"),
    ],
    QUOTA + "{market: web/US, sku: S, units: 1, from: §2027-03-14T08:00:00}": [
        ("quotas[0].from", "has no time zone: US has America/New_York, America/Detroit, "),
    ],
    MARKET + ", locations: A, time_zone: §Europe/Pari, from: 2027-03-28T02:30:00}": [
        ("markets[0].time_zone", "did you mean Europe/Paris?"),
    ],
    # Two that decide one thing at one time.
    RULE
    + "{sku: S, market: web/FR, cap: 1, name: one, until: 2027-01-02T00:00:00}\n"
    + "  - §{sku: S, market: [web/FR, web/JP], cap: 2, from: 2027-01-01T00:00:00}": [
        (
            "protections[1]",
            (
                "equal rank with the rule 'one' at line 11: both set cap for sku 'S' in web/FR "
                "from 2027-01-01T00:00:00+01:00 until 2027-01-02T00:00:00+01:00"
            ),
        ),
    ],
    RULE
    + "{item_class: C, blocked: true}\n"
    + "  - §{item_class: [D, C], blocked: false, from: 2027-01-01T00:00:00Z}": [
        ("protections[1]", "blocked for item_class 'C' in A from 2027-01-01T01:00:00+01:00"),
    ],
    RULE
    + "{location: A, blocked: true, safety_stock: 1}\n"
    + "  - §{location: A, blocked: false}\n"
    + "  - §{location: tag:t, safety_stock: 2}": [
        ("protections[1]", "both set blocked in A"),
        ("protections[2]", "both set safety_stock in A"),
    ],
    RULE + "{market: web/FR, cap: §3}": [
        ("protections[0].cap", "equal rank with the cap of market web/FR itself (line 7)"),
    ],
    # Quotas.
    QUOTA + "§§{sku: S, name: n}\n  - {market: §web/XX, item_class: C, units: §x, name: §n}": [
        ("quotas[0].market", "is required"),
        ("quotas[0].units", "is required"),
        ("quotas[1].market", "unknown market 'web/XX'; did you mean"),
        ("quotas[1].units", "must be a whole number"),
        ("quotas[1].name", "duplicate name 'n', first at line 11"),
    ],
    QUOTA + "§{market: web/FR, units: 1}\n  - {market: web/FR, units: 1, sku: S, item_class: §C}": [
        ("quotas[0]", "counts nothing: write sku or item_class"),
        ("quotas[1].item_class", "must not stand beside sku: write two quotas"),
    ],
    QUOTA
    + "{market: web/FR, sku: [S, T], units: 1, until: 2027-01-02T00:00:00+01:00, name: q}\n"
    + "  - §{market: [web/JP, web/FR], sku: [R, T], units: 2, from: 2027-01-01T22:59:59Z}\n"
    + "  - {market: web/FR, sku: [S], units: 1, from: 2027-01-02T00:00:00+01:00, §cap: 3}": [
        (
            "quotas[1]",
            (
                "overlaps the quota 'q' at line 11: both count sku 'T' in web/FR from "
                "2027-01-01T23:59:59+01:00 until 2027-01-02T00:00:00+01:00"
            ),
        ),
        ("quotas[2].cap", "unknown key 'cap'"),
    ],
    # Silent feeds and future supply.
    LOCATION + ", stale_after: §59s, stale_protection_buffer: §101%}": [
        ("locations[0].stale_after", "a duration such as 90s, 30m, 6h or 2d, from 1m to 30d"),
        ("locations[0].stale_protection_buffer", "must be at most 100%"),
    ],
    LOCATION + ", stale_after: §31d, stale_protection_buffer: 2}": [
        ("locations[0].stale_after", "from 1m to 30d"),
    ],
    LOCATION + ", stale_after: §30m}": [
        ("locations[0].stale_after", "needs stale_protection_buffer beside it"),
    ],
    LOCATION + ", stale_protection_buffer: §30}": [
        ("locations[0].stale_protection_buffer", "needs stale_after beside it"),
    ],
    MARKET + ", locations: A, backorder_horizon: §367d}": [
        ("markets[0].backorder_horizon", "from 1s to 366d"),
    ],
    MARKET + ", locations: A, backorder_horizon: §30}": [
        ("markets[0].backorder_horizon", "must be a duration such as"),
    ],
}


@pytest.mark.parametrize("marked", DOCUMENTS)
def test_every_problem_of_time_is_placed(marked: str) -> None:
    """A bad document is answered with each problem at its line, column and field, and no other."""
    assert_placed(marked, DOCUMENTS[marked])
