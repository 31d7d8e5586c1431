"""The calls/s of every server, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from speed.report import median

if TYPE_CHECKING:
    from pathlib import Path

    from speed.report import Rows


def draw(rows: Rows, file: Path) -> None:
    """Draw one bar a row, with the least and the greatest of the rounds as a line on it."""
    names = [f"{server}: {call}" for server, call in rows]
    each = [[load.calls_per_s for load in loads] for loads in rows.values()]
    middle = [median(loads).calls_per_s for loads in rows.values()]
    below = [value - min(loads) for value, loads in zip(middle, each, strict=True)]
    above = [max(loads) - value for value, loads in zip(middle, each, strict=True)]
    servers = list(dict.fromkeys(server for server, _ in rows))
    colours = [f"C{servers.index(server)}" for server, _ in rows]
    figure, axes = plt.subplots(figsize=(9, 0.32 * len(rows) + 1.2), layout="constrained")
    axes.barh(names, middle, xerr=[below, above], color=colours)
    axes.invert_yaxis()
    axes.set_xlabel("calls/s, one core, 128 in flight: median, least and greatest of the rounds")
    figure.savefig(file, dpi=120)
    plt.close(figure)
