"""One call of the script that applies rows: what it is asked, and what it answers.

What a row costs is known to the script alone, which stops when its work is done. `Pace` learns from
the answers how many rows to send, so that few are sent in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec

from sellable import limits
from sellable.stock import Fact, FactKind, FactResult, Outcome, Refused, place_of
from sellable.store.runner import pack
from sellable.store.supplies import settle_supply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.runner import Answer, Runner

Row: TypeAlias = Fact | Refused

# Work is about a microsecond of the engine: a row costs 11, the first that changes a SKU some 80
# more where 20 markets sell it. A script passes its bound by its last row only.
ROWS_PER_SCRIPT_MAX: Final = 1_000
_ROWS_AT_FIRST: Final = 50
_ROWS_MIN: Final = 8
_GROWTH_MAX: Final = 2.0
_FILLED: Final = 0.9  # of the work that one script may do

_RESULTS: Final = {str(int(outcome)): FactResult(outcome) for outcome in Outcome}


class Done(msgspec.Struct, frozen=True, array_like=True):
    """The body of an answer: see the script."""

    digits: str
    remarks: list[tuple[int, str, str]]
    work: float
    entries: list[tuple[int, int, int]]

    def results(self) -> list[FactResult]:
        """Return one answer for each row that was looked at."""
        found = [_RESULTS[digit] for digit in self.digits]
        for at, reason, detail in self.remarks:
            found[at] = FactResult(found[at].outcome, reason, detail)
        return found


class Applied(NamedTuple):
    """What one script did, or in `out_of_step` how many rows of the log others applied."""

    results: list[FactResult]
    done: Done
    position: str
    out_of_step: int | None = None


_decode: Final = msgspec.msgpack.Decoder(Done, strict=False).decode
_NOTHING: Final = Done("", [], 0.0, [])


class Pace:
    """How many rows one script should get: what it does within the work that it may do."""

    def __init__(self) -> None:
        self.rows = _ROWS_AT_FIRST

    def learn(self, rows: int, work: float, work_max: int) -> None:
        """Take in that so many rows were so much work, of which so much is allowed now."""
        if not rows:
            return
        fitting = _FILLED * work_max * rows / max(work, 1.0)
        grown = self.rows if fitting > self.rows > rows else self.rows * _GROWTH_MAX
        self.rows = max(_ROWS_MIN, min(ROWS_PER_SCRIPT_MAX, int(min(fitting, grown))))


async def apply_rows(
    runner: Runner,
    rows: Sequence[Row],
    future_tolerance_ms: int,
    *,
    work_max: int,
    keep_rejected: bool = False,
    **of: object,
) -> Applied:
    """Run the script once; `of` is the log or the queue that the rows come from."""
    request: dict[str, Any] = {
        "future_tolerance_ms": future_tolerance_ms,
        "work_max": work_max,
        "requests_max": limits.PARTIAL_OPERATIONS_PER_RESERVATION_MAX,
        "supplies_max": limits.FUTURE_SUPPLIES_PER_SKU_MAX,
        "letters_max": limits.DEAD_LETTERS_MAX if keep_rejected else 0,
        "rows": rows,
        **of,
    }
    answer: Answer = await runner.run("apply_facts", pack(request))
    if answer.outcome == "OUT_OF_STEP":
        return Applied([], _NOTHING, answer.position, int(answer.body))
    done = _decode(answer.packed)
    return Applied(done.results(), done, answer.position)


async def settle_receipts(
    runner: Runner, rows: Sequence[Row], results: Sequence[FactResult]
) -> str:
    """Move to stock what waits for supplies that have arrived; return the ledger position or ""."""
    arrived = {
        (place_of(row.location, row.supply_id), row.sku): None
        for row, result in zip(rows, results, strict=True)
        if isinstance(row, Fact)
        and row.kind is FactKind.SUPPLY_RECEIPT
        and result.outcome is Outcome.APPLIED
    }
    position = ""
    for place, sku in arrived:
        position = await settle_supply(runner, place, sku) or position
    return position
