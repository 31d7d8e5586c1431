"""Concurrent reservations leave together, and each has its own answer or its own error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from sellable.errors import IdempotencyConflict, InsufficientStock, UnknownMarket
from sellable.reservation import Line, Reserved, ReserveRequest
from sellable.store.wire import PIECE, Wire
from support.stocking import count_all, store_at

if TYPE_CHECKING:
    from sellable.store.store import Store

FR: Final = "web/FR"
NETWORK: Final = """
locations: [{id: DC, type: warehouse, country: FR}]
markets: [{channel: web, country: FR, locations: [DC]}]
"""


def request(number: int, sku: str, quantity: int = 1, market: str = FR) -> ReserveRequest:
    """Ask for some units of a SKU, under an id that is the number."""
    line = Line(sku=sku, quantity=quantity)
    return ReserveRequest(reservation_id=f"R{number}", market=market, lines=(line,), ttl_ms=60_000)


async def batch(store: Store) -> list[Reserved | BaseException]:
    """Reserve 95 times in one tick: 54 want the last 50 units, and three calls are wrong."""
    calls = [request(n, "HOT") for n in range(54)]
    calls += [request(n, f"SKU-{n}") for n in range(60, 98)]
    calls += [request(0, "OTHER"), request(98, "HOT", market="web/XX"), request(99, "SKU-1", 7)]
    return await asyncio.gather(*map(store.reservations.reserve, calls), return_exceptions=True)


@pytest.mark.parametrize("together", [False, True])
async def test_a_tick_is_written_together(
    store_url: str, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    """All of a tick are one pipeline, in few writes; one by one they would be as many as calls."""
    if not together:
        queue = Wire._queue

        def at_once(self: Wire, *arguments: object) -> object:
            future = queue(self, *arguments)  # type: ignore[arg-type]
            self._flush()
            return future

        monkeypatch.setattr(Wire, "_queue", at_once)
    async with store_at(store_url) as store:
        await store.networks.apply(NETWORK)
        await count_all(
            store, ["HOT", *(f"SKU-{n}" for n in range(100))], "DC", lambda at: 5 if at else 50
        )
        await store.reservations.reserve(request(1_000, "SKU-2"))  # the script is known
        traffic = store.runner.connection.traffic
        commands, flushes = traffic.commands, traffic.flushes
        answers = await batch(store)
        assert len(answers) == traffic.commands - commands
        assert traffic.flushes - flushes == (
            -(-len(answers) // PIECE) if together else len(answers)
        )
        reserved = [a.reservation.reservation_id for a in answers if isinstance(a, Reserved)]
        assert reserved == [f"R{n}" for n in (*range(50), *range(60, 98))]
        assert [InsufficientStock] * 4 == [type(answer) for answer in answers[50:54]]
        assert [IdempotencyConflict, UnknownMarket, InsufficientStock] == [
            type(answer) for answer in answers[-3:]
        ]
