"""A number drawn as what it is made of: one row a term, with the running total."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.padding import Padding
from rich.text import Text

from sellable.cli.show import number, table
from sellable.cli.values import term_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

    from sellable.v1.availability_pb2 import ExplainAvailabilityResponse as Explanation

_TABLE_COLUMNS_MIN: Final = 90  # a terminal that is narrower is written term by term
_WIDE_COLUMNS_MIN: Final = 120
_BAR_COLUMNS: Final = 24
_BAR_COLUMNS_NARROW: Final = 12
_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Step(NamedTuple):
    """A row: what it is called, where, its signed units, what they come to, and why."""

    where: str
    what: str
    units: int
    before: int
    after: int
    why: str = ""


def steps_of(answer: Explanation, market: str, now: datetime) -> list[Step]:
    """Return the terms in order, each with the total before and after it, and last the sum."""
    steps, total = [], 0
    for term in answer.terms:
        before, total = total, total + term.quantity
        what = term_word(term).replace("_", " ").lower()
        where = term.location or market
        steps.append(Step(where, what, term.quantity, before, total, _why(term, now)))
    return [*steps, Step(market, "can be sold", total, 0, total)]


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest unit."""
    seconds = int(abs((now - moment).total_seconds()))
    for unit_seconds, unit in _STEPS:
        if seconds >= unit_seconds:
            text = f"{seconds // unit_seconds} {unit}"
            return f"in {text}" if moment > now else f"{text} ago"
    return "now"


def signed(units: int) -> str:
    """Return a number of units as a change."""
    return f"{units:+,}" if units else "0"


class Waterfall:
    """The steps as a table with bars, or one below the other where there is no room for it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._low = min(0, *(step.after for step in steps))
        self._high = max(1, *(step.after for step in steps))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for the width at hand."""
        mark = "#" if options.ascii_only else "█"
        if options.max_width < _TABLE_COLUMNS_MIN:
            yield from self._list(mark, options.max_width)
        else:
            wide = options.max_width >= _WIDE_COLUMNS_MIN
            yield self._table(mark, _BAR_COLUMNS if wide else _BAR_COLUMNS_NARROW)

    def _table(self, mark: str, bar_columns: int) -> Table:
        made = table("", "", ">units", ">total", "", "because")
        made.columns[4].no_wrap = True
        where = ""
        for step in self._steps:
            is_sum = step is self._steps[-1]
            if is_sum:
                made.add_section()
            made.add_row(
                step.where if step.where != where else "",
                Text(step.what, style="bold" if is_sum else ""),
                "" if is_sum else Text(signed(step.units), style=_colour(step.units)),
                Text(number(step.after), style="bold" if is_sum else ""),
                self._bar(step, mark, bar_columns, is_sum=is_sum),
                step.why,
            )
            where = step.where
        return made

    def _list(self, mark: str, columns: int) -> RenderResult:
        where = ""
        what_columns = max(len(step.what) for step in self._steps)
        units_columns = max(len(signed(step.units)) for step in self._steps)
        total_columns = max(len(number(step.after)) for step in self._steps)
        for step in self._steps:
            is_sum = step is self._steps[-1]
            if step.where != where:
                yield Text(step.where, style="bold", overflow="fold")
                where = step.where
            units = "" if is_sum else signed(step.units)
            line = Text.assemble(
                f"  {step.what:<{what_columns}}  ",
                (f"{units:>{units_columns}}", _colour(step.units)),
                (f"  {number(step.after):>{total_columns}}", "bold" if is_sum else ""),
            )
            if line.cell_len + 2 + _BAR_COLUMNS_NARROW <= columns:
                line += self._bar(step, mark, _BAR_COLUMNS_NARROW, is_sum=is_sum, indent=2)
            yield line
            if step.why:
                yield Padding(Text(step.why, style="dim", overflow="fold"), (0, 0, 0, 4))

    def _bar(self, step: Step, mark: str, columns: int, *, is_sum: bool, indent: int = 0) -> Text:
        start, end = sorted((step.before, step.after))
        first, last = (self._column(total, columns) for total in (start, end))
        if start != end:
            # Something is to be seen of every term that is not nothing.
            first = min(first, columns - 1)
            last = max(last, first + 1)
        return Text.assemble(
            " " * (indent + first),
            (mark * (last - first), "cyan" if is_sum else _colour(step.units)),
        )

    def _column(self, total: int, columns: int) -> int:
        return (total - self._low) * columns // (self._high - self._low)


def _why(term: Explanation.Term, now: datetime) -> str:
    parts = [term.detail]
    if term.rule:
        parts.append(f"{term.rule} (line {term.line})" if term.line else term.rule)
    if term.HasField("observe_time"):
        age = ago(term.observe_time.ToDatetime(UTC), now)
        parts.append(f"{term.source}, {age}" if term.source else age)
    return "; ".join(filter(None, parts))


def _colour(units: int) -> str:
    return "green" if units > 0 else "red" if units < 0 else "dim"
