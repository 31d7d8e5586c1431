"""A plan as a plain map: who ships to where, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sellable.cli.client import Service
from sellable.cli.failure import usage
from sellable.cli.map_names import Line, Name, write_names
from sellable.cli.map_view import SPAN_KM_MIN, MapView, draw_frame
from sellable.cli.picture import new_figure, save
from sellable.cli.rejections import by_reason
from sellable.cli.sourcing_view import counted, money_shown, quantity_shown, size_of
from sellable.cli.whereabouts import Whereabouts
from sellable.geo import Point, distance_km

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sellable.v1.sourcing_pb2 import FulfilmentPlan, Order, Rejection

_SHIPS: Final = "#2a9d4a"
_DESTINATION: Final = "#c8443c"
_GREY: Final = "#9a9a9a"
# The sign of a reason and its grey: the darker, the nearer a location is to shipping.
_SIGNS: Final = {
    "costlier": ("o", "#6b6b6b"),
    "capacity is taken": ("s", "#a6a6a6"),
    "ships too late": ("D", "#a6a6a6"),
    "closed": ("X", "#a6a6a6"),
    "protected": ("P", "#a6a6a6"),
    "no carrier": ("d", "#c4c4c4"),
    "excluded": ("v", "#c4c4c4"),
    "not in an allowed country": ("<", "#dddddd"),
    "too far away": ("^", "#dddddd"),
    "no stock": ("o", "#ffffff"),
}
_SAID_NOTHING: Final = "ships nothing"
_SIGN_ELSE: Final = (">", "#ffffff")
# Whoever is farther away than these multiples says nothing that makes up for a map of specks.
_FAR_OF_MOST: Final = 1.6
_FAR_OF_SHIPPING: Final = 2.0
_MOST: Final = 0.9
_FEW: Final = 100  # locations whose signs may be large


class Place(NamedTuple):
    """A location, where it is, and what is written beside it."""

    name: str
    point: Point
    label: str


class Drawn(NamedTuple):
    """What a map shows; `others` by the reason why they ship nothing."""

    title: str
    destination: Point | None
    shipping: Sequence[Place]
    others: Mapping[str, Sequence[Place]]
    missing_count: int = 0  # locations without coordinates


class Planned(NamedTuple):
    """A plan, what it is of, and why the other locations of the market ship nothing, if known."""

    order: Order
    plan: FulfilmentPlan
    rejections: Sequence[Rejection] = ()
    destination: Point | None = None


def draw_plan(service: Service, planned: Planned, path: Path) -> None:
    """Draw a plan, with where the network says that its locations are.

    Raises:
        Failure: If there is no point to draw, or the file cannot be written.
    """
    draw_map(drawn_of(planned, Whereabouts.fetched(service)), path)


def drawn_of(planned: Planned, whereabouts: Whereabouts) -> Drawn:
    """Return what is drawn of a plan.

    Raises:
        Failure: If no location has coordinates.
    """
    order, plan = planned.order, planned.plan
    labels = {parcel.location: _label(plan, parcel.location) for parcel in plan.parcels}
    market = f"{order.channel}/{order.country}"
    groups = {
        reason: [rejection.location for rejection in group]
        for reason, group in by_reason(planned.rejections).items()
    } or {_SAID_NOTHING: [n for n in whereabouts.markets.get(market, ()) if n not in labels]}
    points = whereabouts.points
    shipping = [Place(name, points[name], labels[name]) for name in labels if name in points]
    others = {
        reason: [Place(name, points[name], name) for name in group if name in points]
        for reason, group in groups.items()
    }
    others = {reason: group for reason, group in others.items() if group}
    drawn_count = len(shipping) + sum(map(len, others.values()))
    if not drawn_count:
        raise usage("no location has coordinates in the network: there is nothing to draw")
    name = order.order_reference or market
    missing_count = len(labels) + sum(map(len, groups.values())) - drawn_count
    title = f"{name}: {size_of(plan)}"
    return Drawn(title, _destination(planned), shipping, others, missing_count)


def _destination(planned: Planned) -> Point | None:
    goes_to = planned.order.destination
    if planned.destination is None and goes_to.HasField("point"):
        return Point(goes_to.point.latitude, goes_to.point.longitude)
    return planned.destination


def _label(plan: FulfilmentPlan, location: str) -> str:
    parcel = next(parcel for parcel in plan.parcels if parcel.location == location)
    units = sum(part.quantity for part in plan.assignments if part.location == location)
    told = [counted(units, "unit"), quantity_shown(parcel.distance_km, "km")]
    if parcel.HasField("shipping_cost"):
        told.append(money_shown(parcel.shipping_cost))
    return f"{location}\n{', '.join(told)}"


def draw_map(drawn: Drawn, path: Path) -> None:
    """Draw it; a degree is as long to the east as to the north in the middle of the map.

    Raises:
        Failure: If the file cannot be written.
    """
    centre = drawn.destination or drawn.shipping[0].point if drawn.shipping else None
    centre = centre or next(places[0].point for places in drawn.others.values() if places)
    near, far_count = _near(drawn, centre)
    view = MapView.around(centre, [drawn.destination or centre, *_points(drawn.shipping, near)])
    figure = new_figure(view.width_inches, view.height_inches)
    figure.set_layout_engine("compressed")  # the axes keep their shape
    axes = figure.add_subplot()
    draw_frame(axes, view)
    names, lines = _marks(axes, drawn, near, view)
    axes.set_title(drawn.title, parse_math=False, fontsize=10)
    remarks = [] if drawn.destination else ["the destination, of unknown place"]
    remarks += [f"{far_count:,} farther away"] if far_count else []
    remarks += [f"{drawn.missing_count:,} without coordinates"] if drawn.missing_count else []
    legend = axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        fontsize=8,
        frameon=False,
        title=f"not drawn: {', '.join(remarks)}" if remarks else None,
        title_fontsize=8,
    )
    legend.set_in_layout(True)
    write_names(figure, axes, names, lines)
    save(figure, path)


def _near(drawn: Drawn, centre: Point) -> tuple[dict[str, list[Place]], int]:
    """Leave out who is so far away that the others could not be told apart."""
    away = sorted(distance_km(centre, p.point) for group in drawn.others.values() for p in group)
    shipped = max((distance_km(centre, p.point) for p in drawn.shipping), default=0.0)
    most = away[int(len(away) * _MOST)] if away else 0.0
    reach = max(_FAR_OF_MOST * most, _FAR_OF_SHIPPING * shipped, SPAN_KM_MIN)
    near = {
        reason: [place for place in group if distance_km(centre, place.point) <= reach]
        for reason, group in drawn.others.items()
    }
    return near, len(away) - sum(map(len, near.values()))


def _points(shipping: Sequence[Place], others: Mapping[str, Sequence[Place]]) -> list[Point]:
    return [place.point for group in (shipping, *others.values()) for place in group]


def _marks(
    axes: Axes, drawn: Drawn, near: Mapping[str, Sequence[Place]], view: MapView
) -> tuple[list[Name], list[Line]]:
    """Draw a sign a place; return what is to be written, the most important first, and lines."""
    names: list[Name] = []
    lines: list[Line] = []
    goes_to = None if drawn.destination is None else view.at(drawn.destination)
    if goes_to is not None:
        style: dict[str, Any] = {"marker": "*", "color": _DESTINATION, "label": "destination"}
        axes.scatter(*goes_to, s=170, edgecolors="white", zorder=6, **style)
    for at, place in enumerate(drawn.shipping):
        here = view.at(place.point)
        if goes_to is not None:
            lines.append((here, goes_to))
            axes.plot(*zip(here, goes_to, strict=True), color=_SHIPS, linewidth=1.4, zorder=3)
        style = {"color": _SHIPS, "label": None if at else f"ships ({len(drawn.shipping)})"}
        axes.scatter(*here, s=70, edgecolors="white", zorder=5, **style)
        names.append(Name(place.label, *here, colour=_SHIPS, bold=True))
    few = sum(map(len, near.values())) <= _FEW
    for reason, group in near.items():
        sign, grey = _SIGNS.get(reason, _SIGN_ELSE)
        style = {"marker": sign, "facecolors": grey, "edgecolors": _GREY, "linewidths": 0.7}
        # A reason whose locations are all left out is in the legend all the same.
        xs = [view.at(place.point)[0] for place in group]
        ys = [view.at(place.point)[1] for place in group]
        label = f"{reason} ({len(drawn.others[reason]):,})"
        axes.scatter(xs, ys, s=26 if few else 16, label=label, zorder=2, **style)
        names += [Name(place.label, *view.at(place.point)) for place in group]
    return names, lines
