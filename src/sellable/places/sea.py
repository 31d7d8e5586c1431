"""Whether a point is at sea, by a mask of the world's land that comes with the package.

A cell of 0.1 degrees is land if any land is within 20 km of any of its points; `mask.py` makes it,
and says from what. So nobody who lives by the sea, on an island or on a pier is at sea, and a point
that is may be up to 40 km from land and not be told. Lakes are land.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sellable.geo import Point

CELLS_PER_DEGREE: Final = 10
ROWS: Final = 180 * CELLS_PER_DEGREE  # from north to south
COLUMNS: Final = 360 * CELLS_PER_DEGREE  # from 180 degrees west to the east


def at_sea(point: Point) -> bool:
    """Return whether a point is surely at sea: never within 20 km of land, always beyond 40 km."""
    row = min(int((90.0 - point.latitude) * CELLS_PER_DEGREE), ROWS - 1)
    cell = row * COLUMNS + int((point.longitude + 180.0) * CELLS_PER_DEGREE) % COLUMNS
    return not _land()[cell >> 3] >> (7 - (cell & 7)) & 1


@cache
def _land() -> bytes:
    """Return the mask, a bit a cell: 810 kB, unpacked once and only where it is asked for."""
    packed = resources.files("sellable.places") / "data" / "land.bin.gz"
    return gzip.decompress(packed.read_bytes())
