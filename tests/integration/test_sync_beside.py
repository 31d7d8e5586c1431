"""Full counts beside others: facts during and after them, a second count, a client that is gone."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from sellable.limits import SYNC_QUIET_MS_MAX
from support.client import event, refusal_of
from support.full_counts import (
    FULL,
    SECOND_US,
    commit,
    count_fully,
    has_rows,
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

    from sellable.v1 import inventory_pb2 as pb
    from support.service import Service


@pytest.fixture(params=["native", "grpcio"])
async def served(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Serve a little stock on each transport."""
    async with stocked(store_url, request.param) as started:
        yield started


async def test_facts_that_come_meanwhile_count_as_their_time_says(served: Service) -> None:
    """Between rows and commit: what is older than the count is in it, what is later is added."""
    client = served.client
    at_us = time.time_ns() // 1_000 - 30 * SECOND_US
    begun = asyncio.Event()

    async def messages() -> AsyncIterator[pb.SyncInventoryRequest]:
        yield header(observe_us=at_us, max_zeroed_fraction=0.5)
        yield rows(*FULL)
        await begun.wait()
        yield commit(5)

    call = client.inventory.SyncInventory(messages(), timeout=30)
    facts = [
        event("A", "DC", delta_quantity=-2, observe_us=at_us - SECOND_US),
        event("A", "DC", delta_quantity=4, observe_us=at_us + SECOND_US),
        event("B", "DC", on_hand_quantity=7, observe_us=at_us + SECOND_US),
        event("N", "DC", delta_quantity=3, observe_us=at_us - SECOND_US),
        event("M", "DC", delta_quantity=3, observe_us=at_us + SECOND_US),
    ]
    assert ["APPLIED"] * 5 == await client.apply(*facts)
    begun.set()
    answer = await call
    assert outcomes(answer) == {"applied": 4, "stale": 1, "zeroed": 1}
    assert [5, 7, 1, 0, 3] == await on_hand(client, "A", "B", "C", "N", "M")


async def test_facts_that_come_right_after_count_as_their_time_says(served: Service) -> None:
    """The floor of the location stands for SKUs that it had no position of."""
    client = served.client
    at_us = time.time_ns() // 1_000 - 30 * SECOND_US
    await count_fully(client, FULL, observe_us=at_us)
    facts = [
        event("A", "DC", delta_quantity=-2, observe_us=at_us - SECOND_US),
        event("N", "DC", delta_quantity=3, observe_us=at_us - SECOND_US),
        event("M", "DC", on_hand_quantity=3, observe_us=at_us - SECOND_US),
        event("O", "DC", delta_quantity=3, observe_us=at_us + SECOND_US),
    ]
    assert ["STALE", "STALE", "STALE", "APPLIED"] == await client.apply(*facts)
    assert [1, 0, 0, 3] == await on_hand(client, "A", "N", "M", "O")
    assert [] == await client.differences()


async def test_a_second_count_waits_its_turn(served: Service) -> None:
    """While one goes on another is refused with its name; the first one ends as if alone."""
    client = served.client
    at_hand: asyncio.Queue[pb.SyncInventoryRequest | None] = asyncio.Queue()

    async def messages() -> AsyncIterator[pb.SyncInventoryRequest]:
        while (message := await at_hand.get()) is not None:
            yield message

    call = client.inventory.SyncInventory(messages(), timeout=30)
    at_hand.put_nowait(header())
    at_hand.put_nowait(rows(*FULL))

    await has_rows(served, 5)
    refusal = await refused(client, *parts(FULL, "S2"))
    assert ("SYNC_IN_PROGRESS", "ABORTED") == (refusal.reason, refusal.code)
    assert {"location": "DC", "sync": "S1"} == refusal.metadata
    assert outcomes(await count_fully(client, [("A", 1)], "S2", location="STORE")) == {"applied": 1}
    at_hand.put_nowait(commit(5))
    at_hand.put_nowait(None)
    assert outcomes(await call) == {"applied": 5}


async def test_the_same_count_takes_over(served: Service) -> None:
    """A client that lost its connection begins anew at once; its first call is over."""
    client = served.client
    blocked = asyncio.Event()

    async def messages() -> AsyncIterator[pb.SyncInventoryRequest]:
        yield header()
        yield rows(("A", 99))
        await blocked.wait()
        yield commit(1)

    first = client.inventory.SyncInventory(messages(), timeout=30)
    await has_rows(served, 1)
    assert outcomes(await count_fully(client, FULL)) == {"applied": 5}
    blocked.set()
    assert "SYNC_IN_PROGRESS" == (await refusal_of(first)).reason
    assert [1] == await on_hand(client, "A")


async def test_a_client_that_leaves_changes_nothing(served: Service) -> None:
    """A count that is cut off is never applied, and makes way once it was silent for a while."""
    client = served.client

    async def messages() -> AsyncIterator[pb.SyncInventoryRequest]:
        yield header()
        yield rows(("A", 99))
        await asyncio.Event().wait()

    call = client.inventory.SyncInventory(messages(), timeout=30)
    await has_rows(served, 1)
    call.cancel()
    assert [5] == await on_hand(client, "A")
    later_ms = time.time_ns() // 1_000_000 + SYNC_QUIET_MS_MAX + 1_000
    served.store.runner.clock = lambda: later_ms
    assert outcomes(await count_fully(client, FULL, "S2")) == {"applied": 5}
