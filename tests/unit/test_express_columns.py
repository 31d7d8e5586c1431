"""What the hot path writes and reads by hand is what protobuf would write and read."""

from __future__ import annotations

from typing import Final

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.limits import QUANTITY_MAX
from sellable.rpc.convert import availability as convert
from sellable.rpc.convert.checks import Checks
from sellable.rpc.express.columns import Items, number_of, size_of, text_field, varint
from sellable.rpc.express.requests import Asked, Requests
from sellable.stock import Availability
from sellable.store.ages import Age
from sellable.store.columns import COLUMN_MAX
from sellable.store.view import ABSENT
from sellable.v1.availability_pb2 import (
    CheckAvailabilityRequest,
    CheckAvailabilityResponse,
    CheckSellableRequest,
    CheckSellableResponse,
)
from sellable.v1.common_pb2 import Consistency

MARKET: Final = "web/FR"
NUMBERS: Final = st.integers(0, QUANTITY_MAX) | st.none()
PLAIN: Final = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
SKUS: Final = st.one_of(
    st.integers(1, 32).flatmap(
        lambda size: st.lists(
            st.text(
                st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=size, max_size=size
            ),
            min_size=1,
        )
    ),
    st.lists(PLAIN.filter(lambda text: len(text) <= 32), min_size=1),
)


@pytest.fixture(autouse=True)
def _market_is_known() -> None:
    Checks().market(*MARKET.split("/"))


def engine_text(number: int | None) -> bytes | None:
    """Write a number as the engine has it in a view."""
    return None if number is None else b"%d" % number


@given(st.lists(NUMBERS, min_size=1), st.text(max_size=200))
def test_numbers_are_read_by_protobuf(numbers: list[int | None], revision: str) -> None:
    """A column written by hand is the packed field of the answer, absent positions as -1."""
    column = b"".join(map(number_of, map(engine_text, numbers)))
    answer = CheckSellableResponse.FromString(
        b"\x0a" + size_of(len(column)) + column + text_field(2, revision)
    )
    assert [ABSENT if n is None else n for n in numbers] == list(answer.sellable_quantities)
    assert revision == answer.revision


@given(st.integers(-(2**63), 2**63 - 1))
def test_varints_are_read_by_protobuf(number: int) -> None:
    """Every number of 64 bits comes back."""
    answer = CheckSellableResponse.FromString(
        b"\x0a" + size_of(len(varint(number))) + varint(number)
    )
    assert [number] == list(answer.sellable_quantities)


@pytest.mark.parametrize("text", [b"7q", b"", b"many"])
def test_what_is_no_number_is_not_answered(text: bytes) -> None:
    """A number that a quota marks goes the ordinary way, as does a damaged one."""
    with pytest.raises(ValueError, match="invalid literal"):
        number_of(text)
    with pytest.raises(ValueError, match="invalid literal"):
        Items(MARKET, 5).write([(Age("A", 0), text)])


@given(
    st.lists(st.tuples(st.text(max_size=128), NUMBERS, st.integers(0, 2**52)), min_size=1),
    st.integers(0, 20),
)
def test_items_are_what_the_ordinary_way_answers(
    rows: list[tuple[str, int | None, int]], threshold: int
) -> None:
    """Byte for byte as protobuf writes the same items, also where a number has changed since."""
    items = Items(MARKET, threshold)
    ages = [Age(sku, time) for sku, _, time in rows]
    for changed in (0, 0, 1):
        told = [(sku, n and n + changed, time) for sku, n, time in rows]
        written = items.write(zip(ages, [engine_text(n) for _, n, _ in told], strict=True))
        expected = [
            Availability(
                sku=sku,
                market=MARKET,
                sellable=ABSENT if n is None else n,
                low_stock_threshold=threshold,
                oldest_observe_us=time,
            )
            for sku, n, time in told
        ]
        message = convert.check_availability_response(expected, "")
        assert message == CheckAvailabilityResponse.FromString(written)
        assert message.SerializeToString(deterministic=True) == written


def read(payload: bytes, *, named: bool) -> Asked | None:
    """Read a request twice: as the first of its market, and as one that is known by its bytes."""
    requests = Requests(named=named)
    first = requests.read(payload)
    requests.read(CheckSellableRequest(channel="web", country="FR", skus=["A"]).SerializeToString())
    again = requests.read(payload)
    assert (first is None) == (again is None)
    if first is not None and again is not None:
        assert (first.market, first.skus, first.arguments) == (
            again.market,
            again.skus,
            again.arguments,
        )
    return again


@given(SKUS)
def test_good_requests_are_read(skus: list[str]) -> None:
    """SKUs of one size or of many: as arguments they are what the driver would write."""
    for kind, named in ((CheckSellableRequest, False), (CheckAvailabilityRequest, True)):
        payload = kind(channel="web", country="FR", skus=skus).SerializeToString()
        asked = read(payload, named=named)
        assert asked is not None
        packed = hiredis.pack_command(tuple(skus))  # type: ignore[arg-type] # it takes more
        assert (MARKET, len(skus)) == (asked.market, asked.skus)
        assert b"*%d%s\r\n" % (len(skus), asked.arguments) == packed
        assert not named or list(asked.names) == skus


@pytest.mark.parametrize(
    "request_",
    [
        CheckAvailabilityRequest(channel="web", country="FR"),
        CheckAvailabilityRequest(channel="web", country="FR", skus=[""]),
        CheckAvailabilityRequest(channel="web", country="FR", skus=["A\x1aB", "CCC"]),
        CheckAvailabilityRequest(channel="web", country="FR", skus=["A\n"]),
        CheckAvailabilityRequest(channel="web", country="FR", skus=["A" * 129]),
        CheckAvailabilityRequest(channel="web", country="FR", skus=["A"] * (COLUMN_MAX + 1)),
        CheckAvailabilityRequest(channel="web", country="FR", skus=["A"], location="DC"),
        CheckAvailabilityRequest(
            channel="web", country="FR", skus=["A"], consistency=Consistency(at_least_revision="r")
        ),
        CheckAvailabilityRequest(channel="web", country="UK", skus=["A"]),
        CheckAvailabilityRequest(skus=["A"]),
    ],
    ids=str,
)
def test_what_is_out_of_the_ordinary_is_left_alone(request_: CheckAvailabilityRequest) -> None:
    """Bad fields, other fields and too many SKUs are for the ordinary way to answer."""
    assert read(request_.SerializeToString(), named=True) is None


@given(st.binary(max_size=60), st.integers(0, 60))
def test_damaged_bytes_are_read_as_protobuf_reads_them(noise: bytes, at: int) -> None:
    """Whatever the bytes: nothing is taken for a SKU that protobuf would not take for one."""
    good = CheckSellableRequest(channel="web", country="FR", skus=["AAAA", "BBBB", "CCCC"])
    payload = good.SerializeToString()
    damaged = payload[:at] + noise + payload[at + len(noise) :]
    asked = read(damaged, named=True)
    if asked is not None:
        request = CheckAvailabilityRequest.FromString(damaged)
        assert (MARKET, list(asked.names)) == (
            f"{request.channel}/{request.country}",
            list(request.skus),
        )
        assert not request.location
        assert not request.HasField("consistency")
