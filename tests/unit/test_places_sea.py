"""What is at sea: nobody who can be delivered to, and every coordinate that was left out."""

from __future__ import annotations

import csv
import gzip
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from sellable.geo import Point, distance_km
from sellable.places.mask import TOLERANCE_KM, widened
from sellable.places.sea import COLUMNS, ROWS, at_sea

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
CITIES: Final = DATA / "places" / "geonames_cities15000.csv.gz"


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (0, 0),
        (30, -40),  # the Atlantic
        (-45, -120),  # the Pacific
        (56.55, 3.21),  # the oil field Ekofisk in the North Sea
        (43.0, 8.0),  # between Corsica and the mainland
        (90, 180),
        (0, -180),
        (0, 180),
    ],
)
def test_open_sea_is_sea(latitude: float, longitude: float) -> None:
    """Far from every coast, at the pole and at the edges of the map."""
    assert at_sea(Point(latitude, longitude))


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (54.18, 7.89),  # Helgoland
        (4.175, 73.51),  # Male
        (-25.07, -130.10),  # Adamstown, Pitcairn
        (12.58, -81.70),  # San Andres
        (-9.38, -171.22),  # Fakaofo, Tokelau
        (-37.07, -12.31),  # Edinburgh of the Seven Seas
        (10.02, 139.79),  # Ulithi
        (48.73, -3.46),  # Brittany's north coast
        (50.95, 1.60),  # in the Channel, 10 km from either coast
        (42.0, 51.0),  # the Caspian Sea is a lake
        (-90, -180),
        (-90, 180),
    ],
)
def test_islands_and_coasts_are_not_sea(latitude: float, longitude: float) -> None:
    """Remote islands, waters within sight of the coast, lakes, and the pole of the south."""
    assert not at_sea(Point(latitude, longitude))


@pytest.mark.skipif(not CITIES.exists(), reason="the cities are not at hand")
def test_no_city_is_at_sea() -> None:
    """All 34,006 cities with more than 15,000 people are on land."""
    with gzip.open(CITIES, "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    found = [
        row["name"]
        for row in rows
        if at_sea(Point(float(row["latitude"]), float(row["longitude"])))
    ]
    assert len(rows) > 30_000
    assert [] == found


def test_mask_has_a_bit_for_each_cell() -> None:
    """The packaged file is whole, and two thirds of the world are sea."""
    packed = resources.files("sellable.places") / "data" / "land.bin.gz"
    cells = np.unpackbits(np.frombuffer(gzip.decompress(packed.read_bytes()), dtype=np.uint8))
    assert ROWS * COLUMNS == len(cells)
    assert 0.3 < cells.mean() < 0.4


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0.05, 0.05), (65.05, -179.95), (-84.95, 9.95)]
)
def test_tolerance_holds_everywhere(latitude: float, longitude: float) -> None:
    """One cell of land makes land of what is within 20 km of it and of nothing beyond 40 km."""
    land = np.zeros((ROWS, COLUMNS), dtype=np.bool_)
    row, column = int((90 - latitude) * 10), int((longitude + 180) * 10)
    land[row, column] = True
    result = widened(land)
    middle = Point(latitude, longitude)
    for other in range(row - 5, row + 6):
        for way in range(-60, 61):
            cell = Point(90 - (other + 0.5) / 10, ((column + way + 0.5) / 10) % 360 - 180)
            kilometres = distance_km(middle, cell)
            found = result[other, (column + way) % COLUMNS]
            if kilometres <= TOLERANCE_KM:
                assert found, cell
            elif kilometres > 2 * TOLERANCE_KM:
                assert not found, cell
