"""The hold that runs out in the instant of its confirm: one winner, and no unit lost or made."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import TYPE_CHECKING, Final

import grpc
import pytest

from sellable.rpc.status import error_from_rpc
from support.arena import FR, bought, network
from support.client import Client, Want, event, refusal_of, state_of
from support.service import Service, service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START_MS: Final = 1_900_000_000_000
TTL_MS: Final = 1_000
ROUNDS: Final = 60


@pytest.fixture
def now_ms() -> list[int]:
    """Hold the time, which only the test moves."""
    return [START_MS]


@pytest.fixture
async def one(store_url: str, now_ms: list[int]) -> AsyncIterator[Service]:
    """Serve under the test's clock; the sweeper is at work all the time."""
    async with service(store_url, now_ms=now_ms, sweep_interval_ms=10) as opened:
        await opened.client.apply_network(network())
        yield opened
        assert [] == await opened.client.differences()


async def hold_last_unit(client: Client, sku: str, now_ms: list[int]) -> int:
    """Let `cart-SKU` hold the only unit; return when it runs out."""
    fact = event(sku, "DC", observe_us=now_ms[0] * 1_000, on_hand_quantity=1)
    assert ["APPLIED"] == await client.apply(fact)
    held = await client.reserve(f"cart-{sku}", FR, Want(sku), ttl_ms=TTL_MS)
    expire_ms = held.reservation.expire_time.ToMilliseconds()
    assert now_ms[0] + TTL_MS == expire_ms
    return expire_ms


async def confirmed(client: Client, reservation_id: str) -> bool:
    """Confirm, or learn that the hold ran out and its unit is somebody else's."""
    try:
        reservation = await client.confirm(reservation_id)
    except grpc.aio.AioRpcError as error:
        assert "RESERVATION_EXPIRED" == error_from_rpc(error).reason  # noqa: PT017 - or it raises
        return False
    assert "CONFIRMED" == state_of(reservation)
    return True


async def tick(now_ms: list[int]) -> bool:
    """Let a millisecond pass when the calls that were made with this one are under way."""
    for _ in range(3):
        await asyncio.sleep(0)
    now_ms[0] += 1
    return True


async def test_one_millisecond_before_it_runs_out(one: Service, now_ms: list[int]) -> None:
    """At expire_time - 1 ms the unit is still held: the rival is refused, the confirm succeeds."""
    now_ms[0] = await hold_last_unit(one.client, "A", now_ms) - 1
    assert not await bought(one.client.reserve("rival", FR, Want("A")))
    assert await confirmed(one.client, "cart-A")


@pytest.mark.parametrize("later_ms", [0, 1])
async def test_from_the_instant_on_at_which_it_runs_out(
    one: Service, now_ms: list[int], later_ms: int
) -> None:
    """At expire_time the unit is free: who comes first has it, the rival or the late confirm."""
    now_ms[0] = await hold_last_unit(one.client, "A", now_ms) + later_ms
    assert await bought(one.client.reserve("rival", FR, Want("A")))
    refusal = await refusal_of(one.client.confirm("cart-A"))
    assert ("FAILED_PRECONDITION", "RESERVATION_EXPIRED") == (refusal.code, refusal.reason)

    now_ms[0] = await hold_last_unit(one.client, "B", now_ms) + later_ms
    assert await confirmed(one.client, "cart-B")
    assert not await bought(one.client.reserve("rival-B", FR, Want("B")))


async def test_expiry_and_confirm_at_the_same_instant(
    store_url: str, one: Service, now_ms: list[int]
) -> None:
    """Confirm, rival and the passing of time race over two servers: always exactly one has it.

    The clock passes expire_time while the calls are under way, in every order of sending them.
    """
    winners = set()
    orders = list(permutations(("confirm", "rival", "tick")))
    async with service(store_url, now_ms=now_ms, sweep_interval_ms=10) as other:
        for number in range(ROUNDS):
            sku = f"S{number}"
            expire_ms = await hold_last_unit(one.client, sku, now_ms)
            now_ms[0] = expire_ms - 1 + number % 2
            order = orders[number % len(orders)]
            calls = {
                "confirm": confirmed(one.client, f"cart-{sku}"),
                "rival": bought(other.client.reserve(f"rival-{sku}", FR, Want(sku))),
                "tick": tick(now_ms),
            }
            results = await asyncio.gather(*(calls[name] for name in order))
            told = dict(zip(order, results, strict=True))
            assert told["confirm"] != told["rival"]
            winners.add("confirm" if told["confirm"] else "rival")
            position = (await one.client.positions(sku))["DC"]
            assert (1, 1) == (position.on_hand_quantity, position.reserved_quantity)
    assert {"confirm", "rival"} == winners
