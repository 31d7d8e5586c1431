"""Full counts of a location: rows are staged, a commit decides, and then all of it is applied.

Nothing is applied before the commit. From the commit on the count is applied whatever happens: each
step is one bounded script that moves the count on, and whoever meets a count that stands still does
the next steps. Steps of two processes at once do no harm.
"""

from __future__ import annotations

import secrets
import time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable import limits
from sellable.errors import (
    IdempotencyConflict,
    InvalidFields,
    StoreUnavailable,
    SyncInProgress,
    SyncSuspicious,
    UnknownLocation,
    Violation,
)
from sellable.store.courtesy import Courtesy
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from sellable.store.runner import Answer, Runner

    # A SKU, "" if what was named cannot be one, and its quantity, -1 for a row that is refused.
    SyncRow: TypeAlias = tuple[str, int]

REFUSED: Final = -1
STAGED_MS: Final = 3_600_000  # rows of a count that was left are kept for an hour
STILL_MS: Final = 2_000  # a count that is applied and did not go on for so long is left
WORK_MAX: Final = 700  # about a microsecond of the engine each, and half as much for the walk
_ROWS_PER_SCRIPT: Final = 400  # under 1 ms
_TRIES_MAX: Final = 3


class DuplicateSkus(StrEnum):
    """What becomes of a SKU that several rows name."""

    REJECT = "reject"
    SUM = "sum"
    LAST = "last"


class SyncHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted: one location, by one source, as of `observe_us` (microseconds since 1970).

    `max_zeroed_fraction` is the largest share (0 to 1) of the location's positions with stock that
    may become 0 because no row names them. With `net` the rows leave reserved units out.
    """

    sync_id: str
    source: str
    location: str
    observe_us: int
    max_zeroed_fraction: float = limits.MAX_ZEROED_FRACTION_DEFAULT
    net: bool = False
    duplicates: DuplicateSkus = DuplicateSkus.REJECT


class SyncResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a full count; every row is in one of the first five numbers.

    `rejected_skus` are the first 100; `position` is that of the ledger.
    """

    applied: int
    unchanged: int
    stale: int
    rejected: int
    merged: int
    zeroed: int
    rejected_skus: tuple[str, ...]
    position: str
    replayed: bool = False


class SyncState(msgspec.Struct, frozen=True, kw_only=True):
    """A full count that was begun, and how many of its rows are staged; `token` is this call's.

    `result` is set if the count was committed before: there is nothing left to do.
    """

    header: SyncHeader
    token: str
    row_count: int = 0
    result: SyncResult | None = None


class Syncs:
    """Full counts, for one partition."""

    def __init__(
        self,
        runner: Runner,
        future_tolerance_ms: int = limits.FUTURE_TOLERANCE_MS_DEFAULT,
        work_max: int = WORK_MAX,
    ) -> None:
        self._runner = runner
        self._future_tolerance_ms = future_tolerance_ms
        self._work_max = work_max
        self._courtesy = Courtesy(runner)

    async def begin(self, header: SyncHeader, *, resume: bool = False) -> SyncState:
        """Begin a full count; with `resume` go on with the rows that this count has staged.

        Without it, the same count begins anew. One that was committed is finished and answered.

        Raises:
            InvalidFields: It was observed too long ago, or too far ahead.
            UnknownLocation: The network has no such location.
            SyncInProgress: Another count of the location goes on.
        """
        token = secrets.token_hex(8)
        request = pack(
            {
                "location": header.location,
                "source": header.source,
                "sync_id": header.sync_id,
                "token": token,
                "observe_us": header.observe_us,
                "net": header.net,
                "duplicates": header.duplicates,
                "resume": resume,
                "future_tolerance_ms": self._future_tolerance_ms,
                "quiet_ms": limits.SYNC_QUIET_MS_MAX,
                "staged_ms": STAGED_MS,
            }
        )
        for _ in range(_TRIES_MAX):
            answer = await self._runner.run("sync_begin", request)
            if answer.outcome != "IN_PROGRESS":
                return self._begun(header, token, answer)
            source, sync_id, applying, idle_ms = answer.body
            same = (source, sync_id) == (header.source, header.sync_id)
            if not (applying and (same or idle_ms >= STILL_MS)):
                raise SyncInProgress(header.location, sync_id)
            await self._apply(header.location)
        raise SyncInProgress(header.location, sync_id)

    async def add(self, state: SyncState, first_row: int, rows: Sequence[SyncRow]) -> SyncState:
        """Stage up to 1000 rows; `first_row` is how many rows of this count come before them.

        If that is not how many are staged, nothing is added: the answer's `row_count` says where
        to go on. So rows that are sent again after a lost answer are staged once.

        Raises:
            InvalidFields: The count would have more rows than one may have.
            SyncInProgress: Another call has begun this count anew, or another count.
        """
        if first_row + len(rows) > limits.SYNC_ROWS_MAX:
            rule = f"must be at most {limits.SYNC_ROWS_MAX} of one full count"
            raise InvalidFields(Violation("rows", rule))
        staged = state.row_count
        for at in range(0, len(rows), _ROWS_PER_SCRIPT):
            request = {
                "location": state.header.location,
                "token": state.token,
                "first_row": first_row + at,
                "staged_ms": STAGED_MS,
                "quantity_max": limits.QUANTITY_MAX,
                "rows": rows[at : at + _ROWS_PER_SCRIPT],
            }
            answer = await self._runner.run("sync_add", pack(request), keeps=False)
            staged = int(self._of(state, answer).body)
        return msgspec.structs.replace(state, row_count=staged)

    async def commit(self, state: SyncState, row_count: int) -> SyncResult:
        """Apply the count, if it has so many rows and does not take too much of the stock to 0.

        Otherwise it is dropped, and nothing was changed.

        Raises:
            InvalidFields: It has another number of rows.
            SyncSuspicious: It would take too many positions to 0.
            SyncInProgress: Another call has begun this count anew, or another count.
        """
        header = state.header
        if row_count != state.row_count:
            await self.drop(state)
            raise _wrong_count(state.row_count, row_count)
        stocked, zeroed = await self._check(state)
        # As it was written: 0.29 of 100 positions is 29, which no product of two floats is.
        if zeroed > Decimal(str(header.max_zeroed_fraction)) * stocked:
            await self.drop(state)
            raise SyncSuspicious(header.location, zeroed, stocked, header.max_zeroed_fraction)
        arguments = header.location, state.token, row_count
        answer = await self._runner.run("sync_commit", *arguments, keeps=False)
        if self._of(state, answer).outcome == "WRONG_COUNT":
            raise _wrong_count(int(answer.body), row_count)
        done = await self._apply(header.location)
        name, sync_id, source, result = done.body
        if (name, sync_id, source) != ("DONE", header.sync_id, header.source):
            raise StoreUnavailable("another count has begun by now", outcome_unknown=True)
        return _result(result, done.position)

    async def drop(self, state: SyncState) -> None:
        """Forget a count that is not committed, with its rows."""
        arguments = state.header.location, state.token, -1
        await self._runner.run("sync_commit", *arguments, keeps=False)

    async def settle(self) -> int:
        """Finish every committed count that stands still; return how many that was."""
        connection, partition = self._runner.connection, self._runner.partition
        finished = 0
        for name in await connection.execute("SMEMBERS", partition.applying):
            location = name.decode()
            touched = await connection.execute("HGET", partition.sync(location), "touched_ms")
            if await self._runner.now_ms() - int(touched or 0) >= STILL_MS:
                await self._apply(location)
                finished += 1
        return finished

    async def _check(self, state: SyncState) -> tuple[int, int]:
        """Count the positions with stock, and those of them that would become 0."""
        traffic = self._runner.connection.traffic
        reconnects, cursor, stocked, zeroed = traffic.reconnects, "0", 0, 0
        while True:
            arguments = state.header.location, state.token, cursor
            answer = await self._runner.run("sync_check", *arguments, keeps=False)
            cursor, more_stocked, more_zeroed = self._of(state, answer).body
            if traffic.reconnects != reconnects:
                # A store that was started again orders its keys anew: the cursor would skip some.
                reconnects, cursor, stocked, zeroed = traffic.reconnects, "0", 0, 0
                continue
            stocked, zeroed = stocked + more_stocked, zeroed + more_zeroed
            if cursor == "0":
                return stocked, zeroed

    async def _apply(self, location: str) -> Answer:
        """Do the steps of a committed count until there is none left; return the last answer."""
        while (await self._step("sync_rows", location)).body == "ROWS":
            pass
        while True:
            answer = await self._step("sync_rest", location)
            if answer.body[0] != "REST":
                return answer

    async def _step(self, script: str, location: str) -> Answer:
        begun_s = time.perf_counter()
        answer = await self._runner.run(script, location, self._work_max)
        await self._courtesy.rest(time.perf_counter() - begun_s)
        return answer

    def _begun(self, header: SyncHeader, token: str, answer: Answer) -> SyncState:
        match answer.outcome:
            case "UNKNOWN_LOCATION":
                raise UnknownLocation(header.location)
            case "CONFLICT":
                raise IdempotencyConflict(header.sync_id, "header.observe_time")
            case "TOO_OLD":
                retention_ms = self._runner.retention.retention_ms
                raise _out_of_bounds(f"longer ago than the {retention_ms} ms")
            case "IN_FUTURE":
                raise _out_of_bounds(f"further ahead than the {self._future_tolerance_ms} ms")
            case "REPLAYED":
                result = _result(answer.body, answer.position, replayed=True)
                return SyncState(header=header, token=token, result=result)
        return SyncState(header=header, token=token, row_count=answer.body)

    def _of(self, state: SyncState, answer: Answer) -> Answer:
        if answer.outcome == "GONE":
            header = state.header
            raise SyncInProgress(header.location, answer.body or header.sync_id)
        return answer


def _result(body: Sequence[Any], position: str, *, replayed: bool = False) -> SyncResult:
    applied, unchanged, stale, rejected, merged, zeroed, skus = body
    return SyncResult(
        applied=applied,
        unchanged=unchanged,
        stale=stale,
        rejected=rejected,
        merged=merged,
        zeroed=zeroed,
        rejected_skus=tuple(skus),
        position=position,
        replayed=replayed,
    )


def _out_of_bounds(what: str) -> InvalidFields:
    return InvalidFields(Violation("header.observe_time", f"must not be {what} that are allowed"))


def _wrong_count(staged: int, row_count: int) -> InvalidFields:
    rule = f"must be the number of rows that were sent, {staged}, is {row_count}"
    return InvalidFields(Violation("commit.row_count", rule))
