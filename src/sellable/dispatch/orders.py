"""Orders as decisions take them: from a request, or from a reservation and what was kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import InvalidFields, Violation
from sellable.geo import Point
from sellable.sourcing.order import Destination, Order

if TYPE_CHECKING:
    from sellable.dispatch.asked import Amount, AskedOrder, RebindAsked
    from sellable.reservation import Line, Reservation
    from sellable.store.planned import Wanted


def order_of(asked: AskedOrder, destination: Destination, currency: str) -> Order:
    """Return an order that is asked for.

    Raises:
        InvalidFields: Its value is in another currency.
    """
    return Order(
        market=asked.market,
        lines=asked.lines,
        destination=destination,
        order_reference=asked.order_reference,
        promise_ms=asked.promise_ms,
        value_micros=_micros(asked.value, currency, f"{asked.path}.value"),
    )


def order_again(
    asked: RebindAsked,
    place: Destination | None,
    reservation: Reservation,
    lines: tuple[Line, ...],
    wanted: Wanted | None,
    currency: str,
) -> Order:
    """Return lines of a reservation as an order: what is not asked anew is as it was.

    Raises:
        InvalidFields: Its destination is not known, or its value is in another currency.
    """
    if place is None:
        if wanted is None:
            rule = "is required: the reservation was not sourced before"
            raise InvalidFields(Violation("destination", rule))
        point = Point(wanted.latitude, wanted.longitude)
        place = Destination(country=wanted.country, postal_code=wanted.postal_code, point=point)
    value_micros = _micros(asked.value, currency, "value")
    if value_micros is None and wanted is not None:
        value_micros = wanted.value_micros
    return Order(
        market=reservation.market,
        lines=lines,
        destination=place,
        order_reference=reservation.order_reference,
        promise_ms=asked.promise_ms or (wanted.promise_ms if wanted else 0),
        value_micros=value_micros,
    )


def _micros(value: Amount | None, currency: str, path: str) -> int | None:
    if value is None:
        return None
    if value.currency != currency:
        rule = f"must be {currency}, as in the network's sourcing section, is {value.currency}"
        raise InvalidFields(Violation(f"{path}.currency_code", rule))
    return value.micros
