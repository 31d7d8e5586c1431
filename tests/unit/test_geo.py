"""Distances on the globe against known ones, and the places near a point against all of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.geo import EARTH_RADIUS_KM, Places, Point, distance_km

PARIS = Point(48.8566, 2.3522)
LONDON = Point(51.5074, -0.1278)
NEW_YORK = Point(40.7128, -74.0060)
SYDNEY = Point(-33.8688, 151.2093)
HALF_GLOBE_KM = math.pi * EARTH_RADIUS_KM

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
points = st.builds(Point, latitudes, longitudes)


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (PARIS, LONDON, 343.56),
        (PARIS, NEW_YORK, 5837.24),
        (LONDON, SYDNEY, 16993.96),
        (Point(48.8606, 2.3376), Point(48.8530, 2.3499), 1.2345),  # Louvre to Notre-Dame
    ],
)
def test_known_distances(one: Point, other: Point, kilometres: float) -> None:
    """Cities are as far apart as the great circle on the mean radius says."""
    assert pytest.approx(kilometres, rel=2e-4) == distance_km(one, other)


@pytest.mark.parametrize(
    "one", [Point(0, 0), PARIS, Point(90, 0), Point(-33.8688, 151.2093), Point(12.5, -180)]
)
def test_antipodes_are_half_a_globe_apart(one: Point) -> None:
    """The far side of the globe is half its circumference away, and no rounding breaks it."""
    other = Point(-one.latitude, one.longitude - math.copysign(180, one.longitude))
    assert pytest.approx(HALF_GLOBE_KM, abs=1e-3) == distance_km(one, other)


def test_the_date_line_is_no_border() -> None:
    """Points on both sides of the date line are near, and 180 is -180."""
    assert pytest.approx(2 * math.radians(0.1) * EARTH_RADIUS_KM) == distance_km(
        Point(0, 179.9), Point(0, -179.9)
    )
    assert pytest.approx(0, abs=1e-9) == distance_km(Point(-17, 180), Point(-17, -180))
    fiji = Places([("east", Point(-17, -179.99)), ("west", Point(-17, 179.98))])
    assert ["east", "west"] == [place.name for place in fiji.within(Point(-17, 180), 5)]


def test_a_pole_is_one_point() -> None:
    """At a pole every longitude is the same place, and places around it are all near."""
    assert pytest.approx(0, abs=1e-6) == distance_km(Point(90, 0), Point(90, 123))
    around = Places([(f"{at}", Point(89.99, at * 60 - 180)) for at in range(6)])
    assert 6 == len(around.within(Point(90, 45), 1.2))


@given(points, points)
def test_there_and_back_is_the_same(one: Point, other: Point) -> None:
    """A distance has no direction, is never negative and at most half the globe."""
    there = distance_km(one, other)
    assert there == distance_km(other, one)
    assert 0 <= there <= HALF_GLOBE_KM
    assert 0 == distance_km(one, one)


@given(
    st.lists(points, max_size=12),
    points,
    st.one_of(st.floats(0.001, 20_038), st.sampled_from([1.0, 50.0, 5_000.0, 20_016.0, 20_038.0])),
)
def test_within_is_what_measuring_all_gives(
    found: list[Point], centre: Point, radius_km: float
) -> None:
    """The filters before the distance leave nothing out, let nothing in and keep the order."""
    named = [(f"L{at % 5}-{at}", point) for at, point in enumerate(found)]
    expected = sorted(
        (distance_km(centre, point), name)
        for name, point in named
        if distance_km(centre, point) <= radius_km
    )
    assert expected == [tuple(near) for near in Places(named).within(centre, radius_km)]


def test_equal_distance_is_ordered_by_name() -> None:
    """Two places at one point come in the order of their names."""
    places = Places([("B", PARIS), ("A", PARIS), ("C", PARIS)])
    assert ["A", "B", "C"] == [near.name for near in places.within(PARIS, 1)]
    assert 3 == len(places)


def test_half_the_globe_reaches_everything() -> None:
    """The largest radius allowed leaves no place out."""
    places = Places([("here", Point(0, 0)), ("there", Point(0, 180)), ("pole", Point(-90, 7))])
    assert 3 == len(places.within(Point(0, 0), 20_038))
