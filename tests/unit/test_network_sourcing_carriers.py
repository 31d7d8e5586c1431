"""Bad carriers, rate tables and opening hours: every problem at its line, column and field."""

from __future__ import annotations

import pytest

from support.network_problems import assert_placed

PLACES = """locations:
  - {id: A, type: store, country: FR, tags: [t]}
  - {id: B, type: warehouse, country: DE}
markets: []
"""
LOCATION = "markets: []\nlocations:\n  - {id: A, type: store, country: FR, "
SECTION = PLACES + "sourcing:\n  exchange_rates: {USD: 0.5, IQD: 1000000}\n  carriers:\n    - "
LANE = "[{zone: z, transit_days: 1, rates: [{per_parcel: 1}]}]"
SERVICES = "services: [{id: s, lanes: " + LANE + "}]"
ZONES = SECTION + "{id: c, " + SERVICES + ", zones: "
LANES = SECTION + "{id: c, zones: [{name: z}, {name: y}], services: [{id: s, lanes: "
LANES = LANES.replace("{name: y}", "").replace("}, ]", "}]")
TWO_LANES = SECTION + "{id: c, zones: [{name: y, countries: FR}, {name: z}], services: "
TWO_LANES += "[{id: s, lanes: "
RATES = LANES + "[{zone: z, transit_days: 1, rates: "

CARRIER = "sourcing.carriers[0]"
LANES_AT = f"{CARRIER}.services[0].lanes"
RATES_AT = f"{LANES_AT}[0].rates"

# A document with a § before every place of a problem, and for each place in order the field and a
# part of the description. Two marks together are two problems at one place.
DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    # Carriers.
    SECTION + "§§§{}": [
        (f"{CARRIER}.id", "is required"),
        (f"{CARRIER}.zones", "is required"),
        (f"{CARRIER}.services", "is required"),
    ],
    SECTION + "{id: §a/b, zones: §[], services: §[], §speed: 1}": [
        (f"{CARRIER}.id", "must not have a slash"),
        (f"{CARRIER}.zones", "must not be an empty list"),
        (f"{CARRIER}.services", "must not be an empty list"),
        (f"{CARRIER}.speed", "unknown key 'speed'"),
    ],
    SECTION
    + "{id: c, zones: [{name: z}], "
    + SERVICES
    + "}\n    - {id: §c, zones: §{}, services: §1}": [
        ("sourcing.carriers[1].id", "duplicate carrier 'c', first at line 8"),
        ("sourcing.carriers[1].zones", "must be a list"),
        ("sourcing.carriers[1].services", "must be a list"),
    ],
    ZONES + "[{name: z}], currency: §USS}": [
        (
            f"{CARRIER}.currency",
            "worth in EUR: write it in sourcing.exchange_rates; did you mean USD?",
        ),
    ],
    ZONES + "[{name: z}], currency: §usd, locations: [§Z, tag:t], max_parcel_kg: §0}": [
        (f"{CARRIER}.currency", "three upper case letters"),
        (f"{CARRIER}.locations[0]", "unknown location 'Z'"),
        (f"{CARRIER}.max_parcel_kg", "must be a number from 0.001 to 100000 with at most 3"),
    ],
    ZONES + "[{name: z}], carbon_grams_per_parcel: §-1, carbon_grams_per_km: §1e3}": [
        (f"{CARRIER}.carbon_grams_per_parcel", "must be a number from 0 to 1000000"),
        (f"{CARRIER}.carbon_grams_per_km", "must be a number from 0 to 1000000"),
    ],
    ZONES + "[{name: z}], delivery_days: [mon-fri, §Sunday, §fri-mon], locations: §[]}": [
        (f"{CARRIER}.delivery_days[1]", "must be a day such as sat, or days such as mon-fri"),
        (f"{CARRIER}.delivery_days[2]", "must go forward in the week"),
        (f"{CARRIER}.locations", "must not be an empty list"),
    ],
    # Zones.
    ZONES + "[{name: z, countries: §UK, from_countries: [FR, §fr]}, {name: §z}]}": [
        (f"{CARRIER}.zones[0].countries", "write GB"),
        (f"{CARRIER}.zones[0].from_countries[1]", "write FR"),
        (f"{CARRIER}.zones[1].name", "duplicate zone 'z', first at line 8"),
    ],
    ZONES + "[{name: z, postal_prefixes: [75, §_], max_distance_km: §-1, §country: FR}]}": [
        (f"{CARRIER}.zones[0].postal_prefixes[1]", "must be 1 to 16 letters and digits"),
        (f"{CARRIER}.zones[0].max_distance_km", "must be a number from 0.001 to 20038"),
        (f"{CARRIER}.zones[0].country", "did you mean countries?"),
    ],
    ZONES + "[§{name: z, from_countries: [ES, IT]}]}": [
        (f"{CARRIER}.zones[0]", "can never match: no location is in a country of from_countries"),
    ],
    ZONES + "[{name: z}, §{name: y, countries: FR}]}": [
        (f"{CARRIER}.zones[1]", "can never match: zone 'z' before it takes all that it takes"),
    ],
    ZONES + "[{name: z, countries: [FR, DE]}, {name: x}, §{name: y, countries: DE, "
    "postal_prefixes: 7, max_distance_km: 9}]}": [
        (f"{CARRIER}.zones[2]", "can never match: zone 'z' before it"),
    ],
    ZONES + "[{name: z, postal_prefixes: [7, 81]}, §{name: y, postal_prefixes: [75, 812]}]}": [
        (f"{CARRIER}.zones[1]", "can never match: zone 'z' before it"),
    ],
    ZONES + "[{name: z, max_distance_km: 9}, §{name: y, max_distance_km: 8.5}]}": [
        (f"{CARRIER}.zones[1]", "can never match: zone 'z' before it"),
    ],
    ZONES + "[{name: z, from_countries: [FR, DE]}, §{name: y}]}": [
        (f"{CARRIER}.zones[1]", "can never match: zone 'z' before it"),
    ],
    # Services and lanes.
    SECTION + "{id: c, zones: [{name: z}], services: [{id: s, lanes: " + LANE + "}, "
    "{id: §s, lanes: §[]}, §{id: §a/b}]}": [
        (f"{CARRIER}.services[1].id", "duplicate service 's', first at line 8"),
        (f"{CARRIER}.services[1].lanes", "must not be an empty list"),
        (f"{CARRIER}.services[2].lanes", "is required"),
        (f"{CARRIER}.services[2].id", "must not have a slash"),
    ],
    LANES + "[§§§{}]}]}": [
        (f"{LANES_AT}[0].transit_days", "is required"),
        (f"{LANES_AT}[0].zone", "is required"),
        (f"{LANES_AT}[0].rates", "is required"),
    ],
    LANES + "[{zone: §zz, transit_days: §91, km_per_day: §0.9, rates: §[]}]}]}": [
        (f"{LANES_AT}[0].zone", "unknown zone 'zz'; did you mean z?"),
        (f"{LANES_AT}[0].transit_days", "must be a whole number from 0 to 90"),
        (f"{LANES_AT}[0].km_per_day", "must be a number from 1 to 20038"),
        (f"{LANES_AT}[0].rates", "must not be an empty list"),
    ],
    TWO_LANES
    + LANE.replace(
        "}]}]",
        "}]}, {zone: y, transit_days: 1, rates: [{per_kg: 1}]}, "
        "{zone: §z, transit_days: 2, rates: [{per_kg: 1}]}]}]}",
    ): [
        (f"{LANES_AT}[2].zone", "has a lane already, at line 8"),
    ],
    # Rate tables.
    RATES + "[{up_to_kg: §20, per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[0].up_to_kg", "leaves a hole from 20 kg to 30 kg, the max_parcel_kg"),
    ],
    RATES.replace("{id: c", "{id: c, max_parcel_kg: 70.5") + "[{up_to_kg: §70, per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[0].up_to_kg", "leaves a hole from 70 kg to 70.5 kg"),
    ],
    RATES + "[{up_to_kg: 5, per_kg: 1}, {above_kg: §5.001, up_to_kg: 30, per_kg: 1}]}]}]}": [
        (
            f"{RATES_AT}[1].above_kg",
            "leaves a hole from 5 kg, where the tier before ends, to 5.001",
        ),
    ],
    RATES + "[{up_to_kg: 5, per_kg: 1}, {above_kg: §4, up_to_kg: 30, per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[1].above_kg", "overlaps the tier before, which goes up to 5 kg"),
    ],
    RATES + "[{above_kg: §1, up_to_kg: 5, per_kg: 1}, {per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[0].above_kg", "leaves a hole from 0 kg, where weights begin, to 1 kg"),
    ],
    RATES + "[{up_to_kg: 5, per_kg: 1}, {up_to_kg: §5.0, per_kg: 1}, {per_kg: 2}]}]}]}": [
        (f"{RATES_AT}[1].up_to_kg", "must be more than 5 kg, up to which the tier before goes"),
    ],
    RATES + "[§{per_kg: 1}, {up_to_kg: 30, per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[0].up_to_kg", "is required in every tier but the last"),
    ],
    RATES + "[{up_to_kg: 30, per_kg: 1}, §{per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[1]", "must end above 30 kg, where the tier before ends, but parcels are"),
    ],
    RATES + "[{up_to_kg: §x, per_kg: 1}, {above_kg: 9, per_kg: 1}]}]}]}": [
        (f"{RATES_AT}[0].up_to_kg", "must be a number from 0.001 to 100000 with at most 3 dec"),
    ],
    RATES + "[{up_to_kg: §0.0001, per_kg: 1}, §{}]}]}]}": [
        (f"{RATES_AT}[0].up_to_kg", "must be a number from 0.001 to 100000 with at most 3 dec"),
        (f"{RATES_AT}[1]", "has no price: write per_parcel, per_kg, per_km"),
    ],
    RATES + "[{per_parcel: §-1, per_kg: §0.0000001, per_km: §.nan, §price: 1}]}]}]}": [
        (f"{RATES_AT}[0].per_parcel", "must be a number from 0 to 10000000 with at most 6"),
        (f"{RATES_AT}[0].per_kg", "must be a number from 0 to 10000 with at most 6 decimals"),
        (f"{RATES_AT}[0].per_km", "must be a number from 0 to 10000 with at most 6 decimals"),
        (f"{RATES_AT}[0].price", "unknown key 'price'"),
    ],
    RATES + "[{per_parcel: §10000000.000001, per_kg: §.inf, per_km: §" + "9" * 5000 + "}]}]}]}": [
        (f"{RATES_AT}[0].per_parcel", "must be a number from 0 to 10000000 with at most 6"),
        (f"{RATES_AT}[0].per_kg", "must be a number from 0 to 10000 with at most 6 decimals"),
        (f"{RATES_AT}[0].per_km", "must be a number from 0 to 10000 with at most 6 decimals"),
    ],
    RATES.replace("{id: c", "{id: c, currency: IQD") + "[{per_parcel: 10, per_km: §0.0101}]}]}]}": [
        (f"{RATES_AT}[0].per_km", "comes to more than 10000 of the section's currency"),
    ],
    # Opening hours.
    LOCATION + "opening_hours: §always, closed: §{}}": [
        ("locations[0].opening_hours", "must be a mapping"),
        ("locations[0].closed", "must be a text"),
    ],
    LOCATION + "opening_hours: {§monday: 09:00-10:00, §tue-mon: 09:00-10:00, sat: §9-10}}": [
        ("locations[0].opening_hours.monday", "must be a day such as sat"),
        ("locations[0].opening_hours.tue-mon", "must go forward in the week"),
        ("locations[0].opening_hours.sat", 'must be hours of the day such as "08:00-18:00"'),
    ],
    LOCATION + "opening_hours: {mon-fri: 09:00-18:00, §fri: 09:00-16:00, sat: §24:01-24:02}}": [
        ("locations[0].opening_hours.fri", "speaks of fri again, after mon-fri"),
        ("locations[0].opening_hours.sat", 'must be hours of the day such as "08:00-18:00"'),
    ],
    LOCATION + "opening_hours: {mon: §18:00-08:00, tue: §08:00-08:00, wed: §[], §thu: }}": [
        ("locations[0].opening_hours.mon", "must end later than it begins"),
        ("locations[0].opening_hours.tue", "must end later than it begins"),
        ("locations[0].opening_hours.wed", "must be a text"),
        ("locations[0].opening_hours.thu", "is required"),
    ],
    LOCATION + "opening_hours: §{mon-sun: closed}}": [
        ("locations[0].opening_hours", "is open on no day: write enabled: false instead"),
    ],
    LOCATION + "opening_hours: §{}}": [
        ("locations[0].opening_hours", "is open on no day: write enabled: false instead"),
    ],
    LOCATION + "closed: [§25.12.2026, §2026-02-29, §1999-01-01, 2026-12-25]}": [
        ("locations[0].closed[0]", "must be a date such as 2026-12-25"),
        ("locations[0].closed[1]", "is no date: day is out of range"),
        ("locations[0].closed[2]", "must be in the years 2000 to 2100"),
    ],
    LOCATION.replace("FR", "ES") + "daily_capacity: §9, cut_off: §16:00, closed: §2026-12-25, "
    "opening_hours: §{mon: 09:00-10:00}}": [
        ("locations[0].daily_capacity", "is of a local day, but location A has no time zone: ES"),
        ("locations[0].cut_off", "is a local time, but location A has no time zone: ES has Europe"),
        ("locations[0].closed", "are local dates, but location A has no time zone: ES has Europe"),
        ("locations[0].opening_hours", "are local times, but location A has no time zone: ES has"),
    ],
}


@pytest.mark.parametrize("marked", DOCUMENTS)
def test_every_problem_is_placed(marked: str) -> None:
    """A bad carrier is answered with each problem at its line, column and field, and no other."""
    assert_placed(marked, DOCUMENTS[marked])
