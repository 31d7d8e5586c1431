"""`sellable sourcing` where units are held: what reaches the service, and what is shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from sellable.v1.reservations_pb2 import RefusalReason, Reservation, ReservationState
from sellable.v1.sourcing_pb2 import SourceAndReserveResponse, SourceReservationResponse
from support.command import Command
from support.planned import order_json, planning_service, split_plan

if TYPE_CHECKING:
    from pathlib import Path

PLAN: Final = ("sourcing", "plan")


@pytest.fixture
def order(tmp_path: Path) -> str:
    """Return the file of an order."""
    file = tmp_path / "order.json"
    file.write_text(order_json())
    return str(file)


def held(attempts: int = 1, *, replayed: bool = False) -> SourceAndReserveResponse:
    """Return a plan that is held."""
    return SourceAndReserveResponse(
        plan=split_plan(),
        reservation=Reservation(
            reservation_id="cart-7",
            channel="web",
            country="FR",
            state=ReservationState.RESERVATION_STATE_HELD,
        ),
        attempts=attempts,
        revision="r",
        replayed=replayed,
        profile="standard",
        network_version=7,
    )


def test_plan_is_held_on_demand(order: str) -> None:
    """The id, the time and whether a part is enough reach the service; the hold is shown."""
    with planning_service(SourceAndReserve=held(2)) as (address, asked):
        command = Command(address)
        options = ("--reserve", "cart-7", "--ttl", "30m", "--allow-unfilled")
        ended = command(*PLAN, order, *options)
        value = command(*PLAN, order, *options, "--json").value
    assert ("cart-7", 1800, True) == (
        asked[0].reservation_id,
        asked[0].ttl.seconds,
        asked[0].allow_unfilled,
    )
    assert "cart-7: 2 lines with 3 units, from 2 locations in 3 parcels\n" in ended.out
    assert "cart-7  HELD  web/FR\n" in ended.out
    assert "planned 2 times, as stock went meanwhile\n" in ended.out
    assert ("HELD", 2, False) == (
        value["reservation"]["state"],
        value["attempts"],
        value["replayed"],
    )


def test_repeat_of_a_hold_is_told(order: str) -> None:
    """Nobody takes the plan of a repeat for a new one."""
    with planning_service(SourceAndReserve=held(0, replayed=True)) as (address, _):
        assert "nothing was changed" in Command(address)(*PLAN, order, "--reserve", "cart-7").out


def test_map_that_cannot_be_drawn_does_not_hide_a_hold(order: str, tmp_path: Path) -> None:
    """What is held is shown, and a note says why there is no picture."""
    file = str(tmp_path / "plan.png")
    with planning_service("nonsense: 1", SourceAndReserve=held()) as (address, _):
        ended = Command(address)(*PLAN, order, "--reserve", "cart-7", "--map", file)
    assert 0 == ended.exit_code
    assert "cart-7  HELD" in ended.out
    assert ended.err.startswith("not drawn: ")


def test_reservation_is_planned_anew(order: str) -> None:
    """Refusals with their reasons, exclusions, the order's destination and the request id."""
    answer = SourceReservationResponse()
    answer.ParseFromString(held().SerializeToString())
    answer = SourceReservationResponse(
        plan=split_plan(), reservation=held().reservation, attempts=1
    )
    command_line = ("sourcing", "reservation", "cart-7", "--exclude", "STORE-NICE")
    refused = ("--refuse", "1@DC-PARIS=2:not-found", "--refuse", "a@b=1@STORE-LYON=1:CLOSED")
    nameless = ("--refuse-sku", "85123A@DC-PARIS=3:damaged")
    with planning_service(SourceReservation=answer) as (address, asked):
        ended = Command(address)(
            *command_line,
            *refused,
            *nameless,
            "--order",
            order,
            "--request-id",
            "r1",
            "--profile",
            "peak",
        )
    assert 0 == ended.exit_code, ended.err
    (request,) = asked
    assert ("cart-7", "r1", "peak", ["STORE-NICE"]) == (
        request.reservation_id,
        request.request_id,
        request.profile,
        list(request.excluded_locations),
    )
    assert [
        ("1", 2, "DC-PARIS", RefusalReason.REFUSAL_REASON_NOT_FOUND),
        ("a@b=1", 1, "STORE-LYON", RefusalReason.REFUSAL_REASON_CLOSED),
        ("85123A", 3, "DC-PARIS", RefusalReason.REFUSAL_REASON_DAMAGED),
    ] == [
        (r.quantity.line_id or r.quantity.sku, r.quantity.quantity, r.quantity.location, r.reason)
        for r in request.refusals
    ]
    assert 47.32 == request.destination.point.latitude
    assert not request.HasField("promise_time")
    assert "cart-7  HELD" in ended.out
