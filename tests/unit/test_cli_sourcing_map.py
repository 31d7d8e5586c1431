"""The map of a plan: every place in its place, readable from one location to hundreds."""

from __future__ import annotations

import random
import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pytest

from sellable.cli.failure import Failure
from sellable.cli.map_names import Name, write_names
from sellable.cli.map_view import MapView
from sellable.cli.picture import new_figure
from sellable.cli.sourcing_map import Drawn, Place, Planned, draw_map, drawn_of
from sellable.cli.whereabouts import Whereabouts
from sellable.geo import Point, distance_km
from sellable.network import parse
from sellable.v1.sourcing_pb2 import Order
from support.command import Command
from support.planned import NETWORK, large, order_json, planned, planning_service

if TYPE_CHECKING:
    from pathlib import Path

DIJON: Final = Point(47.32, 5.04)


def written(file: Path) -> str:
    """Return what an SVG says, as matplotlib writes it beside the drawn letters."""
    return "\n".join(re.findall(r"<!-- (.*?) -->", file.read_text(encoding="utf-8")))


def place(name: str, latitude: float, longitude: float) -> Place:
    """Return a location of this name."""
    return Place(name, Point(latitude, longitude), name)


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml")])
def test_plan_is_drawn_beside_its_text(tmp_path: Path, suffix: str, magic: bytes) -> None:
    """The locations and their reasons are asked for, and drawn by the suffix of the file."""
    order, file = tmp_path / "order.json", tmp_path / f"plan.{suffix}"
    order.write_text(order_json())
    with planning_service(SourceOrder=planned()) as (address, asked):
        ended = Command(address)("sourcing", "plan", str(order), "--map", str(file))
    assert (0, f"drawn into {file}\n") == (ended.exit_code, ended.err)
    assert asked[0].explain
    assert "ships nothing" not in ended.out
    assert file.read_bytes().startswith(magic)


def test_everything_of_a_small_plan_is_named(tmp_path: Path) -> None:
    """Each location, what it ships, each reason with its count, and what is not drawn."""
    file = tmp_path / "plan.svg"
    order, answer = Order(), planned()
    order.destination.point.latitude, order.destination.point.longitude = 47.32, 5.04
    whereabouts = Whereabouts.of(parse(NETWORK))
    draw_map(drawn_of(Planned(order, answer.plan, answer.rejections), whereabouts), file)
    text = written(file)
    for words in (
        "2 lines with 3 units, from 2 locations in 3 parcels",
        "DC-PARIS",
        "1 unit, 257.5 km, 6.90 EUR",
        "STORE-LYON",
        "STORE-NICE",
        "DC-LONDON",
        "costlier (1)",
        "ships (2)",
        "destination",
        "not drawn: 1 without coordinates",
        "100 km",
        "48° N",
        "0°",
    ):
        assert words in text


def test_map_of_hundreds_stays_readable(tmp_path: Path) -> None:
    """Who ships is always named; of the others as many as fit, and all are counted."""
    file = tmp_path / "plan.svg"
    document, answer = large(500)
    order = Order()
    order.destination.point.latitude, order.destination.point.longitude = 47.32, 5.04
    planned_of = Planned(order, answer.plan, answer.rejections)
    draw_map(drawn_of(planned_of, Whereabouts.of(parse(document))), file)
    text = written(file)
    named = re.findall(r"STORE-\d\d\d", text)
    assert {"STORE-000", "STORE-001"} <= set(named)
    assert 20 < len(named) <= 150
    assert (
        len(answer.rejections) == sum(int(count) for count in re.findall(r" \((\d+)\)\n", text)) - 2
    )


def test_names_do_not_cover_each_other() -> None:
    """Of two hundred names in a crowd those are written that fit, and the bold one in any case."""
    draw = random.Random(3)
    points = [(draw.gauss(50, 10), draw.gauss(50, 10)) for _ in range(200)]
    figure = new_figure(6, 6)
    axes = figure.add_subplot()
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    bold = Name("SHIPS", *points[0], bold=True)
    write_names(figure, axes, [bold, *(Name(f"PLACE-{x:.3f}", x, y) for x, y in points)])
    texts = [text for text in axes.texts if text.get_text()]
    assert "SHIPS" == texts[0].get_text()
    assert 10 < len(texts) < 100
    boxes = [text.get_window_extent().shrunk(0.99, 0.99) for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize(
    "drawn",
    [
        Drawn("alone", None, [place("A", 48.0, 2.0)], {}),
        Drawn("at the place itself", Point(48.0, 2.0), [place("A", 48.0, 2.0)], {}),
        Drawn("nobody ships", DIJON, [], {"no stock": [place("A", 48.0, 2.0)]}),
        Drawn("no destination, none ships", None, [], {"closed": [place("A", 48.0, 2.0)]}),
        Drawn("near a pole", Point(89.9, 0), [place("A", 89.0, 180.0)], {}),
        Drawn("$ of no formula", DIJON, [place("$_{A}", 48.0, 2.0)], {"99": [place("B", 0, 0)]}),
    ],
    ids=lambda drawn: drawn.title,
)
def test_odd_plans_are_drawn(tmp_path: Path, drawn: Drawn) -> None:
    """One point, no destination, the pole, a reason of a newer service: there is a picture."""
    file = tmp_path / "plan.svg"
    draw_map(drawn, file)
    assert drawn.title in written(file)


def test_who_is_far_away_does_not_shrink_the_map(tmp_path: Path) -> None:
    """Two of thirty locations on the other side of the world are counted instead of drawn."""
    file = tmp_path / "plan.svg"
    near = [place(f"NEAR-{at}", 48.0 + at / 50, 2.0) for at in range(30)]
    far = [place("FAR-1", -21.1, 55.5), place("FAR-2", 14.6, -61.0)]
    draw_map(Drawn("", DIJON, [place("SHIPS", 48.5, 2.5)], {"costlier": near + far}), file)
    text = written(file)
    assert "not drawn: 2 farther away" in text
    assert "costlier (32)" in text
    assert "FAR-" not in text


def test_kilometres_are_as_long_to_the_east_as_to_the_north() -> None:
    """At 60 degrees north, where a degree is half as wide, distances on the map are real ones."""
    centre, east, north = Point(60.0, 20.0), Point(60.0, 22.0), Point(61.0, 20.0)
    view = MapView.around(centre, [Point(59.0, 20.0), east, north])
    for point in (east, north):
        x, y = view.at(point)
        assert (x * x + y * y) ** 0.5 == pytest.approx(distance_km(centre, point), rel=0.01)


def test_map_goes_across_the_180th_meridian() -> None:
    """Fiji is next to Samoa, not on the other edge of the world."""
    view = MapView.around(Point(-18.1, 178.4), [Point(-18.1, 178.4), Point(-13.8, -171.8)])
    assert view.at(Point(-13.8, -171.8))[0] == pytest.approx(1_050, rel=0.02)
    assert view.east - view.west < 1_400


def test_nothing_to_draw_is_said() -> None:
    """A network without coordinates has no map."""
    answer = planned()
    with pytest.raises(Failure, match="no location has coordinates in the network"):
        drawn_of(Planned(Order(), answer.plan, answer.rejections), Whereabouts({}, {}, {}))


def test_looked_up_destination_comes_first() -> None:
    """The point that the service answers for a postal code is drawn; without any it is told."""
    whereabouts, plan = Whereabouts.of(parse(NETWORK)), planned().plan
    order = Order(channel="web", country="FR")
    assert DIJON == drawn_of(Planned(order, plan, destination=DIJON), whereabouts).destination
    assert drawn_of(Planned(order, plan), whereabouts).destination is None


def test_others_of_the_market_are_drawn_without_reasons() -> None:
    """A plan that is held says nothing of the others; they are on the map all the same."""
    drawn = drawn_of(
        Planned(Order(channel="web", country="FR"), planned().plan), Whereabouts.of(parse(NETWORK))
    )
    assert {"ships nothing": ["STORE-LILLE", "STORE-NICE", "DC-LONDON"]} == {
        reason: [one.name for one in group] for reason, group in drawn.others.items()
    }
    assert 1 == drawn.missing_count
