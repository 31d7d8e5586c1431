"""Many clients that want the same units at the same moment, and a small network to want them in."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import grpc

from sellable.rpc.status import error_from_rpc
from support.client import Client, event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

FR: Final = "web/FR"
MARKETPLACE: Final = "marketplace/FR"


def network(**markets: Any) -> dict[str, Any]:
    """Make a network of two locations: web/FR sells from both, marketplace/FR from DC only.

    Args:
        markets: More settings of `web` or `marketplace`, e.g. `web={"protection_buffer": 3}`.
    """
    chosen: dict[str, dict[str, Any]] = {
        "web": {"channel": "web", "country": "FR", "locations": ["DC", "STORE"]},
        "marketplace": {"channel": "marketplace", "country": "FR", "locations": ["DC"]},
    }
    for name, more in markets.items():
        chosen[name] |= more
    return {
        "locations": [
            {"id": "DC", "type": "warehouse", "country": "FR"},
            {"id": "STORE", "type": "store", "country": "FR"},
        ],
        "markets": list(chosen.values()),
    }


@asynccontextmanager
async def crowd(addresses: Sequence[str], size: int) -> AsyncIterator[list[Client]]:
    """Give so many clients, spread over the addresses, each with a connection that stands."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(addresses[number % len(addresses)]))
            for number in range(size)
        ]
        await asyncio.gather(*(client.channel.channel_ready() for client in clients))
        yield clients


async def at_once(clients: Sequence[Client], buy: Callable[[Client, int], Awaitable[bool]]) -> int:
    """Let every client buy at the same moment; return how many believe that they did."""
    return sum(await asyncio.gather(*(buy(client, at) for at, client in enumerate(clients))))


async def bought(call: Awaitable[object]) -> bool:
    """Tell whether a reservation was made; any refusal but "not enough" is a fault."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        if error_from_rpc(error).reason != "INSUFFICIENT_STOCK":
            raise
        return False
    return True


async def check_then_take(client: Client, market: str, sku: str, location: str) -> bool:
    """Buy one unit as shops do that check and take in two calls; the fault that we rule out."""
    (number,) = await client.sellable(market, sku)
    if number < 1:
        return False
    return await client.apply(event(sku, location, delta_quantity=-1)) == ["APPLIED"]
