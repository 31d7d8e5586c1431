"""OperationsService: what feeds did, and rows that nobody could apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.limits import (
    DEAD_LETTERS_BY_ID_MAX,
    DEAD_LETTERS_PER_CALL_MAX,
    FEEDS_PER_PAGE_DEFAULT,
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
)
from sellable.names import identifier_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.inventory import event_result
from sellable.rpc.convert.times import time_of_ms, time_of_us
from sellable.store.letters import place_of_letter, place_problem
from sellable.v1 import operations_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sellable.stock import FactResult
    from sellable.store.feed_list import FeedState
    from sellable.store.letters import Letter, Place

_Resolution = pb.ResolveDeadLettersRequest


class Asked(NamedTuple):
    """A page of dead letters, `source` "" means every source's; or those of some places."""

    source: str
    size: int
    page_token: str
    places: list[Place]


class Resolve(NamedTuple):
    """Letters, and whether they are applied again or dropped."""

    places: list[Place]
    retry: bool


def list_feeds(request: pb.ListFeedsRequest) -> tuple[str, int]:
    """Check which page of the sources is asked for; return the source before, and the size."""
    checks = Checks()
    checks.number("page_size", request.page_size, 0, PAGE_SIZE_MAX)
    if request.page_token and identifier_problem(request.page_token):
        checks.refuse("page_token", "must be the next_page_token of a call before")
    checks.done()
    return request.page_token, request.page_size or FEEDS_PER_PAGE_DEFAULT


def list_feeds_response(
    feeds: Sequence[FeedState], *, more: bool, now_ms: int, silent_after_ms: Callable[[str], int]
) -> pb.ListFeedsResponse:
    """Answer sources, and where the next page begins."""
    return pb.ListFeedsResponse(
        feeds=[
            _feed(feed, now_ms, silent_after_ms(feed.source) or feed.counters.silent_after_ms)
            for feed in feeds
        ],
        next_page_token=feeds[-1].source if more else "",
        read_time=time_of_ms(now_ms),
    )


def list_dead_letters(request: pb.ListDeadLettersRequest) -> Asked:
    """Check which page of the letters is asked for."""
    checks = Checks()
    checks.optional_name("source", request.source, identifier_problem)
    checks.number("page_size", request.page_size, 0, PAGE_SIZE_MAX)
    places = _places(checks, request.dead_letter_ids, 0, DEAD_LETTERS_BY_ID_MAX)
    for field in ("source", "page_token") if request.dead_letter_ids else ():
        if getattr(request, field):
            checks.refuse(field, "must be empty beside dead_letter_ids")
    checks.done()
    size = request.page_size or PAGE_SIZE_DEFAULT
    return Asked(request.source, size, request.page_token, places)


def list_dead_letters_response(
    letters: Iterable[Letter], page_token: str, payload: Callable[[Letter], bytes]
) -> pb.ListDeadLettersResponse:
    """Answer a page of letters; `payload` writes their rows."""
    return pb.ListDeadLettersResponse(
        dead_letters=[
            pb.DeadLetter(
                dead_letter_id=str(letter.place),
                source=letter.place.source,
                payload=payload(letter),
                detail=letter.detail,
                create_time=time_of_ms(letter.create_ms),
                attempt_count=letter.attempts,
                reason=letter.reason,
            )
            for letter in letters
        ],
        next_page_token=page_token,
    )


def resolve_dead_letters(request: pb.ResolveDeadLettersRequest) -> Resolve:
    """Check which letters are resolved, and how."""
    checks = Checks()
    places = _places(checks, request.dead_letter_ids, 1, DEAD_LETTERS_PER_CALL_MAX)
    if request.resolution not in {_Resolution.RESOLUTION_RETRY, _Resolution.RESOLUTION_DROP}:
        checks.refuse("resolution", "must be RESOLUTION_RETRY or RESOLUTION_DROP")
    checks.done()
    return Resolve(places, retry=request.resolution == _Resolution.RESOLUTION_RETRY)


def resolve_dead_letters_response(results: Iterable[FactResult]) -> pb.ResolveDeadLettersResponse:
    """Answer each letter, in order."""
    return pb.ResolveDeadLettersResponse(results=map(event_result, results))


def _places(checks: Checks, ids: Sequence[str], low: int, high: int) -> list[Place]:
    if not checks.count("dead_letter_ids", ids, low, high):
        return []
    for index, letter_id in enumerate(ids):
        checks.name(f"dead_letter_ids[{index}]", letter_id, place_problem)
    return [] if checks.violations else [place_of_letter(letter_id) for letter_id in ids]


def _feed(feed: FeedState, now_ms: int, silent_after_ms: int) -> pb.Feed:
    did = feed.counters
    return pb.Feed(
        source=feed.source,
        row_count=did.rows,
        applied_count=did.applied,
        unchanged_count=did.unchanged,
        stale_count=did.stale,
        duplicate_count=did.duplicate,
        rejected_count=did.rejected,
        given_up_count=did.given_up,
        dead_letter_count=did.dead_letters,
        lag_count=did.waiting,
        oldest_waiting_time=time_of_ms(did.oldest_ms),
        newest_observe_time=time_of_us(did.newest_us),
        last_row_time=time_of_ms(did.heard_ms),
        silent_after_ms=silent_after_ms,
        silent=silent_after_ms > 0 and now_ms - did.heard_ms > silent_after_ms,
        locations=[
            pb.LocationFact(location=location, newest_observe_time=time_of_us(observe_us))
            for location, observe_us in feed.locations
        ],
    )
