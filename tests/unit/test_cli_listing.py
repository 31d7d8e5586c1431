"""Lists: pages, limits, sorting, and rows that are written as they come."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import typer

from sellable.cli.listing import Column, Page, Wanted, listed
from sellable.cli.terminal import write_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.cli.listing import Fetch

COLUMNS: Final = (
    Column[int]("name", lambda row: f"row {row}"),
    Column[int]("the number", lambda row: f"{row:,}", by=lambda row: row, number=True),
)


class Source:
    """Rows that are asked for page by page, and which pages were asked for."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = rows
        self.asked: list[tuple[int, str]] = []

    def __call__(self, size: int, token: str) -> Page[int]:
        """Answer a page; its token is how many rows came before."""
        self.asked.append((size, token))
        start = int(token or 0)
        end = start + size
        return Page(self.rows[start:end], str(end) if end < len(self.rows) else "")


def written(
    fetch: Fetch[int] | Sequence[int],
    *,
    limit: int | None = 100,
    sort: str = "",
    after: str = "",
    as_json: bool = True,
) -> Any:
    """Return the JSON, or the lines, that a list writes."""
    answer = listed(
        "rows",
        COLUMNS,
        fetch,
        lambda row: {"number": row},
        Wanted(limit, sort, after),
        beside={"revision": "r"},
    )
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        write_answer(answer, as_json=as_json)
    if not as_json:
        return out.getvalue().splitlines(), err.getvalue()
    value = orjson.loads(out.getvalue())
    assert "r" == value["revision"]
    return [row["number"] for row in value["rows"]], value["next_page_token"]


def test_a_limit_ends_the_list_and_its_token_goes_on() -> None:
    """No more is asked for than wanted, and every row is there once."""
    source = Source(range(7))
    assert ([0, 1, 2], "3") == written(source, limit=3)
    assert ([3, 4, 5], "6") == written(source, limit=3, after="3")
    assert ([6], "") == written(source, limit=3, after="6")
    assert [(3, ""), (3, "3"), (3, "6")] == source.asked


def test_everything_is_asked_for_in_pages() -> None:
    """A page stays small, however long the list is."""
    source = Source(range(250))
    rows, token = written(source, limit=None)
    assert (list(range(250)), "") == (rows, token)
    assert [100, 100, 100] == [size for size, _ in source.asked]


def test_a_row_is_written_before_the_next_page_is_asked_for() -> None:
    """A list of any length is written in the memory of a page."""
    out = io.StringIO()
    seen: list[bool] = []

    def fetch(size: int, token: str) -> Page[int]:
        seen.append(f'"number":{len(seen) - 1}' in out.getvalue())
        return Page([len(seen)], "more" if len(seen) < 4 else "")

    answer = listed("rows", COLUMNS, fetch, lambda row: {"number": row}, Wanted(None, "", ""))
    with redirect_stdout(out):
        write_answer(answer, as_json=True)
    assert [False, False, True, True] == seen  # one page is held back, so that nothing is cut


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("the-number", [2, 10, 33]),
        ("-the_number", [33, 10, 2]),
        ("The Number", [2, 10, 33]),
        ("name", [10, 2, 33]),
    ],
)
def test_sorted_by_a_column(sort: str, expected: list[int]) -> None:
    """Numbers sort as numbers and words as words, whichever way the rows came."""
    assert (expected, "") == written([10, 33, 2], sort=sort)
    assert (expected, "") == written(Source([10, 33, 2]), sort=sort)


def test_a_sorted_list_is_cut_after_it_was_sorted() -> None:
    """Rows that are all there are sorted first, so that the limit takes the first of all."""
    assert ([2, 10], "2") == written([10, 33, 2], sort="the-number", limit=2)
    assert ([33], "") == written([10, 33, 2], sort="the-number", limit=2, after="2")


@pytest.mark.parametrize(
    ("sort", "said"),
    [
        ("the-numbr", "no column 'the-numbr': did you mean the-number?"),
        ("-xyz", "no column 'xyz': there are name, the-number"),
    ],
)
def test_an_unknown_column_is_refused_with_a_hint(sort: str, said: str) -> None:
    """The nearest column is named, or all of them; nothing is asked for."""
    source = Source([1])
    with pytest.raises(typer.BadParameter) as caught:
        written(source, sort=sort)
    assert (said, "--sort", []) == (caught.value.message, caught.value.param_hint, source.asked)


def test_a_token_of_another_list_is_refused() -> None:
    """What is no token of this list is told by its option."""
    with pytest.raises(typer.BadParameter) as caught:
        written([1, 2], after="x")
    assert "--page-token" == caught.value.param_hint


def test_pages_stand_under_one_header() -> None:
    """In a file or a pipe the columns of all pages line up, and the note of more is elsewhere."""
    lines, told = written(Source(range(1_000, 1_250)), limit=150, as_json=False)
    assert ["name       the number", "─" * 21] == [line.rstrip() for line in lines[:2]]
    assert 152 == len(lines)
    assert {21} == {len(line) for line in lines}
    assert "there may be more: --page-token 150, or --all\n" == told


def test_an_empty_list_has_its_header() -> None:
    """No rows are told from no answer."""
    lines, told = written([], as_json=False)
    assert (["name", "the", "number"], "") == (lines[0].split(), told)
    assert ([], "") == written([])


def test_an_empty_list_that_is_too_wide_for_its_header_says_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A header that is folded over no rows would be read as rows."""
    monkeypatch.setenv("COLUMNS", "12")
    lines, told = written([], as_json=False)
    assert (["none"], "") == (lines, told)


def test_a_narrow_terminal_gets_a_line_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that would be folded beyond reading becomes one record after the other."""
    monkeypatch.setenv("COLUMNS", "30")
    lines, _ = written([10**12, 2], as_json=False)
    assert ["name        row 1000000000000", "the number  1,000,000,000,000", ""] == [
        line.rstrip() for line in lines[:3]
    ]
