"""Reads: all requests of one event-loop tick become one HMGET per market.

Decisions

*One question to the store per tick, not per request.* A request adds its SKUs to its market's list
and gets a future; the tick's callback concatenates the lists, asks once, and cuts the answer up
again. Nothing is de-duplicated: a field costs the engine less than a set costs Python.

*Time and ledger are asked first.* The time and the last id of the ledger are read before the
numbers, on the same connection, so the numbers surely include that position, and are not older
than that time.

*The market's own facts ride along.* Field `META_FIELD` of the view says whether all of its numbers
belong to the current epoch, and when they change by themselves. Normally its bytes are those of the
last time, and nothing is parsed. Otherwise each caller has its own SKUs recomputed (and the network
switched, if its time has come) and reads again, within its own deadline.

*A number that a quota limits is marked.* What is left of the quota changes with every sale of its
class, so only such numbers are asked for once more, by a script that knows it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from sellable.errors import BugError, SellableError, StoreUnavailable
from sellable.store.admission import Admission
from sellable.store.columns import COLUMN_MAX, Columns
from sellable.store.metas import Metas
from sellable.store.moment import Moments, moment_of
from sellable.store.refreshes import Refreshes
from sellable.store.view import META_FIELD, MarketMeta, is_marked, marked_number, number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.refreshes import Refresh
    from sellable.store.replies import Reply
    from sellable.store.wire import Command

_log: Final = structlog.get_logger(__name__)

_REFRESHES_MAX: Final = 5
_LIMITED_PER_CALL: Final = 200

Answer: TypeAlias = tuple[list[int], str, MarketMeta]
Limited: TypeAlias = "Callable[[str, Sequence[str]], Awaitable[list[int]]]"
_Request: TypeAlias = "tuple[asyncio.Future[Answer], Sequence[str]]"


class Reads:
    """The micro-batcher of one partition.

    Args:
        connection: Where to ask; other callers may share it.
        partition: Whose views are read.
        refresh: Recomputes these SKUs of a market whose roll-out is not complete, and returns the
            epoch that their numbers have at least.
        limited: Asks for numbers anew, with what is left of the quotas of the market.
        clock: The time in ms; 0 is the engine's.
        skus_max: SKUs accepted and not yet answered, over all markets; more are refused.
        requests_max: The same for requests.
    """

    def __init__(
        self,
        connection: Connection,
        partition: Partition,
        *,
        refresh: Refresh,
        limited: Limited,
        clock: Callable[[], int],
        skus_max: int = 200_000,
        requests_max: int = 10_000,
    ) -> None:
        self._connection = connection
        self._partition = partition
        self._refreshes = Refreshes(refresh, lambda: connection.traffic.reconnects)
        self._limited = limited
        self._metas = Metas(clock)
        self.admission = Admission(skus_max, requests_max)
        self._moments = Moments(connection, partition)
        self._loop = asyncio.get_running_loop()
        self._tick: dict[str, list[_Request]] = {}
        self.columns = Columns(connection, partition, self._moments, self._metas, self.admission)

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
        meta = answer[2]
        if meta.limited or not meta.complete:
            answer = await self._settled(market, skus, answer)
        return answer[0], answer[1]

    async def with_meta(self, market: str, skus: Sequence[str]) -> Answer:
        """Return what `sellable` does, and what the market says about itself."""
        answer = await self._ask(market, skus)
        meta = answer[2]
        if meta.limited or not meta.complete:
            answer = await self._settled(market, skus, answer)
        return answer

    async def _settled(self, market: str, skus: Sequence[str], answer: Answer) -> Answer:
        """Make an answer final: under the market's epoch, and within its quotas."""
        if not answer[2].complete:
            answer = await self._recomputed(market, skus)
        numbers, position, meta = answer
        marked = [at for at, told in enumerate(numbers) if is_marked(told)] if meta.limited else []
        for start in range(0, len(marked), _LIMITED_PER_CALL):
            part = marked[start : start + _LIMITED_PER_CALL]
            told = await self._limited(market, [skus[at] for at in part])
            for at, within in zip(part, told, strict=True):
                numbers[at] = within
        return numbers, position, meta

    async def _recomputed(self, market: str, skus: Sequence[str]) -> Answer:
        """Have these SKUs recomputed under the market's epoch, and read them again."""
        for _ in range(_REFRESHES_MAX):
            epoch = await self._refreshes.refresh(market, skus)
            answer = await self._ask(market, skus)
            meta = answer[2]
            if meta.complete or (meta.epoch <= epoch and not meta.due):
                return answer
        raise StoreUnavailable(f"the network of market {market} changes faster than it can be read")

    def _ask(self, market: str, skus: Sequence[str]) -> asyncio.Future[Answer]:
        self.admission.enter(len(skus), 1)
        if not self._tick:
            self._loop.call_soon(self._dispatch)
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._tick.setdefault(market, []).append((future, skus))
        return future

    def _dispatch(self) -> None:
        tick, self._tick = self._tick, {}
        at = self._refreshes.next_tick()
        for market, asked in tick.items():
            # Callers that have left are not asked for. Those that leave later are counted until
            # the store has answered, as it works for them all the same.
            requests = [request for request in asked if not request[0].done()]
            self._forget([request for request in asked if request[0].done()])
            if not requests:
                continue
            for batch in _batches(requests):
                try:
                    moment = self._moments.ask()
                    views = self._connection.pipeline(self._hmgets(market, batch))
                except (SellableError, TypeError, ValueError) as error:
                    self._refuse(batch, error)
                    continue
                self.admission.tally.observe(len(batch), sum([len(skus) for _, skus in batch]))
                views.add_done_callback(partial(self._deliver, market, batch, at, moment))

    def _hmgets(self, market: str, requests: list[_Request]) -> list[Command]:
        key = self._partition.view(market)
        skus = list(chain.from_iterable([skus for _, skus in requests]))
        return [
            ("HMGET", key, META_FIELD, *skus[start : start + COLUMN_MAX])
            for start in range(0, len(skus) or 1, COLUMN_MAX)
        ]

    def _deliver(
        self,
        market: str,
        requests: list[_Request],
        tick: int,
        moment: asyncio.Future[list[Reply]],
        views: asyncio.Future[list[Reply]],
    ) -> None:
        try:
            now_ms, position = moment_of(moment.result())  # answered before the views, in order
            replies = views.result()
            meta = self._metas.read(market, replies, now_ms)
            read = marked_number if meta.limited else number
            numbers = list(map(read, chain.from_iterable([reply[1:] for reply in replies])))
        except (SellableError, TypeError, ValueError) as error:
            self._refuse(requests, error)
            return
        self._forget(requests)
        start = 0
        for future, skus in requests:
            end = start + len(skus)
            if not future.done():
                told = meta if meta.complete else self._unless_known(meta, skus, tick)
                future.set_result((numbers[start:end], position, told))
            start = end

    def _unless_known(self, meta: MarketMeta, skus: Sequence[str], tick: int) -> MarketMeta:
        """Say complete of SKUs that had been recomputed before they were asked for."""
        if meta.due or not self._refreshes.cover(skus, meta.epoch, tick):
            return meta
        return meta._replace(complete=True)

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
        self.admission.leave(sum([len(skus) for _, skus in requests]), len(requests))


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
            room = COLUMN_MAX
        batches[-1].append(request)
        room -= size
    return batches
