"""The row format: every fact there and back, any bytes answered, and the words of the contract."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from sellable.ingest.events import EVENT_BYTES_MAX, decode, encode
from sellable.limits import QUANTITY_MAX, SEQUENCE_MAX
from sellable.rpc.convert.inventory import fact as fact_of_proto
from sellable.stock import FACT_FIELDS, Fact, FactKind, FactResult, Refused
from sellable.v1.inventory_pb2 import InventoryEvent

SOURCE: Final = "wms-paris"
GOOD: Final = {
    "event_id": "e-1",
    "sku": "00123",
    "location": "DC-PARIS",
    "observe_time": "2026-11-23T08:00:00.000001Z",
}
GOOD_US: Final = 1_795_420_800_000_001
US_MIN: Final = -62_135_596_800_000_000
US_MAX: Final = 253_402_300_799_999_999

_names: Final = st.text(
    st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=16
).filter(lambda name: len(name.encode()) <= 64)
_ids: Final = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
_times: Final = st.integers(US_MIN, US_MAX)


@st.composite
def _facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(FactKind))
    more: dict[str, Any] = {}
    low = 0
    match kind:
        case FactKind.SHIPMENT:
            more = {"reservation_id": draw(_names), "line_id": draw(st.just("") | _names)}
            low = 1
        case FactKind.FUTURE_SUPPLY:
            more = {"supply_id": draw(_ids), "expect_ms": draw(_times) // 1_000}
        case FactKind.SUPPLY_RECEIPT:
            more = {"supply_id": draw(_ids), "final": draw(st.booleans())}
            low = 0 if more["final"] else 1
        case FactKind.DELTA:
            low = -QUANTITY_MAX
    high = 1 if kind is FactKind.BLOCKED else QUANTITY_MAX
    quantity = draw(st.integers(low, high))
    return Fact(
        kind=kind,
        event_id=draw(_names),
        source=SOURCE,
        sku=draw(_names),
        location=draw(_ids),
        observe_us=draw(_times),
        sequence=draw(st.integers(0, SEQUENCE_MAX)),
        quantity=quantity or int(kind is FactKind.DELTA),
        reason=draw(st.just("") | _names),
        **more,
    )


def row(**fields: Any) -> bytes:
    """Make a row that is good but for what the test says; None leaves a field out."""
    said = (
        fields if any(name in FACT_FIELDS for name in fields) else {"on_hand_quantity": 5, **fields}
    )
    return orjson.dumps({**GOOD, **said})


def detail_of(payload: bytes) -> str:
    """Return why a row is refused."""
    refused = decode(payload, SOURCE)
    assert isinstance(refused, Refused)
    assert (SOURCE, "INVALID_FIELD") == (refused.source, refused.reason)
    return refused.detail


@given(_facts())
def test_every_fact_there_and_back(fact: Fact) -> None:
    """A fact that is written as a row is read as the same fact."""
    assert fact == decode(encode(fact), SOURCE)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(payload: bytes) -> None:
    """Bytes that are no row are refused, and shown as they came."""
    refused = decode(payload, SOURCE)
    assert isinstance(refused, Refused)
    refused.payload.encode()  # it can be stored as UTF-8


_json: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from((*GOOD, "source", "sequence", "reason", *FACT_FIELDS)), _json)
)
def test_any_values_are_answered(said: dict[str, Any]) -> None:
    """Whatever a field holds, the answer is a fact or a refusal."""
    try:
        payload = orjson.dumps({**GOOD, **said})
    except TypeError:  # it writes no integer beyond 64 bits
        return
    assert isinstance(decode(payload, SOURCE), Fact | Refused)


@given(_facts())
def test_a_row_is_the_event_of_the_contract(fact: Fact) -> None:
    """The mapping of the contract to JSON reads the same row as the same fact."""
    row = orjson.loads(encode(fact))
    if fact.observe_us < US_MIN + 10**12 or fact.expect_ms * 1_000 < US_MIN + 10**12:
        return  # the library of the contract reads no time of the first days of year 1
    assert fact == fact_of_proto(json_format.ParseDict(row, InventoryEvent()))


@pytest.mark.parametrize(
    "said",
    [
        {"event_id": ""},
        {"event_id": "x" * 65},
        {"sku": "a\nb"},
        {"location": "DC PARIS"},
        {"sequence": -1},
        {"sequence": SEQUENCE_MAX + 1},
        {"reason": "r" * 257},
        {"on_hand_quantity": -1},
        {"on_hand_quantity": QUANTITY_MAX + 1},
        {"delta_quantity": 0},
        {"delta_quantity": -QUANTITY_MAX - 1},
        {"safety_stock_quantity": -5},
        {"shipment": {"reservation_id": "", "quantity": 0}},
        {"shipment": {"reservation_id": "r", "line_id": "x" * 65, "quantity": 1}},
        {
            "future_supply": {
                "supply_id": "a b",
                "quantity": 1,
                "expect_time": "2026-11-24T00:00:00Z",
            }
        },
        {"future_supply": {"supply_id": "P", "quantity": 1}},
        {"supply_receipt": {"supply_id": "P", "quantity": 0}},
        {"supply_receipt": {"supply_id": "P", "quantity": -1, "final": True}},
        {"observe_time": None},
        {"event_id": "", "sku": "", "location": "", "delta_quantity": 0, "observe_time": None},
    ],
)
def test_refusals_have_the_words_of_the_contract(said: dict[str, Any]) -> None:
    """What both ways in refuse, they refuse with one sentence."""
    payload = row(**said)
    proto = json_format.ParseDict({"source": SOURCE, **orjson.loads(payload)}, InventoryEvent())
    refused = fact_of_proto(proto)
    assert isinstance(refused, FactResult)
    assert refused.detail == detail_of(payload)


WHOLE: Final = "must be a whole number from 0 to 1000000000000, got"


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (row(on_hand_quantity=1.5), f"on_hand_quantity {WHOLE} 1.5"),
        (row(on_hand_quantity="1e3"), f"on_hand_quantity {WHOLE} 1e3"),
        (row(on_hand_quantity=" 7 "), f"on_hand_quantity {WHOLE}  7 "),
        (row(on_hand_quantity=True), f"on_hand_quantity {WHOLE} True"),
        (row(on_hand_quantity=[5]), f"on_hand_quantity {WHOLE} [5]"),
        (row(on_hand_quantity=1e300), f"on_hand_quantity {WHOLE} 1e+300"),
        (row(sku=85123), "sku must be a text in quotes, got 85123"),
        (row(blocked=1), "blocked must be true or false, got 1"),
        (row(shipment=3), "shipment must be an object, got 3"),
        (row(reason=3), "reason must be a text in quotes, got 3"),
        (row(qty=3), "qty is not known"),
        (row(a=1, b=2), "a, b are not known"),
        (
            row(shipment={"reservation_id": "r", "quantity": 1, "x": 1}),
            "shipment.x is not known",
        ),
        (
            row(blocked=True, on_hand_quantity=1),
            "fact must be only one, got blocked and on_hand_quantity",
        ),
        (
            row(on_hand_quantity=None),
            f"fact is required: one of {', '.join(FACT_FIELDS)}",
        ),
        (row(source="erp"), "source must be wms-paris as the feed's, or left out, got erp"),
        (b"[1]", "must be one JSON object, got [1]"),
        (b"x" * (EVENT_BYTES_MAX + 1), "must have at most 65536 bytes, has 65537"),
    ],
)
def test_what_is_wrong_is_said_by_field(payload: bytes, detail: str) -> None:
    """The sentence names the field, what is allowed and what was there."""
    assert detail == detail_of(payload)


@pytest.mark.parametrize(
    "text", ["2026-11-23T08:00:00", "yesterday", "", "2026-13-01T00:00:00Z", 1.5, True, 10**18]
)
def test_times_that_are_no_moments(text: Any) -> None:
    """A time without a zone is no moment, and one beyond the year 9999 none that can be kept."""
    assert detail_of(row(observe_time=text)) == (
        "observe_time must be a time with a zone, e.g. 2026-11-23T08:00:00Z, or microseconds "
        f"since 1970, got {text}"
    )


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T09:00:00.000001+01:00",
        "2026-11-23T08:00:00.0000019Z",
        GOOD_US,
        str(GOOD_US),
    ],
)
def test_times_of_one_moment(time: Any) -> None:
    """A zone, digits beyond the microsecond, a number and its digits: the same moment."""
    fact = decode(row(observe_time=time), SOURCE)
    assert isinstance(fact, Fact)
    assert GOOD_US == fact.observe_us


@pytest.mark.parametrize(("value", "quantity"), [("12", 12), (12.0, 12), ("-0", 0), ("007", 7)])
def test_whole_numbers_in_other_clothes(value: Any, quantity: int) -> None:
    """Digits in quotes are a number, as the contract's mapping has them; so is 12.0."""
    fact = decode(row(on_hand_quantity=value), SOURCE)
    assert isinstance(fact, Fact)
    assert quantity == fact.quantity


def test_a_long_payload_is_cut() -> None:
    """A refusal keeps the beginning of what came, also where it is not UTF-8."""
    refused = decode(b"\xff" * 60_000, SOURCE)
    assert isinstance(refused, Refused)
    assert refused.payload.startswith("\\xff\\xff")
    assert refused.payload.endswith("...")
    assert 4_099 == len(refused.payload)
