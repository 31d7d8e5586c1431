"""What tests of the connection to the store share."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from sellable.errors import StoreUnavailable
from sellable.store.scripts import Script
from sellable.store.wire import WireLimits

if TYPE_CHECKING:
    from sellable.store.connection import Connection
    from sellable.store.replies import Reply

# For tests that pause the store: no timeout of the connection comes before their own.
PATIENT = WireLimits(command_timeout_ms=30_000)


def script(source: str) -> Script:
    """Make a script of its source."""
    return Script("test", source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


ADD = script("#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])")


async def answers(connection: Connection) -> bool:
    """Tell whether the store is there again."""
    try:
        return bool(await connection.execute("PING"))
    except StoreUnavailable:
        return False


async def written() -> None:
    """Return in the next tick, when everything that was asked so far has left this process."""
    await asyncio.sleep(0)


async def outcome(future: asyncio.Future[Reply]) -> object:
    """Return what became of a call: its reply, or whether its outcome is unknown."""
    try:
        return await future
    except StoreUnavailable as lost:
        return lost.outcome_unknown
