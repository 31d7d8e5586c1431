"""What has to be there before the first order: the network, and stock on the shelves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sellable.demo.caller import for_each
from sellable.errors import SellableError
from sellable.limits import EVENTS_PER_CALL_MAX
from sellable.v1 import inventory_pb2, network_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.demo.caller import Caller
    from sellable.demo.opening import OpeningStock

_BATCHES_AT_ONCE_MAX: Final = 4
_SOURCE: Final = "demo-opening"
# A count is a duplicate if its call had to be sent again.
_TAKEN: Final = frozenset({inventory_pb2.OUTCOME_APPLIED, inventory_pb2.OUTCOME_DUPLICATE})


class DemoRefused(SellableError):
    """The demo cannot go on; the message says why."""


async def apply_network(caller: Caller, document: str) -> None:
    """Make the document the network of a service that has none.

    Raises:
        DemoRefused: It has one.
    """
    request = network_pb2.GetNetworkRequest()
    current = await caller.call("get network", caller.network.GetNetwork, request)
    if current.version:
        raise DemoRefused(
            "the data folder already holds a network and stock: give the demo an empty folder, "
            "or serve this one with `sellable serve --data`"
        )
    await caller.call(
        "apply network",
        caller.network.ApplyNetwork,
        network_pb2.ApplyNetworkRequest(document=document, author="sellable demo"),
    )


async def load_stock(
    callers: Sequence[Caller], counts: Sequence[OpeningStock], on_progress: Callable[[int], None]
) -> None:
    """Bring the counts, observed now; tell after each batch how many are there.

    Raises:
        DemoRefused: A count was not taken.
    """
    loaded_count = 0

    async def load(start: int) -> None:
        nonlocal loaded_count
        batch = counts[start : start + EVENTS_PER_CALL_MAX]
        await _load_batch(callers[start // EVENTS_PER_CALL_MAX % len(callers)], start, batch)
        loaded_count += len(batch)
        on_progress(loaded_count)

    starts = range(0, len(counts), EVENTS_PER_CALL_MAX)
    await for_each(starts, load, at_once_max=_BATCHES_AT_ONCE_MAX)


async def _load_batch(caller: Caller, start: int, batch: Sequence[OpeningStock]) -> None:
    request = inventory_pb2.ApplyInventoryRequest()
    now_ns = time.time_ns()
    for index, count in enumerate(batch, start):
        event = request.events.add(
            event_id=str(index),
            source=_SOURCE,
            sku=count.sku,
            location=count.location,
            on_hand_quantity=count.quantity,
        )
        event.observe_time.FromNanoseconds(now_ns)
    answer = await caller.call("apply inventory", caller.inventory.ApplyInventory, request)
    for count, result in zip(batch, answer.results, strict=True):
        if result.outcome not in _TAKEN:
            raise DemoRefused(
                f"the count of {count.sku} at {count.location} was not taken: {result.detail}"
            )
