"""Waiting that grows, ends at once when the work is stopped, and never comes at one moment."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio import Event

_S_MIN: Final = 0.05
_S_MAX: Final = 1.0


class Pause:
    """How long to wait before something is tried again."""

    def __init__(self, stopping: Event) -> None:
        self._stopping = stopping
        self._next_s = _S_MIN

    async def longer(self) -> None:
        """Wait twice as long as the last time, up to a second."""
        # Many workers lose one store at the same moment and must not come back at one.
        await self.wait(self._next_s * random.uniform(0.5, 1))  # noqa: S311 - not a secret
        self._next_s = min(2 * self._next_s, _S_MAX)

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the work is stopped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def reset(self) -> None:
        """Begin with a short wait again."""
        self._next_s = _S_MIN
