"""A log on its way into the store, by scripts of which some are under way (`courtesy.py`).

The next is sent before the first has answered. Where the first stops early, the next finds the
log elsewhere than it was told, does nothing, and is sent again: so order holds, and each row is
applied once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sellable.store.applying import ROWS_PER_SCRIPT_MAX, Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from sellable.stock import FactResult
    from sellable.store.applying import Row
    from sellable.store.courtesy import Courtesy

_ROWS_HELD_MAX: Final = 2 * ROWS_PER_SCRIPT_MAX


class OutOfStep(Exception):
    """Somebody else moves the log; `progress` rows of it are applied."""

    def __init__(self, progress: int) -> None:
        super().__init__(f"another process applies this log: {progress} of its rows are applied")
        self.progress = progress


class LogAnswer(NamedTuple):
    """What became of the first rows of a call; `progress` rows of the log are applied now."""

    results: list[FactResult]
    progress: int
    position: str


class Log(NamedTuple):
    """A log of a source, and whether those of its rows that are refused become dead letters."""

    source: str
    name: str
    keep_rejected: bool


class AppliesLogs(Protocol):
    """What applies a part of a log and says how much work that was."""

    def apply_part(
        self, log: Log, first: int, rows: Sequence[Row]
    ) -> Awaitable[tuple[LogAnswer, float]]: ...


class _Sent:
    """Rows under way; `in_vain` are those behind rows that were not applied."""

    def __init__(self, task: asyncio.Task[tuple[LogAnswer, float]], rows: list[Row]) -> None:
        self.task = task
        self.rows = rows
        self.in_vain = False


class Pipeline:
    """Rows of one log that wait (`rows`), and those that are under way."""

    def __init__(self, store: AppliesLogs, log: Log, first: int, courtesy: Courtesy) -> None:
        self.rows: list[Row] = []
        self._store = store
        self._log = log
        self._next = first
        self._sent: deque[_Sent] = deque()
        self._pace = Pace()
        self._courtesy = courtesy

    @property
    def has_room(self) -> bool:
        """Whether another chunk may be held."""
        return len(self.rows) < _ROWS_HELD_MAX

    @property
    def busy(self) -> bool:
        """Whether rows wait or are under way."""
        return bool(self.rows or self._sent)

    @property
    def oldest(self) -> asyncio.Task[tuple[LogAnswer, float]] | None:
        """The call that will be answered next."""
        return self._sent[0].task if self._sent else None

    def send(self, *, hurry: bool) -> None:
        """Send what may be sent; less than a script can do only in a hurry."""
        at_once = self._courtesy.scripts_at_once
        while self.rows and sum(not sent.in_vain for sent in self._sent) < at_once:
            if len(self.rows) < self._pace.rows and (not hurry or self._sent):
                return
            rows = self.rows[: self._pace.rows]
            del self.rows[: self._pace.rows]
            call = self._store.apply_part(self._log, self._next, rows)
            self._sent.append(_Sent(asyncio.ensure_future(call), rows))
            self._next += len(rows)

    def answered(self) -> LogAnswer | None:
        """Take the oldest call off if it was answered; None: there is no answer yet.

        Raises:
            OutOfStep: The log is elsewhere than anything that was sent here left it.
        """
        while self._sent and self._sent[0].task.done():
            sent = self._sent.popleft()
            answer, work = sent.task.result()
            if sent.in_vain:
                continue
            count = len(answer.results)
            self._pace.learn(count, work, self._courtesy.work_max)
            if count < len(sent.rows):
                self._take_back(sent, count)
                if answer.progress != self._next:
                    raise OutOfStep(answer.progress)
            if count:
                return answer
        return None

    async def stop(self, *others: asyncio.Task[Any] | None) -> None:
        """Wait for what is under way, whatever comes of it."""
        for task in filter(None, others):
            task.cancel()
        tasks = [sent.task for sent in self._sent]
        await asyncio.gather(*tasks, *filter(None, others), return_exceptions=True)

    def _take_back(self, sent: _Sent, count: int) -> None:
        behind = [later for later in self._sent if not later.in_vain]
        rows = sent.rows[count:]
        self._next -= len(rows)
        for later in behind:
            later.in_vain = True
            rows += later.rows
            self._next -= len(later.rows)
        self.rows[:0] = rows
