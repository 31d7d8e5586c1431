"""Where a destination is, and each reason why it is nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sellable.errors import InvalidFields
from sellable.geo import Point
from sellable.places.destination import located
from sellable.places.reading import read_postal_codes

if TYPE_CHECKING:
    from pathlib import Path

    from sellable.places.codes import PostalCodes

FIELD = "order.destination"
PARIS = Point(48.86, 2.34)


@pytest.fixture
def codes(tmp_path: Path) -> PostalCodes:
    """Return a table of one code of each of twelve countries."""
    path = tmp_path / "codes.csv"
    rows = [f"F{letter},75001,48.86,2.34\n" for letter in "ABCDEFGHIJKR"]
    path.write_text("country,postal_code,latitude,longitude\n" + "".join(rows))
    return read_postal_codes(path)


def test_stated_point_comes_first(codes: PostalCodes) -> None:
    """A point needs no table, and is better than the middle of its code."""
    point = Point(48.87, 2.35)
    assert point == located(codes, "FR", "75001", point, field=FIELD)
    assert point == located(None, "FR", "", point, field=FIELD)


def test_postal_code_is_looked_up(codes: PostalCodes) -> None:
    """Without a point the code says where it is."""
    assert PARIS == located(codes, "fr", "75 001", None, field=FIELD)


@pytest.mark.parametrize(
    ("has_table", "country", "postal_code", "point", "field", "why"),
    [
        (True, "FR", "", Point(0, 0), ".point", "latitude 0, longitude 0 is at sea, more than 20"),
        (False, "FR", "75001", None, ".point", "is required: this service has no table of postal"),
        (True, "FR", "", None, "", "needs a postal_code or a point"),
        (True, "FR", "76", None, ".postal_code", "'76' is no known postal code of FR: correct it"),
        (True, "DE", "1", None, ".postal_code", "no postal codes of DE are known, only of FA, FB"),
    ],
)
def test_destination_that_is_nowhere_is_refused(
    codes: PostalCodes,
    has_table: bool,  # noqa: FBT001 - of a table of cases
    country: str,
    postal_code: str,
    point: Point | None,
    field: str,
    why: str,
) -> None:
    """The field that is wrong is named, and what would be right."""
    with pytest.raises(InvalidFields) as caught:
        located(codes if has_table else None, country, postal_code, point, field=FIELD)
    (violation,) = caught.value.violations
    assert f"{FIELD}{field}" == violation.field
    assert violation.description.startswith(why)


@pytest.mark.parametrize(
    ("point", "asked"), [(Point(2.34, 48.86), True), (Point(0, 0), False), (Point(-60, 150), False)]
)
def test_point_that_was_swapped_is_asked_about(point: Point, *, asked: bool) -> None:
    """Only where there is land the other way round, as in Paris."""
    with pytest.raises(InvalidFields) as caught:
        located(None, "FR", "", point, field=FIELD)
    (violation,) = caught.value.violations
    assert asked == violation.description.endswith("are latitude and longitude swapped?")


def test_long_list_of_countries_is_cut(codes: PostalCodes) -> None:
    """The refusal stays one line whatever the table has."""
    with pytest.raises(InvalidFields, match=r"FA, .*, FJ and 2 more: send a point"):
        located(codes, "DE", "1", None, field=FIELD)
