"""SourcingService: plans as clients read them."""

from __future__ import annotations

from typing import Final

import pytest
from msgspec.structs import replace

from sellable.rpc.convert import sourced
from sellable.sourcing.plan import (
    Assignment,
    CostKind,
    CostTerm,
    DeliveryOption,
    Plan,
    RejectionReason,
    Shipment,
)
from sellable.v1 import sourcing_pb2

COST_KINDS: Final = sourcing_pb2.CostKind.keys()
REASONS: Final = sourcing_pb2.RejectionReason.keys()
PLAN: Final = Plan(
    strategy="peak",
    assignments=(Assignment(line_id="a", line=0, sku="A", location="L0", quantity=2),),
    shipments=(
        Shipment(
            location="L0",
            service="post/standard",
            parcels=2,
            grams=1_500,
            distance_km=12.5,
            cost_micros=8_250_000,
            ship_ms=1_500,
            arrive_ms=0,
            carbon_grams=250.0,
        ),
    ),
    unfilled=(Assignment(line_id="b", line=1, sku="B", location="", quantity=1),),
    cost_terms=(
        CostTerm(kind=CostKind.UNFILLED, raw=1.0, unit="units", weighted_micros=1, level=0),
        CostTerm(kind=CostKind.SHIPPING, raw=8.25, unit="EUR", weighted_micros=8_250_000, level=1),
        CostTerm(kind=CostKind.LATENESS, raw=0.1, unit="days", weighted_micros=100_003, level=1),
    ),
    levels=(1, 8_350_003),
    optimal=False,
    relative_gap=0.01,
    method="milp",
)


def test_plan_is_told_in_units() -> None:
    """Money in the section's currency, weights in grams, CO2 in kilograms."""
    told = sourced.plan(PLAN, "EUR")
    (parcel,) = told.parcels
    assert ("EUR", 8, 250_000_000) == (
        parcel.shipping_cost.currency_code,
        parcel.shipping_cost.units,
        parcel.shipping_cost.nanos,
    )
    assert (2, 1_500, 0.25) == (parcel.parcel_count, parcel.weight_grams, parcel.carbon_kg)
    assert (1_500, False) == (
        parcel.ship_time.ToMilliseconds(),
        parcel.HasField("arrive_time"),
    )
    assert ("b", 1, "") == (
        told.unfilled[0].line_id,
        told.unfilled[0].line,
        told.unfilled[0].location,
    )
    assert (False, 0.01, "milp", "peak") == (
        told.optimal,
        told.relative_gap,
        told.method,
        told.strategy,
    )


def test_terms_add_up_to_their_level_exactly() -> None:
    """In millionths: what a double keeps of them is enough to add them up again."""
    told = sourced.plan(PLAN, "EUR")
    for level, expected in enumerate(told.objective_levels):
        terms = [round(term.weighted * 1e6) for term in told.cost_terms if term.level == level]
        assert sum(terms) == round(expected * 1e6) == PLAN.levels[level]
    assert told.objective == told.objective_levels[-1]


def test_levels_of_an_order_are_told_in_the_unit_of_their_term() -> None:
    """One parcel is 1, and 22,036 metres are 22.036 km."""
    terms = (
        CostTerm(kind=CostKind.PARCELS, raw=1.0, unit="parcels", weighted_micros=1, level=0),
        CostTerm(kind=CostKind.DISTANCE, raw=22.036, unit="km", weighted_micros=22_036, level=1),
    )
    ordered = replace(PLAN, cost_terms=terms, levels=(1, 22_036), level_units=(1, 1_000))
    told = sourced.plan(ordered, "EUR")
    assert [1.0, 22.036] == list(told.objective_levels) == [t.weighted for t in told.cost_terms]
    assert 22.036 == told.objective


@pytest.mark.parametrize("kind", list(CostKind))
def test_every_cost_has_its_number(kind: CostKind) -> None:
    """The words of the rooms are those of the contract."""
    assert f"COST_KIND_{kind}" in COST_KINDS


@pytest.mark.parametrize("reason", list(RejectionReason))
def test_every_reason_has_its_number(reason: RejectionReason) -> None:
    """The words of the rooms are those of the contract."""
    assert f"REJECTION_REASON_{reason}" in REASONS


def test_every_word_of_the_contract_is_one_of_ours() -> None:
    """No value of the contract is never answered."""
    assert len(CostKind) == len(COST_KINDS) - 1
    assert len(RejectionReason) == len(REASONS) - 1


def test_delivery_option_is_told_in_units() -> None:
    """As a plan is."""
    option = DeliveryOption(
        service="pickup",
        location="L0",
        order_by_ms=1_000,
        arrive_ms=2_000,
        cost_micros=0,
        parcels=0,
        carbon_grams=0.0,
        complete=True,
    )
    (told,) = sourced.list_delivery_options_response([option], "EUR").options
    assert ("pickup", "L0", 1, 2, "EUR", 0, True) == (
        told.service,
        told.location,
        told.order_by_time.seconds,
        told.arrive_time.seconds,
        told.cost.currency_code,
        told.cost.units,
        told.complete,
    )
