"""`sellable sourcing` against a service with answers made by hand: what is asked and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.cli.rejections import _which
from sellable.v1.common_pb2 import Money
from sellable.v1.sourcing_pb2 import ListDeliveryOptionsResponse, Rejection
from support.command import Command
from support.planned import (
    large,
    moment,
    order_json,
    ordered_plan,
    planned,
    planning_service,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY: Final = Command("127.0.0.1:1")
PLAN: Final = ("sourcing", "plan")
SHOWN: Final = """\
4711: 2 lines with 3 units, from 2 locations in 3 parcels
profile standard, strategy everyday, network version 7: proven best (subsets)

DC-PARIS  post/standard, 1 parcel, 850 g, 257.5 km, 6.90 EUR, 0.30 kg CO2
  ships Tue 2026-12-01 16:00+01:00, arrives Thu 2026-12-03 12:00+01:00
  1 x 22423

STORE-LYON  post/standard, 2 parcels, 1.70 kg, 174 km, 5.40 EUR, 0.60 kg CO2
  ships Tue 2026-12-01 16:00+01:00, arrives Wed 2026-12-02 12:00+01:00
  2 x 85123A (line a)

cost           amount        counts
───────────────────────────────────
shipping    12.30 EUR       12.3000
parcels     3 parcels        1.5000
distance     431.5 km        0.4315
objective                   14.2315

lateness       0 days             0
carbon        0.90 kg   not weighed
"""
RUNNER_UP: Final = (
    "        1   +5.7685 (+40.5%)   STORE-NICE   without DC-PARIS, STORE-LYON; with STORE-NICE; "
    "2 fewer parcels; arrives 2 days later"
)
REJECTED: Final = """\
ships nothing               locations   which
─────────────────────────────────────────────────────────────────────────────
costlier                            1   STORE-NICE: 5.77 EUR more
no stock                            1   STORE-LILLE: none of 85123A and 22423
not in an allowed country           1   DC-LONDON: GB, only FR may ship
too far away                        1   DC-NOWHERE: its place is not known
"""


def told(text: str) -> str:
    """Return text without the spaces that fill the cells of a table."""
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


@pytest.fixture
def order(tmp_path: Path) -> str:
    """Return the file of an order."""
    file = tmp_path / "order.json"
    file.write_text(order_json())
    return str(file)


@pytest.fixture(scope="module")
def planner() -> Iterator[tuple[Command, list[Any]]]:
    """Return a command whose service plans, and the requests that it got."""
    with planning_service(SourceOrder=planned()) as (address, asked):
        yield Command(address), asked


def test_plan_is_shown_as_people_read_it(planner: tuple[Command, list[Any]], order: str) -> None:
    """Who ships what, when in local time, for how much, and terms that add up exactly."""
    command, asked = planner
    ended = command(*PLAN, order)
    assert (0, "") == (ended.exit_code, ended.err)
    shown = told(ended.out)
    assert shown.startswith(SHOWN)
    assert REJECTED not in shown
    assert "4711" == asked[-1].order.order_reference
    assert not asked[-1].explain


def test_runner_ups_and_reasons_are_shown(planner: tuple[Command, list[Any]], order: str) -> None:
    """What the next best costs more and what is other, and one reason for each location."""
    command, asked = planner
    shown = told(command(*PLAN, order, "--explain", "--alternatives", "1").out)
    assert RUNNER_UP in shown
    assert shown.endswith(f"\n\n{REJECTED}")
    assert (True, 1) == (asked[-1].explain, asked[-1].alternatives)
    each = told(command(*PLAN, order, "--explain", "--all").out)
    assert "DC-LONDON       not in an allowed country   GB, only FR may ship\n" in each


def test_order_may_come_from_standard_input(planner: tuple[Command, list[Any]]) -> None:
    """A script needs no file."""
    command, asked = planner
    assert 0 == command(*PLAN, "-", stdin=order_json(order_reference="cart")).exit_code
    assert "cart" == asked[-1].order.order_reference


def test_options_reach_the_service(planner: tuple[Command, list[Any]], order: str) -> None:
    """Profile, time, the reservation that counts as available, and how long to look."""
    command, asked = planner
    options = ("--profile", "peak", "--at", "2026-12-01T08:00+01:00", "--reservation", "cart-7")
    assert 0 == command(*PLAN, order, *options, "--solve-limit", "500ms").exit_code
    request = asked[-1]
    assert ("peak", "cart-7", 500) == (
        request.profile,
        request.reservation_id,
        request.solve_limit.ToMilliseconds(),
    )
    assert "2026-12-01T07:00:00Z" == request.at_time.ToJsonString()


def test_plan_for_scripts(planner: tuple[Command, list[Any]], order: str) -> None:
    """The names are those of the contract, and the numbers are whole."""
    value = planner[0](*PLAN, order, "--json").value
    assert {"latitude": 47.32, "longitude": 5.04} == value.pop("destination_point")
    assert ["alternatives", "network_version", "plan", "profile", "rejections"] == sorted(value)
    plan = value["plan"]
    assert (True, 14.2315, [14.2315]) == (
        plan["optimal"],
        plan["objective"],
        plan["objective_levels"],
    )
    assert {
        "location": "STORE-LYON",
        "service": "post/standard",
        "parcel_count": 2,
        "weight_grams": 1700,
        "distance_km": 174.0,
        "shipping_cost": {"currency_code": "EUR", "units": 5, "nanos": 400_000_000},
        "ship_time": "2026-12-01T15:00:00Z",
        "arrive_time": "2026-12-02T11:00:00Z",
        "carbon_kg": 0.6,
    } == plan["parcels"][1]
    assert {
        "line": 0,
        "line_id": "a",
        "sku": "85123A",
        "location": "STORE-LYON",
        "quantity": 2,
    } == (plan["assignments"][0])
    assert {"kind": "SHIPPING", "raw": 12.3, "unit": "EUR", "weighted": 12.3, "level": 0} == (
        plan["cost_terms"][0]
    )
    assert "COSTLIER" == value["rejections"][1]["reason"]


def test_levels_and_what_stays_unfilled(order: str) -> None:
    """A strategy with an order shows each level with its sum; a gap is told as it is."""
    answer = planned()
    answer.plan.CopyFrom(ordered_plan())
    answer.alternatives[0].CopyFrom(ordered_plan())
    answer.alternatives[0].objective_levels[:] = [2, 1, 300]
    with planning_service(SourceOrder=answer) as (address, _):
        shown = told(Command(address)(*PLAN, order).out)
    assert "not proven best: one that costs 1.23% less may exist" in shown
    assert "\nunfilled: 2 x 85123A (line a)\n" in shown
    rows = [line.split() for line in shown.splitlines()]
    for row in (
        ["unfilled", "2", "units", "2.00"],
        ["objective", "1", "2.00"],
        ["parcels", "1", "parcel", "1.00"],
        ["objective", "3", "257.50"],
        ["shipping", "6.90", "EUR", "not", "weighed"],
        ["1", "+42.50", "(objective", "3)", "DC-PARIS"],
    ):
        assert row in rows


@pytest.mark.parametrize(("width", "lines_max"), [(40, 160), (120, 60)])
def test_hundreds_of_locations_can_be_read(order: str, width: int, lines_max: int) -> None:
    """A reason is one row however many locations have it, and each of them is asked for."""
    document, answer = large(500)
    with planning_service(document, SourceOrder=answer) as (address, _):
        command = Command(address, COLUMNS=str(width))
        grouped = command(*PLAN, order, "--explain").out.splitlines()
        each = command(*PLAN, order, "--explain", "--all").out
    assert len(grouped) < lines_max
    assert all(len(line) <= width for line in grouped)
    assert all(rejection.location in each for rejection in answer.rejections)


def test_reason_is_told_with_its_commonest_details() -> None:
    """Hundreds with few details are one line: the details, some names of each, and the rest."""
    rejections = [
        Rejection(location=f"L{at}", detail=detail)
        for at, detail in enumerate(["none"] * 200 + ["two"] * 2 + [f"{at} km" for at in range(9)])
    ]
    assert "L0, L1, L2 and 197 more: none; L200, L201: two; L202: 0 km; 8 others (--all)" == (
        _which(rejections)
    )


def test_unreadable_network_shows_utc(order: str) -> None:
    """A document of a newer release does not hide a plan."""
    with planning_service("nonsense: 1", SourceOrder=planned()) as (address, _):
        ended = Command(address)(*PLAN, order)
    assert 0 == ended.exit_code
    # France has one time, so arrivals are known; where the locations are is not.
    assert "ships Tue 2026-12-01 15:00 UTC, arrives Wed 2026-12-02 12:00+01:00" in ended.out


def test_options_before_the_purchase(order: str) -> None:
    """Each way with its dates in local time, cost and parcels; pickup names its location."""
    option = ListDeliveryOptionsResponse.Option
    answer = ListDeliveryOptionsResponse(
        options=[
            option(
                service="post/express",
                order_by_time=moment("2026-12-01T15:00:00Z"),
                arrive_time=moment("2026-12-02T11:00:00Z"),
                cost=Money(currency_code="EUR", units=1250, nanos=125_500_000),
                parcel_count=2,
                carbon_kg=0.5,
                complete=True,
            ),
            option(
                service="pickup",
                location="DC-LONDON",
                arrive_time=moment("2026-12-01T15:00:00Z"),
                cost=Money(currency_code="EUR"),
            ),
        ]
    )
    with planning_service(ListDeliveryOptions=answer) as (address, asked):
        command = Command(address)
        rows = command("sourcing", "options", order, "--profile", "peak").rows
        value = command("sourcing", "options", order, "--json").value
    assert ("web", "FR", "peak", 2) == (
        asked[0].channel,
        asked[0].country,
        asked[0].profile,
        len(asked[0].lines),
    )
    assert [
        "post/express Wed 2026-12-02 12:00+01:00 Tue 2026-12-01 16:00+01:00 1,250.13 EUR 2 0.50",
        "pickup at DC-LONDON Tue 2026-12-01 15:00+00:00 0.00 EUR",
        "not every line",
    ] == [" ".join(row) for row in rows[1:]]
    assert ("pickup", None, False) == (
        value["options"][1]["service"],
        value["options"][1]["order_by_time"],
        value["options"][1]["complete"],
    )


def test_no_option_is_said(order: str) -> None:
    """An empty list is a sentence."""
    with planning_service(ListDeliveryOptions=ListDeliveryOptionsResponse()) as (address, _):
        ended = Command(address)("sourcing", "options", order)
    assert (0, "no way of delivery can be promised\n") == (ended.exit_code, ended.out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "{order}", "--ttl", "5m"], "--ttl: goes with --reserve"),
        (["plan", "{order}", "--all"], "--all: goes with --explain"),
        (["plan", "{order}", "--reserve", "c", "--at", "1d"], "--at: does not go with --reserve"),
        (["plan", "{order}", "--reserve", "c", "--explain"], "--explain: does not go with"),
        (
            ["plan", "{order}", "--alternatives", "6"],
            "--alternatives': Input should be less than or equal to 5",
        ),
        (["plan", "{order}", "--at", "soon"], "'soon' is not a time like 2026-12-01"),
        (["plan", "{order}", "--map", "x.gif"], "x.gif: a picture is a file that ends in .png"),
        (["plan", "none.json"], "cannot read none.json: No such file"),
        (["reservation", "c", "--refuse", "A=1"], "'A=1' is not LINE@LOCATION=QTY:REASON, e.g."),
        (["reservation", "c", "--refuse", "1@L=1:lost"], "is none of not-found, damaged, no-cap"),
        (["reservation", "c", "--refuse", "1@L=0:closed"], "'0' is not a whole number from 1 to"),
    ],
)
def test_what_is_typed_wrongly_is_told(order: str, arguments: list[str], said: str) -> None:
    """Each option that is wrong is told by its name, before anything is asked."""
    ended = NOBODY("sourcing", *[text.format(order=order) for text in arguments])
    assert (2, "") == ended[:2]
    assert said in ended.err
