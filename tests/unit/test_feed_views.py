"""Feeds in words: how old, which state, how fast; and letters that are no JSON."""

from __future__ import annotations

import io
from typing import Any, Final

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from sellable.cli.feed_views import (
    LETTERS,
    age_text,
    feed_columns,
    feed_value,
    letter_value,
    state_of,
    state_text,
)
from sellable.cli.ingest_status import Feeds, feeds_table, rates
from sellable.v1.operations_pb2 import DeadLetter, Feed, LocationFact

NOW_MS: Final = 1_800_000_000_000


def moment(ms_ago: int) -> Timestamp:
    """Return a time before now."""
    made = Timestamp()
    made.FromMilliseconds(NOW_MS - ms_ago)
    return made


NOW: Final = moment(0)


def feed(source: str = "wms", **values: Any) -> Feed:
    """Make a feed that was just heard, unless told."""
    return Feed(**{"source": source, "last_row_time": moment(0), **values})


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5_000, "0 s"),
        (999, "0 s"),
        (12_345, "12 s"),
        (60_000, "1 min"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (3_605_000, "1 h"),
        (3_660_000, "1 h 1 min"),
        (86_400_000 * 2 + 3_600_000 * 4, "2 d 4 h"),
        (86_400_000 + 60_000, "1 d"),
    ],
)
def test_an_age_has_two_units(ms: int, text: str) -> None:
    """The two largest units say enough, and a clock that runs ahead makes no negative age."""
    assert text == age_text(ms)


@pytest.mark.parametrize(
    ("state", "words", "values"),
    [
        ("OK", "ok", {}),
        ("OK", "ok", {"lag_count": 3, "oldest_waiting_time": moment(59_000)}),
        ("OK", "ok", {"lag_count": 3, "oldest_waiting_time": moment(90_000)}),
        ("SILENT", "silent for 2 min", {"silent": True, "last_row_time": moment(120_000)}),
        ("SILENT", "silent: never heard", {"silent": True, "last_row_time": None}),
        (
            "STUCK",
            "stuck: entries wait, none is applied",
            {
                "lag_count": 1,
                "oldest_waiting_time": moment(61_000),
                "last_row_time": moment(61_000),
                "silent": True,
            },
        ),
        (
            "STUCK",
            "stuck: entries wait, none is applied",
            {"lag_count": 1, "oldest_waiting_time": moment(61_000), "last_row_time": None},
        ),
    ],
)
def test_the_state_of_a_feed(state: str, words: str, values: dict[str, Any]) -> None:
    """Old entries with rows being applied are a lag; with none being applied nobody works."""
    assert state == state_of(feed(**values), NOW)
    assert words == state_text(feed(**values), NOW).plain


def test_rates_are_rows_a_second_of_the_store() -> None:
    """A feed that is new, or that was forgotten and begins again, has no rate and no negative."""
    before = Feeds([feed("a", row_count=100), feed("b", row_count=50)], moment(2_000))
    after = Feeds([feed("a", row_count=700), feed("b", row_count=10), feed("c", row_count=9)], NOW)
    assert {"a": 300.0, "b": 0.0, "c": 0.0} == rates(before, after)
    assert {"a": 0.0, "b": 0.0} == rates(before, before)


def test_a_table_has_a_row_a_source() -> None:
    """What is watched has the columns of the list, and rows a second besides."""
    made = feeds_table(Feeds([feed("a"), feed("b")], NOW), {"a": 12.4}, 200)
    headers = [column.header for column in made.columns]
    assert [*[c.name for c in feed_columns(NOW)][:3], "rows/s"] == headers[:4]
    assert 2 == made.row_count
    assert ["12", "0"] == [str(cell) for cell in made.columns[3].cells]


@pytest.mark.parametrize(("room", "kept"), [(80, 7), (120, 10)])
def test_a_watched_table_fits_the_terminal(room: int, kept: int) -> None:
    """What says that something is wrong stays; nothing is folded into columns of letters."""
    busy = feed("wms-paris-north", row_count=20_000_000, unchanged_count=19_000_000)
    made = feeds_table(Feeds([busy], NOW), {"wms-paris-north": 33_000.0}, room)
    names = [column.header for column in made.columns]
    assert {"source", "state", "rows/s", "dead letters", "waiting", "lag", "newest fact"} <= {
        *names
    }
    assert len(names) >= kept
    drawn = io.StringIO()
    Console(width=room, file=drawn).print(made)
    assert 3 == len(drawn.getvalue().splitlines())


def test_a_feed_for_scripts() -> None:
    """Every counter is there, what is not set is null, and lag is in milliseconds."""
    value = feed_value(
        feed(
            row_count=3,
            applied_count=2,
            given_up_count=1,
            lag_count=4,
            oldest_waiting_time=moment(1_500),
            locations=[LocationFact(location="DC", newest_observe_time=moment(0))],
        ),
        NOW,
    )
    assert (3, 2, 1, 4, 1_500, None) == (
        value["row_count"],
        value["applied_count"],
        value["given_up_count"],
        value["lag_count"],
        value["lag_ms"],
        value["newest_observe_time"],
    )
    assert ["DC"] == [each["location"] for each in value["locations"]]
    assert 0 == feed_value(feed(), NOW)["lag_ms"]


@pytest.mark.parametrize(
    ("payload", "shown", "about"),
    [
        (b'{"sku":"A","location":"DC"}', {"sku": "A", "location": "DC"}, "A at DC"),
        (b'{"sku":7}', {"sku": 7}, "7"),
        (b"[1]", [1], ""),
        (b'{"sku"', '{"sku"', ""),
        (b"A;DC;\xff", "A;DC;\\xff", ""),
        (b"", "", ""),
    ],
)
def test_a_letter_that_may_be_no_json(payload: bytes, shown: object, about: str) -> None:
    """Whatever came can be listed: JSON as it is, text as text, bytes with escapes."""
    letter = DeadLetter(dead_letter_id="s/1-0", payload=payload, detail="d" * 200)
    assert shown == letter_value(letter)["payload"]
    cells = [str(column.cell(letter)) for column in LETTERS]
    assert about == cells[4]
    assert 80 == len(cells[5])
