"""Dead letters: rows that were refused or given up, until somebody retries or drops them.

A letter's id is its source, a slash, and its id in the source's stream, so letters are listed by
source and age. An entry of a stream never changes: later tries of it are noted beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec
import structlog
from msgspec import Struct

from sellable import limits
from sellable.errors import BugError, InvalidFields, Violation
from sellable.names import identifier_problem
from sellable.stock import Fact, FactKind, FactResult, Outcome, Refused, place_of
from sellable.store.runner import pack
from sellable.store.supplies import settle_supply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.store.feed_list import FeedList
    from sellable.store.runner import Runner

GIVEN_UP: Final = "GIVEN_UP"
PAGE_BYTES_MAX: Final = 1024 * 1024  # a page ends behind the letter that goes beyond it
_LETTERS_PER_READ: Final = 100
_SOURCES_PER_READ: Final = 100
_STREAM_ID: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_STREAM_NUMBERS: Final = 2**64
_GONE: Final = "there is no such dead letter: it was resolved before, or was one too many to keep"
_FAILED: Final = "applying it failed again: the log of the service says why"

Row = Fact | Refused

_log: Final = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where a letter is: its source, and its id in the source's stream."""

    source: str
    stream_id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.stream_id}"


class Letter(Struct, frozen=True, kw_only=True):
    """One row that nobody could apply; `reason` and `detail` are those of the last try."""

    place: Place
    row: Row
    reason: str
    detail: str
    attempts: int
    create_ms: int


class _Kept(Struct, frozen=True, array_like=True):
    """A letter as the stream has it; `row` is a fact or what could not be made one."""

    row: list[Any]
    reason: str
    detail: str
    attempts: int
    was: Literal["rejected", "dead"]


class _Tried(Struct, frozen=True, array_like=True):
    attempts: int
    reason: str
    detail: str


_decode_kept: Final = msgspec.msgpack.Decoder(_Kept, strict=False).decode
_decode_tried: Final = msgspec.msgpack.Decoder(_Tried, strict=False).decode
_decode_result: Final = msgspec.msgpack.Decoder(FactResult).decode


def place_problem(text: str) -> str | None:
    """Check the id of a letter."""
    source, slash, stream_id = text.rpartition("/")
    if (
        slash
        and not identifier_problem(source)
        and _STREAM_ID.fullmatch(stream_id)
        and all(int(part) < _STREAM_NUMBERS for part in stream_id.split("-"))
    ):
        return None
    return "must be the id of a dead letter: a source, a slash and two numbers, e.g. pos/1700-0"


def place_of_letter(text: str) -> Place:
    """Read the id of a letter that `place_problem` found nothing against."""
    source, _, stream_id = text.rpartition("/")
    return Place(source, stream_id)


class Letters:
    """The dead letters of one partition."""

    def __init__(self, runner: Runner, feeds: FeedList, future_tolerance_ms: int) -> None:
        self._runner = runner
        self._feeds = feeds
        self._future_tolerance_ms = future_tolerance_ms

    async def page(self, source: str, size: int, page_token: str) -> tuple[list[Letter], str]:
        """Return letters by source and age, and the token of the next page or "".

        Args:
            source: Whose; "" for every source's.
            size: How many at most.
            page_token: Of the page before, with the same source; "" for the first.

        Raises:
            InvalidFields: The token is not one of ours for this source.
        """
        after = self._parse(source, page_token)
        if source:
            sources = [source]
        else:
            heard = await self._feeds.heard()
            sources = await self._with_letters([s for s in heard if not after or s >= after.source])
        found: list[Letter] = []
        bytes_left = PAGE_BYTES_MAX
        for name in sources:
            start = f"({after.stream_id}" if after and after.source == name else "-"
            while True:
                count = min(_LETTERS_PER_READ, size - len(found) + 1)
                letters = await self._read(name, start, count)
                for letter, length in letters:
                    if len(found) == size or bytes_left <= 0:
                        return found, str(found[-1].place)
                    found.append(letter)
                    bytes_left -= length
                if len(letters) < count:
                    break
                start = f"({found[-1].place.stream_id}"
        return found, ""

    async def some(self, places: Sequence[Place]) -> list[Letter]:
        """Return those of these letters that are there, in this order."""
        found = [await self._letter(place) for place in places]
        return [letter for letter in found if letter is not None]

    async def retry(self, place: Place, read: Callable[[bytes, str], Row]) -> FactResult:
        """Apply the row of a letter again: then the letter is gone; refused, it stays.

        Args:
            place: Of the letter.
            read: Makes a row of a payload that was none when it came, and of its source.
        """
        runner = self._runner
        letter = await self._letter(place)
        if letter is None:
            return FactResult(Outcome.UNCHANGED, "", _GONE)
        row = letter.row
        if isinstance(row, Refused):
            row = read(payload_of(row), place.source)
        request: dict[str, Any] = {
            "future_tolerance_ms": self._future_tolerance_ms,
            "requests_max": limits.PARTIAL_OPERATIONS_PER_RESERVATION_MAX,
            "supplies_max": limits.FUTURE_SUPPLIES_PER_SKU_MAX,
            "source": place.source,
            "id": place.stream_id,
        }
        if isinstance(row, Fact):
            request["fact"] = row
        else:
            request |= {"reason": row.reason, "detail": row.detail}
        try:
            answer = await runner.run_settled("retry_letter", pack(request))
        except BugError:
            _log.exception("dead_letter_failed", letter=str(place))
            del request["fact"]
            request |= {"reason": GIVEN_UP, "detail": _FAILED}
            await runner.run("retry_letter", pack(request))
            return FactResult(Outcome.REJECTED, BugError.reason, _FAILED)
        if answer.outcome == "GONE":
            return FactResult(Outcome.UNCHANGED, "", _GONE)
        result = _decode_result(answer.packed)
        if (
            isinstance(row, Fact)
            and row.kind is FactKind.SUPPLY_RECEIPT
            and result.outcome is Outcome.APPLIED
        ):
            await settle_supply(runner, place_of(row.location, row.supply_id), row.sku)
        return result

    async def drop(self, places: Sequence[Place]) -> list[FactResult]:
        """Forget letters; their rows stay counted as they are."""
        partition = self._runner.partition
        commands: list[tuple[str | int, ...]] = []
        for source, stream_id in places:
            commands.append(("XDEL", partition.dead(source), stream_id))
            commands.append(("HDEL", partition.tried(source), stream_id))
        replies = await self._runner.change(commands)
        return [
            FactResult(Outcome.APPLIED) if gone else FactResult(Outcome.UNCHANGED, "", _GONE)
            for gone in replies[::2]
        ]

    async def _letter(self, place: Place) -> Letter | None:
        found = await self._read(place.source, place.stream_id, 1, place.stream_id)
        return found[0][0] if found else None

    async def _read(
        self, source: str, start: str, count: int, end: str = "+"
    ) -> list[tuple[Letter, int]]:
        """Return letters of a source with the bytes of each."""
        runner = self._runner
        entries = await runner.connection.execute(
            "XRANGE", runner.partition.dead(source), start, end, "COUNT", count
        )
        if not entries:
            return []
        ids = [stream_id.decode() for stream_id, _ in entries]
        tried = await runner.connection.execute("HMGET", runner.partition.tried(source), *ids)
        return [
            (_letter(Place(source, stream_id), fields[1], later), len(fields[1]))
            for stream_id, (_, fields), later in zip(ids, entries, tried, strict=True)
        ]

    async def _with_letters(self, sources: Sequence[str]) -> list[str]:
        runner = self._runner
        found: list[str] = []
        for at in range(0, len(sources), _SOURCES_PER_READ):
            part = sources[at : at + _SOURCES_PER_READ]
            counts = await runner.connection.pipeline(
                [("XLEN", runner.partition.dead(name)) for name in part]
            )
            for name, count in zip(part, counts, strict=True):
                if isinstance(count, Exception):
                    raise count
                found += [name] if count else []
        return found

    @staticmethod
    def _parse(source: str, page_token: str) -> Place | None:
        if not page_token:
            return None
        if place_problem(page_token) is None:
            place = place_of_letter(page_token)
            if source in {"", place.source}:
                return place
        raise InvalidFields(
            Violation("page_token", "must be the next_page_token of a call with the same source")
        )


def payload_of(row: Refused) -> bytes:
    """Return a refused row as it came, as far as it is kept."""
    return row.payload.encode()


def _letter(place: Place, packed: bytes, tried: bytes | None) -> Letter:
    kept = _decode_kept(packed)
    row: Row
    if kept.row[0] == "refused":
        row = msgspec.convert(kept.row, Refused, strict=False)
    else:
        row = msgspec.convert(kept.row, Fact, strict=False)
    attempts, reason, detail = kept.attempts, kept.reason, kept.detail
    if kept.was == "dead":
        reason = GIVEN_UP
    if tried is not None:
        later = _decode_tried(tried)
        attempts, reason, detail = later.attempts, later.reason, later.detail
    return Letter(
        place=place,
        row=row,
        reason=reason,
        detail=detail,
        attempts=attempts,
        create_ms=int(place.stream_id.partition("-")[0]),
    )
