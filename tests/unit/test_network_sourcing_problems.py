"""Bad profiles and strategies: every problem at its line, column and field."""

from __future__ import annotations

import pytest

from support.network_problems import assert_placed

PLACES = """locations:
  - {id: A, type: store, country: FR, tags: [t]}
  - {id: B, type: warehouse, country: DE}
  - {id: C, type: store, country: ES}
markets:
  - {channel: web, country: FR, locations: [A, B]}
  - {channel: app, country: ES, locations: [C]}
"""
SECTION = PLACES + "sourcing:\n"
CARRIERS = (
    SECTION + "  carriers:\n    - {id: c, zones: [{name: z}], services: [{id: s, lanes: "
    "[{zone: z, transit_days: 1, rates: [{per_parcel: 1}]}]}]}\n"
)
PROFILE = CARRIERS + "  profiles:\n    - name: p\n      strategies:\n        - "
STRATEGY = PROFILE + "{name: x, weights: {parcels: 1}"
CONSTRAINTS = STRATEGY + ", constraints: {"
WHEN = STRATEGY + ", when: {"

AT = "sourcing.profiles[0].strategies[0]"

# A document with a § before every place of a problem, and for each place in order the field and a
# part of the description. Two marks together are two problems at one place.
DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    # The section.
    PLACES + "sourcing: §[]": [("sourcing", "must be a mapping")],
    SECTION + "  §currenci: EUR": [("sourcing.currenci", "did you mean currency?")],
    SECTION + "  currency: §eur": [("sourcing.currency", "three upper case letters")],
    SECTION + "  exchange_rates: {§usd: 1, USD: §0, §EUR: 1, GBP: §-1, JPY: §.inf, §CHF: }": [
        ("sourcing.exchange_rates.usd", "three upper case letters"),
        ("sourcing.exchange_rates.USD", "must be a number from 0.000001 to 1000000"),
        ("sourcing.exchange_rates.EUR", "is the currency of the section itself"),
        ("sourcing.exchange_rates.GBP", "must be a number from 0.000001 to 1000000"),
        ("sourcing.exchange_rates.JPY", "must be a number from 0.000001 to 1000000"),
        ("sourcing.exchange_rates.CHF", "is required"),
    ],
    SECTION + "  profiles: §{p: 1}": [("sourcing.profiles", "must be a list")],
    PROFILE + "{name: x, order: parcels}\n  default: §q": [
        ("sourcing.default", "unknown profile 'q'"),
    ],
    SECTION + "  default: §standrad\n  profiles:\n    - name: standard\n      strategies: [§§{}]": [
        ("sourcing.default", "unknown profile 'standrad'; did you mean standard?"),
        (AT, "does not say which plan is best"),
        (f"{AT}.name", "is required"),
    ],
    PROFILE.replace("  carriers:", "  §carriers:")
    + "{name: x, order: parcels}\n    - {name: q, strategies: [{name: x, order: parcels}]}": [
        ("sourcing.default", "is required where there are several profiles: write one of p, q"),
    ],
    # Markets.
    PLACES.replace("[A, B]", "[A, B], sourcing: §p"): [
        ("markets[0].sourcing", "unknown profile 'p'"),
    ],
    PROFILE.replace("[A, B]", "[A, B], sourcing: §P") + "{name: x, order: parcels}": [
        ("markets[0].sourcing", "unknown profile 'P'; did you mean p?"),
    ],
    # Names.
    SECTION + "  profiles: [§{strategies: §[]}, §1]": [
        ("sourcing.profiles[0].name", "is required"),
        ("sourcing.profiles[0].strategies", "must not be an empty list"),
        ("sourcing.profiles[1]", "must be a mapping"),
    ],
    PROFILE + "{name: x, order: parcels}\n        - {name: §x, order: parcels}": [
        ("sourcing.profiles[0].strategies[1].name", "duplicate strategy 'x', first at line 14"),
    ],
    PROFILE + "{name: x, order: parcels}\n    - {name: §p, strategies: §[]}": [
        ("sourcing.profiles[1].name", "duplicate profile 'p', first at line 12"),
        ("sourcing.profiles[1].strategies", "must not be an empty list"),
    ],
    PROFILE + "{name: §" + "n" * 65 + ", order: parcels, priority: §-1, fall_back: §no}": [
        (f"{AT}.name", "must be 1 to 64 bytes"),
        (f"{AT}.priority", "must be a whole number from 0 to 1000000"),
        (f"{AT}.fall_back", "must be true or false"),
    ],
    # What is best.
    PROFILE + "§{name: x}": [(AT, "does not say which plan is best")],
    PROFILE + "§{name: x, policy: optimal}": [(AT, "does not say which plan is best")],
    PROFILE + "{name: x, policy: §nearst, order: parcels}": [
        (f"{AT}.policy", "did you mean nearest?"),
    ],
    PROFILE + "{name: x, weights: {parcels: 1}, order: §parcels}": [
        (f"{AT}.order", "must not stand beside weights"),
    ],
    PROFILE + "{name: x, policy: nearest, weights: §{parcels: 1}, unfilled: §1}": [
        (f"{AT}.weights", "does not go with policy nearest"),
        (f"{AT}.unfilled", "does not go with policy nearest"),
    ],
    PROFILE + "{name: x, policy: priority, order: §[parcels]}": [
        (f"{AT}.order", "does not go with policy priority"),
    ],
    PROFILE + "{name: x, weights: {§distanze: 1, parcels: §-1, load: §.nan, markdown: §1e3}}": [
        (f"{AT}.weights.distanze", "unknown key 'distanze'; did you mean distance?"),
        (f"{AT}.weights.parcels", "must be a number from 0 to 10000000"),
        (f"{AT}.weights.load", "must be a number from 0 to 10000000"),
        (f"{AT}.weights.markdown", "must be a number from 0 to 10000000"),
    ],
    PROFILE + "{name: x, weights: {distance: §.inf, shipping_cost: §1000.1}, unfilled: §'1'}": [
        (f"{AT}.weights.distance", "must be a number from 0 to 10000000"),
        (f"{AT}.weights.shipping_cost", "must be a number from 0 to 1000"),
        (f"{AT}.unfilled", "must be a number from 0 to 10000000"),
    ],
    PROFILE + "{name: x, weights: §{parcels: 0, load: 0.0}}": [
        (f"{AT}.weights", "weighs nothing"),
    ],
    PROFILE + "{name: x, weights: §{}}": [(f"{AT}.weights", "must not be empty")],
    PROFILE + "{name: x, order: [parcels, §near, §parcels]}": [
        (f"{AT}.order[1]", "must be one of shipping_cost, parcels"),
        (f"{AT}.order[2]", "repeats 'parcels'"),
    ],
    PROFILE + "{name: x, order: parcels, unfilled: §1}": [
        (f"{AT}.unfilled", "belongs to weights"),
    ],
    SECTION + "  profiles: [{name: p, strategies: [{name: x, weights: {lateness: §1}},"
    "{name: y, order: [§carbon, §shipping_cost], constraints: {on_time: §true}}]}]": [
        (f"{AT}.weights.lateness", "needs carriers"),
        ("sourcing.profiles[0].strategies[1].order[0]", "needs carriers"),
        ("sourcing.profiles[0].strategies[1].order[1]", "needs carriers"),
        ("sourcing.profiles[0].strategies[1].constraints.on_time", "needs carriers"),
    ],
    # Conditions.
    WHEN + "§channels: web}}": [(f"{AT}.when.channels", "did you mean channel?")],
    WHEN + "channel: [§wbe], country: §DE, destination: §UK}}": [
        (f"{AT}.when.channel[0]", "no market has the channel 'wbe'; did you mean web?"),
        (f"{AT}.when.country", "no market is in the country 'DE'"),
        (f"{AT}.when.destination", "write GB"),
    ],
    STRATEGY + ", when: §{channel: web, country: ES}}": [(f"{AT}.when", "holds for no market")],
    WHEN + "postal_prefix: [75, §'', §" + "7" * 17 + ", §7*], item_class: §''}}": [
        (f"{AT}.when.postal_prefix[1]", "must be 1 to 16 letters and digits"),
        (f"{AT}.when.postal_prefix[2]", "must be 1 to 16 letters and digits"),
        (f"{AT}.when.postal_prefix[3]", "must be 1 to 16 letters and digits"),
        (f"{AT}.when.item_class", "must be 1 to 64 bytes"),
    ],
    WHEN + "value_min: 10, value_max: §9.99}}": [
        (f"{AT}.when.value_max", "must be at least value_min"),
    ],
    WHEN + "value_min: §-1, value_max: §0.0000001}}": [
        (f"{AT}.when.value_min", "must be a number from 0 to 1000000000000 with at most 6"),
        (f"{AT}.when.value_max", "must be a number from 0 to 1000000000000 with at most 6"),
    ],
    # Windows.
    WHEN + "channel: §wbe}, from: 2027-01-01T00:00}": [
        (f"{AT}.when.channel", "no market has the channel 'wbe'"),
    ],
    STRATEGY + ", from: §2027-01-01T00:00}": [
        (f"{AT}.from", "is a local time, but market app/ES has no time zone"),
    ],
    WHEN + "channel: web}, from: 2027-01-02T00:00, until: §2027-01-01T00:00}": [
        (f"{AT}.until", "must be later than from: at market web/FR"),
    ],
    WHEN + "country: FR}, from: §2027-03-28T02:30}": [
        (f"{AT}.from", "does not exist in Europe/Paris"),
    ],
    STRATEGY + ", until: §2027-01-01}": [(f"{AT}.until", "must say a time too")],
    # Constraints.
    CONSTRAINTS + "§max_parcel: 1}}": [
        (f"{AT}.constraints.max_parcel", "did you mean max_parcels?"),
    ],
    CONSTRAINTS + "max_parcels: §0, max_locations: §1001, max_distance_km: §20038.1}}": [
        (f"{AT}.constraints.max_parcels", "must be a whole number from 1 to 1000"),
        (f"{AT}.constraints.max_locations", "must be a whole number from 1 to 1000"),
        (f"{AT}.constraints.max_distance_km", "must be a number from 0.001 to 20038"),
    ],
    CONSTRAINTS + "countries: [FR, §IT], ship_within_days: §31, split_lines: §0}}": [
        (f"{AT}.constraints.countries[1]", "no location is in 'IT'"),
        (f"{AT}.constraints.ship_within_days", "must be a whole number from 0 to 30"),
        (f"{AT}.constraints.split_lines", "must be true or false"),
    ],
    CONSTRAINTS + "excluded: [§D, §tag:u], excluded_types: §shop, services: [c/s, §c/S]}}": [
        (f"{AT}.constraints.excluded[0]", "unknown location 'D'"),
        (f"{AT}.constraints.excluded[1]", "no location has the tag 'u'"),
        (f"{AT}.constraints.excluded_types", "must be one of warehouse, store, 3pl, supplier"),
        (f"{AT}.constraints.services[1]", "unknown service 'c/S'; did you mean c/s?"),
    ],
    STRATEGY + ", constraints: §{excluded: [A, B, C]}}": [
        (f"{AT}.constraints", "leaves no location"),
    ],
    STRATEGY + ", constraints: §{excluded_types: store, countries: FR}}": [
        (f"{AT}.constraints", "leaves no location"),
    ],
    STRATEGY + ", constraints: §{excluded_types: store, protected: B}}": [
        (f"{AT}.constraints", "leaves no location"),
    ],
    STRATEGY
    + ", constraints: §{protected: {locations: [A, B, C], until: 2027-01-01T00:00:00Z}}}": [
        (f"{AT}.constraints", "leaves no location"),
    ],
    CONSTRAINTS + "protected: [§Z, §{}, {locations: §X, §form: 1}]}}": [
        (f"{AT}.constraints.protected[0]", "unknown location 'Z'"),
        (f"{AT}.constraints.protected[1].locations", "is required"),
        (f"{AT}.constraints.protected[2].locations", "unknown location 'X'"),
        (f"{AT}.constraints.protected[2].form", "did you mean from?"),
    ],
    CONSTRAINTS + "protected: {locations: [A, C], from: §2027-01-01T00:00}}}": [
        (f"{AT}.constraints.protected.from", "but location C has no time zone: ES has"),
    ],
    CONSTRAINTS
    + "protected: [{locations: A, from: 2027-01-01T00:00, until: §2027-01-01T00:00}]}}": [
        (f"{AT}.constraints.protected[0].until", "must be later than from: at location A"),
    ],
    CONSTRAINTS + "ship_together: [[a, b], [c, §a], §d, §[]]}}": [
        (f"{AT}.constraints.ship_together[1][1]", "'a' is in another group already"),
        (f"{AT}.constraints.ship_together[2]", "must be a list of groups"),
        (f"{AT}.constraints.ship_together[3]", "must be a list of groups"),
    ],
    CONSTRAINTS + "ship_together: §a}}": [
        (f"{AT}.constraints.ship_together", "must be a list of groups"),
    ],
    CONSTRAINTS + "ship_together: [[§'', §[b]]]}}": [
        (f"{AT}.constraints.ship_together[0][0]", "must be 1 to 64 bytes"),
        (f"{AT}.constraints.ship_together[0][1]", "must be a text"),
    ],
}


@pytest.mark.parametrize("marked", DOCUMENTS)
def test_every_problem_is_placed(marked: str) -> None:
    """A bad section is answered with each problem at its line, column and field, and no other."""
    assert_placed(marked, DOCUMENTS[marked])
