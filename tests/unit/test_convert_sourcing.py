"""SourcingService: what a client may ask for, and every field that it can get wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from sellable import limits
from sellable.dispatch.asked import Amount, AskedOrder, HoldAsked, Place, PlanAsked, RebindAsked
from sellable.geo import Point
from sellable.reservation import Line, Part, Refusal
from sellable.rpc.convert import sourcing as convert
from sellable.rpc.convert.reservations import TtlBounds
from sellable.rpc.convert.sourcing import PlanBounds
from sellable.v1 import common_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint
from sellable.v1.reservations_pb2 import (
    REFUSAL_REASON_NOT_FOUND,
    QuantityAt,
)
from support.refusals import violations

BOUNDS: Final = PlanBounds(200, TtlBounds(900_000, 1_000, 86_400_000))
LYON: Final = GeoPoint(latitude=45.76, longitude=4.84)


def destination(**changes: Any) -> sourcing_pb2.Destination:
    """Make a destination, with some fields changed."""
    fields: dict[str, Any] = {"country": "FR", "postal_code": "69002", "point": LYON}
    return sourcing_pb2.Destination(**(fields | changes))


def order(**changes: Any) -> sourcing_pb2.Order:
    """Make an order, with some fields changed."""
    fields: dict[str, Any] = {
        "channel": "web",
        "country": "FR",
        "destination": destination(),
        "lines": [common_pb2.Line(line_id="1", sku="A", quantity=2)],
    }
    return sourcing_pb2.Order(**(fields | changes))


def asked_order(path: str = "order", **changes: Any) -> AskedOrder:
    """Make what `order` is converted to."""
    place = Place(
        country="FR",
        postal_code="69002",
        point=Point(LYON.latitude, LYON.longitude),
        path=f"{path}.destination",
    )
    fields: dict[str, Any] = {
        "market": "web/FR",
        "lines": (Line(line_id="1", sku="A", quantity=2),),
        "place": place,
        "path": path,
    }
    return AskedOrder(**(fields | changes))


def test_order_is_converted() -> None:
    """Every field arrives in the units of the store."""
    request = sourcing_pb2.SourceOrderRequest(
        order=order(
            order_reference="O-1",
            promise_time=Timestamp(seconds=5, nanos=6_000_000),
            value=common_pb2.Money(currency_code="EUR", units=12, nanos=345_678_901),
        ),
        profile="green",
        at_time=Timestamp(seconds=1),
        alternatives=2,
        explain=True,
        solve_limit=Duration(seconds=1, nanos=500_000_000),
        reservation_id="cart",
    )
    assert PlanAsked(
        order=asked_order(
            order_reference="O-1",
            promise_ms=5_006,
            value=Amount(currency="EUR", micros=12_345_678),
        ),
        profile="green",
        at_ms=1_000,
        alternatives=2,
        explain=True,
        solve_limit_ms=1_500,
        reservation_id="cart",
    ) == convert.source_order(request, BOUNDS)


def test_what_is_unset_is_the_setting() -> None:
    """A caller that says nothing gets the limit of the settings, the default life, and no value."""
    request = sourcing_pb2.SourceAndReserveRequest(
        reservation_id="cart", source=sourcing_pb2.SourceOrderRequest(order=order())
    )
    assert HoldAsked(
        reservation_id="cart",
        order=asked_order("source.order"),
        solve_limit_ms=200,
        ttl_ms=900_000,
    ) == convert.source_and_reserve(request, BOUNDS)


def test_new_plan_of_a_reservation_is_converted() -> None:
    """Refused units are parts with their reason; what is unset stays as it was."""
    request = sourcing_pb2.SourceReservationRequest(
        reservation_id="cart",
        request_id="again",
        refusals=[
            sourcing_pb2.Refusal(
                quantity=QuantityAt(line_id="1", location="S1", quantity=1),
                reason=REFUSAL_REASON_NOT_FOUND,
            )
        ],
        excluded_locations=["S2"],
        allow_unfilled=True,
    )
    refused = Part(line_id="1", location="S1", quantity=1, refusal=Refusal.NOT_FOUND)
    assert RebindAsked(
        reservation_id="cart",
        request_id="again",
        refusals=(refused,),
        excluded=("S2",),
        solve_limit_ms=200,
        allow_unfilled=True,
    ) == convert.source_reservation(request, BOUNDS)


def test_promise_in_the_past_is_allowed() -> None:
    """An order that is late already is sourced all the same."""
    request = sourcing_pb2.SourceOrderRequest(order=order(promise_time=Timestamp(seconds=1)))
    assert 1_000 == convert.source_order(request, BOUNDS).order.promise_ms


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "Web"}, "channel"),
        ({"country": "XX"}, "country"),
        ({"order_reference": "x" * 129}, "order_reference"),
        ({"lines": []}, "lines"),
        ({"lines": [common_pb2.Line(sku="A", quantity=1)] * 101}, "lines"),
        ({"lines": [common_pb2.Line(sku="", quantity=1)]}, "lines[0].sku"),
        ({"lines": [common_pb2.Line(sku="A", quantity=0)]}, "lines[0].quantity"),
        (
            {"lines": [common_pb2.Line(line_id="1", sku=sku, quantity=1) for sku in "AB"]},
            "lines[1].line_id",
        ),
        ({"destination": None}, "destination"),
        ({"destination": destination(country="UK")}, "destination.country"),
        ({"destination": destination(country="")}, "destination.country"),
        ({"destination": destination(postal_code="x" * 17)}, "destination.postal_code"),
        (
            {"destination": destination(postal_code="", point=None)},
            "destination.postal_code",
        ),
        (
            {"destination": destination(point=GeoPoint(latitude=90.5))},
            "destination.point.latitude",
        ),
        (
            {"destination": destination(point=GeoPoint(longitude=float("nan")))},
            "destination.point.longitude",
        ),
        ({"promise_time": Timestamp(nanos=-1)}, "promise_time"),
        ({"value": common_pb2.Money(currency_code="eur")}, "value.currency_code"),
        ({"value": common_pb2.Money(currency_code="EUR", units=-1)}, "value.units"),
        ({"value": common_pb2.Money(currency_code="EUR", nanos=10**9)}, "value.nanos"),
    ],
)
def test_fault_of_an_order_has_its_path(changes: dict[str, Any], field: str) -> None:
    """The path begins with the field of the order, in either call."""
    source = sourcing_pb2.SourceOrderRequest(order=order(**changes))
    found = violations(convert.source_order, source, BOUNDS)
    assert [f"order.{field}"] == [path for path, _ in found]
    request = sourcing_pb2.SourceAndReserveRequest(reservation_id="cart", source=source)
    found = violations(convert.source_and_reserve, request, BOUNDS)
    assert [f"source.order.{field}"] == [path for path, _ in found]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alternatives": 6}, "alternatives"),
        ({"alternatives": -1}, "alternatives"),
        ({"profile": "x" * 65}, "profile"),
        ({"at_time": Timestamp(nanos=-1)}, "at_time"),
        ({"solve_limit": Duration()}, "solve_limit"),
        ({"solve_limit": Duration(seconds=10, nanos=1_000_000)}, "solve_limit"),
        ({"reservation_id": "x" * 65}, "reservation_id"),
    ],
)
def test_fault_of_a_plan_has_its_path(changes: dict[str, Any], field: str) -> None:
    """Bounds are told with the field."""
    request = sourcing_pb2.SourceOrderRequest(**({"order": order()} | changes))
    assert [field] == [path for path, _ in violations(convert.source_order, request, BOUNDS)]


@pytest.mark.parametrize(
    ("changes", "of_source", "field"),
    [
        ({"reservation_id": ""}, {}, "reservation_id"),
        ({"ttl": Duration()}, {}, "ttl"),
        ({}, {"at_time": Timestamp(seconds=1)}, "source.at_time"),
        ({}, {"alternatives": 1}, "source.alternatives"),
        ({}, {"explain": True}, "source.explain"),
        ({}, {"reservation_id": "other"}, "source.reservation_id"),
    ],
)
def test_fault_of_a_hold_has_its_path(
    changes: dict[str, Any], of_source: dict[str, Any], field: str
) -> None:
    """What a hold cannot have is refused, not passed over."""
    source = sourcing_pb2.SourceOrderRequest(order=order(), **of_source)
    fields: dict[str, Any] = {"reservation_id": "cart", "source": source}
    request = sourcing_pb2.SourceAndReserveRequest(**(fields | changes))
    assert [field] == [path for path, _ in violations(convert.source_and_reserve, request, BOUNDS)]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"reservation_id": ""}, ["reservation_id"]),
        ({"request_id": ""}, ["request_id"]),
        ({"excluded_locations": ["A B"]}, ["excluded_locations[0]"]),
        ({"excluded_locations": ["S"] * 1_001}, ["excluded_locations"]),
        ({"refusals": [sourcing_pb2.Refusal()] * 1_001}, ["refusals"]),
        (
            {"refusals": [sourcing_pb2.Refusal()]},
            [
                "refusals[0].quantity.location",
                "refusals[0].reason",
                "refusals[0].quantity.line_id",
                "refusals[0].quantity.quantity",
            ],
        ),
        ({"destination": destination(country="")}, ["destination.country"]),
        ({"value": common_pb2.Money(currency_code="E")}, ["value.currency_code"]),
        ({"solve_limit": Duration(seconds=11)}, ["solve_limit"]),
    ],
)
def test_fault_of_a_new_plan_has_its_path(changes: dict[str, Any], fields: list[str]) -> None:
    """A refusal without its location or its reason helps nobody."""
    request = sourcing_pb2.SourceReservationRequest(
        **({"reservation_id": "cart", "request_id": "again"} | changes)
    )
    found = violations(convert.source_reservation, request, BOUNDS)
    assert fields == [path for path, _ in found]


def test_fault_of_delivery_options_has_its_path() -> None:
    """The fields of the order stand at the top there."""
    request = sourcing_pb2.ListDeliveryOptionsRequest(channel="", country="FR")
    found = violations(convert.list_delivery_options, request, BOUNDS)
    assert ["channel", "destination", "lines"] == [path for path, _ in found]


def test_bounds_are_those_of_the_product() -> None:
    """The longest limit and the most alternatives pass."""
    request = sourcing_pb2.SourceOrderRequest(
        order=order(),
        alternatives=limits.SOURCING_ALTERNATIVES_MAX,
        solve_limit=Duration(seconds=limits.SOLVE_LIMIT_MS_MAX // 1_000),
    )
    asked = convert.source_order(request, BOUNDS)
    assert (5, 10_000) == (asked.alternatives, asked.solve_limit_ms)
