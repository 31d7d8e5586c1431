"""Full counts over gRPC: rows are counts, what no row names is 0, and a brake in between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sellable.v1 import inventory_pb2 as pb
from support.arena import FR
from support.client import Want, event
from support.full_counts import (
    SECOND_US,
    commit,
    count_fully,
    header,
    on_hand,
    outcomes,
    parts,
    refused,
    rows,
    stocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Service


@pytest.fixture(params=["native", "grpcio"])
async def served(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Serve a little stock on each transport."""
    async with stocked(store_url, request.param) as started:
        yield started


async def test_a_count_says_what_there_is(served: Service) -> None:
    """Rows are counts, what no row names is 0, and the answer's revision has seen all of it."""
    counted = [("A", 9), ("B", 5), ("C", 0), ("D", 5), ("N", 1)]
    answer = await count_fully(served.client, counted)
    assert outcomes(answer) == {"applied": 3, "unchanged": 2, "zeroed": 1}
    assert [9, 5, 0, 5, 0, 1] == await on_hand(served.client, "A", "B", "C", "D", "E", "N")
    assert [9, 5, 0, 5, 0, 1] == await served.client.sellable(FR, "A", "B", "C", "D", "E", "N")
    assert answer.revision
    assert [] == await served.client.differences()


async def test_the_same_count_again_answers_the_same(served: Service) -> None:
    """A repeat changes nothing, also what was told since, and says so."""
    counted = [("A", 9), ("B", 5), ("C", 0), ("D", 5)]
    now_us = time.time_ns() // 1_000
    first = await count_fully(served.client, counted, observe_us=now_us)
    await served.client.count("A", "DC", 7)
    again = await count_fully(served.client, counted, observe_us=now_us)
    assert (again.replayed, first.replayed) == (True, False)
    assert outcomes(again) == outcomes(first)
    assert [7, 5] == await on_hand(served.client, "A", "B")


async def test_a_name_is_of_one_count(served: Service) -> None:
    """A source that gives every count one name is told so; its later counts are not passed over."""
    now_us = time.time_ns() // 1_000
    counted = [("A", 9), ("B", 5), ("C", 5), ("D", 5), ("E", 5)]
    await count_fully(served.client, counted, "daily", observe_us=now_us - SECOND_US)
    call = await refused(served.client, header("daily", observe_us=now_us), commit(0))
    assert ("IDEMPOTENCY_CONFLICT", "header.observe_time") == (
        call.reason,
        call.metadata["field"],
    )


@pytest.mark.parametrize(
    ("fraction", "zeroed", "reason"),
    [
        (0.2, 1, ""),
        (0.2, 2, "SYNC_SUSPICIOUS"),
        (0.4, 2, ""),
        (0.0, 1, "SYNC_SUSPICIOUS"),
        (1.0, 5, ""),
    ],
)
async def test_the_brake_holds_beyond_its_fraction(
    served: Service, fraction: float, zeroed: int, reason: str
) -> None:
    """Exactly the fraction is allowed; beyond it nothing is changed, and another may begin."""
    counted = [(sku, 6) for sku in "ABCDE"[zeroed:]]
    messages = parts(counted, max_zeroed_fraction=fraction)
    if not reason:
        answer = await served.client.inventory.SyncInventory(iter(messages), timeout=30)
        assert zeroed == answer.zeroed_count
        return
    refusal = await refused(served.client, *messages)
    assert (reason, "FAILED_PRECONDITION") == (refusal.reason, refusal.code)
    assert refusal.metadata == {
        "location": "DC",
        "zeroed_count": str(zeroed),
        "stocked_count": "5",
        "max_zeroed_fraction": str(fraction),
    }
    assert [5] * 5 == await on_hand(served.client, *"ABCDE")
    await count_fully(served.client, [(sku, 6) for sku in "ABCDE"], "S2")


async def test_the_brake_reads_a_fraction_as_it_is_written(served: Service) -> None:
    """0.29 of 100 positions are 29, although the product of the two floats is less."""
    client = served.client
    before_us = time.time_ns() // 1_000 - 60 * SECOND_US
    await client.apply(
        *(event(f"S{at}", "STORE", on_hand_quantity=1, observe_us=before_us) for at in range(100))
    )
    counted = [(f"S{at}", 1) for at in range(71)]
    answer = await count_fully(client, counted, location="STORE", max_zeroed_fraction=0.29)
    assert outcomes(answer) == {"unchanged": 71, "zeroed": 29}


async def test_an_empty_count_takes_all_to_0_where_that_is_allowed(served: Service) -> None:
    """A location may be empty; without leave that is suspicious."""
    assert "SYNC_SUSPICIOUS" == (await refused(served.client, *parts([]))).reason
    answer = await count_fully(served.client, [], max_zeroed_fraction=1.0)
    assert outcomes(answer) == {"zeroed": 5}
    assert [0] * 5 == await on_hand(served.client, *"ABCDE")


async def test_bad_rows_leave_their_positions(served: Service) -> None:
    """A row with a bad quantity is refused, its SKU named, and its position not taken to 0."""
    counted = [("A", 9), ("B", -1), ("C", 10**12 + 1), ("", 1), ("D", 9), ("E", 9)]
    answer = await count_fully(served.client, counted)
    assert outcomes(answer) == {"applied": 3, "rejected": 3}
    assert ["B", "C"] == list(answer.rejected_skus)
    assert [9, 5, 5, 9, 9] == await on_hand(served.client, *"ABCDE")


@pytest.mark.parametrize(
    ("policy", "told", "found"),
    [
        ("REJECT", {"applied": 4, "rejected": 3}, 5),
        ("SUM", {"applied": 5, "merged": 2}, 6),
        ("LAST", {"applied": 5, "merged": 2}, 3),
    ],
)
async def test_duplicates_by_each_policy(
    served: Service, policy: str, told: dict[str, int], found: int
) -> None:
    """A SKU in three rows, in one message and in another: refused, added up, or the last one."""
    messages = [
        header(duplicate_skus=pb.DuplicateSkus.Value(f"DUPLICATE_SKUS_{policy}")),
        rows(("A", 1), ("B", 9), ("A", 2), ("C", 9)),
        rows(("D", 9), ("A", 3), ("E", 9)),
        commit(7),
    ]
    answer = await served.client.inventory.SyncInventory(iter(messages), timeout=30)
    assert told == outcomes(answer)
    assert (["A"] if policy == "REJECT" else []) == list(answer.rejected_skus)
    assert [found, 9, 9, 9, 9] == await on_hand(served.client, *"ABCDE")


async def test_a_net_count_leaves_reserved_units_out(served: Service) -> None:
    """What is reserved is added to a row, and stays where no row names the SKU."""
    client = served.client
    await client.reserve("cart", FR, Want("A", 2, location="DC"), Want("E", 3, location="DC"))
    counted = [("A", 4), ("B", 5), ("C", 5), ("D", 5)]
    answer = await count_fully(client, counted, net_of_reserved=True)
    assert outcomes(answer) == {"applied": 1, "unchanged": 3, "zeroed": 1}
    assert [6, 5, 5, 5, 3] == await on_hand(client, *"ABCDE")
    assert [4, 0] == await client.sellable(FR, "A", "E")


async def test_less_than_is_reserved_is_overcommitted(served: Service) -> None:
    """A full count may report less than was sold; the shortage is shown and nothing is oversold."""
    client = served.client
    await client.reserve("cart", FR, Want("A", 4, location="DC"), Want("E", 3, location="DC"))
    await count_fully(client, [("A", 1), ("B", 5), ("C", 5), ("D", 5)])
    assert [3, 3] == [
        (await client.positions(sku))["DC"].overcommitted_quantity for sku in ("A", "E")
    ]
    assert [0, 0] == await client.sellable(FR, "A", "E")


async def test_rows_are_counted_for_their_source(served: Service) -> None:
    """The feed's numbers add up to the rows of the count; refused and merged ones are in them."""
    counted = [("A", 9), ("B", 5), ("C", 0), ("D", 5), ("A", 2), ("", 1), ("E", 5)]
    await count_fully(served.client, counted, duplicate_skus=pb.DUPLICATE_SKUS_LAST)
    runner = served.store.runner
    feed = await runner.connection.execute("HGETALL", runner.partition.feed("wms"))
    names = (b"applied", b"unchanged", b"stale", b"duplicate", b"rejected")
    assert [2, 3, 0, 1, 1] == [int(feed.get(name, 0)) for name in names]
