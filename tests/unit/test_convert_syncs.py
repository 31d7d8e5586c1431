"""Full counts: what is wrong is named by its path; a bad row is refused and the others go on."""

from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.limits import QUANTITY_MAX, SYNC_ROWS_MAX
from sellable.rpc.convert import syncs as convert
from sellable.store.syncs import REFUSED, DuplicateSkus, SyncHeader, SyncResult
from sellable.v1 import inventory_pb2 as pb
from support.refusals import violations

NAME_RULE = "must be 1 to 64 bytes of UTF-8 without control characters"
PLACE_RULE = "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS"
Header = pb.SyncInventoryRequest.Header
Rows = pb.SyncInventoryRequest.Rows


def header(**said: Any) -> pb.SyncInventoryRequest.Header:
    """Make a header that is good but for what the test says."""
    good: dict[str, Any] = {
        "sync_id": "night",
        "source": "wms",
        "location": "DC",
        "observe_time": Timestamp(seconds=7, nanos=1_999),
    }
    return Header(**good | said)


def test_a_header_with_its_defaults() -> None:
    """What is not said is the default of the contract; the time is cut to microseconds."""
    assert convert.header(header()) == SyncHeader(
        sync_id="night",
        source="wms",
        location="DC",
        observe_us=7_000_001,
        max_zeroed_fraction=0.2,
        net=False,
        duplicates=DuplicateSkus.REJECT,
    )


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_a_fraction_that_is_said_counts(fraction: float) -> None:
    """0 is not the same as nothing said."""
    assert fraction == convert.header(header(max_zeroed_fraction=fraction)).max_zeroed_fraction


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        (pb.DUPLICATE_SKUS_UNSPECIFIED, DuplicateSkus.REJECT),
        (pb.DUPLICATE_SKUS_REJECT, DuplicateSkus.REJECT),
        (pb.DUPLICATE_SKUS_SUM, DuplicateSkus.SUM),
        (pb.DUPLICATE_SKUS_LAST, DuplicateSkus.LAST),
    ],
)
def test_every_policy_of_duplicates(
    said: pb.DuplicateSkus.ValueType, policy: DuplicateSkus
) -> None:
    """Each value of the contract has its meaning in the store."""
    assert policy is convert.header(header(duplicate_skus=said)).duplicates


def test_everything_wrong_with_a_header_is_named() -> None:
    """Every field has its path and its rule."""
    bad = Header(max_zeroed_fraction=1.5, duplicate_skus=9)  # type: ignore[arg-type]
    known = "DUPLICATE_SKUS_REJECT, DUPLICATE_SKUS_SUM, DUPLICATE_SKUS_LAST"
    assert violations(convert.header, bad) == [
        ("header.sync_id", NAME_RULE),
        ("header.source", NAME_RULE),
        ("header.location", PLACE_RULE),
        ("header.observe_time", "is required"),
        ("header.max_zeroed_fraction", "must be 0 to 1, is 1.5"),
        ("header.duplicate_skus", f"must be one of {known}, is 9"),
    ]


@pytest.mark.parametrize("fraction", [-0.1, math.nan, math.inf])
def test_a_fraction_is_a_share(fraction: float) -> None:
    """A share that is negative, endless or no number at all is refused."""
    ((path, _),) = violations(convert.header, header(max_zeroed_fraction=fraction))
    assert "header.max_zeroed_fraction" == path


def test_a_time_that_is_none_is_refused() -> None:
    """A Timestamp may hold what no calendar has."""
    ((path, _),) = violations(convert.header, header(observe_time=Timestamp(nanos=-1)))
    assert "header.observe_time" == path


def test_bad_rows_are_marked() -> None:
    """A SKU that cannot be one is nameless; a quantity out of range refuses what its SKU says."""
    message = Rows(
        skus=["A", "B", "", "x" * 129, "C", "D"],
        on_hand_quantities=[5, -1, 7, 7, QUANTITY_MAX, QUANTITY_MAX + 1],
    )
    assert convert.rows(message) == [
        ("A", 5),
        ("B", REFUSED),
        ("", REFUSED),
        ("", REFUSED),
        ("C", QUANTITY_MAX),
        ("D", REFUSED),
    ]


@pytest.mark.parametrize("count", [0, 1_001])
def test_rows_are_1_to_1000(count: int) -> None:
    """A message without rows, or with too many, ends the count."""
    message = Rows(skus=["A"] * count, on_hand_quantities=[1] * count)
    assert violations(convert.rows, message) == [
        ("rows.skus", f"must have 1 to 1000 entries, has {count}")
    ]


def test_skus_and_quantities_come_in_pairs() -> None:
    """A quantity without its SKU could be anyone's."""
    message = Rows(skus=["A", "B"], on_hand_quantities=[1])
    rule = "must have as many entries as rows.skus, 2, has 1"
    assert violations(convert.rows, message) == [("rows.on_hand_quantities", rule)]


@pytest.mark.parametrize("count", [-1, SYNC_ROWS_MAX + 1])
def test_a_row_count_can_be_right(count: int) -> None:
    """A number that no count can have is refused before anything is asked."""
    commit = pb.SyncInventoryRequest.Commit(row_count=count)
    rule = f"must be 0 to {SYNC_ROWS_MAX}, is {count}"
    assert violations(convert.commit, commit) == [("commit.row_count", rule)]


def test_an_answer_says_all() -> None:
    """Every number has its field."""
    result = SyncResult(
        applied=1,
        unchanged=2,
        stale=3,
        rejected=4,
        merged=5,
        zeroed=6,
        rejected_skus=("A",),
        position="7-0",
        replayed=True,
    )
    assert convert.sync_inventory_response(result, "r") == pb.SyncInventoryResponse(
        applied_count=1,
        unchanged_count=2,
        stale_count=3,
        rejected_count=4,
        merged_count=5,
        zeroed_count=6,
        rejected_skus=["A"],
        revision="r",
        replayed=True,
    )
