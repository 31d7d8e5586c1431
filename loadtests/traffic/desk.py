"""Where arrivals meet clients that are free: one desk for each kind of client in a process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gevent.queue import SimpleQueue

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Step:
    """A call that is to be made.

    Attributes:
        name: Of the call, as the statistics have it.
        planned_s: When it is to start, by `time.perf_counter`; its latency counts from then.
        make: Makes it, told when it was planned for.
    """

    name: str
    planned_s: float
    make: Callable[[float], None]


class Desk:
    """Hands each step to a client that is free, or refuses it: nothing waits in a line unseen."""

    def __init__(self) -> None:
        self.clients = 0
        self._free = 0
        self._steps: SimpleQueue[Step] = SimpleQueue()

    def offer(self, step: Step) -> bool:
        """Hand out a step; false if no client is free."""
        if not self._free:
            return False
        self._free -= 1
        self._steps.put(step)
        return True

    def take(self) -> Step:
        """Wait, as a client that is free, for a step."""
        self._free += 1
        taken = False
        try:
            step = self._steps.get()
            taken = True
        finally:
            if not taken:
                self._free -= 1  # the client left
        return step
