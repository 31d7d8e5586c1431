"""What a change of the sourcing section is told as."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sellable.errors import InvalidNetwork
from sellable.network import NetworkAt, affected_markets, changes, parse
from support.sourcing_sections import EVERY_KEY

# What is replaced in the section, and the lines that tell it.
EDITS = {
    "layout": ("  currency: SEK", "  currency:    SEK  # krona", []),
    "tag written out": ("locations: [tag:t, B]", "locations: [A, B]", []),
    "price in other words": ("per_parcel: 0.10}", "per_parcel: .1}", []),
    "section": (
        "  exchange_rates: {EUR: 0.25}\n  default: p",
        "  exchange_rates: {EUR: 0.26, USD: 0.2}\n  default: q",
        [
            "sourcing: default p -> q",
            "sourcing: exchange_rates.EUR 0.25 -> 0.26",
            "sourcing: exchange_rates.USD none -> 0.2",
        ],
    ),
    "profile of a market": (
        "sourcing: q}",
        "sourcing: p}",
        ["market web/FR: sourcing q -> p"],
    ),
    "opening hours": (
        "country: NO}\nmarkets",
        (
            'country: NO, opening_hours: {mon-fri: "08:00-18:00", sun: "10:00-12:00"}, '
            "closed: [2026-12-25]}\nmarkets"
        ),
        [
            "location B: opening_hours always -> mon-fri 08:00-18:00, sun 10:00-12:00",
            "location B: closed +2026-12-25",
        ],
    ),
    "carrier": (
        "locations: [tag:t, B]\n      max_parcel_kg: 31.5",
        "max_parcel_kg: 31",
        [
            "carrier 'c': max_parcel_kg 31.5 -> 31",
            "carrier 'c': locations A, B -> none",
            "carrier 'c': service s to z up to 31.5 kg 0.000001 per km -> none",
            "carrier 'c': service s to z up to 31 kg none -> 0.000001 per km",
        ],
    ),
    "renamed carrier": (
        "    - id: c\n",
        "    - id: d\n",
        [
            "carrier 'c': removed",
            "strategy 'x' of profile 'p': constraints.services +d/s, -c/s",
            "carrier 'd': added",
        ],
    ),
    "rates": (
        "per_kg: +1.5}",
        "per_kg: 1.6}",
        [
            (
                "carrier 'c': service s to y up to 50 kg 10000000 per parcel + 1.5 per kg -> "
                "10000000 per parcel + 1.6 per kg"
            ),
        ],
    ),
    "zone": (
        "max_distance_km: 12.5",
        "max_distance_km: 13",
        [
            (
                "carrier 'c': zones +z countries NO postal_prefixes 01 SW1A from_countries FR "
                "max_distance_km 13, -z countries NO postal_prefixes 01 SW1A from_countries FR "
                "max_distance_km 12.5"
            ),
        ],
    ),
    "strategy": (
        "          priority: 3\n          from: 2026-11-23T00:00\n",
        "          priority: 4\n",
        [
            "strategy 'x' of profile 'p': priority 3 -> 4",
            "strategy 'x' of profile 'p': from 2026-11-23T00:00:00 -> none",
        ],
    ),
    "weights": (
        "{shipping_cost: 1, lateness: 2.5}\n          unfilled: 20",
        "{shipping_cost: 1, parcels: 0.0000001}",
        [
            "strategy 'x' of profile 'p': weights.lateness 2.5 -> none",
            "strategy 'x' of profile 'p': unfilled 20 -> none",
            "strategy 'x' of profile 'p': weights.parcels none -> 0.0000001",
        ],
    ),
    "conditions": (
        "            value_min: 0.5\n",
        "",
        ["strategy 'x' of profile 'p': when.value_min 0.5 -> none"],
    ),
    "protected": (
        "until: 2027-01-01T00:00}]",
        "until: 2027-01-02T00:00}]",
        [
            (
                "strategy 'x' of profile 'p': constraints.protected +A until 2027-01-02T00:00:00, "
                "-A until 2027-01-01T00:00:00"
            ),
        ],
    ),
    "constraints": (
        "[[C, D], [E]]\n            services: c/s",
        "[[C, D, F]]",
        [
            "strategy 'x' of profile 'p': constraints.ship_together +C + D + F, -C + D, -E",
            "strategy 'x' of profile 'p': constraints.services c/s -> none",
        ],
    ),
    "order": (
        "order: [parcels, distance]",
        "order: [distance, parcels]",
        ["strategy 'x' of profile 'q': order parcels, distance -> distance, parcels"],
    ),
    "a strategy more": (
        "{name: y, policy: nearest}]",
        "{name: y, policy: priority}, {name: z, order: load}]",
        [
            "strategy 'y' of profile 'q': policy nearest -> priority",
            "strategy 'z' of profile 'q': added",
        ],
    ),
    "strategies in another order": (
        "[{name: x, order: [parcels, distance]}, {name: y, policy: nearest}]",
        "[{name: y, policy: nearest}, {name: x, order: [parcels, distance]}]",
        ["profile 'q': strategies reordered"],
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_a_change_is_told_and_alters_no_market(case: str) -> None:
    """Each kind of edit reads as the lines named, and recomputes nothing."""
    before, after, lines = EDITS[case]
    assert 1 == EVERY_KEY.count(before)
    old, new = parse(EVERY_KEY), parse(_edited(before, after))
    assert lines == changes(old, new)
    assert set() == affected_markets(NetworkAt(old, 0), NetworkAt(new, 0))


def test_a_first_section_is_told_by_its_parts() -> None:
    """Profiles, strategies and carriers of a new section are added, each in a line."""
    head, _, _ = EVERY_KEY.replace(", sourcing: q", "").partition("sourcing:")
    assert [
        "market web/FR: sourcing none -> q",
        "sourcing: currency EUR -> SEK",
        "sourcing: default none -> p",
        "sourcing: exchange_rates.EUR none -> 0.25",
        "carrier 'c': added",
        "profile 'p': added",
        "strategy 'x' of profile 'p': added",
        "profile 'q': added",
        "strategy 'x' of profile 'q': added",
        "strategy 'y' of profile 'q': added",
    ] == changes(parse(head), parse(EVERY_KEY))


NUMBERS = [at for at, sign in enumerate(EVERY_KEY) if sign.isdigit()]


@settings(deadline=None, max_examples=200)  # a busy machine is no fault
@given(st.sampled_from(NUMBERS), st.sampled_from("0123456789"))
def test_sections_that_differ_have_changes(at: int, digit: str) -> None:
    """Whatever digit of a section is another one, a line tells it exactly if it means another."""
    old = parse(EVERY_KEY)
    with contextlib.suppress(InvalidNetwork):
        new = parse(EVERY_KEY[:at] + digit + EVERY_KEY[at + 1 :])
        assert (old == new) == (changes(old, new) == [])


def _edited(before: str, after: str) -> str:
    text = EVERY_KEY.replace(before, after)
    return text.replace("services: c/s", "services: d/s") if after == "    - id: d\n" else text
