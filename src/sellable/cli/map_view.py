"""A part of the globe as a flat map, with its degrees and a scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.geo import EARTH_RADIUS_KM, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPAN_KM_MIN: Final = 20.0  # a single place does not fill the map

_SIZE_INCHES: Final = 9.0  # of the longer side
_SIDES_MAX: Final = 2.2  # of the longer side to the shorter
_MARGIN: Final = 0.08
_LEGEND_INCHES: Final = 2.2
_TITLE_INCHES: Final = 0.7
_KM_PER_DEGREE: Final = math.radians(EARTH_RADIUS_KM)
_COSINE_MIN: Final = 0.05  # near a pole every map is wrong


class MapView(NamedTuple):
    """A part of the globe, flat: kilometres east and north of its centre."""

    centre: Point
    west: float
    east: float
    south: float
    north: float
    east_km_per_degree: float

    @classmethod
    def around(cls, centre: Point, points: Sequence[Point]) -> MapView:
        """Hold all points, with a margin, in a shape that fits a page."""
        latitudes = [point.latitude for point in points]
        middle = math.radians((min(latitudes) + max(latitudes)) / 2)
        flat = cls(centre, 0, 0, 0, 0, _KM_PER_DEGREE * max(_COSINE_MIN, math.cos(middle)))
        xs, ys = zip(*map(flat.at, points), strict=True)
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        longest = max(width, height, SPAN_KM_MIN)
        x_middle, y_middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        half_x = max(width, longest / _SIDES_MAX) * (0.5 + _MARGIN)
        half_y = max(height, longest / _SIDES_MAX) * (0.5 + _MARGIN)
        return flat._replace(
            west=x_middle - half_x,
            east=x_middle + half_x,
            south=y_middle - half_y,
            north=y_middle + half_y,
        )

    def at(self, point: Point) -> tuple[float, float]:
        """Return where a point is, the short way around the globe."""
        degrees = (point.longitude - self.centre.longitude + 180) % 360 - 180
        north = (point.latitude - self.centre.latitude) * _KM_PER_DEGREE
        return degrees * self.east_km_per_degree, north

    @property
    def width_inches(self) -> float:
        """The width of the picture, with room for the legend."""
        return self._inches(self.east - self.west) + _LEGEND_INCHES

    @property
    def height_inches(self) -> float:
        """The height of the picture."""
        return self._inches(self.north - self.south) + _TITLE_INCHES

    def _inches(self, km: float) -> float:
        return _SIZE_INCHES * km / max(self.east - self.west, self.north - self.south)


def draw_frame(axes: Axes, view: MapView) -> None:
    """Set the part of the globe, its degrees at the edges and a scale."""
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    axes.set_aspect("equal")
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    for axis, low, high, middle, km_per_degree, signs in (
        (axes.xaxis, view.west, view.east, view.centre.longitude, view.east_km_per_degree, "EW"),
        (axes.yaxis, view.south, view.north, view.centre.latitude, _KM_PER_DEGREE, "NS"),
    ):
        degrees = _round_degrees(middle + low / km_per_degree, middle + high / km_per_degree)
        axis.set_ticks(
            [(degree - middle) * km_per_degree for degree in degrees],
            labels=[_degree(degree, signs) for degree in degrees],
            fontsize=7,
            color="#777777",
        )
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color("#bbbbbb")
    _scale(axes, view)


def _round_degrees(low: float, high: float) -> list[float]:
    """Return about five round numbers between two."""
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [round(at * step, 6) for at in range(first, math.floor(high / step) + 1)]


def _degree(degree: float, signs: str) -> str:
    around = (degree + 180) % 360 - 180 if signs == "EW" else degree
    return f"{abs(around):g}° {signs[around < 0]}" if around else "0°"


def _scale(axes: Axes, view: MapView) -> None:
    """Draw how long a round number of kilometres is, in a corner."""
    width = view.east - view.west
    power = 10 ** math.floor(math.log10(width / 4))
    length = max(power * factor for factor in (1, 2, 5) if power * factor <= width / 4)
    x, y = view.east - 0.03 * width - length, view.south + 0.03 * (view.north - view.south)
    axes.plot([x, x + length], [y, y], color="#555555", linewidth=2, solid_capstyle="butt")
    axes.annotate(
        f"{length:g} km", (x + length / 2, y), (0, 3), textcoords="offset points",
        ha="center", fontsize=7, color="#555555",
    )  # fmt: skip
