"""A zone is refused exactly if an earlier one takes every parcel that it would take."""

from __future__ import annotations

from itertools import product
from typing import Final, TypeAlias

from hypothesis import event, given, settings
from hypothesis import strategies as st

from sellable.network import Zone
from sellable.network.sourcing.coverage import Coverage

# Where a parcel comes from, and the country, postal code and distance of where it goes.
Parcel: TypeAlias = tuple[str, str, str, int]

ORIGINS: Final = ("FR", "DE")
PARCELS: Final[list[Parcel]] = list(
    product(ORIGINS, ("FR", "DE", "IT"), ("1", "12", "13", "2", "3"), (5, 10, 20))
)


def some(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw some of the names, often none."""
    return st.lists(st.sampled_from(names), unique=True, max_size=2).map(tuple)


ZONES: Final = st.lists(
    st.builds(
        Zone,
        name=st.just("z"),
        countries=some(("FR", "DE")),
        postal_prefixes=some(("1", "12", "2")),
        from_countries=some(("FR", "DE", "ES")),
        max_distance_km=st.sampled_from([None, 5.0, 10.0]),
    ),
    min_size=1,
    max_size=5,
)


def taken(zone: Zone) -> set[Parcel]:
    """Answer the parcels that a zone matches, by the words of its keys."""
    return {
        (origin, country, code, km)
        for origin, country, code, km in PARCELS
        if (not zone.from_countries or origin in zone.from_countries)
        and (not zone.countries or country in zone.countries)
        and (not zone.postal_prefixes or code.startswith(zone.postal_prefixes))
        and (zone.max_distance_km is None or km <= zone.max_distance_km)
    }


@settings(deadline=None, max_examples=300)  # a busy machine is no fault
@given(ZONES)
def test_hidden_zones_are_found_and_no_others(zones: list[Zone]) -> None:
    """What is refused is what a look at every parcel finds."""
    coverage = Coverage(set(ORIGINS))
    for index, zone in enumerate(zones):
        mine = taken(zone)
        hidden = not mine or any(mine <= taken(earlier) for earlier in zones[:index])
        event(f"hidden: {hidden}")
        assert hidden == (coverage.problem_of(zone) is not None)
