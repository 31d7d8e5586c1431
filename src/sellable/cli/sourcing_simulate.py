"""`sellable sourcing simulate`: orders of the past under profiles that are not in force yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from sellable.cli.client import AsJson
from sellable.cli.documents import document_name, parsed, read_document
from sellable.cli.failure import usage
from sellable.cli.picture import check_picture
from sellable.cli.terminal import write_answer
from sellable.cli.typed import duration_ms, timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network import Network

_DAY_MS: Final = 24 * 3600 * 1000
_NETWORK_VERSION: Final = 1  # a file has none

_Orders = Annotated[
    Path,
    typer.Option(metavar="FILE", help="JSON Lines or CSV, also packed; - is standard input"),
]
_Stock = Annotated[Path, typer.Option(metavar="FILE", help="CSV or JSON Lines of positions")]
_Network = Annotated[Path, typer.Option(metavar="FILE", help="a YAML document with profiles")]
_Items = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="weight, value and class, as `sellable items put` reads it"),
]
_PostalCodes = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="where postal codes are, for orders without a point"),
]
_Profiles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        show_default="every profile",
        help="to compare; the first one is what the others differ from",
    ),
]
_From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="leave out orders that were placed before")
]
_Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="leave out orders placed then or later")
]
_SlowAfter = Annotated[
    str, typer.Option(metavar="TIME", help="stock that needs longer to leave is slow")
]
_SolveLimit = Annotated[
    str, typer.Option(metavar="TIME", help="after it a decision is the best so far")
]
_SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="leave out rows that are not valid, and go on")
]
_Plot = Annotated[
    Path | None, typer.Option(metavar="FILE", help="draw it into a .png, .svg or .pdf as well")
]


def simulate_command(
    *,
    orders: _Orders,
    stock: _Stock,
    network: _Network,
    items: _Items = None,
    postal_codes: _PostalCodes = None,
    profile: _Profiles = None,
    from_time: _From = "",
    until_time: _Until = "",
    slow_after: _SlowAfter = "60d",
    solve_limit: _SolveLimit = "200ms",
    skip_bad: _SkipBad = False,
    plot: _Plot = None,
    as_json: AsJson = False,
) -> None:
    """Replay orders under profiles, each from the same stock, and say what differs.

    Asks no service. Each order is decided at its own time, so dated strategies apply as they
    would have; what it takes of stock and daily capacity is gone for the next. The columns of a
    CSV of orders are order, time, channel, country, destination_country, postal_code, latitude,
    longitude, sku, quantity, one row a line; of stock: sku, location, on_hand_quantity, and
    reserved_quantity, safety_stock_quantity, blocked, daily_outflow if there are such. Exit
    code 2 if a row is not valid.

    Examples:
      sellable sourcing simulate --orders o.gz --stock s.csv --network n.yaml
      sellable sourcing simulate --orders o --stock s --network n --plot p.png
    """
    check_picture(plot)
    span = _bound(from_time, "--from"), _bound(until_time, "--until")
    limit_ms = duration_ms(solve_limit, "--solve-limit")
    slow_after_days = duration_ms(slow_after, "--slow-after") / _DAY_MS
    document = parsed(document_name(network), read_document(network))
    names = _profiles(document, profile or [])
    # Only those who simulate need them: the solver takes long to read.
    from sellable.cli import sourcing_replay  # noqa: PLC0415
    from sellable.cli.sourcing_simulate_view import answer_of, draw_figures  # noqa: PLC0415
    from sellable.simulate import Replay  # noqa: PLC0415
    from sellable.sourcing.decide import Profiles  # noqa: PLC0415

    places = sourcing_replay.Places(postal_codes)
    bad = sourcing_replay.BadRows(skipped=skip_bad)
    replay = Replay(
        document,
        Profiles(document, _NETWORK_VERSION),
        sourcing_replay.snapshot_of(stock, document, bad),
        sourcing_replay.items_of(items, bad),
        names,
        slow_after_days=slow_after_days,
        solve_limit_ms=limit_ms,
    )
    bad.refuse()
    left_out = sourcing_replay.play(orders, document, replay, span, places, bad)
    bad.refuse()
    answer = answer_of(replay.figures, document.sourcing.currency, left_out, bad)
    if plot is not None:
        draw_figures(replay.figures, document.sourcing.currency, plot)
        answer = answer._replace(view=[*answer.view, Text(f"picture in {plot}")])
    write_answer(answer, as_json=as_json)


def _bound(text: str, hint: str) -> int | None:
    return timestamp(text, hint).ToMilliseconds() if text else None


def _profiles(network: Network, asked: Sequence[str]) -> list[str]:
    known = [profile.name for profile in network.sourcing.profiles]
    if not known:
        raise usage("the network has no sourcing profile: nothing can be simulated")
    for name in asked:
        if name not in known:
            raise usage(f"the network has no profile {name!r}; it has {', '.join(known)}")
    return list(dict.fromkeys(asked)) or known
