"""Decisions by the network document that its page shows, from YAML to the plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sellable.network import parse, sourcing
from sellable.sourcing.decide import Profiles
from sellable.sourcing.plan import Plan, RejectionReason
from support.sourced import at, item, request, stock

PAGE = Path(sourcing.__file__).with_name("README.md").read_text(encoding="utf-8")
NAMES = ["DC-PARIS", "STORE-LYON", "STORE-LILLE"]
PEAK, LATER = at("2026-12-01T09:00"), at("2026-12-29T09:00")


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """Return the profiles of the example."""
    (document,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return Profiles(parse(document), 1)


def _plan(profiles: Profiles, at_ms: int, grams: int, **units: int) -> Plan:
    held = {name: units.get(name.rpartition("-")[2].lower(), 0) for name in NAMES}
    stocked = stock({"X": held}, NAMES, now_ms=at_ms, items=[item("X", weight_grams=grams)])
    return profiles.decide(request(("X", 1), explain=True), stocked).plan


def test_the_depot_near_by_ships_at_the_price_of_its_zone(profiles: Profiles) -> None:
    """Paris to Paris is `near`: 4.20, there on the next day, one unit of its capacity."""
    (shipment,) = _plan(profiles, PEAK, 1_500, paris=1, lyon=1, lille=1).shipments
    told = (shipment.location, shipment.service, shipment.cost_micros, shipment.capacity_date)
    assert ("DC-PARIS", "post/standard", 4_200_000, "2026-12-01") == told
    # Its cut-off is at 16:00, an hour before UTC.
    assert at("2026-12-01T15:00") == shipment.ship_ms
    assert at("2026-12-02T15:00") == shipment.arrive_ms


def test_the_flagship_keeps_its_stock_while_another_has_it(profiles: Profiles) -> None:
    """In the peak Lille ships and Lyon is protected; it ships where nobody else can."""
    held = stock({"X": dict.fromkeys(NAMES[1:], 1)}, NAMES, now_ms=PEAK)
    decision = profiles.decide(request(("X", 1), explain=True), held)
    assert "peak" == decision.plan.strategy
    assert ["STORE-LILLE"] == [shipment.location for shipment in decision.plan.shipments]
    reasons = {rejection.location: rejection.reason for rejection in decision.rejections}
    assert RejectionReason.PROTECTED is reasons["STORE-LYON"]
    alone = _plan(profiles, PEAK, 1_500, lyon=1)
    assert ("all year", "STORE-LYON") == (alone.strategy, alone.shipments[0].location)
    assert "all year" == _plan(profiles, LATER, 1_500, lille=1).strategy


def test_what_no_parcel_can_hold_goes_as_freight(profiles: Profiles) -> None:
    """40 kg go on a pallet, in francs: 38 and 0.11 a km, at 1.06 euros.

    All year a unit that nobody ships costs 25, so that it is left.
    """
    (shipment,) = _plan(profiles, PEAK, 40_000, paris=1).shipments
    francs = 38 + 0.11 * shipment.distance_km
    assert "freight/pallet" == shipment.service
    assert round(francs * 1.06 * 1_000_000) == shipment.cost_micros
    left = _plan(profiles, LATER, 40_000, paris=1)
    assert ((25_000_000,), ()) == (left.levels, left.shipments)
