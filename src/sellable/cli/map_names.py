"""Names beside the signs of a map: as many as fit without covering one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import hypot
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sellable.cli.picture import DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

_Box = tuple[float, float, float, float]  # west, south, east, north, in pixels
_Side = tuple[int, int]
Line = tuple[tuple[float, float], tuple[float, float]]  # its ends on the axes

_POINTS_PER_INCH: Final = 72
_SIGN_POINTS: Final = 5  # half of a sign and the gap beside it
_BOLD_GAP: Final = 1.6  # times the gap of others: its sign is larger
_PAPER: Final = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5}
_TRIED_MAX: Final = 150  # names; more are a wall of text, and each costs its layout
_LINE_POINTS: Final = 4  # how much room a line has, and how densely it is looked at
# Which way a name stands from its sign: to the right and up; the preferred one first.
_SIDES: Final[tuple[_Side, ...]] = (
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
    (1, 1),
    (-1, -1),
    (-1, 1),
    (1, -1),
)
_ACROSS: Final[dict[int, Literal["left", "center", "right"]]] = {
    1: "left",
    0: "center",
    -1: "right",
}
_UPWARD: Final[dict[int, Literal["bottom", "center", "top"]]] = {
    1: "bottom",
    0: "center",
    -1: "top",
}


class Name(NamedTuple):
    """What is written beside a point of the axes; a bold one is written even if it covers signs."""

    text: str
    x: float
    y: float
    colour: str = "#777777"
    bold: bool = False


def write_names(
    figure: Figure, axes: Axes, names: Iterable[Name], lines: Iterable[Line] = ()
) -> None:
    """Write the names that fit, the first ones first.

    A name covers no other name, no sign of another place and no line, and stays within the map.
    """
    figure.set_dpi(DPI)  # names are as wide as they will be
    figure.draw_without_rendering()  # the layout is known only now
    frame = _box(axes.get_window_extent())
    pixels = figure.dpi / _POINTS_PER_INCH  # of a point
    gap = _SIGN_POINTS * pixels
    taken = [box for line in lines for box in _along(line, axes, _LINE_POINTS * pixels)]
    names = list(names)
    signs = [_at(axes, name.x, name.y) for name in names]
    for at, (name, (x, y)) in enumerate(zip(names[:_TRIED_MAX], signs, strict=False)):
        others = [_around(*sign, gap) for sign in signs[:at] + signs[at + 1 :]]
        written = _written(axes, name)
        extent = _box(written.get_window_extent())
        width, height = extent[2] - extent[0], extent[3] - extent[1]
        away = gap * _BOLD_GAP if name.bold else gap
        boxes = {side: _beside(x, y, width, height, side, away) for side in _SIDES}
        free = [side for side in _SIDES if _fits(boxes[side], frame, taken)]
        chosen = [side for side in free if _fits(boxes[side], frame, others)]
        if name.bold:
            chosen += [*free, _SIDES[0]]
        if not chosen:
            written.remove()
            continue
        right, up = chosen[0]
        written.set_horizontalalignment(_ACROSS[right])
        written.set_verticalalignment(_UPWARD[up])
        written.xyann = (right * away / pixels, up * away / pixels)
        taken.append(boxes[right, up])


def _written(axes: Axes, name: Name) -> Annotation:
    written = axes.annotate(
        name.text,
        (name.x, name.y),
        (0, 0),
        textcoords="offset points",
        fontsize=7.5 if name.bold else 6,
        color=name.colour,
        weight="bold" if name.bold else "normal",
        parse_math=False,
        bbox=_PAPER if name.bold else None,
        zorder=7,
    )
    written.set_in_layout(False)
    return written


def _at(axes: Axes, x: float, y: float) -> tuple[float, float]:
    at_x, at_y = axes.transData.transform((x, y)).tolist()
    return at_x, at_y


def _along(line: Line, axes: Axes, gap: float) -> Iterator[_Box]:
    """Yield boxes along a line, but for its ends, where its signs are."""
    (x0, y0), (x1, y1) = (_at(axes, *end) for end in line)
    steps = int(hypot(x1 - x0, y1 - y0) / (2 * gap))
    for step in range(2, steps - 1):
        share = step / steps
        yield _around(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, gap)


def _box(extent: Bbox) -> _Box:
    return extent.x0, extent.y0, extent.x1, extent.y1


def _around(x: float, y: float, half: float) -> _Box:
    return x - half, y - half, x + half, y + half


def _beside(x: float, y: float, width: float, height: float, side: _Side, gap: float) -> _Box:
    right, up = side
    west = x - width / 2 + right * (width / 2 + gap)
    south = y - height / 2 + up * (height / 2 + gap)
    return west, south, west + width, south + height


def _fits(box: _Box, frame: _Box, covered: Iterable[_Box]) -> bool:
    west, south, east, north = box
    if west < frame[0] or south < frame[1] or east > frame[2] or north > frame[3]:
        return False
    return not any(
        west < other[2] and other[0] < east and south < other[3] and other[1] < north
        for other in covered
    )
