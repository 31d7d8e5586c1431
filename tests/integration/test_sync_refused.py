"""Full counts that are none: refused by field and rule, with nothing changed and nothing left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from sellable.v1 import inventory_pb2 as pb
from support.full_counts import (
    FULL,
    SECOND_US,
    commit,
    count_fully,
    header,
    on_hand,
    parts,
    refused,
    rows,
    stocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Service

ORDER_RULES: Final = {
    "header": "must be header in the first message",
    "rows": "must be rows or commit after the header",
    "after": "must not be set: nothing follows the commit",
    "commit": "must be commit in the last message",
}


@pytest.fixture(params=["native", "grpcio"])
async def served(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Serve a little stock on each transport."""
    async with stocked(store_url, request.param) as started:
        yield started


BAD: Final = {
    "no message": ([], "part", ORDER_RULES["header"]),
    "rows first": ([rows(*FULL), commit(5)], "part", ORDER_RULES["header"]),
    "an empty message first": ([pb.SyncInventoryRequest()], "part", ORDER_RULES["header"]),
    "header twice": ([header(), header()], "part", ORDER_RULES["rows"]),
    "an empty message": ([header(), pb.SyncInventoryRequest()], "part", ORDER_RULES["rows"]),
    "no commit": ([header(), rows(*FULL)], "part", ORDER_RULES["commit"]),
    "rows after the commit": (
        [header(), rows(*FULL), commit(5), rows(*FULL)],
        "part",
        ORDER_RULES["after"],
    ),
    "two commits": ([header(), rows(*FULL), commit(5), commit(5)], "part", ORDER_RULES["after"]),
    "one row too few": (
        [header(), rows(*FULL[:4]), commit(5)],
        "commit.row_count",
        "must be the number of rows that were sent, 4, is 5",
    ),
    "one row too many": (
        [header(), rows(*FULL), commit(4)],
        "commit.row_count",
        "must be the number of rows that were sent, 5, is 4",
    ),
    "rows without rows": (
        [header(), rows(), commit(0)],
        "rows.skus",
        "must have 1 to 1000 entries, has 0",
    ),
    "no location": (
        [header(location="")],
        "header.location",
        "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_what_is_not_a_count_changes_nothing(
    served: Service, bad: tuple[list[pb.SyncInventoryRequest], str, str]
) -> None:
    """The refusal names field and rule, no position changed, and another count need not wait."""
    messages, field, rule = bad
    refusal = await refused(served.client, *messages)
    assert "INVALID_FIELD" == refusal.reason
    assert [(field, rule)] == [(v.field, v.description) for v in refusal.violations]
    assert [5] * 5 == await on_hand(served.client, *"ABCDE")
    await count_fully(served.client, FULL, "S2")


async def test_an_unknown_location_is_refused(served: Service) -> None:
    """A location that the network does not have cannot be counted."""
    refusal = await refused(served.client, *parts(FULL, location="MOON"))
    assert ("UNKNOWN_LOCATION", {"location": "MOON"}) == (refusal.reason, refusal.metadata)


@pytest.mark.parametrize(
    ("shift_s", "rule"),
    [
        (-8 * 24 * 3600, "must not be longer ago than the 604800000 ms that are allowed"),
        (600, "must not be further ahead than the 300000 ms that are allowed"),
    ],
)
async def test_a_time_out_of_bounds_is_refused(served: Service, shift_s: int, rule: str) -> None:
    """The engine's clock decides what is too old, and what is ahead."""
    observe_us = time.time_ns() // 1_000 + shift_s * SECOND_US
    refusal = await refused(served.client, *parts(FULL, observe_us=observe_us))
    assert [("header.observe_time", rule)] == [(v.field, v.description) for v in refusal.violations]
