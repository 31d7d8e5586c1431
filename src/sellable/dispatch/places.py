"""Where a destination is: whoever knows the map is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sellable.sourcing.order import Destination

if TYPE_CHECKING:
    from sellable.dispatch.asked import Place
    from sellable.geo import Point


class Locator(Protocol):
    """Knows where postal codes are, and what is at sea."""

    def __call__(self, country: str, postal_code: str, point: Point | None, *, field: str) -> Point:
        """Return the point of a destination: the one that it states, else that of its postal code.

        Raises:
            InvalidFields: With the path of the destination, `field`, before its own fields.
        """


def located(place: Place, locator: Locator) -> Destination:
    """Return a destination with its point.

    Raises:
        InvalidFields: Its postal code is not known and there is no point, or the point is at sea.
    """
    point = locator(place.country, place.postal_code, place.point, field=place.path)
    return Destination(country=place.country, postal_code=place.postal_code, point=point)
