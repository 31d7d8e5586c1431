"""Questions about feeds and dead letters that are refused, as in `support.bad_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sellable.v1 import operations_pb2 as pb
from support.bad_calls import NAME_WORDS, Bad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.bad_calls import Call

_RETRY: Final = pb.ResolveDeadLettersRequest.RESOLUTION_RETRY
_DROP: Final = pb.ResolveDeadLettersRequest.RESOLUTION_DROP
ID_WORDS: Final = (
    "must be the id of a dead letter: a source, a slash and two numbers, e.g. pos/1700-0"
)
PAGE_WORDS: Final = "must be the next_page_token of a call with the same source"
SOME: Final = "wms/1700-0"
NO_ID: Final = "x"


def feeds(**values: Any) -> Call:
    """Ask what feeds did."""
    return lambda client: client.operations.ListFeeds(pb.ListFeedsRequest(**values))


def letters(**values: Any) -> Call:
    """Ask for dead letters."""
    return lambda client: client.operations.ListDeadLetters(pb.ListDeadLettersRequest(**values))


def resolve(ids: Sequence[str], resolution: Any = _RETRY) -> Call:
    """Retry or drop letters."""
    request = pb.ResolveDeadLettersRequest(dead_letter_ids=ids, resolution=resolution)
    return lambda client: client.operations.ResolveDeadLetters(request)


FEEDS: Final = (
    Bad(
        "feeds: a page of less than none",
        feeds(page_size=-1),
        fields={"page_size": "must be 0 to 1000, is -1"},
    ),
    Bad(
        "feeds: a page too large",
        feeds(page_size=1_001),
        fields={"page_size": "must be 0 to 1000, is 1001"},
    ),
    Bad(
        "feeds: a token that is no source",
        feeds(page_token="x" * 65),
        fields={"page_token": "must be the next_page_token of a call before"},
    ),
    Bad(
        "letters: a source too long",
        letters(source="x" * 65, page_size=1_001),
        fields={"source": f"{NAME_WORDS}, or empty", "page_size": "must be 0 to 1000, is 1001"},
    ),
    Bad(
        "letters: a token of nothing", letters(page_token=NO_ID), fields={"page_token": PAGE_WORDS}
    ),
    Bad(
        "letters: a token of another source",
        letters(source="pos", page_token=SOME),
        fields={"page_token": PAGE_WORDS},
    ),
    Bad(
        "letters: a token beyond every id",
        letters(page_token=f"wms/{2**64}-0"),
        fields={"page_token": PAGE_WORDS},
    ),
    Bad(
        "letters: ids beside a source and a token",
        letters(dead_letter_ids=[SOME], source="wms", page_token=SOME),
        fields={
            "source": "must be empty beside dead_letter_ids",
            "page_token": "must be empty beside dead_letter_ids",
        },
    ),
    Bad(
        "letters: an id that is none",
        letters(dead_letter_ids=[SOME, "wms"]),
        fields={"dead_letter_ids[1]": ID_WORDS},
    ),
    Bad(
        "letters: too many ids",
        letters(dead_letter_ids=[SOME] * 101),
        fields={"dead_letter_ids": "must have 0 to 100 entries, has 101"},
    ),
    Bad(
        "resolve: nothing, and nothing to do",
        resolve([], 0),
        fields={
            "dead_letter_ids": "must have 1 to 1000 entries, has 0",
            "resolution": "must be RESOLUTION_RETRY or RESOLUTION_DROP",
        },
    ),
    Bad(
        "resolve: a resolution that nobody knows",
        resolve([SOME], 3),
        fields={"resolution": "must be RESOLUTION_RETRY or RESOLUTION_DROP"},
    ),
    Bad(
        "resolve: too many ids",
        resolve([SOME] * 1_001, _DROP),
        fields={"dead_letter_ids": "must have 1 to 1000 entries, has 1001"},
    ),
    Bad(
        "resolve: ids that are none",
        resolve(["", "wms/1-0", "/1-0", "wms/1", "wms/-1-0", "a/b/1-0", f"wms/0-{2**64}"], _DROP),
        fields={f"dead_letter_ids[{at}]": ID_WORDS for at in (0, 2, 3, 4, 6)},
    ),
)
