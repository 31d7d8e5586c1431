"""`sellable ingest dead-letters`: rows that nobody could apply: list, show, retry, drop."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Final

import orjson
import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.feed_views import LETTERS, letter_value, payload_value
from sellable.cli.listing import LIMIT_DEFAULT, All, Limit, Page, PageToken, Sort, Wanted, listed
from sellable.cli.show import number, time_shown, word
from sellable.cli.terminal import Answer
from sellable.cli.values import outcome_word
from sellable.limits import DEAD_LETTERS_BY_ID_MAX, PAGE_SIZE_MAX
from sellable.v1.errors_pb2 import ErrorReason
from sellable.v1.operations_pb2 import (
    DeadLetter,
    ListDeadLettersRequest,
    ListFeedsRequest,
    ResolveDeadLettersRequest,
)

# A call has its time, and a row takes the longer the more markets sell it: so few a call.
_LETTERS_PER_CALL: Final = DEAD_LETTERS_BY_ID_MAX
_SHOWN_MAX: Final = 20  # letters that stay are told one by one up to so many
_RETRY: Final = ResolveDeadLettersRequest.RESOLUTION_RETRY
_DROP: Final = ResolveDeadLettersRequest.RESOLUTION_DROP
_OUTCOMES: Final = ("APPLIED", "UNCHANGED", "STALE", "DUPLICATE", "REJECTED")

_Source = Annotated[str, typer.Option(metavar="NAME", help="only of this source")]
_Reason = Annotated[
    str, typer.Option(metavar="WORD", help="only refused for this, e.g. UNKNOWN_LOCATION")
]
_Ids = Annotated[list[str] | None, typer.Argument(metavar="DEAD_LETTER...", show_default=False)]
_EveryOne = Annotated[bool, typer.Option("--all", help="every letter of --source")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


def list_command(
    service: Service,
    *,
    source: _Source = "",
    reason: _Reason = "",
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """List rows that were refused, or given up after several tries, by source and age.

    Examples:
      sellable ingest dead-letters list
      sellable ingest dead-letters list --source wms-paris --sort -refused
      sellable ingest dead-letters list --reason UNKNOWN_LOCATION --all --json
    """

    def fetch(size: int, token: str) -> Page[DeadLetter]:
        while True:
            letters, token = _page(service, source, reason, size, token)
            if letters or not token:
                return Page(letters, token)

    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    return listed("dead_letters", LETTERS, fetch, letter_value, wanted)


def show_command(
    service: Service,
    dead_letter: Annotated[str, typer.Argument(metavar="DEAD_LETTER", show_default=False)],
) -> Answer:
    """Show one letter: the row as it came, and all of what is wrong with it.

    Example:
      sellable ingest dead-letters show wms-paris/1795392000000-0
    """
    request = ListDeadLettersRequest(dead_letter_ids=[dead_letter])
    found = service.call(service.operations.ListDeadLetters, request).dead_letters
    if not found:
        raise Failure(
            f"there is no dead letter {dead_letter}",
            exit_code=ExitCode.REFUSED,
            reason="UNKNOWN_DEAD_LETTER",
            hint="it was resolved; `sellable ingest dead-letters list` says which are left",
        )
    (letter,) = found
    tries = "once" if letter.attempt_count == 1 else f"{letter.attempt_count} times"
    title = Text.assemble((letter.dead_letter_id, "bold"), "  ", (letter.reason, "yellow"))
    when = Text(f"refused {time_shown(letter, 'create_time')}, tried {tries}", style="dim")
    value = payload_value(letter.payload)
    row = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2)
    text = row if isinstance(row, str) else row.decode()
    return Answer(letter_value(letter), [title, when, Text(letter.detail), Text(text)])


def retry_command(
    service: Service,
    dead_letters: _Ids = None,
    *,
    source: _Source = "",
    everything: _EveryOne = False,
    reason: _Reason = "",
    yes: _Yes = False,
) -> Answer:
    """Apply rows again, once what was wrong is put right; what is refused again stays.

    Its row is counted as what becomes of it now, and only once, whoever else retries it.

    Examples:
      sellable ingest dead-letters retry wms-paris/1795392000000-0
      sellable ingest dead-letters retry --source wms-paris --all --yes
    """
    batches = _wanted(
        service, "retry", dead_letters or [], source, reason, everything=everything, yes=yes
    )
    return _resolved(service, _RETRY, batches)


def drop_command(
    service: Service,
    dead_letters: _Ids = None,
    *,
    source: _Source = "",
    everything: _EveryOne = False,
    reason: _Reason = "",
    yes: _Yes = False,
) -> Answer:
    """Forget rows that are not to be applied; they stay counted as rejected or given up.

    Examples:
      sellable ingest dead-letters drop wms-paris/1795392000000-0
      sellable ingest dead-letters drop --source erp --all --reason TOO_OLD
    """
    batches = _wanted(
        service, "drop", dead_letters or [], source, reason, everything=everything, yes=yes
    )
    return _resolved(service, _DROP, batches)


def _wanted(
    service: Service,
    verb: str,
    ids: list[str],
    source: str,
    reason: str,
    *,
    everything: bool,
    yes: bool,
) -> Iterator[list[str]]:
    """Return the ids that are meant, some at a time; for all of a source somebody is asked."""
    if ids and (everything or source or reason):
        raise usage("name letters, or --source with --all: not both")
    if not ids and not (source and everything):
        raise usage(f"which dead letters to {verb}? name them, or --source NAME with --all")
    if ids:
        return _batches(ids)
    if not yes:
        _ask(service, verb, source, reason)
    return _all_of(service, source, reason)


def _ask(service: Service, verb: str, source: str, reason: str) -> None:
    nothing = "nothing was done"
    if not sys.stdin.isatty():
        raise Failure(
            f"{nothing}: nobody can be asked here",
            exit_code=ExitCode.REFUSED,
            reason="NOT_CONFIRMED",
            hint="--yes does it without asking",
        )
    which = f"dead letters of {source}"
    if reason:
        which = f"{which} that were refused for {reason}"
    else:
        which = f"{number(_letter_count(service, source))} {which}"
    if not typer.confirm(f"{verb} all {which}?", err=True):
        raise Failure(nothing, exit_code=ExitCode.REFUSED, reason="NOT_CONFIRMED")


def _letter_count(service: Service, source: str) -> int:
    token = ""
    while True:
        page = service.call(service.operations.ListFeeds, ListFeedsRequest(page_token=token))
        for feed in page.feeds:
            if feed.source == source:
                return feed.dead_letter_count
        token = page.next_page_token
        if not token:
            return 0


def _all_of(service: Service, source: str, reason: str) -> Iterator[list[str]]:
    """Yield the ids of a source; what stays is behind the token, so each comes once."""
    token = ""
    while True:
        letters, token = _page(service, source, reason, PAGE_SIZE_MAX, token)
        yield from _batches(letter.dead_letter_id for letter in letters)
        if not token:
            return


def _page(
    service: Service, source: str, reason: str, size: int, token: str
) -> tuple[list[DeadLetter], str]:
    request = ListDeadLettersRequest(source=source, page_size=size, page_token=token)
    page = service.call(service.operations.ListDeadLetters, request)
    wanted = reason.upper().replace("-", "_")
    letters = [each for each in page.dead_letters if wanted in {"", each.reason}]
    return letters, page.next_page_token


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(ids)
    while batch := list(islice(iterator, _LETTERS_PER_CALL)):
        yield batch


def _resolved(
    service: Service,
    resolution: ResolveDeadLettersRequest.Resolution.ValueType,
    batches: Iterator[list[str]],
) -> Answer:
    counts: Counter[str] = Counter()
    results: list[dict[str, Any]] = []
    for batch in batches:
        request = ResolveDeadLettersRequest(dead_letter_ids=batch, resolution=resolution)
        answer = service.call(service.operations.ResolveDeadLetters, request, again="")
        for letter_id, result in zip(batch, answer.results, strict=True):
            outcome = outcome_word(result)
            counts[outcome] += 1
            reason = ErrorReason.Name(result.reason).removeprefix("ERROR_REASON_")
            told = "" if reason == "UNSPECIFIED" else reason
            results.append(
                {
                    "dead_letter_id": letter_id,
                    "outcome": outcome,
                    "reason": told,
                    "detail": result.detail,
                }
            )
    # Of those that stay why, and of those that are not there that.
    said = [
        ": ".join(filter(None, (each["dead_letter_id"], each["reason"], each["detail"])))
        for each in results
        if each["detail"]
    ]
    notes = [Text(line) for line in said[:_SHOWN_MAX]]
    if len(said) > _SHOWN_MAX:
        notes.append(Text(f"... and {number(len(said) - _SHOWN_MAX)} more"))
    done = {"APPLIED": "DROPPED"} if resolution == _DROP else {}
    line = Text(", ").join(
        Text.assemble(number(counts[outcome]), " ", word(done.get(outcome, outcome)))
        for outcome in _OUTCOMES
        if counts[outcome]
    )
    value = {f"{outcome.lower()}_count": counts[outcome] for outcome in _OUTCOMES}
    return Answer(
        {**value, "results": results},
        [line or Text("no such dead letters")],
        ExitCode.REFUSED if counts["REJECTED"] else ExitCode.DONE,
        notes,
    )
