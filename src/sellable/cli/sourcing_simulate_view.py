"""What a simulation came to: a table for people, a value for scripts, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.text import Text

from sellable.cli.picture import new_figure, save
from sellable.cli.show import number, table
from sellable.cli.terminal import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.table import Table

    from sellable.cli.sourcing_replay import BadRows
    from sellable.simulate import Figures

_PICTURE_COLUMNS: Final = 4
_ROOM: Final = 1.3
_COLOURS: Final = ("#2b6cb0", "#2a9d4a", "#d9a441", "#c8443c", "#7b5aa6", "#8a8a8a")


class _Row(NamedTuple):
    """A figure: its name in the value, how it is called, its decimals, and whether it is drawn."""

    name: str
    title: str
    decimals: int
    drawn: bool = True
    share: bool = False
    compared: bool = True


_ROWS: Final = (
    _Row("orders", "orders", 0, drawn=False, compared=False),
    _Row("parcels_per_order", "parcels an order", 3),
    _Row("split_share", "orders in several shipments", 2, share=True),
    _Row("distance_km_per_shipment", "km a shipment", 1, drawn=False),
    _Row("distance_km_per_order", "km an order", 1),
    _Row("days", "days to the last parcel", 2),
    _Row("late_share", "orders after their promise", 2, drawn=False, share=True),
    _Row("cost_per_order", "shipping cost an order", 2),
    _Row("carbon_kg_per_order", "kg of CO2 an order", 3),
    _Row("short_orders", "short orders", 0),
    _Row("short_lines", "short lines", 0, drawn=False),
    _Row("unfilled_units", "units unfilled", 0, drawn=False),
    _Row("slow_units", "slow units moved", 0),
    _Row("proven_share", "plans proven best", 2, drawn=False, share=True, compared=False),
    _Row("decide_ms_p50", "ms a decision, median", 2, drawn=False, compared=False),
    _Row("decide_ms_p99", "ms a decision, 99th percentile", 2, drawn=False, compared=False),
)


def answer_of(figures: Mapping[str, Figures], currency: str, left_out: int, bad: BadRows) -> Answer:
    """Return the figures of every profile; the others are compared with the first.

    Args:
        figures: By profile.
        currency: Of the costs.
        left_out: Orders outside of the span.
        bad: Rows that were left out.
    """
    values = {name: one.value() for name, one in figures.items()}
    value = {
        "currency": currency,
        "left_out_orders": left_out,
        "bad_row_count": bad.count,
        "bad_rows": bad.values(),
        "profiles": values,
    }
    orders = next(iter(values.values()))["orders"]
    told = f"{number(orders)} orders under {number(len(values))} profile"
    told += "s" if len(values) > 1 else ""
    if left_out:
        told += f"; {number(left_out)} were placed at other times"
    notes = [Text(note) for note in bad.notes()]
    return Answer(value, [_table(values, currency), *_reasons(values), Text(told)], notes=notes)


def draw_figures(figures: Mapping[str, Figures], currency: str, path: Path) -> None:
    """Draw a small chart a figure, a bar a profile; what is not known is left out."""
    values = {name: one.value() for name, one in figures.items()}
    rows = [
        row for row in _ROWS if row.drawn and all(v[row.name] is not None for v in values.values())
    ]
    lines = -(-len(rows) // _PICTURE_COLUMNS)
    figure = new_figure(13, 1 + (1.2 + 0.3 * len(values)) * max(1, lines))
    colours = [_COLOURS[at % len(_COLOURS)] for at in range(len(values))]
    for at, row in enumerate(rows):
        axes = figure.add_subplot(max(1, lines), _PICTURE_COLUMNS, at + 1)
        heights = [value[row.name] for value in values.values()]
        axes.barh(range(len(values)), heights, color=colours)
        for index, value in enumerate(values.values()):
            axes.annotate(
                _shown(row, value[row.name]),
                (heights[index], index),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        labels = list(values) if at % _PICTURE_COLUMNS == 0 else [""] * len(values)
        axes.set_yticks(range(len(values)), labels=labels, parse_math=False, fontsize=8)
        axes.invert_yaxis()
        axes.set_xticks([])
        axes.set_xlim(0, (max(heights) or 1) * _ROOM)  # for the number beside the bar
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_title(_title(row, currency), parse_math=False, fontsize=9, loc="left")
    save(figure, path)


def _table(values: Mapping[str, Mapping[str, Any]], currency: str) -> Table:
    shown = table("", *(f">{name}" for name in values))
    base = next(iter(values.values()))
    for row in _ROWS:
        if all(value[row.name] is None for value in values.values()):
            continue
        cells = []
        for value in values.values():
            cell = Text(_shown(row, value[row.name]))
            if row.compared and value is not base:
                cell.append(_against(value[row.name], base[row.name]), style="dim")
            cells.append(cell)
        shown.add_row(_title(row, currency), *cells)
    return shown


def _reasons(values: Mapping[str, Mapping[str, Any]]) -> list[Text]:
    """Say what left lines short, for each profile where any was."""
    told = []
    for name, value in values.items():
        if reasons := value["short_because"]:
            listed = ", ".join(f"{reason} {number(count)}" for reason, count in reasons.items())
            told.append(Text.assemble((name, "bold"), f": lines short because of {listed}"))
    return told


def _title(row: _Row, currency: str) -> str:
    return f"{row.title}, {currency}" if row.name == "cost_per_order" else row.title


def _shown(row: _Row, value: float | None) -> str:
    if value is None:
        return "-"
    if row.share:
        return f"{value * 100:.{row.decimals}f} %"
    return f"{value:,.{row.decimals}f}"


def _against(value: float | None, base: float | None) -> str:
    if value is None or not base:
        return ""
    return f" ({(value / base - 1) * 100:+.1f} %)"
