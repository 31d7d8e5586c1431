"""Plans are worked on beside the event loop, and few wait for them."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

import pytest

from sellable.dispatch.solving import Solving
from sellable.errors import Overloaded
from support.wait import eventually_async

WAIT_S_MAX: Final = 10.0


async def test_event_loop_goes_on_while_a_plan_is_worked_on() -> None:
    """The work runs in another thread, and its seconds are counted."""
    solving = Solving(threads=1, queue_max=1)
    go = threading.Event()
    running = asyncio.ensure_future(solving.run(go.wait, WAIT_S_MAX))
    await asyncio.sleep(0)
    go.set()
    assert await running
    assert threading.get_ident() != await solving.run(threading.get_ident)

    async def counted() -> bool:
        return sum(solving.seconds.counts) == 2

    await eventually_async(counted)


async def test_more_than_may_wait_is_refused_at_once() -> None:
    """The refusal names its queue and does nothing; the place is free again after the work."""
    solving = Solving(threads=1, queue_max=2)
    go = threading.Event()
    accepted = [asyncio.ensure_future(solving.run(go.wait, WAIT_S_MAX)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as refused:
        await solving.run(go.wait)
    assert ("sourcing", 1) == (refused.value.queue, solving.refused)
    go.set()
    assert [True, True] == await asyncio.gather(*accepted)

    async def free() -> bool:
        return solving.under_way == 0

    await eventually_async(free)
    assert await solving.run(go.wait, WAIT_S_MAX)


async def test_caller_that_leaves_does_not_free_the_thread() -> None:
    """Work that nobody waits for any more counts until it is done; what waits is never begun."""
    solving = Solving(threads=1, queue_max=2)
    go, begun = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return go.wait(WAIT_S_MAX)

    running = asyncio.ensure_future(solving.run(work))
    waiting = asyncio.ensure_future(solving.run(work))
    assert await asyncio.to_thread(begun.wait, WAIT_S_MAX)
    for task in (running, waiting):
        task.cancel()
    assert 2 == len(await asyncio.gather(running, waiting, return_exceptions=True))

    async def one_left() -> bool:
        return solving.under_way == 1

    async def none_left() -> bool:
        return solving.under_way == 0

    await eventually_async(one_left)
    go.set()
    await eventually_async(none_left)


async def test_what_fails_fails_for_its_caller() -> None:
    """An error of the work is raised where it is waited for, and the place is free again."""
    solving = Solving(threads=1, queue_max=1)

    def fail() -> None:
        raise ZeroDivisionError

    async def idle() -> bool:
        return solving.under_way == 0

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await solving.run(fail)
        await eventually_async(idle)
