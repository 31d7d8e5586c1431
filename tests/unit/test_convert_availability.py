"""Availability: queries checked in full, numbers answered with the right word."""

from __future__ import annotations

import pytest

from sellable.errors import InvalidFields
from sellable.rpc.convert import availability as convert
from sellable.stock import Availability
from sellable.v1 import availability_pb2 as pb
from sellable.v1.common_pb2 import Consistency

CHANNEL_RULE = (
    "must be 1 to 32 lower case letters, digits, underscores or hyphens, "
    "beginning with a letter or digit, e.g. web"
)
SKU_RULE = "must be 1 to 128 bytes of UTF-8 without control characters"


def numbers(**fields: object) -> pb.CheckSellableRequest:
    """Make a query that is good but for what the test says."""
    good: dict[str, object] = {"channel": "web", "country": "FR", "skus": ["A"]}
    return pb.CheckSellableRequest(**{**good, **fields})  # type: ignore[arg-type]


def violations(request: pb.CheckSellableRequest) -> list[tuple[str, str]]:
    """Return what is wrong with a query."""
    with pytest.raises(InvalidFields) as caught:
        convert.check_sellable(request)
    return [(v.field, v.description) for v in caught.value.violations]


def test_a_query_keeps_order_and_repeats() -> None:
    """What comes first is answered first, also twice."""
    assert convert.check_sellable(numbers(skus=["B", "A", "B"])) == convert.Query(
        "web/FR", ["B", "A", "B"], ""
    )


def test_a_query_of_1000_skus_is_taken() -> None:
    """The bound itself is allowed."""
    skus = [f"{n}" for n in range(1000)]
    assert convert.check_sellable(numbers(skus=skus)).skus == skus


def test_a_query_takes_every_sku_that_is_allowed() -> None:
    """Also those that the quick look does not vouch for."""
    skus = ["x" * 128, "é" * 64, "a\u00a0b", "\u200b", "😀" * 32]
    assert convert.check_sellable(numbers(skus=skus)).skus == skus


@pytest.mark.parametrize("count", [0, 1001])
def test_the_number_of_skus_is_bounded(count: int) -> None:
    """None and 1001 are refused with what is allowed."""
    assert violations(numbers(skus=["A"] * count)) == [
        ("skus", f"must have 1 to 1000 entries, has {count}")
    ]


def test_every_violation_is_listed_at_once() -> None:
    """In the order of the request, each with its path."""
    request = numbers(channel="Web", country="fr", skus=["A", "", "x" * 129, "\x01", "B"])
    assert violations(request) == [
        (
            "channel",
            CHANNEL_RULE,
        ),
        ("country", "must be an ISO 3166-1 alpha-2 code in upper case: write FR"),
        ("skus[1]", SKU_RULE),
        ("skus[2]", SKU_RULE),
        ("skus[3]", SKU_RULE),
    ]


@pytest.mark.parametrize(
    ("consistency", "revision"),
    [
        (Consistency(at_least_revision="abc"), "abc"),
        (Consistency(minimize_latency=True), ""),
        (Consistency(), ""),
    ],
)
def test_a_revision_is_passed_on(consistency: Consistency, revision: str) -> None:
    """Whoever wrote it reads it; without one a read is fresh."""
    query = convert.check_sellable(numbers(consistency=consistency))
    assert query.at_least_revision == revision


def test_a_rich_query_can_name_a_location() -> None:
    """One of the market, or none for all of it."""
    request = pb.CheckAvailabilityRequest(
        channel="web", country="FR", skus=["A"], location="DC-PARIS"
    )
    assert convert.check_availability(request) == convert.Query("web/FR", ["A"], "", "DC-PARIS")


def test_a_rich_query_is_checked_like_the_other() -> None:
    """The location too."""
    request = pb.CheckAvailabilityRequest(channel="web", country="FR", location="tag:dc")
    with pytest.raises(InvalidFields) as caught:
        convert.check_availability(request)
    assert [v.field for v in caught.value.violations] == ["skus", "location"]


def test_one_sku_is_checked() -> None:
    """A query over all markets needs its SKU."""
    assert convert.get_availability(pb.GetAvailabilityRequest(sku="A")) == ("A", "")
    with pytest.raises(InvalidFields, match=f"sku: {SKU_RULE}"):
        convert.get_availability(pb.GetAvailabilityRequest())


@pytest.mark.parametrize(
    ("sellable", "status", "shown"),
    [
        (-1, pb.STOCK_STATUS_UNKNOWN, 0),
        (0, pb.STOCK_STATUS_OUT_OF_STOCK, 0),
        (1, pb.STOCK_STATUS_LOW_STOCK, 1),
        (5, pb.STOCK_STATUS_LOW_STOCK, 5),
        (6, pb.STOCK_STATUS_IN_STOCK, 6),
    ],
)
def test_the_word_follows_from_number_and_threshold(
    sellable: int, status: pb.StockStatus.ValueType, shown: int
) -> None:
    """Low stock includes the threshold itself; unknown is no number."""
    value = Availability(
        sku="A", market="web/FR", sellable=sellable, low_stock_threshold=5, oldest_observe_us=0
    )
    assert convert.item(value) == pb.Availability(
        sku="A", channel="web", country="FR", sellable_quantity=shown, status=status
    )


def test_a_count_time_is_kept_to_the_microsecond() -> None:
    """Seconds and nanoseconds of the wire are the microseconds of the store."""
    value = Availability(
        sku="A",
        market="web/FR",
        sellable=1,
        low_stock_threshold=0,
        oldest_observe_us=1_763_800_000_000_001,
    )
    time = convert.item(value).oldest_observe_time
    assert (time.seconds, time.nanos) == (1_763_800_000, 1_000)


def test_markets_are_sorted_and_those_without_a_position_left_out() -> None:
    """By channel, then country: a channel that begins another one's name goes first."""
    values = [
        Availability(
            sku="A", market=market, sellable=sellable, low_stock_threshold=0, oldest_observe_us=0
        )
        for market, sellable in [("web-b/AT", 1), ("web/FR", 0), ("web/DE", 2), ("pos/DE", -1)]
    ]
    response = convert.get_availability_response(values, "r")
    assert [(m.channel, m.country) for m in response.markets] == [
        ("web", "DE"),
        ("web", "FR"),
        ("web-b", "AT"),
    ]
    assert response.revision == "r"


def test_numbers_are_answered_as_they_are() -> None:
    """-1 stands for a SKU that the market does not know."""
    response = convert.check_sellable_response([3, -1, 10**12], "r")
    assert (list(response.sellable_quantities), response.revision) == ([3, -1, 10**12], "r")
