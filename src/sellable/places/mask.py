"""Make the mask of land: `python -m sellable.places.mask GLOBE.npz LAND.json OUT.bin.gz`.

GLOBE.npz is `globe_combined_mask_compressed.npz` of the package global-land-mask 1.0.0 (MIT), the
ocean of the elevation model GLOBE of NOAA in its edition without restrictions, 1 km fine. As that
misses small islands, the coasts of LAND.json are added: `land-10m.json` of the npm package
world-atlas 2.0.2 (ISC), which is the land of Natural Earth (public domain).
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sellable.geo import EARTH_RADIUS_KM
from sellable.places.sea import CELLS_PER_DEGREE, COLUMNS, ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray


TOLERANCE_KM: Final = 20.0
KM_PER_DEGREE: Final = EARTH_RADIUS_KM * math.pi / 180
# Inhabited atolls that neither source knows.
ATOLLS: Final = ((10.02, 139.79), (-18.07, -163.17), (-11.61, 169.85))
# A mark of Natural Earth at 0, 0, where no land is, but every coordinate that was left out.
_MARK_DEGREES: Final = 0.5


def rasterised(ocean: NDArray[np.bool_], atlas: dict[str, Any]) -> NDArray[np.bool_]:
    """Return which cells have land.

    Args:
        ocean: Whether a cell is ocean, from the north-west corner; finer than the mask.
        atlas: TopoJSON, quantised, whose arcs are coasts.
    """
    fine = ocean.shape[0] // ROWS
    cells = ocean.reshape(ROWS, fine, COLUMNS, fine)
    land: NDArray[np.bool_] = np.logical_not(np.all(cells, axis=(1, 3)))
    scale, translation = atlas["transform"]["scale"], atlas["transform"]["translate"]
    for arc in atlas["arcs"]:
        points = np.cumsum(np.array(arc, float), axis=0) * scale + translation
        if np.abs(points).max() < _MARK_DEGREES:
            continue
        for start, end in pairwise(points):
            # Four points a cell, so that no cell on the way is passed over.
            steps = int(np.abs(end - start).max() * CELLS_PER_DEGREE * 4) + 1
            between = start + (end - start) * np.linspace(0, 1, steps + 1)[:, None]
            land[_cells(between[:, 1], between[:, 0])] = True
    atolls = np.array(ATOLLS)
    land[_cells(atolls[:, 0], atolls[:, 1])] = True
    return land


def _cells(latitudes: NDArray[Any], longitudes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    rows = np.clip((90 - latitudes) * CELLS_PER_DEGREE, 0, ROWS - 1).astype(int)
    return rows, ((longitudes + 180) * CELLS_PER_DEGREE).astype(int) % COLUMNS


def widened(land: NDArray[np.bool_], tolerance_km: float = TOLERANCE_KM) -> NDArray[np.bool_]:
    """Return which cells have a point that is at most so far from a cell with land."""
    result = land.copy()
    cell_km = KM_PER_DEGREE / CELLS_PER_DEGREE
    reach = int(tolerance_km / cell_km) + 1
    for row in range(ROWS):
        for other in range(max(0, row - reach), min(ROWS, row + reach + 1)):
            north_km = max(0, abs(row - other) - 1) * cell_km
            if north_km > tolerance_km or not land[other].any():
                continue
            east_km = math.sqrt(tolerance_km**2 - north_km**2)
            result[row] |= _spread(land[other], east_km, _narrowest_km(row, other))
    return result


def _narrowest_km(row: int, other: int) -> float:
    """Return how wide a cell is at the edge of two rows that is nearest to a pole."""
    edges = (row, row + 1, other, other + 1)
    latitude = max(abs(90 - edge / CELLS_PER_DEGREE) for edge in edges)
    return KM_PER_DEGREE / CELLS_PER_DEGREE * max(0.0, math.cos(math.radians(latitude)))


def _spread(row: NDArray[np.bool_], east_km: float, cell_km: float) -> NDArray[np.bool_]:
    """Return a row with each cell of land widened to both sides, around the globe."""
    if cell_km * COLUMNS <= 2 * east_km:
        return np.ones_like(row)
    width = min(int(east_km / cell_km) + 1, COLUMNS // 2)
    around = np.concatenate((row[-width:], row, row[:width])).astype(np.int64)
    sums = np.concatenate(([0], np.cumsum(around)))
    spread: NDArray[np.bool_] = sums[2 * width + 1 :] > sums[: -2 * width - 1]
    return spread


def main(arguments: list[str]) -> int:
    """Run as a command; answer its exit code."""
    if len(arguments) != len(("globe", "land", "out")):
        sys.stderr.write("usage: python -m sellable.places.mask GLOBE.npz LAND.json OUT.bin.gz\n")
        return 2
    globe, atlas, target = map(Path, arguments)
    with np.load(globe) as arrays:
        ocean = arrays["mask"]
    land = widened(rasterised(ocean, json.loads(atlas.read_text())))
    # mtime=0: the same sources make the same bytes.
    target.write_bytes(gzip.compress(np.packbits(land).tobytes(), compresslevel=9, mtime=0))
    sys.stdout.write(f"{land.mean():.1%} land, {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
