"""What a worker knows of a source: batches of rows that the store takes exactly once.

There are two kinds by nature, and they differ only in how the store learns what is done. A *queue*
forgets what was acknowledged: the script that applies its rows acknowledges them. A *log* keeps
everything: the script that applies its rows moves our position in it (`log.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections import Counter
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.feeds import Feeds


class Batch(Protocol):
    """Rows of one source in hand."""

    @property
    def source(self) -> str:
        """The back end whose rows these are."""
        ...

    async def apply(self, feeds: Feeds) -> Counter[str]:
        """Have the store take the rows; return how many came to which outcome.

        Safe to repeat, whatever became of an earlier call: what the store has is left out.

        Raises:
            StoreUnavailable, Overloaded: Apply it again later.
            BugError: Rows of it cannot be applied; `failed` says how to go on.
        """
        ...

    async def failed(self, feeds: Feeds) -> Sequence[Batch]:
        """Return what to apply in place of this batch: smaller ones, to find the row at fault.

        A row that is alone and failed too often is given up to the dead letters here.
        """
        ...


class Source(Protocol):
    """Where batches come from.

    `at_once` is how many batches may be under way at a time: 1 for a log, whose rows are in order.
    """

    at_once: int

    def batches(self, stopping: asyncio.Event) -> AsyncIterator[Batch]:
        """Give batches until stopped; wait where there is nothing to read, or nobody answers.

        Nothing is read while the caller does not ask for more, so what is in memory is bounded.
        """
        ...
