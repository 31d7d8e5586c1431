"""Rows of a log: an ordered stream of numbered rows whose position the store keeps with the rows.

The position is the number of the last row that is applied; numbers begin with 1. The store moves
it by compare-and-set in the script that applies the rows, so that any number of workers may read
one log: a worker that is late is told the position and drops what another one applied.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sellable.ingest.events import encode
from sellable.ingest.outcomes import words
from sellable.stock import Fact, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.ingest.source import Batch
    from sellable.store.feeds import Feeds

_INTERNAL: Final = "INTERNAL"


@dataclass(slots=True)
class Log:
    """One log of a source. `back` says that somebody had it read again from an earlier row."""

    source: str
    name: str
    tries_max: int
    back: bool = False


class LogBatch:
    """Rows of a log in hand: ascending numbers, with gaps where the log lost rows."""

    def __init__(
        self, log: Log, first: int, numbers: Sequence[int], rows: Sequence[Fact | Refused]
    ) -> None:
        """Take rows that follow the position `first`."""
        self._log = log
        self._first = first
        self._numbers = numbers
        self._rows = rows
        self._tries = 0

    @property
    def source(self) -> str:
        return self._log.source

    async def apply(self, feeds: Feeds) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        while self._rows and not self._log.back:
            skip = self._numbers[0] - 1 - self._first
            count = self._unbroken()
            answer = await feeds.apply_log(
                self._log.source, self._log.name, self._first, self._rows[:count], skip=skip
            )
            outcomes.update(words(answer.results))
            self._log.back = answer.progress < self._first
            self._drop(answer.progress)
        return outcomes

    async def failed(self, feeds: Feeds) -> Sequence[Batch]:
        del feeds  # a row of a log is refused where it stands: the position has to pass it
        middle = len(self._rows) // 2
        if middle:
            return [
                LogBatch(self._log, self._first, self._numbers[:middle], self._rows[:middle]),
                LogBatch(
                    self._log,
                    self._numbers[middle - 1],
                    self._numbers[middle:],
                    self._rows[middle:],
                ),
            ]
        self._tries += 1
        if self._rows and self._tries >= self._log.tries_max:
            self._rows = [_given_up(self._rows[0], self._tries)]
        return [self]

    def _unbroken(self) -> int:
        """Count the rows until the next gap."""
        first = self._numbers[0]
        if self._numbers[-1] - first == len(self._numbers) - 1:
            return len(self._numbers)
        return next(at for at, number in enumerate(self._numbers) if number != first + at)

    def _drop(self, position: int) -> None:
        """Forget what the store has."""
        kept = next((at for at, n in enumerate(self._numbers) if n > position), len(self._numbers))
        self._first = position
        self._numbers = self._numbers[kept:]
        self._rows = self._rows[kept:]


def _given_up(row: Fact | Refused, tries: int) -> Refused:
    payload = row.payload if isinstance(row, Refused) else encode(row).decode()
    detail = f"could not be applied in {tries} tries"
    return Refused(source=row.source, reason=_INTERNAL, detail=detail, payload=payload)
