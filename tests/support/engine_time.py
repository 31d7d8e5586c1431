"""How long the engine was at work: its CPU time, to which other work of the machine is nothing."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class EngineTime:
    """The engine time of calls that are made one at a time, in milliseconds, by their purpose.

    What one call takes is the CPU time that the server used between two looks, so nobody else may
    ask it anything meanwhile. SLOWLOG would count the time in which the server had to wait for a
    CPU as well. Where the system does not tell, the time of day is taken.
    """

    def __init__(self, pid: int) -> None:
        self.spent_ms: dict[str, list[float]] = {}
        self._pid = pid

    @contextmanager
    def measured(self, purpose: str) -> Iterator[None]:
        """Note the engine time of what is done in the block."""
        before = self._now_ns()
        yield
        self.spent_ms.setdefault(purpose, []).append((self._now_ns() - before) / 1e6)

    def longest_ms(self) -> dict[str, float]:
        """Return the longest call of each purpose, in the quietest fifth of the measurement.

        A machine that does other work makes single calls slower, by its caches and by time that a
        host takes from it; a script that is too slow is so in every fifth.
        """
        longest = {}
        for purpose, spent in self.spent_ms.items():
            calls = max(1, len(spent) // 5)
            fifths = [spent[at : at + calls] for at in range(0, len(spent) - calls + 1, calls)]
            longest[purpose] = min(map(max, fifths))
        return longest

    def _now_ns(self) -> int:
        if sys.platform != "linux":
            return time.monotonic_ns()
        # The kernel's number of the CPU clock of a process; see clock_getcpuclockid(3).
        return time.clock_gettime_ns((~self._pid << 3) | 2)
