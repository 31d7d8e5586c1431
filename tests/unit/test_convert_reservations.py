"""Reservations: what a client asks for is checked in full before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from sellable.limits import QUANTITY_MAX
from sellable.reservation import Line, ReservationFilter, ReserveRequest, State
from sellable.rpc.convert import reservations as convert
from sellable.rpc.convert.lines import REFUSALS
from sellable.v1 import common_pb2
from sellable.v1 import reservations_pb2 as pb
from support.refusals import violations

TTL = convert.TtlBounds(default_ms=900_000, min_ms=1_000, max_ms=604_800_000)
ID_RULE = "must be 1 to 64 bytes of UTF-8 without control characters"
LOCATION_RULE = "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS"
QUANTITY_RULE = f"must be 1 to {QUANTITY_MAX}, is "


def reserve(**fields: Any) -> pb.ReserveStockRequest:
    """Make a request that is good but for what the test says."""
    good: dict[str, Any] = {
        "reservation_id": "cart-7",
        "channel": "web",
        "country": "FR",
        "lines": [common_pb2.Line(sku="A", quantity=1)],
    }
    return pb.ReserveStockRequest(**{**good, **fields})


def test_a_request_is_taken_as_it_is() -> None:
    """Every field arrives; the ttl in milliseconds."""
    request = reserve(
        lines=[
            common_pb2.Line(line_id="1", sku="A", quantity=QUANTITY_MAX, location="DC-PARIS"),
            common_pb2.Line(sku="A", quantity=1),
            common_pb2.Line(sku="B", quantity=2),
        ],
        ttl=Duration(seconds=60, nanos=1_999_999),
        order_reference="o-1",
        allow_partial=True,
        replaces_reservation_id="cart-6",
    )
    assert convert.reserve_stock(request, TTL) == ReserveRequest(
        reservation_id="cart-7",
        market="web/FR",
        lines=(
            Line(line_id="1", sku="A", quantity=QUANTITY_MAX, location="DC-PARIS"),
            Line(sku="A", quantity=1),
            Line(sku="B", quantity=2),
        ),
        ttl_ms=60_001,
        order_reference="o-1",
        allow_partial=True,
        replaces_reservation_id="cart-6",
    )


def test_an_empty_request_lists_everything_it_lacks() -> None:
    """Not only the first."""
    fields = [
        field for field, _ in violations(convert.reserve_stock, pb.ReserveStockRequest(), TTL)
    ]
    assert fields == ["reservation_id", "channel", "country", "lines"]


def test_every_line_is_checked() -> None:
    """Each violation with its path and what is allowed."""
    request = reserve(
        lines=[
            common_pb2.Line(sku="A", quantity=0, line_id="1"),
            common_pb2.Line(sku="A", quantity=-1, line_id="2"),
            common_pb2.Line(sku="", quantity=QUANTITY_MAX + 1, line_id="1"),
            common_pb2.Line(sku="A", quantity=1, line_id="x" * 65, location="DC PARIS"),
        ]
    )
    assert violations(convert.reserve_stock, request, TTL) == [
        ("lines[0].quantity", QUANTITY_RULE + "0"),
        ("lines[1].quantity", QUANTITY_RULE + "-1"),
        ("lines[2].sku", "must be 1 to 128 bytes of UTF-8 without control characters"),
        ("lines[2].quantity", QUANTITY_RULE + str(QUANTITY_MAX + 1)),
        ("lines[3].line_id", f"{ID_RULE}, or empty"),
        ("lines[3].location", f"{LOCATION_RULE}, or empty"),
        ("lines[2].line_id", "must be unique; lines[0] has it too"),
    ]


def test_100_lines_are_the_most() -> None:
    """101 are refused, and so is none."""
    line = common_pb2.Line(sku="A", quantity=1)
    assert len(convert.reserve_stock(reserve(lines=[line] * 100), TTL).lines) == 100
    assert violations(convert.reserve_stock, reserve(lines=[line] * 101), TTL) == [
        ("lines", "must have 1 to 100 entries, has 101")
    ]


def test_a_reservation_does_not_replace_itself() -> None:
    """A cart edit needs an id of its own."""
    request = reserve(replaces_reservation_id="cart-7")
    assert violations(convert.reserve_stock, request, TTL) == [
        ("replaces_reservation_id", "must be another reservation than this one")
    ]


def test_without_a_ttl_the_default_holds() -> None:
    """For a new hold and for a longer one."""
    assert convert.reserve_stock(reserve(), TTL).ttl_ms == 900_000
    request = pb.ExtendReservationRequest(reservation_id="cart-7")
    assert convert.extend_reservation(request, TTL) == ("cart-7", 900_000)


@pytest.mark.parametrize(
    ("ttl", "shown"),
    [
        (Duration(), "0 s"),
        (Duration(nanos=999_999_999), "0 s and 999999999 ns"),
        (Duration(seconds=-1), "-1 s"),
        (Duration(seconds=604_800, nanos=1_000_000), "604800 s and 1000000 ns"),
        (Duration(seconds=2, nanos=-1), "2 s and -1 ns"),
        (Duration(seconds=2, nanos=1_000_000_000), "2 s and 1000000000 ns"),
        (Duration(seconds=2**62), f"{2**62} s"),
    ],
)
def test_a_ttl_out_of_bounds_is_refused(ttl: Duration, shown: str) -> None:
    """Also one that is no proper duration."""
    expected = [("ttl", f"must be 1000 to 604800000 ms, is {shown}")]
    assert violations(convert.reserve_stock, reserve(ttl=ttl), TTL) == expected
    request = pb.ExtendReservationRequest(reservation_id="cart-7", ttl=ttl)
    assert violations(convert.extend_reservation, request, TTL) == expected


@given(st.integers(1_000, 604_800_000))
def test_every_ttl_within_bounds_is_kept(ttl_ms: int) -> None:
    """To the millisecond, the bounds included."""
    ttl = Duration()
    ttl.FromMilliseconds(ttl_ms)
    assert convert.reserve_stock(reserve(ttl=ttl), TTL).ttl_ms == ttl_ms


def test_a_confirmation_may_bring_the_order() -> None:
    """Its reference has its own bound."""
    request = pb.ConfirmReservationRequest(reservation_id="cart-7", order_reference="x" * 128)
    assert convert.confirm_reservation(request) == ("cart-7", "x" * 128)
    request.order_reference += "x"
    assert [field for field, _ in violations(convert.confirm_reservation, request)] == [
        "order_reference"
    ]


def test_one_reservation_is_asked_for_by_its_id() -> None:
    """An id of 65 bytes was never given."""
    assert convert.get_reservation(pb.GetReservationRequest(reservation_id="x" * 64)) == "x" * 64
    request = pb.GetReservationRequest(reservation_id="x" * 65)
    assert violations(convert.get_reservation, request) == [("reservation_id", ID_RULE)]


def test_a_listing_takes_every_filter() -> None:
    """A page has 100 entries if nobody says."""
    request = pb.ListReservationsRequest(
        sku="A",
        order_reference="o-1",
        location="DC-PARIS",
        channel="web",
        country="FR",
        state=pb.RESERVATION_STATE_HELD,
        page_token="t",  # noqa: S106 - no password
    )
    expected = ReservationFilter(
        sku="A",
        order_reference="o-1",
        location="DC-PARIS",
        channel="web",
        country="FR",
        state=State.HELD,
    )
    assert convert.list_reservations(request) == (expected, 100, "t")
    request.page_size = 1000
    assert convert.list_reservations(request).page_size == 1000


@pytest.mark.parametrize("page_size", [-1, 1001])
def test_every_fault_of_a_listing_is_listed(page_size: int) -> None:
    """A page that is too large is refused, not shortened."""
    request = pb.ListReservationsRequest(
        sku="\n",
        order_reference="\n",
        location="a b",
        channel="Web",
        country="fr",
        state=9,  # type: ignore[arg-type]
        page_size=page_size,
    )
    assert [field for field, _ in violations(convert.list_reservations, request)] == [
        "sku",
        "order_reference",
        "location",
        "channel",
        "country",
        "state",
        "page_size",
    ]


def test_a_listing_needs_a_filter() -> None:
    """All reservations at once are not for sale."""
    assert violations(convert.list_reservations, pb.ListReservationsRequest()) == [
        (
            "filter",
            "must have at least one of sku, order_reference, location, channel, country, state",
        )
    ]


def test_states_and_refusals_are_those_of_the_contract() -> None:
    """None is missing, and each has its own name."""
    states = {f"RESERVATION_STATE_{state.name}": number for number, state in convert.STATES.items()}
    assert {"RESERVATION_STATE_UNSPECIFIED": 0, **states} == dict(pb.ReservationState.items())
    assert list(convert.STATES.values()) == list(State)
    refusals = {f"REFUSAL_REASON_{word.name}": number for number, word in REFUSALS.items()}
    expected = {name.replace("UNSPECIFIED", "NONE"): n for name, n in pb.RefusalReason.items()}
    assert refusals == expected
