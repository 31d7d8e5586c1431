"""SourcingService: who ships what, at what cost, and why not otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from sellable.rpc.convert.reserved import reservation
from sellable.rpc.convert.times import set_time, time_of_ms
from sellable.sourcing.plan import CostKind, RejectionReason
from sellable.v1 import common_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.dispatch.answers import Decided, Held
    from sellable.sourcing.plan import Assignment, DeliveryOption, Plan, Rejection, Shipment

_MICRO: Final = 1_000_000
_COST_KINDS: Final = {kind: sourcing_pb2.CostKind.Value(f"COST_KIND_{kind}") for kind in CostKind}
_REASONS: Final = {
    reason: sourcing_pb2.RejectionReason.Value(f"REJECTION_REASON_{reason}")
    for reason in RejectionReason
}

# The responses of what is held.
Response = TypeVar(
    "Response", sourcing_pb2.SourceAndReserveResponse, sourcing_pb2.SourceReservationResponse
)


def source_order_response(answer: Decided) -> sourcing_pb2.SourceOrderResponse:
    """Answer a plan, its runner-ups, and why other locations ship nothing."""
    decision = answer.decision
    return sourcing_pb2.SourceOrderResponse(
        plan=plan(decision.plan, answer.currency),
        alternatives=[plan(other, answer.currency) for other in decision.alternatives],
        rejections=map(_rejection, decision.rejections),
        profile=decision.profile,
        network_version=decision.network_version,
        destination_point=GeoPoint(
            latitude=answer.point.latitude, longitude=answer.point.longitude
        ),
    )


def response(kind: type[Response], answer: Held) -> Response:
    """Answer what is held and the plan of it, by the type of its response."""
    return kind(
        plan=plan(answer.plan, answer.currency),
        reservation=reservation(answer.reservation),
        attempts=answer.attempts,
        revision=answer.revision,
        replayed=answer.replayed,
        profile=answer.profile,
        network_version=answer.network_version,
    )


def list_delivery_options_response(
    options: Iterable[DeliveryOption], currency: str
) -> sourcing_pb2.ListDeliveryOptionsResponse:
    """Answer the ways of delivery."""
    return sourcing_pb2.ListDeliveryOptionsResponse(
        options=[
            sourcing_pb2.ListDeliveryOptionsResponse.Option(
                service=option.service,
                location=option.location,
                order_by_time=time_of_ms(option.order_by_ms),
                arrive_time=time_of_ms(option.arrive_ms),
                cost=money(option.cost_micros, currency),
                parcel_count=option.parcels,
                carbon_kg=option.carbon_grams / 1_000,
                complete=option.complete,
            )
            for option in options
        ]
    )


def plan(value: Plan, currency: str) -> sourcing_pb2.FulfilmentPlan:
    """Answer a plan."""
    units = value.level_units or (_MICRO,) * len(value.levels)
    levels = [level / unit for level, unit in zip(value.levels, units, strict=True)]
    return sourcing_pb2.FulfilmentPlan(
        assignments=map(_assignment, value.assignments),
        parcels=[_parcel(shipment, currency) for shipment in value.shipments],
        unfilled=map(_assignment, value.unfilled),
        cost_terms=[
            sourcing_pb2.CostTerm(
                kind=_COST_KINDS[term.kind],
                raw=term.raw,
                unit=term.unit,
                weighted=term.weighted_micros / units[term.level],
                level=term.level,
            )
            for term in value.cost_terms
        ],
        objective=levels[-1] if levels else 0.0,
        optimal=value.optimal,
        relative_gap=value.relative_gap,
        strategy=value.strategy,
        objective_levels=levels,
        method=value.method,
    )


def money(micros: int, currency: str) -> common_pb2.Money:
    """Answer an amount of at least 0."""
    units, rest = divmod(micros, _MICRO)
    return common_pb2.Money(currency_code=currency, units=units, nanos=rest * 1_000)


def _assignment(value: Assignment) -> sourcing_pb2.Assignment:
    return sourcing_pb2.Assignment(
        line_id=value.line_id,
        sku=value.sku,
        location=value.location,
        quantity=value.quantity,
        line=value.line,
    )


def _parcel(shipment: Shipment, currency: str) -> sourcing_pb2.Parcel:
    made = sourcing_pb2.Parcel(
        location=shipment.location,
        distance_km=shipment.distance_km,
        shipping_cost=money(shipment.cost_micros, currency),
        carbon_kg=shipment.carbon_grams / 1_000,
        service=shipment.service,
        parcel_count=shipment.parcels,
        weight_grams=shipment.grams,
    )
    if shipment.ship_ms:
        set_time(made.ship_time, shipment.ship_ms)
    if shipment.arrive_ms:
        set_time(made.arrive_time, shipment.arrive_ms)
    return made


def _rejection(value: Rejection) -> sourcing_pb2.Rejection:
    return sourcing_pb2.Rejection(
        location=value.location, reason=_REASONS[value.reason], detail=value.detail
    )
