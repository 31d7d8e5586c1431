"""Answers of sourcing, made by hand, and a service that gives them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import grpc
import orjson
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import network_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint
from sellable.v1.common_pb2 import Money
from sellable.v1.sourcing_pb2 import (
    Assignment,
    CostKind,
    CostTerm,
    FulfilmentPlan,
    Parcel,
    Rejection,
    RejectionReason,
    SourceOrderResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK: Final = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR, latitude: 48.98, longitude: 2.62}
  - {id: STORE-LYON, type: store, country: FR, latitude: 45.76, longitude: 4.83}
  - {id: STORE-LILLE, type: store, country: FR, latitude: 50.63, longitude: 3.06}
  - {id: STORE-NICE, type: store, country: FR, latitude: 43.70, longitude: 7.27}
  - {id: DC-LONDON, type: warehouse, country: GB, latitude: 51.50, longitude: -0.12}
  - {id: DC-NOWHERE, type: warehouse, country: FR}
markets:
  - channel: web
    country: FR
    locations: [DC-PARIS, STORE-LYON, STORE-LILLE, STORE-NICE, DC-LONDON, DC-NOWHERE]
"""
ORDER: Final = {
    "order_reference": "4711",
    "channel": "web",
    "country": "FR",
    "destination": {"country": "FR", "point": {"latitude": 47.32, "longitude": 5.04}},
    "lines": [
        {"line_id": "a", "sku": "85123A", "quantity": 2},
        {"sku": "22423", "quantity": 1},
    ],
}


def moment(text: str) -> Timestamp:
    """Return a time."""
    made = Timestamp()
    made.FromJsonString(text)
    return made


def parcel(location: str, km: float, cents: int, days: int = 1, count: int = 1) -> Parcel:
    """Return what a location sends on Tuesday, 1 December 2026."""
    return Parcel(
        location=location,
        distance_km=km,
        shipping_cost=Money(currency_code="EUR", units=cents // 100, nanos=cents % 100 * 10**7),
        ship_time=moment("2026-12-01T15:00:00Z"),
        arrive_time=moment(f"2026-12-0{1 + days}T11:00:00Z"),
        carbon_kg=0.3 * count,
        service="post/standard",
        parcel_count=count,
        weight_grams=850 * count,
    )


def term(
    kind: CostKind.ValueType, raw: float, unit: str, weighted: float, level: int = 0
) -> CostTerm:
    """Return one thing that a plan costs."""
    return CostTerm(kind=kind, raw=raw, unit=unit, weighted=weighted, level=level)


def split_plan() -> FulfilmentPlan:
    """Return a plan of two locations, weighed and proven."""
    return FulfilmentPlan(
        assignments=[
            Assignment(line_id="a", sku="85123A", location="STORE-LYON", quantity=2, line=0),
            Assignment(sku="22423", location="DC-PARIS", quantity=1, line=1),
        ],
        parcels=[parcel("DC-PARIS", 257.5, 690, 2), parcel("STORE-LYON", 174, 540, 1, 2)],
        cost_terms=[
            term(CostKind.COST_KIND_SHIPPING, 12.3, "EUR", 12.3),
            term(CostKind.COST_KIND_PARCELS, 3, "parcels", 1.5),
            term(CostKind.COST_KIND_DISTANCE, 431.5, "km", 0.4315),
            term(CostKind.COST_KIND_LATENESS, 0, "days", 0),
            term(CostKind.COST_KIND_CARBON, 0.9, "kg", 0),
        ],
        objective=14.2315,
        objective_levels=[14.2315],
        optimal=True,
        strategy="everyday",
        method="subsets",
    )


def whole_plan() -> FulfilmentPlan:
    """Return the runner-up: one location, dearer and later."""
    return FulfilmentPlan(
        assignments=[
            Assignment(line_id="a", sku="85123A", location="STORE-NICE", quantity=2, line=0),
            Assignment(sku="22423", location="STORE-NICE", quantity=1, line=1),
        ],
        parcels=[parcel("STORE-NICE", 434, 1990, 4)],
        objective=20,
        objective_levels=[20.0],
        optimal=True,
        strategy="everyday",
        method="subsets",
    )


def ordered_plan() -> FulfilmentPlan:
    """Return a plan in part, by levels: units unfilled, then parcels, then distance; not proven."""
    return FulfilmentPlan(
        assignments=[Assignment(sku="22423", location="DC-PARIS", quantity=1, line=1)],
        parcels=[parcel("DC-PARIS", 257.5, 690)],
        unfilled=[Assignment(line_id="a", sku="85123A", quantity=2, line=0)],
        cost_terms=[
            term(CostKind.COST_KIND_UNFILLED, 2, "units", 2),
            term(CostKind.COST_KIND_SHIPPING, 6.9, "EUR", 0),
            term(CostKind.COST_KIND_PARCELS, 1, "parcels", 1, 1),
            term(CostKind.COST_KIND_DISTANCE, 257.5, "km", 257.5, 2),
        ],
        objective=257.5,
        objective_levels=[2, 1, 257.5],
        relative_gap=0.0123,
        strategy="fewest parcels",
        method="milp",
    )


def rejections() -> list[Rejection]:
    """Return why the others of the network ship nothing."""
    reason = RejectionReason
    return [
        Rejection(location=location, reason=why, detail=detail)
        for location, why, detail in (
            ("STORE-LILLE", reason.REJECTION_REASON_NO_STOCK, "none of 85123A and 22423"),
            ("STORE-NICE", reason.REJECTION_REASON_COSTLIER, "5.77 EUR more"),
            ("DC-LONDON", reason.REJECTION_REASON_COUNTRY, "GB, only FR may ship"),
            ("DC-NOWHERE", reason.REJECTION_REASON_DISTANCE, "its place is not known"),
        )
    ]


def planned() -> SourceOrderResponse:
    """Return a plan with everything that can be asked for."""
    return SourceOrderResponse(
        plan=split_plan(),
        alternatives=[whole_plan()],
        rejections=rejections(),
        profile="standard",
        network_version=7,
        destination_point=GeoPoint(latitude=47.32, longitude=5.04),
    )


def large(count: int, seed: int = 7) -> tuple[str, SourceOrderResponse]:
    """Return a network of so many stores in France, and a plan that two of them ship."""
    draw = random.Random(seed)
    lines = ["locations:"]
    for at in range(count):
        latitude, longitude = draw.uniform(43.3, 50.5), draw.uniform(-1.2, 7.0)
        lines.append(
            f"  - {{id: STORE-{at:03}, type: store, country: FR, "
            f"latitude: {latitude:.4f}, longitude: {longitude:.4f}}}"
        )
    names = [f"STORE-{at:03}" for at in range(count)]
    lines.append(f"markets:\n  - {{channel: web, country: FR, locations: [{', '.join(names)}]}}")
    answer = planned()
    plan = answer.plan
    for sent, part, name in zip(plan.parcels, reversed(plan.assignments), names, strict=False):
        sent.location = part.location = name
    del answer.rejections[:]
    reasons = [value for value in RejectionReason.values() if value]
    for name in names[2:]:
        why = draw.choices(reasons, [20, 3, 2, 8, 1, 1, 1, 1, 6, 1])[0]
        answer.rejections.add(location=name, reason=why, detail=f"{draw.randrange(9_000)} of it")
    return "\n".join(lines), answer


def _handlers(service: Any, answers: dict[str, Any], asked: list[Any]) -> grpc.GenericRpcHandler:
    """Answer methods of a service by their names, whatever is asked."""

    def answering(answer: Any) -> Any:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            asked.append(request)
            return answer

        return call

    methods = service.methods_by_name
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            answering(answer),
            request_deserializer=GetMessageClass(methods[name].input_type).FromString,
            response_serializer=GetMessageClass(methods[name].output_type).SerializeToString,
        )
        for name, answer in answers.items()
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


@contextmanager
def planning_service(document: str = NETWORK, **answers: Any) -> Iterator[tuple[str, list[Any]]]:
    """Serve these answers by the name of the method; yield the address, and what is asked."""
    asked: list[Any] = []
    sourcing, network = (
        file.DESCRIPTOR.services_by_name[name]
        for file, name in ((sourcing_pb2, "SourcingService"), (network_pb2, "NetworkService"))
    )
    in_force = {"GetNetwork": network_pb2.GetNetworkResponse(version=7, document=document)}
    handlers = [_handlers(sourcing, answers, asked), _handlers(network, in_force, [])]
    server = grpc.server(ThreadPoolExecutor(2), handlers=handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", asked
    finally:
        server.stop(None).wait()


def order_json(**changes: Any) -> str:
    """Return the order as a file has it."""
    return orjson.dumps(ORDER | changes).decode()
