"""Orders that cannot be sourced as they are asked for, as in `support.bad_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import common_pb2, reservations_pb2
from sellable.v1 import sourcing_pb2 as sourcing
from sellable.v1.availability_pb2 import GeoPoint
from support.bad_calls import COUNTRY_WORDS, NAME_WORDS, QUANTITY_WORDS, Bad
from support.bad_pickup import LATITUDE_WORDS, line

if TYPE_CHECKING:
    from support.bad_calls import Call

PARIS: Final = GeoPoint(latitude=48.85, longitude=2.35)
LIMIT_WORDS: Final = "must be 1 to 10000 ms, is "


def place(country: str = "FR", point: GeoPoint | None = PARIS, **more: str) -> Any:
    """Make a destination."""
    return sourcing.Destination(country=country, point=point, **more)


def order(*lines: common_pb2.Line, channel: str = "web", **more: Any) -> sourcing.Order:
    """Make an order to Paris."""
    fields: dict[str, Any] = {"destination": place()}
    return sourcing.Order(channel=channel, country="FR", lines=lines or [line()], **(fields | more))


def plan(of: sourcing.Order | None = None, **more: Any) -> Call:
    """Ask for a plan."""
    request = sourcing.SourceOrderRequest(order=of or order(), **more)
    return lambda client: client.sourcing.SourceOrder(request)


def hold(reservation_id: str, of: sourcing.Order | None = None, **more: Any) -> Call:
    """Ask for a plan that is held."""
    source = sourcing.SourceOrderRequest(order=of or order(), **more)
    request = sourcing.SourceAndReserveRequest(reservation_id=reservation_id, source=source)
    return lambda client: client.sourcing.SourceAndReserve(request)


def again(reservation_id: str, request_id: str = "again", **more: Any) -> Call:
    """Ask for a new plan of a reservation."""
    fields: dict[str, Any] = {"destination": place()}
    request = sourcing.SourceReservationRequest(
        reservation_id=reservation_id, request_id=request_id, **(fields | more)
    )
    return lambda client: client.sourcing.SourceReservation(request)


def options(*lines: common_pb2.Line, **more: Any) -> Call:
    """Ask how an order could be delivered."""
    request = sourcing.ListDeliveryOptionsRequest(channel="web", country="FR", lines=lines, **more)
    return lambda client: client.sourcing.ListDeliveryOptions(request)


def refusal(location: str, quantity: int) -> sourcing.Refusal:
    """Refuse units of A."""
    units = reservations_pb2.QuantityAt(sku="A", location=location, quantity=quantity)
    return sourcing.Refusal(quantity=units, reason=reservations_pb2.REFUSAL_REASON_NOT_FOUND)


SOURCING: Final = (
    Bad(
        "plan of nothing",
        plan(sourcing.Order(channel="web", country="FR", destination=place())),
        fields={"order.lines": "must have 1 to 100 entries, has 0"},
    ),
    Bad(
        "plan of 101 lines",
        plan(order(*[line()] * 101)),
        fields={"order.lines": "must have 1 to 100 entries, has 101"},
    ),
    Bad(
        "plan with faults all over",
        plan(
            order(line(quantity=0), destination=place("UK", None)),
            alternatives=6,
            solve_limit=Duration(seconds=11),
            at_time=Timestamp(seconds=1),
        ),
        fields={
            "order.destination.country": f"{COUNTRY_WORDS}: write GB",
            "order.destination.postal_code": "is required where point is unset",
            "order.lines[0].quantity": f"{QUANTITY_WORDS}0",
            "at_time": "must be a time of the years 2000 to 2099",
            "solve_limit": f"{LIMIT_WORDS}11 s",
            "alternatives": "must be 0 to 5, is 6",
        },
    ),
    Bad(
        "plan beyond the pole",
        plan(order(destination=place(point=GeoPoint(latitude=-91)))),
        fields={"order.destination.point.latitude": f"{LATITUDE_WORDS}-91"},
    ),
    Bad(
        "plan for the sea",
        plan(order(destination=place(point=GeoPoint(latitude=30, longitude=-40)))),
        fields={
            "order.destination.point": "latitude 30, longitude -40 is at sea, more than 20 km "
            "from any land: nothing can be delivered there"
        },
    ),
    Bad(
        "plan for a code that cannot be looked up",
        plan(order(destination=place(point=None, postal_code="75001"))),
        fields={
            "order.destination.point": "is required: this service has no table of postal codes "
            "(setting `postal_codes`)"
        },
    ),
    Bad(
        "plan in another currency",
        plan(order(value=common_pb2.Money(currency_code="USD", units=1))),
        fields={
            "order.value.currency_code": "must be EUR, as in the network's sourcing section, is USD"
        },
    ),
    Bad(
        "plan of no market",
        plan(order(channel="tv")),
        "UNKNOWN_MARKET",
        metadata={"field": "order", "market": "tv/FR"},
    ),
    Bad(
        "plan of no SKU",
        plan(order(line("Z"))),
        "UNKNOWN_SKU",
        metadata={"field": "order.lines[0].sku", "sku": "Z"},
    ),
    Bad(
        "plan of no profile",
        plan(profile="x"),
        "UNKNOWN_PROFILE",
        metadata={"field": "profile", "profile": "x"},
    ),
    Bad(
        "plan for no reservation",
        plan(reservation_id="none"),
        "UNKNOWN_RESERVATION",
        metadata={"reservation": "none"},
    ),
    Bad(
        "plan of a location elsewhere",
        plan(order(line(location="DC-OSLO"))),
        "LOCATION_NOT_IN_MARKET",
        metadata={"location": "DC-OSLO", "market": "web/FR"},
    ),
    Bad(
        "plan of more than there is",
        plan(order(line(quantity=99))),
        "NO_FEASIBLE_PLAN",
        metadata={"strategies": "cheapest"},
    ),
    Bad(
        "hold without a name",
        hold("", explain=True),
        fields={
            "reservation_id": NAME_WORDS,
            "source.explain": "must be false: only the plan is kept; SourceOrder with "
            "reservation_id explains it",
        },
    ),
    Bad(
        "hold of more than there is",
        hold("new", order(line(quantity=99))),
        "NO_FEASIBLE_PLAN",
        metadata={"strategies": "cheapest"},
    ),
    Bad(
        "hold under a known name",
        hold("held"),
        "IDEMPOTENCY_CONFLICT",
        metadata={"id": "held", "field": "reservation_id"},
    ),
    Bad(
        "new plan of nothing known",
        again("none"),
        "UNKNOWN_RESERVATION",
        metadata={"reservation": "none"},
    ),
    Bad(
        "new plan of what is closed",
        again("released"),
        "RESERVATION_CLOSED",
        metadata={"reservation": "released", "state": "RELEASED"},
    ),
    Bad(
        "new plan of what lapsed",
        again("lapsed"),
        "RESERVATION_EXPIRED",
        metadata={"reservation": "lapsed"},
    ),
    Bad(
        "new plan for nowhere",
        again("held", destination=None),
        fields={"destination": "is required: the reservation was not sourced before"},
    ),
    Bad(
        "new plan without what is not held",
        again("held", refusals=[refusal("DC-PARIS", 3)]),
        fields={"refusals[0].quantity.quantity": "at most 2 are open at DC-PARIS, is 3"},
    ),
    Bad(
        "new plan without anywhere",
        again("held", excluded_locations=["DC-PARIS", "STORE-LYON"]),
        "NO_FEASIBLE_PLAN",
        metadata={"strategies": "cheapest"},
    ),
    Bad(
        "new plan without a location elsewhere",
        again("held", excluded_locations=["DC-OSLO"]),
        "LOCATION_NOT_IN_MARKET",
        metadata={"location": "DC-OSLO", "market": "web/FR"},
    ),
    Bad(
        "ways to nowhere",
        options(),
        fields={
            "destination": "is required",
            "lines": "must have 1 to 100 entries, has 0",
        },
    ),
)
