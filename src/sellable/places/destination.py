"""Where a destination is, or why it cannot be delivered to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidFields, Violation
from sellable.geo import Point
from sellable.places.sea import at_sea

if TYPE_CHECKING:
    from sellable.places.codes import PostalCodes

_COUNTRIES_TOLD_MAX: Final = 10


def located(
    codes: PostalCodes | None,
    country: str,
    postal_code: str,
    point: Point | None,
    *,
    field: str,
) -> Point:
    """Return the point of a destination: the one that it states, else that of its postal code.

    Args:
        codes: The table of postal codes; None if the service has none.
        country: ISO 3166-1 alpha-2.
        postal_code: May be empty.
        point: What the destination states, within the bounds of a point; None if it does not.
        field: The path of the destination, such as `order.destination`.

    Raises:
        InvalidFields: If the point is at sea, or the postal code is not known.
    """
    if point is not None:
        # A point of the table needs no such check: there is an address.
        if at_sea(point):
            raise _invalid(
                f"{field}.point",
                f"latitude {point.latitude:g}, longitude {point.longitude:g} is at sea, more than "
                f"20 km from any land: nothing can be delivered there{_swapped(point)}",
            )
        return point
    if codes is None:
        raise _invalid(
            f"{field}.point",
            "is required: this service has no table of postal codes (setting `postal_codes`)",
        )
    if not postal_code:
        raise _invalid(field, "needs a postal_code or a point")
    found = codes.lookup(country, postal_code)
    if found is None:
        raise _invalid(f"{field}.postal_code", _unknown(codes, country, postal_code))
    return found


def _swapped(point: Point) -> str:
    """Ask about the usual mistake where it would explain the point."""
    if abs(point.longitude) > 90 or at_sea(Point(point.longitude, point.latitude)):  # noqa: PLR2004
        return ""
    return "; are latitude and longitude swapped?"


def _invalid(path: str, description: str) -> InvalidFields:
    return InvalidFields(Violation(path, description))


def _unknown(codes: PostalCodes, country: str, postal_code: str) -> str:
    if country.upper() in codes.countries:
        return f"{postal_code!r} is no known postal code of {country}: correct it, or send a point"
    known = ", ".join(codes.countries[:_COUNTRIES_TOLD_MAX])
    if (more := len(codes.countries) - _COUNTRIES_TOLD_MAX) > 0:
        known += f" and {more} more"
    return f"no postal codes of {country} are known, only of {known}: send a point"
