"""Plans as plain values: the keys and types that `--json` promises.

Names are those of the contract; see `values.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sellable.cli.values import time_text, word_of
from sellable.v1 import sourcing_pb2

if TYPE_CHECKING:
    from sellable.v1.common_pb2 import Money
    from sellable.v1.sourcing_pb2 import (
        Assignment,
        CostTerm,
        FulfilmentPlan,
        ListDeliveryOptionsResponse,
        Parcel,
        Rejection,
    )


def cost_word(term: CostTerm) -> str:
    """Return `SHIPPING`, `PARCELS` and so on."""
    return word_of(sourcing_pb2.CostKind, "COST_KIND_", term.kind)


def reason_word(rejection: Rejection) -> str:
    """Return `NO_STOCK`, `DISTANCE` and so on."""
    return word_of(sourcing_pb2.RejectionReason, "REJECTION_REASON_", rejection.reason)


def money_value(money: Money) -> dict[str, Any]:
    """Return an amount."""
    return {"currency_code": money.currency_code, "units": money.units, "nanos": money.nanos}


def plan_value(plan: FulfilmentPlan) -> dict[str, Any]:
    """Return who ships what, and what it costs."""
    return {
        "strategy": plan.strategy,
        "optimal": plan.optimal,
        "relative_gap": plan.relative_gap,
        "method": plan.method,
        "objective": plan.objective,
        "objective_levels": list(plan.objective_levels),
        "assignments": [_assignment_value(units) for units in plan.assignments],
        "parcels": [_parcel_value(parcel) for parcel in plan.parcels],
        "unfilled": [_assignment_value(units) for units in plan.unfilled],
        "cost_terms": [
            {
                "kind": cost_word(term),
                "raw": term.raw,
                "unit": term.unit,
                "weighted": term.weighted,
                "level": term.level,
            }
            for term in plan.cost_terms
        ],
    }


def rejection_value(rejection: Rejection) -> dict[str, Any]:
    """Return why a location ships nothing."""
    return {
        "location": rejection.location,
        "reason": reason_word(rejection),
        "detail": rejection.detail,
    }


def option_value(option: ListDeliveryOptionsResponse.Option) -> dict[str, Any]:
    """Return one way of delivery."""
    return {
        "service": option.service,
        "location": option.location,
        "order_by_time": time_text(option, "order_by_time"),
        "arrive_time": time_text(option, "arrive_time"),
        "cost": money_value(option.cost),
        "parcel_count": option.parcel_count,
        "carbon_kg": option.carbon_kg,
        "complete": option.complete,
    }


def _assignment_value(units: Assignment) -> dict[str, Any]:
    return {
        "line": units.line,
        "line_id": units.line_id,
        "sku": units.sku,
        "location": units.location,
        "quantity": units.quantity,
    }


def _parcel_value(parcel: Parcel) -> dict[str, Any]:
    return {
        "location": parcel.location,
        "service": parcel.service,
        "parcel_count": parcel.parcel_count,
        "weight_grams": parcel.weight_grams,
        "distance_km": parcel.distance_km,
        "shipping_cost": money_value(parcel.shipping_cost),
        "ship_time": time_text(parcel, "ship_time"),
        "arrive_time": time_text(parcel, "arrive_time"),
        "carbon_kg": parcel.carbon_kg,
    }
