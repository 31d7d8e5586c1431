"""What is asked of sourcing, checked by form; what the network and the map know is checked here.

Times are ms of the store's clock since 1970, 0: unset. Field paths are those of the contract, so
that a refusal names the field that its sender knows.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.errors import UnknownLocation, UnknownMarket, UnknownProfile, UnknownSku

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.geo import Point
    from sellable.reservation import Line, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money: whole micros of a currency."""

    currency: str
    micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A destination as it was written; `path` is its field. Without a point the code counts."""

    country: str
    postal_code: str = ""
    point: Point | None = None
    path: str = "order.destination"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOrder:
    """An order whose destination is not looked up yet; `path` is its field."""

    market: str
    lines: tuple[Line, ...]
    place: Place
    order_reference: str = ""
    promise_ms: int = 0
    value: Amount | None = None
    path: str = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsked:
    """A plan of an order; the units that the reservation holds count as available."""

    order: AskedOrder
    profile: str = ""
    at_ms: int = 0
    alternatives: int = 0
    explain: bool = False
    solve_limit_ms: int
    reservation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """A plan that is held; without `allow_unfilled` it is complete or refused."""

    reservation_id: str
    order: AskedOrder
    profile: str = ""
    solve_limit_ms: int
    ttl_ms: int
    allow_unfilled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RebindAsked:
    """A new plan of the open units of a reservation.

    What is unset stays as it was sourced before. `refusals` are units that leave their location,
    each with a reason; `excluded` locations ship nothing. With `allow_unfilled`, units that no
    location can have are given back.
    """

    reservation_id: str
    request_id: str
    refusals: tuple[Part, ...] = ()
    excluded: tuple[str, ...] = ()
    place: Place | None = None
    profile: str = ""
    promise_ms: int = 0
    value: Amount | None = None
    solve_limit_ms: int
    allow_unfilled: bool = False


@contextmanager
def fields_named(asked: PlanAsked | HoldAsked) -> Iterator[None]:
    """Say of a name that is not known which field of the request asks for it."""
    path = asked.order.path
    try:
        yield
    except UnknownMarket as error:
        raise UnknownMarket(error.name, path) from error
    except UnknownProfile as error:
        field = f"{path.removesuffix('order')}profile" if asked.profile else ""
        raise UnknownProfile(error.name, field) from error
    except UnknownSku as error:
        raise UnknownSku(error.name, _line_field(asked.order, "sku", error.name)) from error
    except UnknownLocation as error:
        field = _line_field(asked.order, "location", error.name)
        raise UnknownLocation(error.name, field) from error


def _line_field(order: AskedOrder, key: str, name: str) -> str:
    """Return the path of the first line that has a name; empty if none has."""
    lines = f"{order.path}.lines" if order.path else "lines"
    found = (
        f"{lines}[{at}].{key}" for at, one in enumerate(order.lines) if getattr(one, key) == name
    )
    return next(found, "")
