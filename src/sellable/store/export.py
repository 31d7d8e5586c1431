"""Export: every SKU of a market, page by page, beside everything else that the store does.

Decisions

*The view is walked, not copied.* HSCAN answers every SKU that is in the view from its first step
to its last, whatever is written meanwhile. The numbers it answers are not used: names are read
again as any caller reads them, so a page is as fresh as a CheckAvailability of that moment.

*What a roll-out has not reached is read first.* SKUs of a location that has just joined the market
come into the view when somebody recomputes them. Those of locations that wait for the roll-out are
therefore looked up first, and what the view lacks is read, which puts it there.

*A page is made when the one before it has been taken.* Nothing is read ahead, so a client that is
slow holds one page, and one that has gone away ends the walk. While a client is slow, the native
transport waits in a thread of the event loop's pool, which has at least five and others need too:
this is why the exports at once are bounded.

*The walk rests.* Each step reads 200 SKUs by calls of bounded work, and after it the walk waits as
long as the step took. An export has at most half of what it could have, and less when others make
its steps slow.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from sellable.errors import Overloaded, StoreUnavailable
from sellable.limits import EXPORT_PAGE_ITEMS_MAX, EXPORTS_AT_ONCE_MAX, HMGET_FIELDS_MAX
from sellable.store.view import META_FIELD

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterator,
        Sequence,
    )

    from sellable.stock import Availability
    from sellable.store.availability import Availabilities
    from sellable.store.runner import Runner

_NAMES_PER_SCAN: Final = 400
_SKUS_PER_CALL: Final = 200
_REST_S_MAX: Final = 0.2
_TRIES_MAX: Final = 100
_RETRY_AFTER_MS: Final = 1_000

T = TypeVar("T")

_decode: Final = msgspec.msgpack.Decoder().decode


class Page(NamedTuple):
    """Some SKUs of the market; the revision is that of before the first page."""

    items: list[Availability]
    revision: str
    fraction: float


class _Names(NamedTuple):
    """Names found by a step of the walk, and how much of it is done."""

    skus: list[str]
    fraction: float


class Exports:
    """The exports of one process."""

    def __init__(self, runner: Runner, availability: Availabilities) -> None:
        self._runner = runner
        self._availability = availability
        self._running = 0

    async def pages(self, market: str) -> AsyncGenerator[Page, None]:
        """Yield every SKU that has a position in the market; the last page has fraction 1.

        Raises:
            UnknownMarket: No such market; also in between, if it leaves the network.
            Overloaded: Before the first page, while this process makes as many as it may.
            StoreUnavailable: The store is lost, or was lost and found again in between.
        """
        with self._place():
            # This settles a switch that is due, so that the walk knows what waits for a roll-out.
            _, revision = await self._availability.numbers(market, [])
            waiting = await self._waiting(market)
            if waiting:
                yield Page([], revision, 0.0)  # what follows may take a while to find anything
            items: list[Availability] = []
            async with aclosing(self._steps(market, waiting)) as steps:
                async for step in steps:
                    while len(items) + len(step.skus) > EXPORT_PAGE_ITEMS_MAX:
                        room = EXPORT_PAGE_ITEMS_MAX - len(items)
                        items += await self._read(market, step.skus[:room])
                        del step.skus[:room]
                        if len(items) == EXPORT_PAGE_ITEMS_MAX:
                            yield Page(items, revision, step.fraction)
                            items = []
                    items += await self._read(market, step.skus)
            yield Page(items, revision, 1.0)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._running >= EXPORTS_AT_ONCE_MAX:
            raise Overloaded("export", _RETRY_AFTER_MS)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def _steps(self, market: str, waiting: Sequence[str]) -> AsyncGenerator[_Names, None]:
        """Yield the name of every SKU of the market; some of them twice."""
        runner = self._runner
        view = runner.partition.view(market)
        for location in waiting:
            async for names in self._scan("SSCAN", runner.partition.location(location)):
                yield _Names(await self._absent(view, names), 0.0)
        count = max(1, int(await runner.connection.execute("HLEN", view)))
        seen = 0
        async for fields in self._scan("HSCAN", view):
            names = [name for name in fields[::2] if name != META_FIELD]
            seen += len(names)
            yield _Names([name.decode() for name in names], min(1.0, seen / count))

    async def _scan(self, command: str, key: str) -> AsyncIterator[list[bytes]]:
        connection = self._runner.connection
        reconnects = connection.traffic.reconnects
        cursor = b"0"
        while True:
            step = (command, key, cursor, "COUNT", _NAMES_PER_SCAN)
            cursor, found = await _patiently(partial(connection.execute, *step))
            if connection.traffic.reconnects != reconnects:
                # A store that was started again orders its keys anew: this cursor would skip some.
                raise StoreUnavailable("the connection to the store was lost during the export")
            yield found
            if cursor == b"0":
                return

    async def _waiting(self, market: str) -> list[str]:
        """Return the locations of the market that a roll-out still has to walk."""
        runner = self._runner
        pending = await runner.connection.execute("ZRANGE", runner.partition.pending, 0, -1)
        if not pending:
            return []
        members, chunk = set(), 0
        while packed := await runner.connection.execute(
            "HGET", runner.partition.net, f"o:{market}:{chunk}"
        ):
            members.update(_decode(packed))
            chunk += 1
        return [name for name in (raw.decode() for raw in pending) if name in members]

    async def _absent(self, view: str, names: Sequence[bytes]) -> list[str]:
        absent, begun = [], time.monotonic()
        for start in range(0, len(names), HMGET_FIELDS_MAX):
            asked = names[start : start + HMGET_FIELDS_MAX]
            numbers = await self._runner.connection.execute("HMGET", view, *asked)
            absent += [
                name.decode() for name, number in zip(asked, numbers, strict=True) if number is None
            ]
        await _rest(begun)
        return absent

    async def _read(self, market: str, skus: Sequence[str]) -> list[Availability]:
        """Read SKUs in bounded calls; those that have left the market are left out."""
        items: list[Availability] = []
        for start in range(0, len(skus), _SKUS_PER_CALL):
            begun = time.monotonic()
            some = skus[start : start + _SKUS_PER_CALL]
            items += (await _patiently(partial(self._availability.items, market, some)))[0]
            await _rest(begun)
        return [item for item in items if item.sellable >= 0]


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask; where others fill the queue, let them go first for some seconds."""
    for _ in range(_TRIES_MAX):
        try:
            return await ask()
        except Overloaded as refused:
            await asyncio.sleep(refused.retry_after_ms / 1_000)
    return await ask()


async def _rest(begun: float) -> None:
    """Leave the engine and the loop to others for as long as this step took."""
    await asyncio.sleep(min(_REST_S_MAX, time.monotonic() - begun))
