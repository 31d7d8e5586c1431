"""Entries of a stream as rows, and batches of them on their way to the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from sellable.ingest.events import decode, refused
from sellable.ingest.outcomes import DEAD, words
from sellable.limits import EVENTS_PER_CALL_MAX
from sellable.store.feeds import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.ingest.source import Batch
    from sellable.store.feeds import Feeds

InHand: TypeAlias = set[str]

_FIELD: Final = b"event"
_log: Final = structlog.get_logger("sellable.ingest")


@dataclass(frozen=True, slots=True)
class Reading:
    """An entry as it was read, and how many bytes that were."""

    entry: Entry
    size: int


def entry_of(raw: Sequence[Any], source: str) -> Reading:
    """Read every event of an entry; what is no event as it must be is a refused row."""
    entry_id, fields = raw[0].decode(), raw[1]
    payloads = [
        value for name, value in zip(fields[::2], fields[1::2], strict=True) if name == _FIELD
    ]
    if not payloads:
        named = b", ".join(fields[::2])
        rows = [refused(source, "the entry has no field named event", named)]
    elif len(payloads) > EVENTS_PER_CALL_MAX:
        detail = f"the entry has {len(payloads)} events, at most {EVENTS_PER_CALL_MAX} are allowed"
        rows = [refused(source, detail, payload) for payload in payloads]
    else:
        return Reading(
            Entry(entry_id, [decode(payload, source) for payload in payloads]),
            sum(map(len, payloads)),
        )
    return Reading(Entry(entry_id, rows), sum(map(len, fields)))


class EntryBatch:
    """Entries of one stream in hand; who claimed one has it alone.

    Args:
        in_hand: The ids that this process does not claim again; those of the batch leave it when
            the store has them or the batch was given up for now.
        deliveries: How often the entry was handed to a worker, this time included.
    """

    def __init__(
        self,
        source: str,
        entries: Sequence[Entry],
        in_hand: InHand,
        *,
        deliveries: int,
        tries_max: int,
    ) -> None:
        self._source = source
        self._entries = entries
        self._in_hand = in_hand
        self._deliveries = deliveries
        self._tries_max = tries_max

    @property
    def source(self) -> str:
        return self._source

    async def apply(self, feeds: Feeds) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        if self._deliveries > self._tries_max:
            # It ended its worker each time, or else that one would have counted and given it up.
            outcomes[DEAD] += await self._give_up(feeds, "ended or stopped its worker")
        else:
            for answer in await feeds.apply_entries(self._source, self._entries):
                outcomes.update(words(answer.results))
        self._let_go()
        return outcomes

    async def failed(self, feeds: Feeds) -> Sequence[Batch]:
        if len(self._entries) > 1:
            return [
                EntryBatch(
                    self._source, [entry], self._in_hand, deliveries=1, tries_max=self._tries_max
                )
                for entry in self._entries
            ]
        try:
            if self._deliveries >= self._tries_max:
                await self._give_up(feeds, "could not be applied")
        finally:
            self._let_go()  # still pending: it comes again once it may be claimed
        return []

    async def _give_up(self, feeds: Feeds, what: str) -> int:
        (entry,) = self._entries
        tries = min(self._deliveries, self._tries_max)
        detail = f"{what} in {tries} {'try' if tries == 1 else 'tries'}"
        count = await feeds.give_up(self._source, entry.id, entry.rows, detail)
        _log.warning("entry_given_up", source=self._source, entry=entry.id, rows=count, why=detail)
        return max(count, 0)

    def _let_go(self) -> None:
        self._in_hand.difference_update(entry.id for entry in self._entries)
