"""The clients: each does the work of its customers, one thing after the other, all at once."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sellable.demo.caller import CallRefused, together
from sellable.demo.orders import Cancellation, Order
from sellable.demo.timeline import Dispatch, client_of
from sellable.v1 import common_pb2
from sellable.v1 import reservations_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sellable.demo.books import Books
    from sellable.demo.caller import Caller
    from sellable.demo.timeline import Event

# Events that wait for one client: enough to keep the others busy while a large customer is served.
_WAITING_MAX: Final = 16
# A SKU that was never in stock is not known; any other refusal ends the demo.
_EXPECTED_REFUSALS: Final = frozenset({"INSUFFICIENT_STOCK", "UNKNOWN_SKU"})
_SOURCE: Final = "demo"

_Work = asyncio.Queue["Event | None"]


@dataclass(slots=True)
class _Undispatched:
    """An order that has its stock, and what of each line was not given back."""

    order: Order
    quantities: list[int]


async def replay(
    events: Iterable[Event],
    callers: Sequence[Caller],
    books: Books,
    *,
    client_count: int,
    on_progress: Callable[[], None],
) -> None:
    """Let the clients do everything that happens, and return when it is done.

    What one customer does happens in its order, and the customers do it at the same time. Clients
    are never more than a few events apart, so the market sees the data's days in about their
    order.

    Raises:
        CallRefused: A call was refused for another reason than stock.
    """
    queues: list[_Work] = [asyncio.Queue(_WAITING_MAX) for _ in range(client_count)]

    async def hand_out() -> None:
        for event in events:
            await queues[client_of(event, client_count)].put(event)
            # A queue with room does not let others run, and reading the data takes time.
            await asyncio.sleep(0)
        for queue in queues:
            await queue.put(None)

    clients = [
        _Client(callers[index % len(callers)], books, on_progress) for index in range(client_count)
    ]
    await together(
        [hand_out(), *(client.work(queue) for client, queue in zip(clients, queues, strict=True))]
    )


class _Client:
    def __init__(self, caller: Caller, books: Books, on_progress: Callable[[], None]) -> None:
        self._caller = caller
        self._books = books
        self._on_progress = on_progress
        self._undispatched: dict[str, _Undispatched] = {}
        self._refused: set[str] = set()

    async def work(self, queue: _Work) -> None:
        while (event := await queue.get()) is not None:
            match event:
                case Order():
                    await self._order(event)
                case Dispatch(order):
                    await self._dispatch(order)
                case Cancellation():
                    await self._cancel(event)
            self._on_progress()

    async def _order(self, order: Order) -> None:
        request = pb.ReserveStockRequest(
            reservation_id=order.reservation_id,
            channel=order.channel,
            country=order.country,
            order_reference=order.invoice,
            lines=[
                common_pb2.Line(line_id=str(index), sku=line.sku, quantity=line.quantity)
                for index, line in enumerate(order.lines)
            ],
        )
        stub = self._caller.reservations
        try:
            await self._caller.call("reserve", stub.ReserveStock, request)
        except CallRefused as refused:
            if refused.call.reason not in _EXPECTED_REFUSALS:
                raise
            omitted = int(refused.call.metadata.get("omitted_count", 0))
            short_line_count = len(refused.call.short_lines) + omitted
            self._books.refused(order, refused.call.reason, short_line_count)
            self._refused.add(order.reservation_id)
            return
        await self._caller.call(
            "confirm",
            stub.ConfirmReservation,
            pb.ConfirmReservationRequest(reservation_id=order.reservation_id),
        )
        self._books.placed(order)
        self._undispatched[order.reservation_id] = _Undispatched(
            order, [line.quantity for line in order.lines]
        )

    async def _dispatch(self, order: Order) -> None:
        undispatched = self._undispatched.pop(order.reservation_id, None)
        if undispatched is None:
            return  # it was refused, or all of it was cancelled in time
        await self._caller.call(
            "fulfil",
            self._caller.reservations.FulfillReservation,
            pb.FulfillReservationRequest(reservation_id=order.reservation_id, source=_SOURCE),
        )
        self._books.dispatched(order, undispatched.quantities)

    async def _cancel(self, cancellation: Cancellation) -> None:
        self._books.unmatched_units += sum(line.quantity for line in cancellation.unmatched)
        cancelled: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for line in cancellation.lines:
            cancelled[line.reservation_id][line.line_index] += line.quantity
        for reservation_id, quantities in cancelled.items():
            if reservation_id in self._undispatched:
                await self._release(reservation_id, quantities, cancellation.invoice)
            elif reservation_id in self._refused:
                self._books.refused_units += quantities.total()
            else:
                self._books.returned_units += quantities.total()

    async def _release(
        self, reservation_id: str, quantities: Counter[int], request_id: str
    ) -> None:
        await self._caller.call(
            "release",
            self._caller.reservations.ReleaseReservation,
            pb.ReleaseReservationRequest(
                reservation_id=reservation_id,
                request_id=request_id,
                quantities=[
                    pb.QuantityAt(line_id=str(index), quantity=quantity)
                    for index, quantity in quantities.items()
                ],
            ),
        )
        undispatched = self._undispatched[reservation_id]
        for index, quantity in quantities.items():
            undispatched.quantities[index] -= quantity
        self._books.released(undispatched.order, quantities.total())
        if not any(undispatched.quantities):
            del self._undispatched[reservation_id]
