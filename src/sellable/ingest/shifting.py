"""Old facts as of now: every time moved by one span, so that the newest becomes now.

The order of the facts and the spans between them stay. What is then still older than the retention
would be refused row by row: the file is refused at once instead, before any row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sellable.ingest.rows import FileProblem
from sellable.stock import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.ingest.content import Content
    from sellable.ingest.order import Order
    from sellable.stock import Refused
    from sellable.store.store import Store

_DAY_MS: Final = 24 * 3600 * 1000


class Shift:
    """Moves times by a span."""

    def __init__(self, span_us: int) -> None:
        """Take a span in microseconds; it may be negative."""
        self.span_us = span_us

    def moved(self, rows: Sequence[Fact | Refused]) -> list[Fact | Refused]:
        """Return the rows at their new times; a supply is expected as much later."""
        return [self._moved(row) if isinstance(row, Fact) else row for row in rows]

    def _moved(self, fact: Fact) -> Fact:
        expected = fact.expect_ms + self.span_us // 1_000 if fact.expect_ms else 0
        return msgspec.structs.replace(
            fact, observe_us=fact.observe_us + self.span_us, expect_ms=expected
        )


async def shift_of(store: Store, content: Content, order: Order) -> Shift:
    """Read all times of a file, and answer how far they are moved.

    Raises:
        FileProblem: Its times span more than the store remembers, or it cannot be read.
    """
    oldest, newest = 2**63, -(2**63)
    for rows in order.reader(content).rows():
        times = [row.observe_us for _, row in rows if isinstance(row, Fact)]
        if times:
            oldest, newest = min(oldest, *times), max(newest, *times)
    if newest < oldest:
        return Shift(0)
    span_ms = (newest - oldest) // 1_000
    retention_ms = store.runner.retention.retention_ms
    if span_ms >= retention_ms:
        raise FileProblem(
            f"its times span {span_ms / _DAY_MS:.1f} days, and the store remembers facts for "
            f"{retention_ms / _DAY_MS:.1f}: shifted to now, the oldest would be refused"
        )
    return Shift(await store.runner.now_ms() * 1_000 - newest)
