"""Reads: all requests of one event-loop tick become one HMGET per market.

Decisions

*One question to the store per tick, not per request.* A request adds its SKUs to its market's list
and gets a future; the tick's callback concatenates the lists, asks once, and cuts the answer up
again. Nothing is de-duplicated: a field costs the engine less than a set costs Python.

*The ledger is asked first.* The last id of the ledger is read before the numbers, on the same
connection, so it is a position that the numbers surely include.

*The market's own facts ride along.* Field `META_FIELD` of the view says whether all of its numbers
belong to the current epoch. In the normal case its bytes are those of the last time, and nothing
is parsed. Otherwise each caller has its own SKUs recomputed and reads again, within its own
deadline.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import structlog

from sellable.errors import BugError, Overloaded, SellableError, StoreUnavailable, UnknownMarket
from sellable.limits import HMGET_FIELDS_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.replies import Reply
    from sellable.store.wire import Command

_log: Final = structlog.get_logger(__name__)

META_FIELD: Final = b"\x01"  # no SKU may contain a control character
LEDGER_EMPTY: Final = "0-0"
ABSENT: Final = -1  # the market has no position of the SKU

_SKUS_PER_HMGET: Final = HMGET_FIELDS_MAX - 1
_REFRESHES_MAX: Final = 5
_RETRY_AFTER_MS: Final = 100
_COMMON_NUMBERS: Final = 10_000


class MarketMeta(NamedTuple):
    """What the view of a market says about itself."""

    complete: bool
    epoch: int
    version: int
    low_stock_threshold: int


Answer: TypeAlias = tuple[list[int], str, MarketMeta]
Refresh: TypeAlias = "Callable[[str, Sequence[str]], Awaitable[int]]"
_Request: TypeAlias = "tuple[asyncio.Future[Answer], Sequence[str]]"


class _Numbers(dict[bytes | None, int]):
    """Text of the engine to number: looking a common one up takes half the time of parsing it."""

    def __missing__(self, text: bytes) -> int:
        return int(text)


_number: Final[Callable[[bytes | None], int]] = _Numbers(
    {None: ABSENT} | {b"%d" % number: number for number in range(_COMMON_NUMBERS)}
).__getitem__


class Reads:
    """The micro-batcher of one partition.

    Args:
        connection: Where to ask; other callers may share it.
        partition: Whose views are read.
        refresh: Recomputes these SKUs of a market whose roll-out is not complete, and returns the
            epoch that their numbers have at least.
        skus_max: SKUs accepted and not yet answered, over all markets; more are refused.
        requests_max: The same for requests.
    """

    def __init__(
        self,
        connection: Connection,
        partition: Partition,
        *,
        refresh: Refresh,
        skus_max: int = 200_000,
        requests_max: int = 10_000,
    ) -> None:
        self._connection = connection
        self._partition = partition
        self._refresh = refresh
        self._skus_max = skus_max
        self._requests_max = requests_max
        self._loop = asyncio.get_running_loop()
        self._tick: dict[str, list[_Request]] = {}
        self._skus_waiting = 0
        self._requests_waiting = 0
        self._current: dict[str, tuple[bytes | None, MarketMeta]] = {}

    async def sellable(self, market: str, skus: Sequence[str]) -> tuple[list[int], str]:
        """Return the sellable quantity of every SKU, in order, and the ledger position.

        A SKU without a position in the market is `ABSENT`.

        Raises:
            UnknownMarket: No such market.
            Overloaded: At once, when too much is waiting.
            StoreUnavailable: The store is lost, or did not answer in time.
        """
        # The hot path: what with_meta does, without a coroutine of its own in between.
        answer = await self._ask(market, skus)
        if not answer[2].complete:
            answer = await self._settled(market, skus)
        return answer[0], answer[1]

    async def with_meta(self, market: str, skus: Sequence[str]) -> Answer:
        """Return what `sellable` does, and what the market says about itself."""
        answer = await self._ask(market, skus)
        if answer[2].complete:
            return answer
        return await self._settled(market, skus)

    async def _settled(self, market: str, skus: Sequence[str]) -> Answer:
        """Have these SKUs recomputed under the market's epoch, and read them again."""
        for _ in range(_REFRESHES_MAX):
            epoch = await self._refresh(market, skus)
            answer = await self._ask(market, skus)
            meta = answer[2]
            if meta.complete or meta.epoch <= epoch:
                return answer
        raise StoreUnavailable(f"the network of market {market} changes faster than it can be read")

    def _ask(self, market: str, skus: Sequence[str]) -> asyncio.Future[Answer]:
        if (
            self._skus_waiting + len(skus) > self._skus_max
            or self._requests_waiting >= self._requests_max
        ):
            raise Overloaded("read", _RETRY_AFTER_MS)
        self._skus_waiting += len(skus)
        self._requests_waiting += 1
        if not self._tick:
            self._loop.call_soon(self._dispatch)
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._tick.setdefault(market, []).append((future, skus))
        return future

    def _dispatch(self) -> None:
        tick, self._tick = self._tick, {}
        ledger: asyncio.Future[Reply] | None = None
        for market, asked in tick.items():
            # Callers that have left are not asked for. Those that leave later are counted until
            # the store has answered, as it works for them all the same.
            requests = [request for request in asked if not request[0].done()]
            self._forget([request for request in asked if request[0].done()])
            if not requests:
                continue
            for batch in _batches(requests):
                try:
                    if ledger is None:
                        ledger = self._ask_ledger()
                    views = self._connection.pipeline(self._hmgets(market, batch))
                except (SellableError, TypeError, ValueError) as error:
                    self._refuse(batch, error)
                    continue
                views.add_done_callback(partial(self._deliver, market, batch, ledger))

    def _ask_ledger(self) -> asyncio.Future[Reply]:
        ledger = self._connection.execute("XREVRANGE", self._partition.ledger, "+", "-", "COUNT", 1)
        # A failure is told to the callers; it is no news that the loop should log.
        ledger.add_done_callback(asyncio.Future.exception)
        return ledger

    def _hmgets(self, market: str, requests: list[_Request]) -> list[Command]:
        key = self._partition.view(market)
        skus = list(chain.from_iterable([skus for _, skus in requests]))
        return [
            ("HMGET", key, META_FIELD, *skus[start : start + _SKUS_PER_HMGET])
            for start in range(0, len(skus) or 1, _SKUS_PER_HMGET)
        ]

    def _deliver(
        self,
        market: str,
        requests: list[_Request],
        ledger: asyncio.Future[Reply],
        views: asyncio.Future[list[Reply]],
    ) -> None:
        try:
            position = _position(ledger.result())  # answered before the views, in order
            replies = views.result()
            meta = self._meta(market, replies)
            numbers = list(map(_number, chain.from_iterable([reply[1:] for reply in replies])))
        except (SellableError, ValueError) as error:
            self._refuse(requests, error)
            return
        self._forget(requests)
        start = 0
        for future, skus in requests:
            end = start + len(skus)
            if not future.done():
                future.set_result((numbers[start:end], position, meta))
            start = end

    def _meta(self, market: str, replies: list[Reply]) -> MarketMeta:
        for reply in replies:
            if isinstance(reply, SellableError):
                raise reply
        known = self._current.get(market)
        if known is not None and all(reply[0] == known[0] for reply in replies):
            return known[1]
        return self._changed_meta(market, [reply[0] for reply in replies])

    def _changed_meta(self, market: str, texts: list[bytes | None]) -> MarketMeta:
        # The market may change between the HMGETs of one tick: the least settled answer counts
        # for all of them.
        self._current.pop(market, None)
        metas = [_parse_meta(market, text) for text in texts]
        unsettled = [meta for meta in metas if not meta.complete]
        if unsettled:
            return max(unsettled, key=lambda meta: meta.epoch)
        self._current[market] = (texts[-1], metas[-1])
        return metas[-1]

    def _refuse(self, requests: list[_Request], error: Exception) -> None:
        self._forget(requests)
        if isinstance(error, StoreUnavailable):
            error = StoreUnavailable(str(error))  # a read has no outcome to be unsure of
        elif not isinstance(error, SellableError):
            _log.error("read_batch_rejected", error=str(error))
            error = BugError("a view or a request holds what cannot be read")
        for future, _ in requests:
            if not future.done():
                future.set_exception(error)

    def _forget(self, requests: Sequence[_Request]) -> None:
        self._requests_waiting -= len(requests)
        self._skus_waiting -= sum([len(skus) for _, skus in requests])


def _batches(requests: list[_Request]) -> list[list[_Request]]:
    """Cut a tick into batches of whole requests, of one HMGET each where they fit into one.

    The first batch is answered while the engine still reads the next one.
    """
    batches: list[list[_Request]] = []
    room = -1
    for request in requests:
        size = len(request[1])
        if size > room:
            batches.append([])
            room = _SKUS_PER_HMGET
        batches[-1].append(request)
        room -= size
    return batches


def _parse_meta(market: str, text: bytes | None) -> MarketMeta:
    if text is None:
        raise UnknownMarket(market)
    complete, epoch, version, low_stock_threshold = map(int, text.split())
    return MarketMeta(complete == 1, epoch, version, low_stock_threshold)


def _position(entries: list[list[bytes]]) -> str:
    return entries[0][0].decode() if entries else LEDGER_EMPTY
