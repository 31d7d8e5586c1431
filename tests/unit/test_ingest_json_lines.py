"""JSON Lines: the rows of events, completed by the file they stand in."""

from __future__ import annotations

import io
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.ingest.json_lines import read_json_lines
from sellable.stock import Fact, FactKind
from support.reading import LOG, OBSERVED, Read, context_of, drain, endless

GOOD = '{"sku": "A", "location": "DC-1", "on_hand_quantity": 7}'


def lines(content: str | bytes, profile: str = "", **more: object) -> Read:
    """Read JSON Lines."""
    data = content.encode() if isinstance(content, str) else content
    context = context_of(profile, **more)
    return drain(read_json_lines(io.BytesIO(data), context), context.notes)


def test_a_row_is_completed() -> None:
    """Id, order and time come from the file, as in a table; blank lines are no rows."""
    found = lines(f"\n{GOOD}\r\n\n  {GOOD}")
    assert [(2, f"{LOG}:2", 2, OBSERVED), (4, f"{LOG}:4", 4, OBSERVED)] == [
        (line, fact.event_id, fact.sequence, fact.observe_us) for line, fact in found.facts
    ]


def test_what_a_row_says_itself_counts() -> None:
    """Nothing that it says is replaced."""
    row = {
        "event_id": "e",
        "source": "wms",
        "sku": "A",
        "location": "DC-1",
        "observe_time": 17,
        "sequence": 0,
        "delta_quantity": "-3",
        "reason": "sold",
    }
    [(_, fact)] = lines(orjson.dumps(row), location="DC-9").facts
    assert (FactKind.DELTA, "e", "DC-1", 17, 0, -3, "sold") == (
        fact.kind,
        fact.event_id,
        fact.location,
        fact.observe_us,
        fact.sequence,
        fact.quantity,
        fact.reason,
    )


def test_locations_and_bounds_of_the_profile() -> None:
    """Names of locations and place-holders mean what they mean in a table."""
    text = "".join(
        f'{{"sku": "{sku}", "location": "{place}", "on_hand_quantity": {quantity}}}\n'
        for sku, place, quantity in [("A", "Main Street", 1), ("B", "DC-1", 999999)]
    )
    found = lines(
        text + '{"sku": "C", "on_hand_quantity": 2}',
        "locations: {main street: S-1}\nquantity_max: 9999",
        location="DC-9",
    )
    assert [("A", "S-1", 1), ("C", "DC-9", 2)] == found.counts
    assert [(2, "999999 is beyond 9999, the quantity_max of the profile")] == [
        (line, row.detail) for line, row in found.refused
    ]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("{", "is not JSON"),
        ("x", "is not JSON"),
        ("[]", "must be one JSON object"),
        ("7", "must be one JSON object"),
        ("null", "must be one JSON object"),
        (GOOD + GOOD, "is not JSON"),
        ("NaN", "is not JSON"),
        ('{"sku": "A"}', "location must be"),
        ('{"sku": "", "location": "DC-1", "on_hand_quantity": 7}', "sku must be"),
        ('{"sku": 7, "location": "DC-1", "on_hand_quantity": 7}', "sku must be a text"),
        ('{"sku": "A", "location": "DC-1", "on_hand_quantity": 1.5}', "on_hand_quantity must be"),
        ('{"sku": "A", "location": "DC-1", "quantity": 1}', "quantity is not known"),
        (GOOD.replace("}", ', "source": "pos"}'), "source must be wms"),
        (GOOD.replace("}", f', "reason": "{"x" * 100_000}"}}'), "must have at most 65536 bytes"),
        ("[" * 60_000, "is not JSON"),
        ("x" * 3_000_000, "must have at most 65536 bytes"),
    ],
)
def test_a_row_that_is_refused(line: str, detail: str) -> None:
    """It is refused with its line; the rows around it are applied."""
    found = lines(f"{GOOD}\n{line}\n{GOOD}\n")
    assert [1, 3] == [number for number, _ in found.facts]
    [(number, row)] = found.refused
    assert (2, True) == (number, detail in row.detail), row.detail
    assert len(row.payload) < 5_000


def test_a_huge_line_is_never_held() -> None:
    """A line of 64 MiB is refused with a few MiB of memory."""
    context = context_of()
    stream = endless(f"{GOOD}\n", f"\n{GOOD}\n")
    tracemalloc.start()
    found = drain(read_json_lines(stream, context), context.notes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ([1, 3], [2]) == ([n for n, _ in found.facts], [n for n, _ in found.refused])
    assert peak < 16 * 1024 * 1024


def test_bytes_that_are_no_text() -> None:
    """They are refused and stay visible."""
    found = lines(GOOD.encode() + b"\n" + GOOD.encode().replace(b"A", b"\xff"))
    [(line, row)] = found.refused
    assert (2, True) == (line, r"\xff" in row.payload)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty: there is no row"),
        (b"\n\n", "the file is empty: there is no row"),
        (b"\xef\xbb\xbf", "the file is empty: there is no row"),
        (b"[" + GOOD.encode() + b"]", "line 1: it is a JSON array; JSON Lines has one object"),
        (b"\n [\n" + GOOD.encode() + b"]", "line 2: it is a JSON array"),
        (b"{\n  " + GOOD.encode()[1:], "line 1: the object goes over several lines"),
        (GOOD.encode("utf-16"), "it is UTF-16; JSON Lines is UTF-8"),
    ],
)
def test_other_files(content: bytes, problem: str) -> None:
    """Other JSON is refused as a file, not line by line, and says how to make lines of it."""
    found = lines(content)
    assert ([], True) == (found.rows, problem in str(found.problem)), found.problem


def test_a_byte_order_mark_is_no_text() -> None:
    """Windows writes it."""
    assert 1 == len(lines(b"\xef\xbb\xbf" + GOOD.encode()).facts)


def test_many_rows_come_in_lists_of_a_thousand() -> None:
    """In order, over the ends of blocks."""
    found = lines(f"{GOOD}\n" * 12_345)
    assert list(range(1, 12_346)) == [line for line, _ in found.facts]


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_every_line_has_one_row(content: list[bytes]) -> None:
    """Whatever the lines are, each that is not blank is one fact or one refusal."""
    data = GOOD.encode() + b"\n" + b"\n".join(content)
    found = lines(data)
    assert found.problem is None
    assert len([line for line in content if line.strip()]) + 1 == len(found.rows)
    assert all(isinstance(row, Fact) or row.payload.encode() is not None for _, row in found.rows)
