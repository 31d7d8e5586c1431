"""Good sourcing sections: what they say, and what a change of one alters."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from sellable import limits
from sellable.network import (
    Carrier,
    Conditions,
    Constraints,
    Lane,
    LocationType,
    NetworkAt,
    Policy,
    Profile,
    Protected,
    Service,
    Sourcing,
    Strategy,
    Term,
    Tier,
    Zone,
    affected_markets,
    compile_network,
    parse,
    plain_postal_code,
    resettled_locations,
    schedule,
    sourcing,
)
from support.sourcing_sections import CARRIER, EVERY_KEY, STRATEGY

README = Path(sourcing.__file__).with_name("README.md")


def test_every_key_is_read() -> None:
    """A document that writes every key gives exactly these values."""
    expected = Sourcing(
        currency="SEK",
        exchange_rates={"EUR": 0.25},
        default_profile="p",
        carriers=(CARRIER,),
        profiles=(
            Profile(name="p", strategies=(STRATEGY,)),
            Profile(
                name="q",
                strategies=(
                    Strategy(name="x", order=(Term.PARCELS, Term.DISTANCE)),
                    Strategy(name="y", policy=Policy.NEAREST),
                ),
            ),
        ),
    )
    network = parse(EVERY_KEY)
    assert expected == network.sourcing
    assert ["q", ""] == [market.sourcing_profile for market in network.markets]
    assert [13] == [carrier.line for carrier in network.sourcing.carriers]
    assert [38, 69] == [profile.line for profile in network.sourcing.profiles]
    assert [40] == [strategy.line for strategy in network.sourcing.profiles[0].strategies]


def test_the_section_may_be_left_out() -> None:
    """Without a section, or with an empty one, there are no profiles and no carriers."""
    for text in ("", "sourcing:\n", "sourcing: {}\n", "sourcing: {profiles: []}\n"):
        assert Sourcing() == parse(f"locations: []\nmarkets: []\n{text}").sourcing


def test_a_single_profile_is_the_default() -> None:
    """Where there is one profile, nobody has to name it."""
    text = "sourcing: {profiles: [{name: p, strategies: [{name: s, order: parcels}]}]}"
    assert "p" == parse(f"locations: []\nmarkets: []\n{text}").sourcing.default_profile


def test_the_example_of_the_readme_is_valid() -> None:
    """The documented example parses, and says what the page says of it."""
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    network = parse(example)
    assert ("balanced", ["", "fewest parcels"]) == (
        network.sourcing.default_profile,
        [market.sourcing_profile for market in network.markets],
    )
    paris = network.locations[0]
    assert (*[(480, 1_080)] * 5, (540, 780), None) == paris.opening_hours
    assert (date(2026, 12, 25), date(2027, 1, 1)) == paris.closed_dates
    peak, all_year = network.sourcing.profiles[0].strategies
    assert (10, 0) == (peak.priority, all_year.priority)
    assert ("STORE-LYON",) == peak.constraints.protected[0].locations


def test_the_readme_names_every_key_and_limit() -> None:
    """The tables have every key, word and bound of the section."""
    page = " ".join(README.read_text(encoding="utf-8").split())
    shown = {"max_parcel_grams": "max_parcel_kg", "default_profile": "default"}
    shown |= {"channels": "channel", "destinations": "destination", "item_classes": "item_class"}
    shown |= {"tiers": "rates", "up_to_grams": "up_to_kg"}
    parts = (Sourcing, Carrier, Zone, Service, Lane, Tier, Profile, Strategy, Conditions)
    names = {field.name for part in (*parts, Constraints, Protected) for field in fields(part)}
    words = {shown.get(name, name) for name in names - {"line", "window"}}
    words |= {
        *Term,
        *Policy,
        *LocationType,
        "above_kg",
        "country",
        "postal_prefix",
        "from",
        "until",
    }
    assert [] == [word for word in sorted(words) if f"`{word}`" not in page]
    bounds = (
        f"{limits.PROFILES_MAX} profiles of {limits.STRATEGIES_PER_PROFILE_MAX} strategies",
        f"{limits.CARRIERS_MAX} carriers of {limits.SERVICES_PER_CARRIER_MAX} services",
        f"{limits.ZONES_PER_CARRIER_MAX} zones, {limits.TIERS_PER_LANE_MAX} tiers a lane",
        f"{limits.EXCHANGE_RATES_MAX} exchange rates",
        f"{limits.PROTECTED_PER_STRATEGY_MAX} dated entries",
        f"{limits.SHIP_TOGETHER_GROUPS_MAX} groups",
        f"{limits.POSTAL_PREFIX_CHARACTERS_MAX} characters a postal prefix",
        f"{limits.CLOSED_DATES_MAX:,} closed dates",
        f"{limits.EXCHANGE_RATE_MIN:.6f} to {limits.EXCHANGE_RATE_MAX:,}",
        f"0.001 to {limits.PARCEL_GRAMS_MAX // 1_000:,}",
        f"0 to {limits.TRANSIT_DAYS_MAX}",
        f"from {limits.DISTANCE_KM_MIN} to {limits.DISTANCE_KM_MAX:,}",
        f"`per_parcel` | 0 | at most {limits.PRICE_MICROS_MAX // 10**6:,}",
        f"`per_kg`, `per_km` | 0 | at most {limits.PRICE_PER_KG_MICROS_MAX // 10**6:,}",
        f"{limits.WEIGHT_MAX:,}, that of `shipping_cost` {limits.SHIPPING_WEIGHT_MAX:,}",
        f"1 to {limits.PARCELS_PER_PLAN_MAX:,}",
        f"that day, at most {limits.SHIP_WITHIN_DAYS_MAX}",
    )
    assert [] == [bound for bound in bounds if bound not in page]


CODES: Final = {"75": "75", "sw1a 1aa": "SW1A1AA", "00-950": "00950", "  ": ""}


@pytest.mark.parametrize("code", CODES)
def test_postal_codes_are_compared_plainly(code: str) -> None:
    """Spaces, hyphens and case do not tell two postal codes apart."""
    assert CODES[code] == plain_postal_code(code)


def test_a_change_of_the_section_alters_no_number() -> None:
    """Whatever it says, the store's fields, switches and markets to recompute are the same."""
    head, _, _ = EVERY_KEY.replace(", sourcing: q", "").partition("sourcing:")
    old, new = (NetworkAt(parse(text), 0) for text in (head, EVERY_KEY))
    assert old.network != new.network
    assert set() == affected_markets(old, new) == affected_markets(new, old)
    assert set() == resettled_locations(old, new)
    assert compile_network(old) == compile_network(new)
    assert [] == schedule(new)
