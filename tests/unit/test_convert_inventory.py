"""Inventory: good rows become facts, bad rows become answers, and nothing is lost between."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from sellable.errors import InvalidFields
from sellable.limits import QUANTITY_MAX, SEQUENCE_MAX
from sellable.rpc.convert import inventory as convert
from sellable.rpc.status import CODES, ROW_REASONS
from sellable.stock import Fact, FactKind, FactResult, Item, Outcome, Position, Refused
from sellable.v1 import common_pb2, errors_pb2
from sellable.v1 import inventory_pb2 as pb

FACT_RULE = (
    "fact is required: one of on_hand_quantity, delta_quantity, shipment, "
    "safety_stock_quantity, blocked, future_supply, supply_receipt, net_quantity"
)
TIME_RULE = "observe_time must be a time of the years 1 to 9999 with 0 to 999999999 nanos"
NOW_S = 1_763_800_000


def event(**fields: Any) -> pb.InventoryEvent:
    """Make an event that is good but for what the test says."""
    good: dict[str, Any] = {
        "event_id": "e-1",
        "source": "wms-paris",
        "sku": "A",
        "location": "DC-PARIS",
        "observe_time": Timestamp(seconds=NOW_S, nanos=1_999),
    }
    said = fields or {"on_hand_quantity": 5}
    return pb.InventoryEvent(**{**good, **said})


def row(**fields: Any) -> pb.Item:
    """Make an item that is good but for what the test says."""
    return pb.Item(**{"sku": "A", "update_time": Timestamp(seconds=NOW_S), **fields})


def rejected(detail: str) -> FactResult:
    """Return the answer to a bad row."""
    return FactResult(Outcome.REJECTED, "INVALID_FIELD", detail)


@pytest.mark.parametrize(
    ("said", "kind", "quantity"),
    [
        ({"on_hand_quantity": 0}, FactKind.COUNT, 0),
        ({"on_hand_quantity": QUANTITY_MAX}, FactKind.COUNT, QUANTITY_MAX),
        ({"delta_quantity": -QUANTITY_MAX}, FactKind.DELTA, -QUANTITY_MAX),
        ({"delta_quantity": 1}, FactKind.DELTA, 1),
        ({"net_quantity": 0}, FactKind.NET_COUNT, 0),
        ({"net_quantity": QUANTITY_MAX}, FactKind.NET_COUNT, QUANTITY_MAX),
        ({"safety_stock_quantity": 0}, FactKind.SAFETY_STOCK, 0),
        ({"blocked": False}, FactKind.BLOCKED, 0),
        ({"blocked": True}, FactKind.BLOCKED, 1),
    ],
)
def test_every_kind_of_fact(said: dict[str, Any], kind: FactKind, quantity: int) -> None:
    """A zero that is said is not the same as nothing said."""
    assert convert.fact(event(**said)) == Fact(
        kind=kind,
        event_id="e-1",
        source="wms-paris",
        sku="A",
        location="DC-PARIS",
        observe_us=NOW_S * 1_000_000 + 1,
        quantity=quantity,
    )


def test_a_shipment_names_its_reservation() -> None:
    """And its line, if it knows it."""
    shipment = pb.Shipment(reservation_id="cart-7", line_id="2", quantity=3)
    said = event(shipment=shipment, sequence=SEQUENCE_MAX, reason="picked")
    assert convert.fact(said) == Fact(
        kind=FactKind.SHIPMENT,
        event_id="e-1",
        source="wms-paris",
        sku="A",
        location="DC-PARIS",
        observe_us=NOW_S * 1_000_000 + 1,
        sequence=SEQUENCE_MAX,
        quantity=3,
        reservation_id="cart-7",
        line_id="2",
        reason="picked",
    )


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"on_hand_quantity": -1}, f"on_hand_quantity must be 0 to {QUANTITY_MAX}, is -1"),
        (
            {"on_hand_quantity": QUANTITY_MAX + 1},
            f"on_hand_quantity must be 0 to {QUANTITY_MAX}, is {QUANTITY_MAX + 1}",
        ),
        ({"delta_quantity": 0}, "delta_quantity must not be 0"),
        (
            {"delta_quantity": -QUANTITY_MAX - 1},
            f"delta_quantity must be -{QUANTITY_MAX} to {QUANTITY_MAX}, is -{QUANTITY_MAX + 1}",
        ),
        (
            {"safety_stock_quantity": -1},
            f"safety_stock_quantity must be 0 to {QUANTITY_MAX}, is -1",
        ),
        (
            {"shipment": pb.Shipment(reservation_id="cart-7")},
            f"shipment.quantity must be 1 to {QUANTITY_MAX}, is 0",
        ),
        (
            {"shipment": pb.Shipment(quantity=1)},
            "shipment.reservation_id must be 1 to 64 bytes of UTF-8 without control characters",
        ),
        (
            {"sequence": -1, "blocked": True},
            f"sequence must be 0 to {SEQUENCE_MAX}, is -1",
        ),
        ({"observe_time": None, "blocked": True}, "observe_time is required"),
        (
            {"observe_time": Timestamp(seconds=253_402_300_800), "blocked": True},
            TIME_RULE,
        ),
        ({"observe_time": Timestamp(nanos=-1), "blocked": True}, TIME_RULE),
        ({"sequence": 1}, FACT_RULE),
        (
            {"reason": "x" * 257, "blocked": True},
            "reason must be 1 to 256 bytes of UTF-8 without control characters, or empty",
        ),
    ],
)
def test_a_bad_event_is_answered(said: dict[str, Any], detail: str) -> None:
    """With the field and what is allowed."""
    assert convert.fact(event(**said)) == rejected(detail)


def test_an_empty_event_lists_everything_it_lacks() -> None:
    """Not only the first."""
    answer = convert.fact(pb.InventoryEvent())
    assert isinstance(answer, FactResult)
    assert [part.split()[0] for part in answer.detail.split("; ")] == [
        "event_id",
        "source",
        "sku",
        "location",
        "observe_time",
        "fact",
    ]


def test_a_bad_row_does_not_stop_the_others() -> None:
    """Each row has its place; what is refused is told to the store where it names its source."""
    request = pb.ApplyInventoryRequest(
        events=[event(), event(sku=""), event(), event(source="x" * 65)]
    )
    kinds = [type(answer) for answer in convert.apply_inventory(request)]
    assert kinds == [Fact, Refused, Fact, FactResult]


@pytest.mark.parametrize("count", [0, 1001])
def test_the_number_of_rows_is_bounded(count: int) -> None:
    """Too many rows are a bad call, not bad rows."""
    allowed = f"must have 1 to 1000 entries, has {count}"
    with pytest.raises(InvalidFields, match=f"events: {allowed}"):
        convert.apply_inventory(pb.ApplyInventoryRequest(events=[event()] * count))
    with pytest.raises(InvalidFields, match=f"items: {allowed}"):
        convert.put_items(pb.PutItemsRequest(items=[row()] * count))
    with pytest.raises(InvalidFields, match=f"skus: {allowed}"):
        convert.delete_skus(pb.DeleteSkusRequest(skus=["A"] * count))


@given(st.integers(-62_135_596_800, 253_402_300_799), st.integers(0, 999_999_999))
def test_observation_times_keep_their_microseconds(seconds: int, nanos: int) -> None:
    """Finer is cut off, towards the past, also before 1970."""
    time = Timestamp(seconds=seconds, nanos=nanos)
    answer = convert.fact(event(observe_time=time, on_hand_quantity=1))
    assert isinstance(answer, Fact)
    assert answer.observe_us == (seconds * 10**9 + nanos) // 1_000


def test_an_item_without_details_has_none() -> None:
    """A weight of 0 is known; one that is not set is not."""
    assert convert.item(row()) == Item(sku="A", update_us=NOW_S * 1_000_000)
    assert convert.item(
        row(
            item_class="luxury",
            weight_grams=0,
            volume_cm3=7,
            value=common_pb2.Money(currency_code="EUR", units=3, nanos=5),
        )
    ) == Item(
        sku="A",
        update_us=NOW_S * 1_000_000,
        item_class="luxury",
        weight_grams=0,
        volume_cm3=7,
        value_currency="EUR",
        value_units=3,
        value_nanos=5,
    )


def test_a_bad_item_lists_everything_that_is_wrong() -> None:
    """With the path into the price."""
    money = common_pb2.Money(currency_code="eur", units=-1, nanos=10**9)
    answer = convert.item(pb.Item(item_class="\n", weight_grams=-1, volume_cm3=-1, value=money))
    assert isinstance(answer, FactResult)
    assert [part.split()[0] for part in answer.detail.split("; ")] == [
        "sku",
        "item_class",
        "weight_grams",
        "volume_cm3",
        "value.currency_code",
        "value.units",
        "value.nanos",
        "update_time",
    ]


def test_skus_to_delete_are_checked_one_by_one() -> None:
    """A SKU that cannot exist is answered; the others go on."""
    detail = "sku must be 1 to 128 bytes of UTF-8 without control characters"
    assert convert.delete_skus(pb.DeleteSkusRequest(skus=["A", ""])) == ["A", rejected(detail)]


def test_outcomes_have_the_numbers_of_the_contract() -> None:
    """They cross into the scripts as numbers."""
    names = {f"OUTCOME_{outcome.name}": outcome.value for outcome in Outcome}
    assert {"OUTCOME_UNSPECIFIED": 0, **names} == dict(pb.Outcome.items())


@pytest.mark.parametrize("reason", sorted(ROW_REASONS | {"INVALID_FIELD", "UNKNOWN_LOCATION"}))
def test_every_reason_of_a_row_is_answered(reason: str) -> None:
    """By its number, with the detail for a person."""
    assert reason in ROW_REASONS | set(CODES)
    answer = convert.event_result(FactResult(Outcome.REJECTED, reason, "why"))
    assert (answer.outcome, errors_pb2.ErrorReason.Name(answer.reason), answer.detail) == (
        pb.OUTCOME_REJECTED,
        f"ERROR_REASON_{reason}",
        "why",
    )


def test_results_keep_their_order() -> None:
    """The answer to a row is found by its place."""
    results = [FactResult(Outcome.APPLIED), FactResult(Outcome.DUPLICATE)]
    expected = [pb.OUTCOME_APPLIED, pb.OUTCOME_DUPLICATE]
    for response in (
        convert.apply_inventory_response(results, "r"),
        convert.put_items_response(results),
        convert.delete_skus_response(results),
    ):
        assert [result.outcome for result in response.results] == expected


def test_positions_are_answered_by_location() -> None:
    """With every number, and no time where nothing was counted."""
    positions = [
        Position(
            location=location,
            on_hand=-1,
            reserved=2,
            safety_stock=3,
            available=0,
            overcommitted=3,
            blocked=True,
            observe_us=time,
            source=source,
        )
        for location, time, source in [("B", 0, ""), ("A", 1_000_000, "wms")]
    ]
    response = convert.list_positions_response(positions, "r")
    assert [position.location for position in response.positions] == ["A", "B"]
    assert response.positions[0] == pb.Position(
        location="A",
        on_hand_quantity=-1,
        reserved_quantity=2,
        safety_stock_quantity=3,
        available_quantity=0,
        observe_time=Timestamp(seconds=1),
        source="wms",
        overcommitted_quantity=3,
        blocked=True,
    )
    assert not response.positions[1].HasField("observe_time")
    assert response.revision == "r"


def test_a_sku_is_needed_to_list_positions() -> None:
    """An empty one is refused."""
    assert convert.list_positions(pb.ListPositionsRequest(sku="A")) == "A"
    with pytest.raises(InvalidFields, match="sku"):
        convert.list_positions(pb.ListPositionsRequest())
