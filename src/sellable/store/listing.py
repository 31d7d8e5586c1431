"""Listing reservations: one index is walked, what it does not say is filtered.

A page looks at a bounded number of reservations, so it may be short although more match; the
token says where to go on. Order: oldest first within a state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidFields, Violation
from sellable.reservation import State
from sellable.stock import parts_of_place

if TYPE_CHECKING:
    from sellable.reservation import Reservation, ReservationFilter
    from sellable.store.reservations import Reservations

EXAMINED_MAX: Final = 1_000
_PER_CALL: Final = 100


async def list_reservations(
    reservations: Reservations, wanted: ReservationFilter, page_size: int, page_token: str
) -> tuple[list[Reservation], str]:
    """Return a page of the reservations that match, and the token of the next one or "".

    Raises:
        InvalidFields: The token is not one of ours for these filters.
    """
    indexes = _indexes(wanted)
    at, after = _parse(page_token, len(indexes))
    found: list[Reservation] = []
    examined = 0
    while at < len(indexes):
        if len(found) == page_size or examined >= EXAMINED_MAX:
            return found, f"{at}.{after}"
        page = await reservations.page(indexes[at], after, min(_PER_CALL, page_size - len(found)))
        examined += len(page)
        found += [reservation for _, reservation in page if _matches(reservation, wanted)]
        at, after = (at, page[-1][0]) if page else (at + 1, 0)
    return found, ""


def _indexes(wanted: ReservationFilter) -> list[str]:
    """Return the indexes to walk: the narrowest one that the filter names."""
    if wanted.order_reference:
        return [f"o:{wanted.order_reference}"]
    if wanted.sku:
        return [f"k:{wanted.sku}"]
    if wanted.location:
        return [f"l:{wanted.location}"]
    return [f"s:{state}" for state in (State if wanted.state is None else [wanted.state])]


def _parse(page_token: str, index_count: int) -> tuple[int, int]:
    if not page_token:
        return 0, 0
    at, _, after = page_token.partition(".")
    digits = at.isdecimal() and after.isdecimal() and page_token.isascii()
    if not digits or len(page_token) > len("0.") + len(str(2**63)) or int(at) >= index_count:
        raise InvalidFields(
            Violation("page_token", "must be the next_page_token of a call with the same filters")
        )
    return int(at), int(after)


def _matches(reservation: Reservation, wanted: ReservationFilter) -> bool:
    channel, country = reservation.market.split("/")
    held = {
        (line.sku, parts_of_place(allocation.location)[0])
        for line in reservation.lines
        for allocation in line.allocations
        if allocation.open
    }
    return (
        wanted.order_reference in {"", reservation.order_reference}
        and wanted.channel in {"", channel}
        and wanted.country in {"", country}
        and wanted.state in {None, reservation.state}
        and (not wanted.sku or any(sku == wanted.sku for sku, _ in held))
        and (not wanted.location or any(place == wanted.location for _, place in held))
    )
