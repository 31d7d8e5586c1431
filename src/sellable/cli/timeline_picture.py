"""The bars of a timeline as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sellable.cli.bars import Bars
from sellable.cli.picture import new_figure, save

_ROWS_MAX: Final = 200  # more cannot be read
_COLOURS: Final = {"past": "#8a8a8a", "now": "#2a9d4a", "planned": "#d9a441"}
_DAY_MS: Final = 24 * 3600 * 1000


def draw_bars(bars: Bars, title: str, path: Path) -> None:
    """Draw the first 200 bars, one a row, with a line at now; times are UTC."""
    rows = bars.bars[:_ROWS_MAX]
    if len(rows) < len(bars.bars):
        title = f"{title} (the first {len(rows)} of {len(bars.bars):,})"
    figure = new_figure(11, 1.4 + 0.32 * max(1, len(rows)))
    axes = figure.add_subplot()
    for at, bar in enumerate(rows):
        start, end = bars.span_of(bar)
        axes.barh(
            at, _moment(end - start), left=_moment(start), color=_COLOURS[bar.state], height=0.7
        )
    axes.set_yticks(
        range(len(rows)), labels=[bar.label for bar in rows], parse_math=False, fontsize=8
    )
    axes.set_xlim(_moment(bars.start_ms), _moment(bars.end_ms))
    axes.xaxis_date("UTC")
    axes.invert_yaxis()
    if bars.start_ms <= bars.now_ms < bars.end_ms:
        axes.axvline(_moment(bars.now_ms), color="#c8443c", linewidth=1, label="now")
        axes.legend(loc="upper right", fontsize=8)
    axes.tick_params(axis="x", labelrotation=30, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, parse_math=False, fontsize=10)
    save(figure, path)


def _moment(at_ms: int) -> float:
    """Return a moment as a date axis counts: in days since 1970."""
    return at_ms / _DAY_MS
