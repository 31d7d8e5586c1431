"""Work that goes on until it is told to stop, and then finishes what it has in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


async def until_stopped(
    work: Coroutine[Any, Any, None],
    telling: Coroutine[Any, Any, None],
    stopping: asyncio.Event,
    *,
    grace_s: float,
    late: Callable[[], None],
) -> None:
    """Run work until it ends, or until the grace after `stopping` is over; raise what it raises.

    Args:
        work: Looks at `stopping` and ends by itself; cancelled after the grace.
        telling: Runs beside it, and is cancelled with its end.
        stopping: Set from elsewhere.
        grace_s: How long work may go on after that.
        late: Called where work had to be cancelled.
    """
    working = asyncio.ensure_future(work)
    told = asyncio.ensure_future(telling)
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=grace_s)
        if not working.done():
            late()
    finally:
        for task in (working, told, stopped):
            task.cancel()
        await asyncio.gather(working, told, stopped, return_exceptions=True)
    if not working.cancelled():
        working.result()
