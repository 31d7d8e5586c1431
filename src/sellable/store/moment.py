"""When a question was put to the store: its time, and the youngest entry of its ledger by then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sellable.errors import SellableError

if TYPE_CHECKING:
    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.replies import Reply

LEDGER_EMPTY: Final = "0-0"


class Moments:
    """The moment of each tick of the event loop, asked for once, before whatever it is about."""

    def __init__(self, connection: Connection, partition: Partition) -> None:
        self._connection = connection
        self._questions = [("TIME",), ("XREVRANGE", partition.ledger, "+", "-", "COUNT", 1)]
        self._loop = asyncio.get_running_loop()
        self._of_tick: asyncio.Future[list[Reply]] | None = None

    def ask(self) -> asyncio.Future[list[Reply]]:
        """Ask for the moment, before whatever this tick asks for next on the connection.

        Raises:
            Overloaded, StoreUnavailable: At once; nothing was asked.
        """
        # Whatever still runs before it is forgotten is asked for before anything is sent.
        if self._of_tick is None:
            self._of_tick = self._connection.pipeline(self._questions)
            # A failure is told to the callers; it is no news that the loop should log.
            self._of_tick.add_done_callback(asyncio.Future.exception)
            self._loop.call_soon(self._forget)
        return self._of_tick

    def _forget(self) -> None:
        self._of_tick = None


def moment_of(replies: list[Reply]) -> tuple[int, str]:
    """Return the milliseconds since 1970 and the position that were answered.

    Raises:
        SellableError: The store refused one of the questions.
    """
    time, entries = replies
    for reply in replies:
        if isinstance(reply, SellableError):
            raise reply
    milliseconds = int(time[0]) * 1000 + int(time[1]) // 1000
    return milliseconds, entries[0][0].decode() if entries else LEDGER_EMPTY
