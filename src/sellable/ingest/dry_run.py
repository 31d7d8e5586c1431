"""What a file would do, without doing it: every row is read, and held against its position.

Rows are judged one by one against the stock as it is, not against each other: of two rows of one
position both are told. Later changes that the store already has are not taken off either.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from sellable.ingest.counting import Count, look, sieve_of
from sellable.ingest.order import Loaded, Reason
from sellable.ingest.rows import FileProblem
from sellable.ingest.shifting import shift_of
from sellable.limits import QUANTITY_MAX
from sellable.stock import Fact, FactKind
from sellable.store.standing import skus_at, standings

if TYPE_CHECKING:
    from sellable.ingest.content import Content
    from sellable.ingest.order import Order, Watcher
    from sellable.ingest.rows import Row
    from sellable.ingest.shifting import Shift
    from sellable.store.standing import Standing
    from sellable.store.store import Store

_COUNTS: Final = frozenset({FactKind.COUNT, FactKind.NET_COUNT})
_UNITS: Final = frozenset({*_COUNTS, FactKind.DELTA, FactKind.SHIPMENT})
_NAMED_MAX: Final = 2_000_000  # positions that are remembered to find those that no row names
_REJECTED: Final = "rejected"


async def rehearse(store: Store, content: Content, order: Order, watcher: Watcher) -> Loaded:
    """Read a whole file, and say what loading it would change; nothing is written.

    Raises:
        FileProblem: It cannot be told what it is, its times cannot be shifted, or it is no full
            count and was to be one.
        StoreUnavailable: The store does not answer.
    """
    begun = time.monotonic()
    loaded = Loaded(name=content.name, log=order.log_name(content), bytes_total=content.size)
    state = await store.feeds.log_state(order.source, loaded.log)
    if state is not None and state.finished:
        loaded.notes.append(f"it was loaded before, with all of its {state.rows} rows")
    shift = await shift_of(store, content, order) if order.shift else None
    counts: dict[str, Count] = {}
    refused = 0
    if order.sync:
        counts, refused = await look(content, order, Loaded(name=content.name))
    reader = order.reader(content)
    loaded.form = reader.form
    rehearsal = _Rehearsal(store, loaded, watcher, shift)
    await rehearsal.begin()
    sieve = sieve_of(content, order, whole=not refused) if order.sync else None
    try:
        for rows in reader.rows():
            if order.sync:
                rehearsal.name(rows)
            await rehearsal.judge([sieve(row) for row in rows] if sieve else rows)
            watcher.progress(loaded, reader.bytes_read)
        content.check_unchanged()
        loaded.complete = True
    except FileProblem as problem:
        loaded.problem = str(problem)
    loaded.skipped = reader.notes.skipped
    loaded.notes += reader.notes.warnings + rehearsal.words()
    if order.sync and loaded.complete and not refused:
        await rehearsal.zeroed(counts, order.max_zeroed_fraction)
    elif refused:
        loaded.sync_problem = f"nothing would be counted as 0: {refused} of its rows cannot be read"
    loaded.seconds = time.monotonic() - begun
    return loaded


class _Rehearsal:
    def __init__(self, store: Store, loaded: Loaded, watcher: Watcher, shift: Shift | None) -> None:
        self._store = store
        self._loaded = loaded
        self._watcher = watcher
        self._shift = shift
        self._now_us = 0
        self._up = self._down = 0
        self._unknown: Counter[str] = Counter()
        self._named: dict[str, set[str]] = {}
        self._named_count = 0

    async def begin(self) -> None:
        """Ask the store what time it is."""
        self._now_us = await self._store.runner.now_ms() * 1_000

    def name(self, rows: list[Row]) -> None:
        """Note what a full count names, refused or not."""
        for _, fact in rows:
            if isinstance(fact, Fact) and self._named_count <= _NAMED_MAX:
                self._named.setdefault(fact.location, set()).add(fact.sku)
                self._named_count += 1

    async def judge(self, rows: list[Row]) -> None:
        """Say of each row what would become of it."""
        if self._shift is not None:
            moved = self._shift.moved([row for _, row in rows])
            rows = [(line, row) for (line, _), row in zip(rows, moved, strict=True)]
        facts = [row for _, row in rows if isinstance(row, Fact)]
        found = iter(
            await standings(self._store.runner, [(fact.location, fact.sku) for fact in facts])
        )
        for row in rows:
            fact = row[1]
            if isinstance(fact, Fact):
                self._judge(row, fact, next(found))
            else:
                self._reject(row, fact.reason, fact.detail)

    def words(self) -> list[str]:
        """Return what a person should know beside the counts."""
        told = [f"on hand would go up by {self._up} units and down by {self._down}"]
        for name, count in self._unknown.most_common():
            told.append(f"location {name!r} is not known to the network: {count} rows")
        return told

    async def zeroed(self, counts: dict[str, Count], fraction_max: float) -> None:
        """Count what a full count of the locations would take to 0."""
        if self._named_count > _NAMED_MAX:
            self._loaded.notes.append(
                f"what would become 0 is told for up to {_NAMED_MAX} rows only"
            )
            return
        for location, count in counts.items():
            if location in self._unknown:
                continue
            named = self._named[location]
            stocked = zeroed = 0
            async for skus in skus_at(self._store.runner, location):
                held = await standings(self._store.runner, [(location, sku) for sku in skus])
                stocked += sum(one.on_hand > 0 for one in held)
                zeroed += sum(
                    one.on_hand > 0 and sku not in named and one.observe_us < count.observe_us
                    for sku, one in zip(skus, held, strict=True)
                )
            told = f"{zeroed} of {stocked} positions with stock at {location} would be counted as 0"
            if zeroed > fraction_max * stocked:
                told += f": more than {fraction_max:g} of them, so the full count would be refused"
            self._loaded.notes.append(told)

    def _judge(self, row: Row, fact: Fact, now: Standing) -> None:
        if not now.known:
            self._unknown[fact.location] += 1
            self._reject(row, "UNKNOWN_LOCATION", f"location {fact.location!r} is not known")
            return
        runner = self._store.runner
        if fact.observe_us < self._now_us - runner.retention.retention_ms * 1_000:
            self._reject(row, "TOO_OLD", "observed longer ago than facts are remembered")
            return
        if fact.observe_us > self._now_us + self._store.future_tolerance_ms * 1_000:
            self._reject(row, "IN_FUTURE", "observed further ahead than is tolerated")
            return
        if fact.kind in _COUNTS and not 0 <= fact.quantity <= QUANTITY_MAX:
            self._reject(row, "INVALID_FIELD", f"a count is 0 to {QUANTITY_MAX}")
            return
        if fact.kind in _UNITS and fact.observe_us < now.observe_us:
            self._loaded.outcomes["stale"] += 1
            return
        change = self._change(fact, now)
        self._up += max(0, change)
        self._down += max(0, -change)
        changed = change or fact.kind not in _UNITS
        self._loaded.outcomes["applied" if changed else "unchanged"] += 1

    @staticmethod
    def _change(fact: Fact, now: Standing) -> int:
        match fact.kind:
            case FactKind.COUNT:
                return fact.quantity - now.on_hand
            case FactKind.NET_COUNT:
                return fact.quantity + now.reserved - now.on_hand
            case FactKind.DELTA | FactKind.SUPPLY_RECEIPT:
                return fact.quantity
            case FactKind.SHIPMENT:
                return -fact.quantity
            case _:
                return 0

    def _reject(self, row: Row, reason: str, detail: str) -> None:
        self._loaded.outcomes[_REJECTED] += 1
        self._loaded.reasons.setdefault(reason, Reason()).add(row[0], detail)
        self._watcher.rejected(row, reason, detail)
