"""Loads a file as a full count: of each location that it names, what it does not name is 0.

A full count has one time, and must be whole: the file is read once to know both, and only then
anything is staged. Where a row could not be read nobody knows which position it was about; then
the rows count what they name, and nothing else becomes 0. What was refused is read once more, so
that it is told by its line.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidFields, SyncInProgress, SyncSuspicious, UnknownLocation
from sellable.ingest.events import encode
from sellable.ingest.loading import begin, finish, load
from sellable.ingest.order import Loaded, Reason
from sellable.ingest.profile import Duplicates
from sellable.ingest.rows import INVALID_FIELD, ROWS_PER_BATCH, FileProblem
from sellable.stock import Fact, FactKind, Refused
from sellable.store.syncs import DuplicateSkus, SyncHeader, SyncResult, SyncState

if TYPE_CHECKING:
    from collections.abc import Callable

    from sellable.ingest.content import Content
    from sellable.ingest.order import Order, Watcher
    from sellable.ingest.rows import Row
    from sellable.store.store import Store

LOCATIONS_MAX: Final = 1_000
_BUCKETS: Final = 256
_COUNTED: Final = ("applied", "unchanged", "stale", "rejected", "merged")


@dataclass(slots=True)
class Count:
    """What the file says about one location."""

    kind: FactKind
    observe_us: int
    rows: int = 0


async def load_count(store: Store, content: Content, order: Order, watcher: Watcher) -> Loaded:
    """Count every location of a file in full; each is done or left by itself.

    Raises:
        LoadedBefore: It was loaded to its end, and nobody asked for it again.
        FileProblem: Before anything is changed: it cannot be read to its end, states something
            else than counts, several times for a location, or too many locations.
        StoreUnavailable: On the way; the same again goes on.
    """
    begun = time.monotonic()
    loaded = Loaded(name=content.name, log=order.log_name(content), bytes_total=content.size)
    state = await store.feeds.log_state(order.source, loaded.log)
    goes_on = order.resume and not (state is not None and state.finished)
    counts, refused = await look(content, order, loaded)
    if refused:
        loaded = await load(store, content, order, watcher, sieve_of(content, order, whole=False))
        loaded.sync_problem = (
            f"nothing that the file leaves out was counted as 0: {refused} of its rows could not "
            "be read, and nobody knows which positions they are about"
        )
        return loaded
    await begin(store, content, order, loaded)
    content.check_unchanged()
    # Asked for again, the count is another one: its id must not be the one that was committed.
    again = order.again and not goes_on
    sync_id = f"{loaded.log}-{time.time_ns():x}" if again else loaded.log
    counting = _Counting(store, order, loaded, sync_id)
    await counting.run(content, counts, watcher)
    loaded.seconds = time.monotonic() - begun
    loaded.complete = all(isinstance(result, SyncResult) for result in loaded.counts.values())
    if loaded.complete:
        await finish(store, content, order, loaded)
    return loaded


async def look(content: Content, order: Order, loaded: Loaded) -> tuple[dict[str, Count], int]:
    """Read the file without changing anything: its locations, and how many rows are no facts.

    Raises:
        FileProblem: It is no full count.
    """
    counts: dict[str, Count] = {}
    refused = 0
    reader = order.reader(content)
    loaded.form = reader.form
    for rows in reader.rows():
        for line, fact in rows:
            if not isinstance(fact, Fact):
                refused += 1
                continue
            if fact.kind not in {FactKind.COUNT, FactKind.NET_COUNT}:
                raise FileProblem("a full count has counts only, no changes", line=line)
            observe_us = fact.observe_us if order.observe_us is None else order.observe_us
            count = counts.setdefault(fact.location, Count(fact.kind, observe_us))
            if (fact.kind, observe_us) != (count.kind, count.observe_us):
                raise FileProblem(
                    f"a full count of {fact.location} has one time and one meaning, and rows of it "
                    "have several: --observed-at says when all of it was counted",
                    line=line,
                )
            count.rows += 1
        if len(counts) > LOCATIONS_MAX:
            raise FileProblem(f"it names more than {LOCATIONS_MAX} locations")
        await asyncio.sleep(0)
    loaded.skipped = reader.notes.skipped
    loaded.notes += reader.notes.warnings
    if not counts and not refused:
        raise FileProblem("it has no rows: an empty file is not taken for an empty location")
    return counts, refused


def sieve_of(content: Content, order: Order, *, whole: bool) -> Callable[[Row], Row] | None:
    """Answer what refuses the rows of positions that a full count names twice; None if they may be.

    Where it is not whole, rows that were to be added up may lack one: they are refused, too.
    """
    duplicates = order.profile.duplicates
    if duplicates is Duplicates.LAST or (whole and duplicates is Duplicates.SUM):
        return None
    doubles = _doubles(content, order)
    if not doubles:
        return None

    def sieve(row: Row) -> Row:
        line, fact = row
        if isinstance(fact, Refused) or _named(fact) not in doubles:
            return row
        return line, Refused(
            source=fact.source,
            reason=INVALID_FIELD,
            detail=_named_twice(fact),
            payload=encode(fact).decode(),
        )

    return sieve


def _doubles(content: Content, order: Order) -> set[int]:
    """Return the positions that several rows name, as hashes: 8 bytes a row are enough for that."""
    buckets = [array("q") for _ in range(_BUCKETS)]
    for rows in order.reader(content).rows():
        for _, fact in rows:
            if isinstance(fact, Fact):
                named = _named(fact)
                buckets[named % _BUCKETS].append(named)
    pairs = (pair for names in buckets for pair in pairwise(sorted(names)))
    return {one for one, another in pairs if one == another}


def _named(fact: Fact) -> int:
    return hash((fact.location, fact.sku))


def _named_twice(fact: Fact) -> str:
    return f"{fact.sku} at {fact.location}: the full count names it more than once"


class _Counting:
    """The second pass: rows are staged by location, then each location is committed."""

    def __init__(self, store: Store, order: Order, loaded: Loaded, sync_id: str) -> None:
        self._store = store
        self._order = order
        self._loaded = loaded
        self._sync_id = sync_id
        self._states: dict[str, SyncState] = {}
        self._waiting: dict[str, list[tuple[str, int]]] = {}
        self._staged: dict[str, int] = {}
        self._left: dict[str, tuple[str, str]] = {}
        self._refused: dict[str, SyncResult] = {}

    async def run(self, content: Content, counts: dict[str, Count], watcher: Watcher) -> None:
        """Begin, fill and commit the count of each location."""
        for location, count in counts.items():
            await self._begin(location, count)
        reader = self._order.reader(content)
        for rows in reader.rows():
            for _, fact in rows:
                if isinstance(fact, Fact) and fact.location in self._states:
                    waiting = self._waiting[fact.location]
                    waiting.append((fact.sku, fact.quantity))
                    if len(waiting) == ROWS_PER_BATCH:
                        await self._try_stage(fact.location, counts[fact.location].rows)
            watcher.progress(self._loaded, reader.bytes_read)
        for location in list(self._states):
            await self._commit(location, counts[location].rows)
        if self._left or self._refused:
            await self._tell_refused(content, watcher)

    async def _begin(self, location: str, count: Count) -> None:
        header = SyncHeader(
            sync_id=f"{self._sync_id}-{count.observe_us:x}",  # at another time it is another count
            source=self._order.source,
            location=location,
            observe_us=count.observe_us,
            max_zeroed_fraction=self._order.max_zeroed_fraction,
            net=count.kind is FactKind.NET_COUNT,
            duplicates=DuplicateSkus(self._order.profile.duplicates.value),
        )
        try:
            state = await self._store.syncs.begin(header, resume=self._order.resume)
        except (InvalidFields, UnknownLocation, SyncInProgress) as error:
            self._leave(location, count.rows, error.reason, str(error))
            return
        if state.result is not None:
            self._done(location, state.result)
            return
        self._states[location], self._waiting[location] = state, []
        self._staged[location] = 0

    async def _try_stage(self, location: str, count: int) -> None:
        """Send rows, or leave a location whose count another call took over."""
        try:
            await self._stage(location)
        except (InvalidFields, SyncInProgress) as error:
            del self._states[location]
            self._leave(location, count, error.reason, str(error))

    async def _stage(self, location: str) -> None:
        """Send rows; those that an earlier run has staged are left out."""
        rows, self._waiting[location] = self._waiting[location], []
        first = self._staged[location]
        self._staged[location] += len(rows)
        state = self._states[location]
        while rows and (missing := first + len(rows) - state.row_count) > 0:
            state = await self._store.syncs.add(state, state.row_count, rows[len(rows) - missing :])
        self._states[location] = state

    async def _commit(self, location: str, rows: int) -> None:
        try:
            if self._waiting[location]:
                await self._stage(location)
            result = await self._store.syncs.commit(self._states[location], rows)
        except (InvalidFields, SyncSuspicious, SyncInProgress) as error:
            self._leave(location, rows, error.reason, str(error))
        else:
            self._done(location, result)

    def _done(self, location: str, result: SyncResult) -> None:
        self._loaded.counts[location] = result
        for name in _COUNTED:
            self._loaded.outcomes[name] += getattr(result, name)
        if result.rejected:
            self._refused[location] = result
        if result.replayed:
            self._loaded.notes.append(
                f"{location} was counted by an earlier run: this is what became of it then; "
                "--again counts it once more"
            )

    def _leave(self, location: str, rows: int, reason: str, problem: str) -> None:
        """Note a location of which nothing was changed."""
        self._loaded.counts[location] = problem
        self._loaded.outcomes["rejected"] += rows
        self._left[location] = reason, problem

    async def _tell_refused(self, content: Content, watcher: Watcher) -> None:
        """Read the file once more, and tell each row that was refused by its line."""
        doubles = _doubles(content, self._order) if self._refused else set()
        for rows in self._order.reader(content).rows():
            for row in rows:
                fact = row[1]
                if isinstance(fact, Fact) and (why := self._why(fact, doubles)):
                    reason, detail = why
                    self._loaded.reasons.setdefault(reason, Reason()).add(row[0], detail)
                    watcher.rejected(row, reason, detail)
            await asyncio.sleep(0)

    def _why(self, fact: Fact, doubles: set[int]) -> tuple[str, str] | None:
        """Say why a row was refused, if it was."""
        if fact.location in self._left:
            return self._left[fact.location]
        result = self._refused.get(fact.location)
        if result is None:
            return None
        if self._order.profile.duplicates is Duplicates.REJECT and _named(fact) in doubles:
            return INVALID_FIELD, _named_twice(fact)
        if fact.sku in result.rejected_skus:
            return INVALID_FIELD, f"{fact.sku} at {fact.location}: more units than may be there"
        return None
