"""Feeds on the store: rows of logs and of streams, each applied and counted exactly once.

The script that applies a row also counts its outcome and moves the feed on, so a worker may die, or
a reply be lost, at any moment: whoever comes next finds out where to go on. A log (a file, a
partition of a foreign stream) moves on by compare-and-set of how many of its rows are applied; an
entry of a source's own stream is applied by whoever finds it waiting, and is then gone.
"""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sellable import limits
from sellable.store.applying import ROWS_PER_SCRIPT_MAX, Pace, Row, apply_rows, settle_receipts
from sellable.store.courtesy import Courtesy
from sellable.store.pipeline import Log, LogAnswer, Pipeline
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence

    from sellable.stock import FactResult
    from sellable.store.runner import Runner

GROUP: Final = "sellable"
OUTCOMES: Final = ("applied", "unchanged", "stale", "duplicate", "rejected", "dead")
_LETTERS_PER_SCRIPT: Final = 200  # about 1 ms of the engine
_RESTARTED: Final = ("rows", "finished", *OUTCOMES)


class LogState(NamedTuple):
    """How far a log is; the outcomes by name add up to `rows`. `as_of_us`: see `finish_log`."""

    rows: int
    outcomes: dict[str, int]
    finished: bool
    update_ms: int
    as_of_us: int = 0


class Entry(NamedTuple):
    """An entry of a source's stream, with all its rows."""

    id: str
    rows: Sequence[Row]


class EntryAnswer(NamedTuple):
    """What became of an entry: `results` are those of its rows from `first` on.

    The rows before were applied by earlier calls. `gone`: somebody else finished the entry.
    """

    id: str
    first: int
    results: list[FactResult]
    gone: bool


class Feeds:
    """The feeds of one partition."""

    def __init__(self, runner: Runner, future_tolerance_ms: int) -> None:
        self._runner = runner
        self._future_tolerance_ms = future_tolerance_ms
        self._pace = Pace()
        self._courtesy = Courtesy(runner)

    async def apply_log(
        self,
        source: str,
        name: str,
        first: int,
        rows: Sequence[Row],
        *,
        skip: int = 0,
        keep_rejected: bool = True,
    ) -> LogAnswer:
        """Apply rows of a log, as many as one script may, if `first` rows of it are applied.

        Args:
            source: Whose log; its rows are counted there.
            name: Of the log, unique for its source.
            first: How many rows of the log come before these.
            rows: At least one. Of more than 1,000 the rest is left for the next call.
            skip: How many places of the log between `first` and these hold no row: they count as
                passed with the first of these, and have no outcome.
            keep_rejected: Whether rows that are refused become dead letters.

        Returns:
            The answers, none where other than `first` rows are applied: then `progress` says how
            many are. A call that was answered or lost may be made again.
        """
        return (await self.apply_part(Log(source, name, keep_rejected), first, rows, skip))[0]

    async def apply_part(
        self, log: Log, first: int, rows: Sequence[Row], skip: int = 0
    ) -> tuple[LogAnswer, float]:
        """Do what `apply_log` does; say also how much work that was."""
        rows = rows[:ROWS_PER_SCRIPT_MAX]
        begun_s = time.perf_counter()
        applied = await apply_rows(
            self._runner,
            rows,
            self._future_tolerance_ms,
            work_max=self._courtesy.work_max,
            keep_rejected=log.keep_rejected,
            log={
                "source": log.source,
                "name": log.name,
                "first": first,
                "skip": skip,
                "keep_ms": limits.LOG_KEEP_MS,
            },
        )
        await self._courtesy.rest(time.perf_counter() - begun_s)
        if applied.out_of_step is not None:
            return LogAnswer([], applied.out_of_step, applied.position), 0.0
        results = applied.results
        settled = await settle_receipts(self._runner, rows[: len(results)], results)
        progress = first + skip + len(results)
        answer = LogAnswer(results, progress, settled or applied.position)
        return answer, applied.done.work

    async def apply_all(
        self,
        source: str,
        name: str,
        first: int,
        chunks: AsyncIterable[Sequence[Row]],
        *,
        keep_rejected: bool = True,
    ) -> AsyncGenerator[LogAnswer, None]:
        """Apply a log from its row `first` on, with up to three scripts under way; answer in order.

        The results of all answers together are those of the rows of `chunks`, one each. A chunk
        that lets wait for itself holds back no answer of those before it.

        Raises:
            OutOfStep: Other than `first` rows are applied, or somebody else applies the log too.
            StoreUnavailable: The store was lost: `log_state` says how far the log is.
        """
        pipeline = Pipeline(self, Log(source, name, keep_rejected), first, self._courtesy)
        reading = aiter(chunks)
        chunk: asyncio.Task[Sequence[Row] | None] | None = None
        ended = False
        try:
            while not ended or pipeline.busy:
                if not ended and chunk is None and pipeline.has_room:
                    chunk = asyncio.ensure_future(_next(reading))
                    await asyncio.sleep(0)  # most chunks are there at once
                if chunk is not None and chunk.done():
                    rows, chunk = chunk.result(), None
                    ended = rows is None
                    pipeline.rows.extend(rows or ())
                pipeline.send(hurry=ended or chunk is not None)
                if chunk is not None or ended or not pipeline.has_room:
                    waited = [task for task in (chunk, pipeline.oldest) if task is not None]
                    if waited:
                        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                while (answer := pipeline.answered()) is not None:
                    yield answer
        finally:
            await pipeline.stop(chunk)

    async def log_state(self, source: str, name: str) -> LogState | None:
        """Return how far a log is; None where nothing of it was applied in the last 90 days."""
        raw: list[bytes | None] = await self._runner.connection.execute(
            "HMGET", self._runner.partition.log(source, name), "update_ms", "as_of_us", *_RESTARTED
        )
        if raw[0] is None:
            return None
        update_ms, as_of_us, rows, finished, *counts = (int(value or 0) for value in raw)
        outcomes = dict(zip(OUTCOMES, counts, strict=True))
        return LogState(rows, outcomes, bool(finished), update_ms, as_of_us)

    async def finish_log(self, source: str, name: str, as_of_us: int = 0) -> None:
        """Note that a log has come to its end, and the time of its rows that have none."""
        key = self._runner.partition.log(source, name)
        now_ms = await self._runner.now_ms()
        await self._runner.change(
            [
                ("HSET", key, "finished", 1, "update_ms", now_ms, "as_of_us", as_of_us),
                ("PEXPIRE", key, limits.LOG_KEEP_MS),
            ]
        )

    async def restart_log(self, source: str, name: str) -> None:
        """Forget how far a log is, so that its rows are read, and counted, once more."""
        key = self._runner.partition.log(source, name)
        await self._runner.change([("HDEL", key, *_RESTARTED)])

    async def apply_entries(self, source: str, entries: Sequence[Entry]) -> list[EntryAnswer]:
        """Apply entries of a source's stream, in order, until each is applied or gone.

        Rows that are refused become dead letters. An entry that does not wait in the group any
        more was finished by somebody else: nothing of it is applied or counted here.
        """
        answers: list[EntryAnswer] = []
        first: int | None = None  # of the first entry that is left: where we began it
        results: list[FactResult] = []
        begun = 0
        while len(answers) < len(entries):
            left = entries[len(answers) :]
            rows, queue = _part_of(left, begun, self._pace.rows)
            begun_s = time.perf_counter()
            applied = await apply_rows(
                self._runner,
                rows,
                self._future_tolerance_ms,
                work_max=self._courtesy.work_max,
                keep_rejected=True,
                queue={"source": source, "entries": queue},
            )
            await self._courtesy.rest(time.perf_counter() - begun_s)
            self._pace.learn(len(applied.results), applied.done.work, self._courtesy.work_max)
            told = iter(applied.results)
            for entry, (before, count, whole) in zip(left, applied.done.entries, strict=False):
                if before >= 0:
                    if first is None or before != first + len(results):
                        first, results = before, []
                    news = list(islice(told, count))
                    await settle_receipts(self._runner, entry.rows[before : before + count], news)
                    results += news
                    begun = before + count
                if whole:
                    answers.append(EntryAnswer(entry.id, first or 0, results, before < 0))
                    first, results, begun = None, [], 0
        return answers

    async def give_up(self, source: str, entry_id: str, rows: Sequence[Row], detail: str) -> int:
        """Make dead letters of those rows of an entry that are not applied; the entry is gone.

        Args:
            source: Whose stream it is in.
            entry_id: Of the entry.
            rows: All of the entry.
            detail: For a person: why.

        Returns:
            How many rows were given up; -1 where the entry was gone before.
        """
        request = {
            "source": source,
            "id": entry_id,
            "detail": detail,
            "rows_max": _LETTERS_PER_SCRIPT,
            "letters_max": limits.DEAD_LETTERS_MAX,
            "rows": rows,
        }
        packed, given_up = pack(request), -1
        count: int
        while True:
            answer = await self._runner.run("give_up_entry", packed)
            if answer.outcome == "GONE":
                return given_up
            count, gone = answer.body
            given_up = max(given_up, 0) + count
            if gone:
                return given_up


async def _next(reading: AsyncIterator[Sequence[Row]]) -> Sequence[Row] | None:
    try:
        return await anext(reading)
    except StopAsyncIteration:
        return None


def _part_of(
    entries: Sequence[Entry], begun: int, rows_max: int
) -> tuple[list[Row], list[list[Any]]]:
    """Return rows for one script, and whose: id, rows left out, rows here, more to come."""
    rows: list[Row] = []
    queue: list[list[Any]] = []
    for entry in entries:
        here = entry.rows[begun : begun + rows_max - len(rows)]
        rows += here
        queue.append([entry.id, begun, len(here), begun + len(here) < len(entry.rows)])
        begun = 0
        if len(rows) >= rows_max or len(queue) >= rows_max:
            break
    return rows, queue
