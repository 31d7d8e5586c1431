"""Whole columns of a view: for whoever has put together the requests of a tick already.

An HMGET of some hundred SKUs is written here as the engine takes it (RESP2, https://valkey.io/
topics/protocol), because a client that packs argument by argument costs as much as all the rest of
such a read: where the names of a request arrive one after the other, a single `replace` makes
arguments of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import hiredis

from sellable.limits import HMGET_FIELDS_MAX
from sellable.store.moment import moment_of
from sellable.store.view import META_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.store.admission import Admission
    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.metas import Metas
    from sellable.store.moment import Moments
    from sellable.store.view import MarketMeta

COLUMN_MAX: Final = HMGET_FIELDS_MAX - 1  # beside the market's own field

_pack: Final = cast("Callable[[tuple[str, ...]], bytes]", hiredis.pack_command)


class Column(NamedTuple):
    """What the view of a market says of some SKUs, as it stands there: texts, None for no position.

    Final for a market that is `complete`, but for texts that end with a quota's mark.
    """

    texts: list[bytes | None]
    position: str
    meta: MarketMeta


class Columns:
    """Reads of columns, beside those of `Reads`."""

    def __init__(
        self,
        connection: Connection,
        partition: Partition,
        moments: Moments,
        metas: Metas,
        admission: Admission,
    ) -> None:
        self._connection = connection
        self._partition = partition
        self._moments = moments
        self._metas = metas
        self._admission = admission
        self._heads: dict[str, bytes] = {}

    def settled(self, market: str) -> bool:
        """Tell whether the market was complete when it was last read."""
        return self._metas.settled(market)

    async def read(
        self, market: str, arguments: Sequence[bytes], skus: int, requests: int
    ) -> Column:
        """Read SKUs of several requests by one HMGET, and leave the cutting up to the caller.

        Args:
            market: Whose view; `settled`, which bounds how many are kept in mind here.
            arguments: The SKUs, as `arguments_of` writes them, in pieces.
            skus: How many they are, at most `COLUMN_MAX`.
            requests: How many wait for it.

        Raises:
            UnknownMarket: No such market.
            Overloaded: At once, when too much is waiting.
            StoreUnavailable: The store is lost, or did not answer in time.
        """
        self._admission.enter(skus, requests)
        self._admission.tally.observe(requests, skus)
        try:
            moment = self._moments.ask()
            head = self._heads.get(market) or self._head(market)
            reply = await self._connection.send_packed(
                b"".join((b"*%d" % (skus + 3), head, *arguments, b"\r\n"))
            )
        finally:
            self._admission.leave(skus, requests)
        now_ms, position = moment_of(moment.result())  # answered before the view, in order
        meta = self._metas.read(market, (reply,), now_ms)
        del reply[0]
        return Column(reply, position, meta)

    def _head(self, market: str) -> bytes:
        head = arguments_of(("HMGET", self._partition.view(market), META_FIELD.decode()))
        self._heads[market] = head
        return head


def arguments_of(texts: tuple[str, ...]) -> bytes:
    """Write texts as arguments of a command, each begun by the end of what is before it."""
    packed = _pack(texts)
    return packed[packed.index(b"\r") : -2]


def same_sized(texts: bytes, mark: bytes, size: int) -> bytes:
    """Write texts of one size that stand behind a mark each as `arguments_of` does."""
    return texts.replace(mark, b"\r\n$%d\r\n" % size)
