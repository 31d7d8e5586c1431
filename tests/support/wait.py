"""Conditions awaited with a deadline; the only place where tests let time pass."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DEADLINE_S_DEFAULT = 15.0
_POLL_S = 0.005


def eventually(condition: Callable[[], object], deadline_s: float = DEADLINE_S_DEFAULT) -> None:
    """Return as soon as the condition holds; fail by name when the deadline passes first."""
    until = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{condition} did not hold within {deadline_s} s")
        time.sleep(_POLL_S)


async def eventually_async(
    condition: Callable[[], Awaitable[object]], deadline_s: float = DEADLINE_S_DEFAULT
) -> None:
    """Do the same for a condition that has to be awaited."""
    until = time.monotonic() + deadline_s
    while not await condition():
        if time.monotonic() > until:
            raise AssertionError(f"{condition} did not hold within {deadline_s} s")
        await asyncio.sleep(_POLL_S)
