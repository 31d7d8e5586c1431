"""What happens when, by the time of the data: orders, dispatches and cancellations."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from sellable.demo.orders import Cancellation, Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The data say nothing about dispatch. After a week about a third of what is cancelled of placed
# orders is still there to be released.
DISPATCH_AFTER: Final = timedelta(days=7)


class Dispatch(NamedTuple):
    """The goods of an order leave."""

    order: Order


Event = Order | Cancellation | Dispatch


def first_orders(
    events: Iterable[Order | Cancellation], limit: int | None
) -> Iterator[Order | Cancellation]:
    """Yield everything up to the order with this number, or all."""
    count = 0
    for event in events:
        count += isinstance(event, Order)
        if limit is not None and count > limit:
            return
        yield event


def timeline(events: Iterable[Order | Cancellation]) -> Iterator[Event]:
    """Yield the events with a dispatch for every order, in the order of their time."""
    undispatched: deque[Order] = deque()
    for event in events:
        while undispatched and undispatched[0].time + DISPATCH_AFTER <= event.time:
            yield Dispatch(undispatched.popleft())
        yield event
        if isinstance(event, Order):
            undispatched.append(event)
    yield from map(Dispatch, undispatched)


def client_of(event: Event, client_count: int) -> int:
    """Answer which client does this: always the same for one customer, or one order of a guest."""
    source = event.order if isinstance(event, Dispatch) else event
    return crc32((source.customer or source.invoice).encode()) % client_count
