"""Feeds and dead letters as lists: their columns, their state in a word, and JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from rich.text import Text

from sellable.cli.listing import Column
from sellable.cli.show import number, time_shown
from sellable.cli.values import time_text
from sellable.v1.operations_pb2 import DeadLetter, Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf.timestamp_pb2 import Timestamp

# Longer than a worker takes to give up an entry and go on with the next.
STUCK_MS: Final = 60_000
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_STATES: Final = {"OK": "green", "SILENT": "bold red", "STUCK": "bold yellow"}
_DETAIL_MAX: Final = 80  # characters of a list; `show` has them all
_COUNTS: Final = (
    ("rows", "row_count", ""),
    ("applied", "applied_count", ""),
    ("unchanged", "unchanged_count", ""),
    ("stale", "stale_count", ""),
    ("duplicate", "duplicate_count", ""),
    ("rejected", "rejected_count", "yellow"),
    ("given up", "given_up_count", "red"),
    ("dead letters", "dead_letter_count", "red"),
)


def age_text(ms: int) -> str:
    """Return how long ago something was, by its two largest units: `2 d 4 h`, `12 s`."""
    seconds = max(0, ms) // 1_000
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if parts or count or unit == "s":
            parts.append(f"{count} {unit}" if count or not parts else "")
    return " ".join(parts[:2]).strip()


def age_ms(time: Timestamp, now: Timestamp) -> int:
    """Return the age of a time in milliseconds."""
    return now.ToMilliseconds() - time.ToMilliseconds()


def state_of(feed: Feed, now: Timestamp) -> str:
    """Return OK, SILENT or STUCK: entries wait, and for a minute nothing was applied."""
    if feed.lag_count and age_ms(feed.oldest_waiting_time, now) > STUCK_MS:
        heard = feed.HasField("last_row_time")
        if not heard or age_ms(feed.last_row_time, now) > STUCK_MS:
            return "STUCK"
    return "SILENT" if feed.silent else "OK"


def state_text(feed: Feed, now: Timestamp) -> Text:
    """Return the state of a feed for people, in its colour."""
    state = state_of(feed, now)
    words = state.lower()
    if state == "SILENT":
        heard = feed.HasField("last_row_time")
        since = f"for {age_text(age_ms(feed.last_row_time, now))}" if heard else ": never heard"
        words = f"silent {since}".replace(" :", ":")
    elif state == "STUCK":
        words = "stuck: entries wait, none is applied"
    return Text(words, style=_STATES[state])


def feed_columns(
    now: Timestamp, rates: Mapping[str, float] | None = None
) -> tuple[Column[Feed], ...]:
    """Return the columns of the list of feeds.

    Args:
        now: What ages count from: the time of the store when the feeds were read.
        rates: Rows a second of each source; None: no such column.
    """

    def age(field: Any) -> tuple[Callable[[Feed], str], Callable[[Feed], int]]:
        def milliseconds(feed: Feed) -> int:
            return age_ms(getattr(feed, field), now) if feed.HasField(field) else -1

        def shown(feed: Feed) -> str:
            ms = milliseconds(feed)
            return age_text(ms) if feed.HasField(field) else ""

        return shown, milliseconds

    def count(name: str, field: str, style: str) -> Column[Feed]:
        def value(feed: Feed) -> int:
            found: int = getattr(feed, field)
            return found

        def cell(feed: Feed) -> Text:
            return Text(number(value(feed)), style=style if value(feed) else "")

        return Column(name, cell, by=value, number=True)

    lag, lag_ms = age("oldest_waiting_time")
    newest, newest_ms = age("newest_observe_time")
    heard, heard_ms = age("last_row_time")
    columns = [
        Column[Feed]("source", lambda feed: feed.source),
        Column[Feed]("state", lambda feed: state_text(feed, now)),
        *(count(*each) for each in _COUNTS),
        count("waiting", "lag_count", "yellow"),
        Column[Feed]("lag", lag, by=lag_ms, number=True),
        Column[Feed]("newest fact", newest, by=newest_ms, number=True),
        Column[Feed]("last heard", heard, by=heard_ms, number=True),
    ]
    if rates is not None:
        rate = Column[Feed]("rows/s", lambda feed: f"{rates.get(feed.source, 0):,.0f}", number=True)
        columns.insert(3, rate)
    return tuple(columns)


def feed_value(feed: Feed, now: Timestamp) -> dict[str, Any]:
    """Return a feed for scripts."""
    lag_ms = age_ms(feed.oldest_waiting_time, now) if feed.lag_count else 0
    return {
        "source": feed.source,
        "state": state_of(feed, now),
        **{field: getattr(feed, field) for _, field, _ in _COUNTS},
        "lag_count": feed.lag_count,
        "lag_ms": max(0, lag_ms),
        "oldest_waiting_time": time_text(feed, "oldest_waiting_time"),
        "newest_observe_time": time_text(feed, "newest_observe_time"),
        "last_row_time": time_text(feed, "last_row_time"),
        "silent": feed.silent,
        "silent_after_ms": feed.silent_after_ms,
        "locations": [
            {
                "location": fact.location,
                "newest_observe_time": time_text(fact, "newest_observe_time"),
            }
            for fact in feed.locations
        ],
    }


def letter_value(letter: DeadLetter) -> dict[str, Any]:
    """Return a dead letter for scripts; its row is JSON, or the text that came."""
    return {
        "dead_letter_id": letter.dead_letter_id,
        "source": letter.source,
        "reason": letter.reason,
        "detail": letter.detail,
        "attempt_count": letter.attempt_count,
        "create_time": time_text(letter, "create_time"),
        "payload": payload_value(letter.payload),
    }


def payload_value(payload: bytes) -> Any:
    """Return a row as the JSON that it is, else as text."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "backslashreplace")


def _about(letter: DeadLetter) -> str:
    """Return which position the row is about, if it can be told."""
    value = payload_value(letter.payload)
    if not isinstance(value, dict):
        return ""
    parts = [str(value[name]) for name in ("sku", "location") if name in value]
    return " at ".join(parts)[:_DETAIL_MAX]


def _cut(text: str) -> str:
    return text if len(text) <= _DETAIL_MAX else f"{text[: _DETAIL_MAX - 3]}..."


LETTERS: Final = (
    Column[DeadLetter]("dead letter", lambda row: row.dead_letter_id),
    Column[DeadLetter](
        "refused",
        lambda row: time_shown(row, "create_time"),
        by=lambda row: row.create_time.ToNanoseconds(),
    ),
    Column[DeadLetter]("reason", lambda row: Text(row.reason, style="yellow")),
    Column[DeadLetter](
        "tries",
        lambda row: number(row.attempt_count),
        by=lambda row: row.attempt_count,
        number=True,
    ),
    Column[DeadLetter]("about", _about),
    Column[DeadLetter]("detail", lambda row: _cut(row.detail)),
)
