"""What every list has in common: so many rows, a page after the other, sorted, table or JSON.

Rows are written as they come: a list of a million does not wait for its last page, unless it is to
be sorted.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from sellable.cli.show import table
from sellable.cli.terminal import Answer, Streamed, console_of, is_unbounded
from sellable.limits import PAGE_SIZE_DEFAULT

LIMIT_DEFAULT: Final = PAGE_SIZE_DEFAULT
_PANEL: Final = "Which rows"
_GAP: Final = 3  # between the columns of a table
_FOLDED_MAX: Final = 1.2  # a table that needs more room than so many times the terminal is no table
# Rows may be as large as a reservation of a hundred lines; a page stays a small message.
_PAGE_SIZE: Final = PAGE_SIZE_DEFAULT

Limit = Annotated[
    int, typer.Option(min=1, metavar="N", rich_help_panel=_PANEL, help="at most so many rows")
]
All = Annotated[bool, typer.Option("--all", rich_help_panel=_PANEL, help="every row, page by page")]
Sort = Annotated[
    str,
    typer.Option(
        metavar="COLUMN",
        rich_help_panel=_PANEL,
        help="sort what is listed by a column; -COLUMN: descending",
        show_default="as the service answers",
    ),
]
PageToken = Annotated[
    str,
    typer.Option(
        metavar="TOKEN",
        rich_help_panel=_PANEL,
        help="go on where a list before this ended",
        show_default="from the first row",
    ),
]

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Column(Generic[_Row]):
    """A column of a list.

    Args:
        name: As it stands over the column; `--sort` takes it with hyphens for spaces.
        cell: What is shown.
        by: What is sorted by; None: the text that is shown.
        number: Whether it is shown as numbers are.
    """

    name: str
    cell: Callable[[_Row], str | Text]
    by: Callable[[_Row], Any] | None = None
    number: bool = False

    @property
    def word(self) -> str:
        """The name that people type."""
        return self.name.lower().replace(" ", "-")

    def rank(self, row: _Row) -> Any:
        """Return what rows are sorted by."""
        return self.by(row) if self.by else str(self.cell(row))


class Page(NamedTuple, Generic[_Row]):
    """Some rows, and where the next ones begin; an empty token ends the list."""

    rows: Sequence[_Row]
    next_token: str


class Wanted(NamedTuple):
    """Which rows are asked for; a limit of None is all of them."""

    limit: int | None
    sort: str
    token: str

    @classmethod
    def of(cls, limit: int, *, everything: bool, sort: str, page_token: str) -> Wanted:
        """Return what the four options of a list ask for."""
        return cls(None if everything else limit, sort, page_token)


Fetch = Callable[[int, str], Page[_Row]]


def listed(
    name: str,
    columns: Sequence[Column[_Row]],
    fetch: Fetch[_Row] | Sequence[_Row],
    value: Callable[[_Row], Mapping[str, Any]],
    wanted: Wanted,
    *,
    beside: Mapping[str, Any] | None = None,
) -> Answer:
    """Answer a list.

    Args:
        name: Of the rows in JSON; `next_page_token` stands beside it.
        columns: Of the table.
        fetch: Answers a page of at most so many rows from a token on; or all rows at once.
        value: A row for scripts.
        wanted: What was asked for.
        beside: What JSON has besides.
    """
    order = _order(columns, wanted.sort)
    if not callable(fetch):
        fetch = _cut(order(fetch) if order else fetch)
    elif order:
        fetch = _sorted(fetch, order)
    pages = _Pages(fetch, wanted)
    if order:
        pages.size = wanted.limit  # to be sorted it must be whole
    rows = (value(row) for page in pages for row in page)
    streamed = Streamed(
        before=dict(beside or {}),
        name=name,
        items=rows,
        after=lambda: {"next_page_token": pages.next_token},
    )
    return Answer(streamed, _view(columns, pages))


class _Pages(Generic[_Row]):
    """Asks for page after page, until there are as many rows as wanted."""

    def __init__(self, fetch: Fetch[_Row], wanted: Wanted) -> None:
        self.next_token = wanted.token
        self.size: int | None = _PAGE_SIZE
        self._fetch = fetch
        self._limit = wanted.limit

    def __iter__(self) -> Iterator[Sequence[_Row]]:
        left = sys.maxsize if self._limit is None else self._limit
        while left > 0:
            size = left if self.size is None else min(left, self.size)
            page = self._fetch(size, self.next_token)
            self.next_token = page.next_token
            left -= len(page.rows)
            yield page.rows
            if not page.next_token:
                return


def _cut(rows: Sequence[_Row]) -> Fetch[_Row]:
    """Return pages of rows that all came at once; the token is how many came before."""

    def fetch(size: int, token: str) -> Page[_Row]:
        if token and not token.isdecimal():
            raise typer.BadParameter(f"{token!r} is of no such list", param_hint="--page-token")
        start = int(token or 0)
        end = start + size
        return Page(rows[start:end], str(end) if end < len(rows) else "")

    return fetch


def _sorted(fetch: Fetch[_Row], order: Callable[[Sequence[_Row]], Sequence[_Row]]) -> Fetch[_Row]:
    """Return one page of all rows up to the limit, sorted."""

    def whole(size: int, token: str) -> Page[_Row]:
        pages = _Pages(fetch, Wanted(size, "", token))
        rows = [row for page in pages for row in page]
        return Page(order(rows), pages.next_token)

    return whole


def _order(
    columns: Sequence[Column[_Row]], sort: str
) -> Callable[[Sequence[_Row]], Sequence[_Row]] | None:
    if not sort:
        return None
    descending = sort.startswith("-")
    name = sort.removeprefix("-").lower().replace(" ", "-").replace("_", "-")
    by_word = {column.word: column for column in columns}
    if name not in by_word:
        near = difflib.get_close_matches(name, by_word, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(by_word)}"
        raise typer.BadParameter(f"no column {name!r}: {hint}", param_hint="--sort")
    column = by_word[name]
    return lambda rows: sorted(rows, key=column.rank, reverse=descending)


def _view(columns: Sequence[Column[_Row]], pages: _Pages[_Row]) -> Iterator[RenderableType]:
    """Yield a table a page; where lines may be long, they line up under one header."""
    widths = [0] * len(columns)
    unbounded = is_unbounded(sys.stdout)
    room = console_of(sys.stdout).width
    first = True
    for rows in pages:
        if not rows and not first:
            break
        cells = [[_text(column.cell(row)) for column in columns] for row in rows]
        made = _table(columns, cells, widths, fixed=unbounded)
        made.show_header = first or not unbounded
        needed = sum(widths) + _GAP * (len(widths) - 1)
        if not rows and needed > room:
            yield Text("none", style="dim")  # rather than a header that is folded over nothing
        else:
            yield _Records(columns, cells) if needed > room * _FOLDED_MAX else made
        first = False
    if pages.next_token:
        note = Text(f"there may be more: --page-token {pages.next_token}, or --all", style="dim")
        console_of(sys.stderr).print(note, soft_wrap=True)


def _text(cell: str | Text) -> Text:
    return Text(cell) if isinstance(cell, str) else cell


def _table(
    columns: Sequence[Column[_Row]], cells: list[list[Text]], widths: list[int], *, fixed: bool
) -> Table:
    """Return a table, and widen `widths` to what it needs without folding."""
    made = table(*(f">{column.name}" if column.number else column.name for column in columns))
    for row in cells:
        made.add_row(*row)
    for index, column in enumerate(columns):
        shown = (row[index].cell_len for row in cells)
        widths[index] = max(widths[index], cell_len(column.name), *shown, 0)
        if fixed:
            made.columns[index].min_width = widths[index]
    return made


class _Records(Generic[_Row]):
    """Rows one below the other, a line a value, where a table would be folded beyond reading."""

    def __init__(self, columns: Sequence[Column[_Row]], cells: list[list[Text]]) -> None:
        self._names = [column.name for column in columns]
        self._cells = cells

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for the width at hand."""
        for row in self._cells:
            shown = Table.grid(padding=(0, 2, 0, 0))
            shown.add_column(style="bold", no_wrap=True)
            shown.add_column(overflow="fold")
            for name, cell in zip(self._names, row, strict=True):
                if cell.plain:
                    shown.add_row(name, cell)
            yield shown
            yield Text("")
