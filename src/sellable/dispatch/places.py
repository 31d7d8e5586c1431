"""Where a destination is: the point that was given, else the one of its postal code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sellable.errors import InvalidFields, Violation
from sellable.sourcing.order import Destination

if TYPE_CHECKING:
    from sellable.dispatch.asked import Place
    from sellable.geo import Point


class Geocoder(Protocol):
    """What is known of the globe."""

    def lookup(self, country: str, postal_code: str) -> Point | None:
        """Return where a postal code is; None where it is not known."""

    def at_sea(self, point: Point) -> bool:
        """Tell whether nobody can live at a point."""


class NoMap:
    """Knows no postal code and no sea: every destination needs a point."""

    def lookup(self, country: str, postal_code: str) -> Point | None:
        """Know none."""
        del country, postal_code
        return None

    def at_sea(self, point: Point) -> bool:
        """Believe every point."""
        del point
        return False


def located(place: Place, geocoder: Geocoder) -> Destination:
    """Return a destination with its point.

    Raises:
        InvalidFields: Its postal code is not known and there is no point, or the point is at sea.
    """
    point = place.point
    if point is None:
        point = geocoder.lookup(place.country, place.postal_code)
        if point is None:
            raise _refused(
                place,
                "postal_code",
                f"{place.postal_code!r} is not known in {place.country}: give the point as well",
            )
    elif geocoder.at_sea(point):
        raise _refused(
            place,
            "point",
            f"must be on land, {point.latitude:g}, {point.longitude:g} is at sea",
        )
    return Destination(country=place.country, postal_code=place.postal_code, point=point)


def _refused(place: Place, field: str, description: str) -> InvalidFields:
    return InvalidFields(Violation(f"{place.path}.{field}", description))
