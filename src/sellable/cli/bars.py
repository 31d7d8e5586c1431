"""Spans of time drawn as bars, one below the other, with the moment that is now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

_COLUMNS_MAX: Final = 100  # of the bars: where lines are as wide as one likes
_COLUMNS_MIN: Final = 10
_LABEL_COLUMNS_MAX: Final = 40
_DAY_MS: Final = 24 * 3600 * 1000


class Bar(NamedTuple):
    """A span, half open and for ever where a bound is missing."""

    label: str
    start_ms: int | None
    end_ms: int | None
    state: str
    style: str


class Bars:
    """Bars over one axis of time; it shows what is asked for, or from the first to the last time.

    Args:
        bars: From the top to the bottom.
        now_ms: Marked, if it is on the axis.
        from_ms: Where the axis begins; None: with the first time.
        until_ms: Where it ends; None: with the last.
    """

    def __init__(
        self, bars: Sequence[Bar], now_ms: int, from_ms: int | None, until_ms: int | None
    ) -> None:
        self.bars = bars
        self.now_ms = now_ms
        times = [at for bar in bars for at in (bar.start_ms, bar.end_ms) if at is not None]
        first, last = min([now_ms, *times]), max([now_ms, *times])
        # Room at both ends shows which bars go on beyond them.
        room = max(_DAY_MS, (last - first) // 20)
        self.start_ms = first - room if from_ms is None else from_ms
        self.end_ms = max(last + room, self.start_ms + room) if until_ms is None else until_ms
        self.start_ms = min(self.start_ms, self.end_ms - 1)

    def span_of(self, bar: Bar) -> tuple[int, int]:
        """Return the part of a bar that is on the axis."""
        start = self.start_ms if bar.start_ms is None else max(self.start_ms, bar.start_ms)
        end = self.end_ms if bar.end_ms is None else min(self.end_ms, bar.end_ms)
        return start, max(start, end)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for the width at hand."""
        labels = max((len(bar.label) for bar in self.bars), default=0)
        labels = min(labels, _LABEL_COLUMNS_MAX, max(1, options.max_width // 3))
        columns = max(_COLUMNS_MIN, min(_COLUMNS_MAX, options.max_width - labels - 2))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=labels, overflow="ellipsis", no_wrap=True)
        grid.add_column(width=columns, no_wrap=True)
        mark, rule = ("#", ".") if options.ascii_only else ("█", "┈")
        grid.add_row("", self._axis(columns))
        for bar in self.bars:
            grid.add_row(Text(bar.label), self._line(bar, columns, mark, rule))
        yield grid
        yield Text("")

    def _axis(self, columns: int) -> Text:
        left, right = (_date(at) for at in (self.start_ms, self.end_ms))
        gap = max(1, columns - len(left) - len(right))
        cells = list(f"{left}{' ' * gap}{right}"[:columns])
        if self.start_ms <= self.now_ms < self.end_ms:
            at = self._column(self.now_ms, columns)
            said = "now"
            start = min(max(len(left) + 1, at - 1), columns - len(right) - len(said) - 1)
            if start > len(left):
                cells[start : start + len(said)] = said
        return Text("".join(cells), style="dim")

    def _line(self, bar: Bar, columns: int, mark: str, rule: str) -> Text:
        start, end = self.span_of(bar)
        line = Text(rule * columns, style="dim")
        if end > start:
            first = self._column(start, columns)
            last = columns if end >= self.end_ms else max(first + 1, self._column(end, columns))
            line = Text.assemble(
                (rule * first, "dim"),
                (mark * (last - first), bar.style),
                (rule * (columns - last), "dim"),
            )
        if self.start_ms <= self.now_ms < self.end_ms:
            at = self._column(self.now_ms, columns)
            line.stylize("reverse", at, at + 1)
        return line

    def _column(self, at_ms: int, columns: int) -> int:
        share = (at_ms - self.start_ms) / (self.end_ms - self.start_ms)
        return max(0, min(columns - 1, int(share * columns)))


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d")
