"""ExplainAvailability over the wire: one number with everything behind it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from sellable.v1 import availability_pb2 as pb
from sellable.v1.common_pb2 import Consistency
from support.client import CALL_S_MAX, Want, event
from support.service import service

if TYPE_CHECKING:
    from support.client import Client

NOW_MS: Final = 1_764_000_000_000  # 2025-11-24T16:00:00Z
BLACK_FRIDAY: Final = datetime(2025, 11, 28, 7, tzinfo=UTC)
NETWORK: Final = """\
locations:
  - {id: DC, type: warehouse, country: FR, safety_stock: 2}
  - {id: SHOP, type: store, country: FR, stale_after: 30m, stale_protection_buffer: 4}
markets:
  - {channel: web, country: FR, locations: [DC, SHOP], protection_buffer: 10%}
protections:
  - {market: web/FR, cap: 3, from: 2025-11-28T08:00:00, name: black friday}
"""


async def explained(
    client: Client, sku: str, country: str = "FR"
) -> pb.ExplainAvailabilityResponse:
    """Ask for the terms of a SKU."""
    request = pb.ExplainAvailabilityRequest(channel="web", country=country, sku=sku)
    return await client.availability.ExplainAvailability(request, timeout=CALL_S_MAX)


def told(answer: pb.ExplainAvailabilityResponse) -> list[tuple[str, str, int, str, int]]:
    """Return what each term is, where, how much, and of which rule and line."""
    return [
        (
            pb.TermKind.Name(term.kind).removeprefix("TERM_KIND_"),
            term.location,
            term.quantity,
            term.rule,
            term.line,
        )
        for term in answer.terms
    ]


@pytest.mark.parametrize("transport", ["native", "grpcio"])
async def test_a_number_with_everything_behind_it(store_url: str, transport: str) -> None:
    """Terms with rule, line, source and age; version, next change and a revision to read at."""
    clock = [NOW_MS]
    async with service(store_url, now_ms=clock, transport=transport) as started:
        client = started.client
        await started.store.networks.apply(NETWORK)
        assert (
            await client.apply(
                event("A", "DC", on_hand_quantity=40, observe_us=NOW_MS * 1_000 - 7, source="wms"),
                event("A", "SHOP", on_hand_quantity=6, observe_us=NOW_MS * 1_000 - 9, source="pos"),
            )
            == ["APPLIED"] * 2
        )
        await client.reserve("r1", "web/FR", Want("A", 5))
        clock[0] += 31 * 60_000
        answer = await explained(client, "A")
        assert [
            ("ON_HAND", "DC", 40, "", 0),
            ("SAFETY_STOCK", "DC", -2, "location DC", 2),
            ("ON_HAND", "SHOP", 6, "", 0),
            ("STALE_FEED", "SHOP", -4, "location SHOP", 3),
            ("PROTECTION_BUFFER", "", -5, "market web/FR", 5),
        ] == told(answer)
        first = answer.terms[0]
        assert (NOW_MS * 1_000 - 7, "wms") == (first.observe_time.ToMicroseconds(), first.source)
        assert not answer.terms[1].HasField("observe_time")
        assert "10% of 46 on hand" == answer.terms[-1].detail
        assert (35, 1, 0) == (
            answer.sellable_quantity,
            answer.network_version,
            answer.future_quantity,
        )
        assert BLACK_FRIDAY == answer.next_switch_time.ToDatetime(UTC)
        request = pb.CheckSellableRequest(
            channel="web",
            country="FR",
            skus=["A"],
            consistency=Consistency(at_least_revision=answer.revision),
        )
        checked = await client.availability.CheckSellable(request, timeout=CALL_S_MAX)
        assert [35] == list(checked.sellable_quantities)


async def test_a_change_in_time_is_in_the_answer_at_once(store_url: str) -> None:
    """From the very millisecond on the new rule is named, and no change is to come any more."""
    start_ms = int(BLACK_FRIDAY.timestamp() * 1_000)
    clock = [start_ms - 1]
    async with service(store_url, now_ms=clock) as started:
        await started.store.networks.apply(NETWORK)
        assert await started.client.apply(
            event("A", "DC", on_hand_quantity=40, observe_us=clock[0] * 1_000)
        ) == ["APPLIED"]
        before = await explained(started.client, "A")
        clock[0] += 1
        after = await explained(started.client, "A")
        assert ("CAP", "", -31, "black friday", 7) == told(after)[-1]
        assert [34, 3] == [before.sellable_quantity, after.sellable_quantity]
        assert before.HasField("next_switch_time")
        assert not after.HasField("next_switch_time")


async def test_a_sku_without_a_position_has_no_terms(store_url: str) -> None:
    """What is known and nowhere in the market is explained by nothing."""
    async with service(store_url, now_ms=[NOW_MS]) as started:
        await started.store.networks.apply(
            NETWORK.replace(
                "markets:\n", "markets:\n  - {channel: web, country: DE, locations: SHOP}\n"
            )
        )
        await started.client.apply(event("A", "DC", on_hand_quantity=9, observe_us=NOW_MS * 1_000))
        answer = await explained(started.client, "A", "DE")
        assert ([], 0) == (list(answer.terms), answer.sellable_quantity)


async def test_explanations_stand_while_everything_changes(store_url: str) -> None:
    """Under counts, holds and network changes every answer adds up, or the call would fail."""
    async with service(store_url) as started:
        client, networks = started.client, started.store.networks
        await networks.apply(NETWORK)
        await client.count("A", "DC", 200)

        async def trade(name: str) -> None:
            for number in range(15):
                await client.reserve(f"{name}-{number}", "web/FR", Want("A", 1))
                await client.apply(event("A", "SHOP", on_hand_quantity=number))

        async def rule() -> None:
            for number in range(8):
                await networks.apply(NETWORK.replace("safety_stock: 2", f"safety_stock: {number}"))

        async def ask() -> None:
            for _ in range(60):
                answer = await explained(client, "A")
                assert answer.sellable_quantity == sum(term.quantity for term in answer.terms)

        await asyncio.gather(trade("x"), trade("y"), rule(), ask(), ask())
