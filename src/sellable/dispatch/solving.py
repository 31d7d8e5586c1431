"""Plans are worked on beside the event loop, by few threads, and few wait for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from sellable.errors import Overloaded
from sellable.tally import SECONDS, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

_RETRY_AFTER_MS: Final = 100
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class Solving:
    """A bounded pool of threads with a bounded queue.

    Args:
        threads: How many plans are worked on at once.
        queue_max: How many are under way, those that wait included.
    """

    def __init__(self, threads: int, queue_max: int) -> None:
        self.seconds = Histogram(SECONDS)
        self.refused = 0
        self.under_way = 0
        self._queue_max = queue_max
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sourcing")

    async def run(
        self, work: Callable[_Given, _Made], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Made:
        """Do some work in a thread and return what it made.

        Work that nobody waits for any more keeps its place until it is done: a thread cannot be
        stopped, and its limit ends it.

        Raises:
            Overloaded: Too many plans are under way; nothing was done.
        """
        if self.under_way >= self._queue_max:
            self.refused += 1
            raise Overloaded("sourcing", _RETRY_AFTER_MS)
        loop = asyncio.get_running_loop()
        self.under_way += 1
        future = self._pool.submit(_timed, partial(work, *args, **kwargs))

        def done(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed, and counts nothing any more
                loop.call_soon_threadsafe(self._leave, future)

        future.add_done_callback(done)
        made, _ = await asyncio.wrap_future(future)
        return made

    def _leave(self, future: Future[tuple[_Made, float]]) -> None:
        self.under_way -= 1
        if not future.cancelled() and future.exception() is None:
            self.seconds.observe(future.result()[1])


def _timed(work: Callable[[], _Made]) -> tuple[_Made, float]:
    begun_s = perf_counter()
    made = work()
    return made, perf_counter() - begun_s
