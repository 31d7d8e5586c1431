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


def ask_moment(connection: Connection, partition: Partition) -> asyncio.Future[list[Reply]]:
    """Ask for both, before whatever is asked for next on this connection."""
    moment = connection.pipeline([("TIME",), ("XREVRANGE", partition.ledger, "+", "-", "COUNT", 1)])
    # A failure is told to the callers; it is no news that the loop should log.
    moment.add_done_callback(asyncio.Future.exception)
    return moment


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
