"""What the commands of sourcing take: an order, a profile, and how to plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sellable.limits import SOURCING_ALTERNATIVES_MAX

_RESERVING = "Holding what is planned"

OrderFile = Annotated[
    Path,
    typer.Argument(
        metavar="ORDER.json",
        show_default=False,
        help="an Order of the contract as JSON; - reads standard input",
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="the sourcing profile that decides", show_default="the market's"
    ),
]
SolveLimit = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        help="how long to look for the best plan, e.g. 500ms",
        show_default="what the service is set to",
    ),
]
At = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        help="which dated strategies apply, e.g. 2026-12-01T08:00+01:00 or 10d",
        show_default="now",
    ),
]
Alternatives = Annotated[
    int,
    typer.Option(
        min=0, max=SOURCING_ALTERNATIVES_MAX, metavar="N", help="how many runner-ups to show"
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="say of every other location why it ships nothing")
]
Each = Annotated[
    bool, typer.Option("--all", help="with --explain: each location in a row of its own")
]
Counting = Annotated[
    str,
    typer.Option(metavar="RESERVATION", help="count what this reservation holds as available"),
]
Picture = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="draw it into a .png, .svg or .pdf as well"),
]
Reserve = Annotated[
    str,
    typer.Option(
        metavar="RESERVATION", help="hold what is planned, by this id", rich_help_panel=_RESERVING
    ),
]
Ttl = Annotated[
    str,
    typer.Option(
        help="how long it is held, e.g. 90s, 15m, 2h",
        show_default="15m",
        rich_help_panel=_RESERVING,
    ),
]
AllowUnfilled = Annotated[
    bool,
    typer.Option(
        "--allow-unfilled",
        help="hold also a plan that leaves units unfilled",
        rich_help_panel=_RESERVING,
    ),
]
