"""`sellable ingest status`: what every feed did, what waits, and which fell silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Final, NamedTuple

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.feed_views import (
    age_ms,
    age_text,
    feed_columns,
    feed_value,
    state_of,
)
from sellable.cli.listing import Column, Sort, Wanted, listed
from sellable.cli.show import number, table, time_shown
from sellable.cli.terminal import Answer, console_of
from sellable.cli.values import time_text
from sellable.v1.operations_pb2 import Feed, ListFeedsRequest, LocationFact

_REFRESH_S: Final = 1.0
# What a table that is refreshed leaves out in a narrow terminal, one after the other.
_LEFT_OUT: Final = (
    "stale",
    "duplicate",
    "given up",
    "unchanged",
    "applied",
    "rejected",
    "rows",
    "last heard",
)
_WIDE: Final = 10_000


class Feeds(NamedTuple):
    """Feeds, and the time of the store when they were read."""

    feeds: list[Feed]
    time: Timestamp


class _At(NamedTuple):
    """The newest fact of a source about a location."""

    source: str
    fact: LocationFact


def status_command(
    service: Service,
    *,
    source: Annotated[
        str,
        typer.Option(metavar="GLOB", help="only sources like this, e.g. pos-*"),
    ] = "*",
    locations: Annotated[
        bool, typer.Option("--locations", help="how old the newest fact of each location is")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="go on every second until Ctrl-C, with rows/s")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="exit code 1 if a feed is silent, stuck or has dead letters"),
    ] = False,
    sort: Sort = "",
) -> Answer:
    """Say what every feed did: rows by outcome, what waits and how old the news are.

    A feed is silent if nothing came for longer than the setting feed_silent_after says, and stuck
    if entries wait and for a minute none was applied: does a worker run?

    Examples:
      sellable ingest status
      sellable ingest status --source "pos-*" --locations --sort -newest-fact
      sellable ingest status --watch
      sellable ingest status --check --source "pos-*"
    """
    if watch and (check or sort or locations):
        raise typer.BadParameter("goes with --source only", param_hint="--watch")
    everything = Wanted(None, sort, "")
    found = read_feeds(service, source)
    beside = {"read_time": found.time.ToJsonString()}
    if locations:
        rows = [_At(feed.source, fact) for feed in found.feeds for fact in feed.locations]
        return listed(
            "locations", _location_columns(found.time), rows, _at_value, everything, beside=beside
        )
    columns = feed_columns(found.time)
    answer = listed(
        "feeds",
        columns,
        found.feeds,
        lambda feed: feed_value(feed, found.time),
        everything,
        beside=beside,
    )
    if watch:
        return answer._replace(view=_watched(lambda: read_feeds(service, source)))
    bad = _complaints(found) if check else []
    return answer._replace(exit_code=ExitCode.REFUSED if bad else ExitCode.DONE, notes=bad)


def read_feeds(service: Service, pattern: str) -> Feeds:
    """Return every source whose name is like the pattern."""
    feeds: list[Feed] = []
    token = ""
    while True:
        request = ListFeedsRequest(page_token=token)
        page = service.call(service.operations.ListFeeds, request)
        feeds += (feed for feed in page.feeds if fnmatchcase(feed.source, pattern))
        token = page.next_page_token
        if not token:
            return Feeds(feeds, page.read_time)


def rates(before: Feeds, after: Feeds) -> dict[str, float]:
    """Return the rows a second of each source between two readings, by the store's clock."""
    passed_s = max(1, age_ms(before.time, after.time)) / 1_000
    rows = {feed.source: feed.row_count for feed in before.feeds}
    return {
        # What is new, or was forgotten meanwhile, has no rate yet.
        feed.source: max(0, feed.row_count - rows.get(feed.source, feed.row_count)) / passed_s
        for feed in after.feeds
    }


def feeds_table(found: Feeds, rate: dict[str, float], room: int) -> Table:
    """Return the feeds with their rows a second; what does not fit is left out, counts first."""
    console = console_of(sys.stdout)
    wide = console.options.update(width=_WIDE)
    for count in range(len(_LEFT_OUT) + 1):
        made = _feeds_table(found, rate, _LEFT_OUT[:count])
        if console.measure(made, options=wide).maximum <= room:
            break
    return made


def _feeds_table(found: Feeds, rate: dict[str, float], left_out: Sequence[str]) -> Table:
    columns = [each for each in feed_columns(found.time, rate) if each.name not in left_out]
    made = table(*(f">{column.name}" if column.number else column.name for column in columns))
    for feed in found.feeds:
        made.add_row(*(column.cell(feed) for column in columns))
    return made


def _watched(read: Callable[[], Feeds]) -> Iterator[RenderableType]:
    """Show the feeds anew every second until Ctrl-C; a terminal is written over in place."""
    console = console_of(sys.stdout)
    before = read()
    shown: RenderableType = feeds_table(before, {}, console.width)
    try:
        if not console.is_terminal:
            while True:
                yield shown
                time.sleep(_REFRESH_S)
                before, shown = _again(read, before, console.width)
        with Live(shown, console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_REFRESH_S)
                before, shown = _again(read, before, console.width)
                live.update(shown, refresh=True)
    except KeyboardInterrupt:
        return  # that is how it ends


def _again(read: Callable[[], Feeds], before: Feeds, room: int) -> tuple[Feeds, RenderableType]:
    """Read the feeds once more; a service that is away for a while does not end the watch."""
    try:
        after = read()
    except Failure as failure:
        if failure.exit_code is not ExitCode.NO_ANSWER:
            raise
        said = Text(f"{failure}; read at {before.time.ToJsonString()}", style="bold red")
        return before, Group(feeds_table(before, {}, room), said)
    return after, feeds_table(after, rates(before, after), room)


def _complaints(found: Feeds) -> list[Text]:
    said = []
    for feed in found.feeds:
        state = state_of(feed, found.time)
        wrong = [] if state == "OK" else [f"is {state.lower()}"]
        if feed.dead_letter_count:
            wrong.append(f"has {number(feed.dead_letter_count)} dead letters")
        if wrong:
            said.append(Text(f"{feed.source} {' and '.join(wrong)}", style="red"))
    return said


def _location_columns(now: Timestamp) -> tuple[Column[_At], ...]:
    return (
        Column[_At]("source", lambda row: row.source),
        Column[_At]("location", lambda row: row.fact.location),
        Column[_At](
            "newest fact",
            lambda row: age_text(age_ms(row.fact.newest_observe_time, now)),
            by=lambda row: age_ms(row.fact.newest_observe_time, now),
            number=True,
        ),
        Column[_At]("observed", lambda row: time_shown(row.fact, "newest_observe_time")),
    )


def _at_value(row: _At) -> dict[str, str | None]:
    return {
        "source": row.source,
        "location": row.fact.location,
        "newest_observe_time": time_text(row.fact, "newest_observe_time"),
    }
