"""When the oldest count behind a number was observed, kept until somebody counts the SKU again.

Asking the engine costs a script that reads every position of a SKU. But these times change only
when a base does, and every script that sets one says so in a short stream (`rebased`). Each tick
that needs times reads the stream on from where the last one stopped, before it reads numbers; what
it names is forgotten. So a time that is answered is that of a moment after the question came in,
like the number beside it.

This holds by the order of one connection: replies arrive as the engine worked, and what follows
from each is done in that order, because every reply's future wakes exactly one waiter, first come,
first served. A time is kept only if one script read all of it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sellable.errors import SellableError
from sellable.store.moment import LEDGER_EMPTY
from sellable.store.observed import some_oldest_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.replies import Reply
    from sellable.store.runner import Runner
    from sellable.store.view import MarketMeta

KEPT_MAX: Final = 200_000  # of a SKU in a market, some 350 bytes each with what is written
BEHIND_MAX: Final = 100  # entries of the stream a tick; whoever is further behind forgets all

_NO_TEXT: Final = object()
_skus_of: Final = msgspec.msgpack.Decoder(list[str]).decode


class Age:
    """When the oldest count behind a number was observed.

    Attributes:
        sku: Of which SKU.
        observe_us: Microseconds since 1970; 0: nothing was counted.
        text: A number as the view has it, for which `written` was made.
        written: What a caller made of all of them, as long as they are the same.
    """

    __slots__ = ("observe_us", "sku", "text", "written")

    def __init__(self, sku: str, observe_us: int) -> None:
        self.sku = sku
        self.observe_us = observe_us
        self.text: object = _NO_TEXT
        self.written = b""


class _Market(NamedTuple):
    meta: MarketMeta
    ages: dict[str, Age]


class Ages:
    """The times that one process knows.

    Args:
        runner: How to ask.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stream = runner.partition.rebased
        self._loop = asyncio.get_running_loop()
        self._position: str | None = None  # of the stream; None: not known
        self._asked_in_tick = False
        self._connects = runner.connection.traffic.reconnects
        self._markets: dict[str, _Market] = {}

    def follow(self) -> None:
        """Ask what has been counted, before this tick reads numbers on the connection.

        Raises:
            Overloaded, StoreUnavailable: At once; nothing was asked.
        """
        if self._asked_in_tick:
            return
        connection = self._runner.connection
        if self._connects != connection.traffic.reconnects:
            self._connects = connection.traffic.reconnects
            self._begin_anew()  # a failover may have lost entries
        begin = self._position
        question: tuple[str | int, ...] = ("XREVRANGE", self._stream, "+", "-", "COUNT", 1)
        if begin is not None:
            question = ("XRANGE", self._stream, begin, "+", "COUNT", BEHIND_MAX + 1)
        connection.execute(*question).add_done_callback(partial(self._learn, begin))
        self._asked_in_tick = True
        self._loop.call_soon(self._end_tick)

    def known(self, market: str, meta: MarketMeta, skus: Sequence[str]) -> list[Age | None]:
        """Return the ages that are known, as long as the market says the same of itself."""
        kept = self._markets.get(market)
        if kept is None or kept.meta != meta:  # its locations may be others
            kept = self._markets[market] = _Market(meta, {})
        return list(map(kept.ages.get, skus))

    async def ask(self, market: str, skus: Sequence[str]) -> list[Age]:
        """Ask for ages, and keep them.

        Raises:
            StoreUnavailable: The store is lost, or did not answer in time.
        """
        ages: list[Age] = []
        while len(ages) < len(skus):
            rest = skus[len(ages) :]
            times, whole = await some_oldest_counts(self._runner, market, rest)
            found = list(map(Age, rest, times))
            self._keep(market, found[:whole])
            ages += found
        return ages

    def _keep(self, market: str, found: Sequence[Age]) -> None:
        kept = self._markets.get(market)
        if self._position is None or kept is None:
            return
        if sum(len(one.ages) for one in self._markets.values()) + len(found) > KEPT_MAX:
            self._begin_anew()
        else:
            kept.ages.update((age.sku, age) for age in found)

    def _learn(self, begin: str | None, answer: asyncio.Future[Reply]) -> None:
        error = answer.exception()
        if error is not None:
            if not isinstance(error, SellableError):
                raise error
            self._begin_anew()
        elif begin is None:
            if self._position is None:
                self._position = _last(answer.result())
        elif self._position is not None:
            self._forget(begin, answer.result())

    def _forget(self, begin: str, entries: list[Any]) -> None:
        if begin != LEDGER_EMPTY:
            # The stream is bounded and may be emptied: it must still have where we were.
            if not entries or entries[0][0] != begin.encode():
                self._begin_anew()
                return
            entries = entries[1:]
        if len(entries) >= BEHIND_MAX:
            self._begin_anew()
            return
        for _, (_, packed) in entries:
            for sku in _skus_of(packed):
                for kept in self._markets.values():
                    kept.ages.pop(sku, None)
        if entries:
            self._position = _last(entries[-1:])

    def _begin_anew(self) -> None:
        self._markets.clear()
        self._position = None

    def _end_tick(self) -> None:
        self._asked_in_tick = False


def _last(entries: list[Any]) -> str:
    position: str = entries[0][0].decode() if entries else LEDGER_EMPTY
    return position
