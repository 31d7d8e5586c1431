"""50 clients source at the same moment: no oversell, no lost unit, no capacity exceeded."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import grpc
import pytest

from sellable.rpc.status import error_from_rpc
from support.arena import at_once, crowd
from support.client import Want, bound, event
from support.service import service, services
from support.sourcing import FR, hold, network, plan, shipped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client

CLIENTS: Final = 50
SKU: Final = "SCARCE"
# What is there, and how many orders a day each location has hands for: 2 + 3 + 4 can be sold.
UNITS: Final = {"NEAR": 5, "DC": 3, "FAR": 4}
HANDS: Final = {"NEAR": 2, "DC": 9}
SOLD: Final = {"NEAR": 2, "DC": 3, "FAR": 4}

pytestmark = pytest.mark.parametrize("servers", ["native", "grpcio", "three processes"])


@asynccontextmanager
async def contest(servers: str, store_url: str) -> AsyncIterator[list[Client]]:
    """Serve as named, put the last units on the shelf, and connect everybody."""
    if servers == "three processes":
        async with (
            services(store_url, 3) as processes,
            crowd([process.address for process in processes], CLIENTS) as clients,
        ):
            yield clients
    else:
        async with (
            service(store_url, transport=servers) as one,
            crowd([one.server.address], CLIENTS) as clients,
        ):
            yield clients


async def put_on_shelf(client: Client) -> None:
    """Have the last units at three locations, and few hands at two of them."""
    await client.apply_network(network(capacities=HANDS, split_lines=False, ship_within_days=0))
    for location, quantity in UNITS.items():
        await client.count(SKU, location, quantity)


async def plan_then_take(client: Client, _: int) -> bool:
    """Buy as shops do that plan and take in two calls; the fault that is ruled out."""
    try:
        answer = await plan(client, Want(SKU))
    except grpc.aio.AioRpcError:
        return False
    (location,) = shipped(answer.plan)
    return await client.apply(event(SKU, location, delta_quantity=-1)) == ["APPLIED"]


async def test_exactly_what_is_there_is_sourced(servers: str, store_url: str) -> None:
    """Units and hands go exactly once, each answer is a plan or a refusal with its reason.

    The anomaly first: the same crowd that plans and then takes, in two calls, takes more.
    """
    async with contest(servers, store_url) as clients:
        first = clients[0]
        await put_on_shelf(first)
        assert await at_once(clients, plan_then_take) > sum(SOLD.values())
        assert any(p.on_hand_quantity < 0 for p in (await first.positions(SKU)).values())

        await put_on_shelf(first)
        answers = await asyncio.gather(
            *(hold(client, f"cart-{at}", Want(SKU)) for at, client in enumerate(clients)),
            return_exceptions=True,
        )
        plans = [one for one in answers if not isinstance(one, BaseException)]
        refusals = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
        assert CLIENTS == len(plans) + len(refusals)
        assert SOLD == Counter(place for one in plans for place in bound(one.reservation))
        assert all(bound(one.reservation) == {next(iter(shipped(one.plan))): 1} for one in plans)
        assert all(1 <= one.attempts <= 5 for one in plans)
        told = [error_from_rpc(error) for error in refusals]
        assert {one.reason for one in told} <= {"NO_FEASIBLE_PLAN", "INSUFFICIENT_STOCK"}
        assert all(one.blocked_lines or one.short_lines for one in told)
        positions = await first.positions(SKU)
        assert {name: (UNITS[name], SOLD[name]) for name in UNITS} == {
            name: (p.on_hand_quantity, p.reserved_quantity) for name, p in positions.items()
        }
        # NEAR has units left, and no hands for them; who gives back makes room for one.
        assert [UNITS["NEAR"] - SOLD["NEAR"]] == await first.sellable(FR, SKU)
        assert [] == await first.differences()
        near = next(one for one in plans if "NEAR" in bound(one.reservation))
        await first.release(near.reservation.reservation_id)
        assert {"NEAR": 1} == bound((await hold(first, "next", Want(SKU))).reservation)
