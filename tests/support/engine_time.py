"""How long the engine was at work: its CPU time, which other work on the machine does not add to."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class EngineTime:
    """The engine time of calls made one at a time, in milliseconds, by what they were for.

    What one call takes is the CPU time that the server used between two looks, so nobody else may
    ask it anything meanwhile. SLOWLOG would count the time in which the server had to wait for a
    CPU as well. Where the system does not tell, the time of day is taken.
    """

    pid: int
    spent_ms: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def measured(self, purpose: str) -> Iterator[None]:
        """Note the engine time of what is done in the block."""
        before = self._now_ns()
        yield
        self.spent_ms.setdefault(purpose, []).append((self._now_ns() - before) / 1e6)

    def longest_ms(self) -> dict[str, float]:
        """Return the longest of each purpose."""
        return {purpose: max(spent) for purpose, spent in self.spent_ms.items()}

    def _now_ns(self) -> int:
        if sys.platform != "linux":
            return time.monotonic_ns()
        # The kernel's number of the CPU clock of a process; see clock_getcpuclockid(3).
        return time.clock_gettime_ns((~self.pid << 3) | 2)
