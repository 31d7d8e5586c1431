"""Pictures in files, where matplotlib is installed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.waterfall import signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from sellable.cli.waterfall import Step

FORMATS: Final = (".png", ".svg", ".pdf")
DPI: Final = 150
_ROWS_MAX: Final = 60  # more cannot be read
_COLOURS: Final = {1: "#2a9d4a", -1: "#c8443c", 0: "#8a8a8a"}
_SUM_COLOUR: Final = "#2b6cb0"


def check_picture(path: Path | None) -> None:
    """Refuse a picture that cannot be drawn, before anything is asked for it.

    Raises:
        Failure: The file has another format, or matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix.lower() not in FORMATS:
        raise usage(f"{path}: a picture is a file that ends in {', '.join(FORMATS)}")
    new_figure(1, 1)


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure.

    Raises:
        Failure: matplotlib is not installed.
    """
    try:
        # Late: it takes half a second, and most installations do without it.
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise Failure(
            "pictures need matplotlib, which is not installed",
            exit_code=ExitCode.USAGE,
            reason="USAGE",
            hint="pip install 'sellable[plot]'",
        ) from error
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a figure to a file.

    Raises:
        Failure: The file cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # a SKU in letters that the font lacks is drawn as boxes
            figure.savefig(path, dpi=DPI)
    except OSError as error:
        raise usage(f"cannot write {path}: {error.strerror}") from error


def draw_waterfall(steps: Sequence[Step], title: str, path: Path) -> None:
    """Draw the steps of a number, from the top to the bottom.

    Beyond 60 rows the locations are drawn together, one row for each kind of term.
    """
    rows = _together(steps) if len(steps) > _ROWS_MAX else list(steps)
    figure = new_figure(10, 1.2 + 0.32 * len(rows))
    axes = figure.add_subplot()
    for at, row in enumerate(rows):
        is_sum = at == len(rows) - 1
        sign = (row.units > 0) - (row.units < 0)
        colour = _SUM_COLOUR if is_sum else _COLOURS[sign]
        start, end = sorted((row.before, row.after))
        axes.barh(at, end - start, left=start, color=colour, height=0.7)
        text = f"{row.after:,}" if is_sum else signed(row.units)
        axes.annotate(text, (end, at), (4, 0), textcoords="offset points", va="center", fontsize=8)
    labels = [f"{row.where}  {row.what}" for row in rows]
    axes.set_yticks(range(len(rows)), labels=labels, parse_math=False, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.margins(x=0.08)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("units")
    axes.set_title(title, parse_math=False, fontsize=10)
    save(figure, path)


def _together(steps: Sequence[Step]) -> list[Step]:
    """Sum the terms of all locations by kind; those of the market stay as they are."""
    market = steps[-1].where
    by_kind: dict[str, int] = {}
    places = set()
    for step in steps:
        if step.where != market:
            by_kind[step.what] = by_kind.get(step.what, 0) + step.units
            places.add(step.where)
    found, total = [], 0
    for what, units in by_kind.items():
        row = steps[0]._replace(
            where=f"{len(places):,} locations",
            what=what,
            units=units,
            before=total,
            after=total + units,
        )
        found.append(row)
        total = row.after
    return [*found, *(step for step in steps if step.where == market)]
