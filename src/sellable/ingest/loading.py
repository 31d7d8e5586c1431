"""Loads a file into the store: rows to the end of the file, each counted exactly once.

The position in the file is kept by the store, moved by the script that applies the rows. So a load
that was killed goes on behind its last row, and nobody has to remember anything.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from sellable.errors import SellableError
from sellable.ingest.content import Changing
from sellable.ingest.order import Loaded, Reason
from sellable.ingest.rows import FileProblem
from sellable.ingest.shifting import Shift, shift_of
from sellable.stock import Fact, FactKind, Outcome
from sellable.store.pipeline import OutOfStep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from sellable.ingest.content import Content
    from sellable.ingest.detect import FileReader
    from sellable.ingest.order import Order, Watcher
    from sellable.ingest.rows import Row
    from sellable.stock import FactResult, Refused
    from sellable.store.feeds import LogState
    from sellable.store.store import Store

_WORDS: Final = {outcome: outcome.name.lower() for outcome in Outcome}


class LoadedBefore(SellableError):
    """The same content was loaded to its end before; nothing was done."""

    reason = "FILE_LOADED_BEFORE"

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(f"{name} was loaded before, with all of its {rows} rows: nothing was done")
        self.rows = rows


class LoadedElsewhere(SellableError):
    """Another process loads the same content; what was applied is in the store."""

    reason = "FILE_BEING_LOADED"

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(
            f"another process loads {name}: {rows} of its rows are applied, and go on there"
        )


async def load(
    store: Store,
    content: Content,
    order: Order,
    watcher: Watcher,
    sieve: Callable[[Row], Row] | None = None,
) -> Loaded:
    """Apply every row of a file; what stops it is in the answer, with all that was applied.

    A sieve sees each row first, and may refuse it.

    Raises:
        LoadedBefore: It was loaded to its end, and nobody asked for it again.
        LoadedElsewhere: Another process does.
        FileProblem: Before any row: it cannot be told what it is, or its times cannot be shifted.
        StoreUnavailable: On the way; what was applied stays, and `resume` goes on behind it.
    """
    begun = time.monotonic()
    loaded = Loaded(name=content.name, log=order.log_name(content), bytes_total=content.size)
    state = await begin(store, content, order, loaded)
    shift = await shift_of(store, content, order) if order.shift else None
    reader = order.reader(content)
    loaded.form = reader.form
    run = _Run(store, order, loaded, watcher, reader, sieve)
    try:
        await run.apply(state.rows if state else 0, shift)
    except OutOfStep as other:
        raise LoadedElsewhere(content.name, other.progress) from other
    loaded.seconds = time.monotonic() - begun
    loaded.skipped = reader.notes.skipped
    loaded.notes += reader.notes.warnings
    if not loaded.problem:
        try:
            content.check_unchanged()
        except Changing as problem:
            loaded.problem, loaded.changing = str(problem), True
    if not loaded.problem:
        await finish(store, content, order, loaded)
        loaded.complete = True
    return loaded


async def begin(store: Store, content: Content, order: Order, loaded: Loaded) -> LogState | None:
    """Look whether the content is known; answer where to go on, None from its start.

    Raises:
        LoadedBefore: It was loaded to its end, and nobody asked for it again.
    """
    state = await store.feeds.log_state(order.source, loaded.log)
    if state is None or not (state.rows or state.finished):
        return None
    if state.finished and not order.again and not await _counted_anew(content, order, state):
        raise LoadedBefore(loaded.name, state.rows)
    if order.resume and not state.finished:
        loaded.earlier = state.rows
        loaded.outcomes.update({name: count for name, count in state.outcomes.items() if count})
        loaded.notes.append(f"goes on behind {state.rows} rows that were applied before")
        return state
    told = "all" if state.finished else f"the first {state.rows}"
    loaded.notes.append(
        f"{told} of its rows were applied before: they are read once more, and recognised"
    )
    await store.feeds.restart_log(order.source, loaded.log)
    return None


def _as_of_us(content: Content, order: Order) -> int:
    return content.modified_us if order.observe_us is None else order.observe_us


async def _counted_anew(content: Content, order: Order, state: LogState) -> bool:
    """Look whether it has counts of a later time than when the same content was loaded.

    A count takes the time of its file where it has none. Stock that is again what it was makes the
    same file, and is news all the same. Changes never are: a copy of them would be applied twice.
    """
    observe_us = _as_of_us(content, order)
    timed = content.is_file or order.observe_us is not None
    if order.shift or not timed or not 0 < state.as_of_us < observe_us:
        return False
    found = False
    for rows in order.reader(content).rows():
        for _, row in rows:
            if isinstance(row, Fact):
                if row.kind not in {FactKind.COUNT, FactKind.NET_COUNT}:
                    return False
                found = found or row.observe_us == observe_us
        await asyncio.sleep(0)
    return found


async def finish(store: Store, content: Content, order: Order, loaded: Loaded) -> None:
    """Note that every row has its outcome, and how long the feed may be silent from now on."""
    await store.feeds.finish_log(order.source, loaded.log, _as_of_us(content, order))
    if order.profile.silent_after_ms:
        await store.feed_list.note_interval(order.source, order.profile.silent_after_ms)


class _Run:
    """One pass over a file."""

    def __init__(
        self,
        store: Store,
        order: Order,
        loaded: Loaded,
        watcher: Watcher,
        reader: FileReader,
        sieve: Callable[[Row], Row] | None,
    ) -> None:
        self._feeds = store.feeds
        self._order = order
        self._loaded = loaded
        self._watcher = watcher
        self._reader = reader
        self._sieve = sieve
        self._sent: deque[Row] = deque()  # without an answer yet: bounded by what is in flight

    async def apply(self, first: int, shift: Shift | None) -> None:
        """Send the rows behind the first ones, and note the answers as they come."""
        chunks = self._chunks(first, shift)
        answers = self._feeds.apply_all(self._order.source, self._loaded.log, first, chunks)
        async with aclosing(chunks), aclosing(answers):  # type: ignore[type-var]
            async for answer in answers:
                self._note(answer.results)
        self._watcher.progress(self._loaded, self._reader.bytes_read)

    async def _chunks(
        self, skipped: int, shift: Shift | None
    ) -> AsyncIterator[Sequence[Fact | Refused]]:
        """Give the rows, and keep them with their lines until they are answered."""
        try:
            for found in _behind(self._reader.rows(), skipped):
                rows = [self._sieve(row) for row in found] if self._sieve else found
                self._sent.extend(rows)
                facts = [row for _, row in rows]
                yield shift.moved(facts) if shift else facts
                await asyncio.sleep(0)  # answers that came meanwhile are looked at
        except FileProblem as problem:
            self._loaded.problem = str(problem)

    def _note(self, results: Sequence[FactResult]) -> None:
        sent, outcomes = self._sent, self._loaded.outcomes
        for result in results:
            row = sent.popleft()
            outcomes[_WORDS[result.outcome]] += 1
            if result.outcome is Outcome.REJECTED:
                line = row[0]
                self._loaded.reasons.setdefault(result.reason, Reason()).add(line, result.detail)
                self._watcher.rejected(row, result.reason, result.detail)
        self._watcher.progress(self._loaded, self._reader.bytes_read)


def _behind(chunks: Iterator[list[Row]], count: int) -> Iterator[list[Row]]:
    """Leave out the first rows."""
    for rows in chunks:
        if count >= len(rows):
            count -= len(rows)
        else:
            yield rows[count:] if count else rows
            count = 0
