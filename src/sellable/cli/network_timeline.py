"""`sellable network timeline`: what is in force when, as a table, as bars and as a picture."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from sellable.cli.bars import Bar, Bars
from sellable.cli.client import Service
from sellable.cli.documents import document_name, parsed, read_document
from sellable.cli.listing import LIMIT_DEFAULT, All, Column, Limit, PageToken, Sort, Wanted, listed
from sellable.cli.picture import check_picture
from sellable.cli.terminal import Answer
from sellable.cli.timeline_picture import draw_bars
from sellable.network import Network, Span, spans
from sellable.v1.network_pb2 import GetNetworkRequest

_From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="TIME",
        help="leave out what ended before, e.g. 2026-11-20 or 2026-11-20T09:00+01:00",
    ),
]
_Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="leave out what begins then or later")
]
_Plot = Annotated[
    Path | None, typer.Option(metavar="FILE", help="draw it into a .png, .svg or .pdf as well")
]

_COLOURS: Final = {"past": "dim", "now": "green", "planned": "yellow"}
_EVER: Final = 2**53  # later than every time there is
_BARS_MAX: Final = 40  # more of them are a wall, and the table has them all


class _Entry(NamedTuple):
    """A span, the zone that its times are shown in, and whether it is past, now or planned."""

    span: Span
    zone: str | None
    state: str


def timeline_command(
    service: Service,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="a YAML document; - reads standard input",
            show_default="the one in force",
        ),
    ] = None,
    *,
    start: _From = "",
    end: _Until = "",
    plot: _Plot = None,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """Show every dated entry of a document: what holds where, from when until when.

    Times are those of the place, with their offset, and UTC. A time after
    --from or --until that has no offset is UTC.

    Examples:
      sellable network timeline
      sellable network timeline --from 2026-11-20 --until 2026-12-31
      sellable network timeline network.yaml --plot peak.png
    """
    from_ms, until_ms = _part(start, end)
    check_picture(plot)
    name, version, network = _network(service, file)
    now_ms = time.time_ns() // 1_000_000
    entries = _within(_entries(network, now_ms), from_ms, until_ms)
    beside = {"version": version, "plot": None if plot is None else str(plot)}
    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    made = listed("spans", _COLUMNS, entries, _value, wanted, beside=beside)
    bars = Bars([_bar(entry) for entry in entries], now_ms, from_ms, until_ms)
    if plot is not None:
        draw_bars(bars, f"Dated entries of {name}", plot)
    if not entries:
        return made._replace(view=[Text(f"nothing that is dated in {name}")])
    view = chain([bars], made.view) if len(entries) <= _BARS_MAX else made.view
    drawn = [Text(f"drawn into {plot}")] if plot is not None else []
    return made._replace(view=view, notes=drawn)


def _part(start: str, end: str) -> tuple[int | None, int | None]:
    """Return which part of the time is asked for."""
    from_ms, until_ms = _moment_ms(start, "--from"), _moment_ms(end, "--until")
    if from_ms is not None and until_ms is not None and until_ms <= from_ms:
        raise typer.BadParameter("must be later than --from", param_hint="--until")
    return from_ms, until_ms


def _network(service: Service, file: Path | None) -> tuple[str, int | None, Network]:
    """Return the name of the document, its version if it is in force, and what it says."""
    if file is not None:
        name = document_name(file)
        return name, None, parsed(name, read_document(file))
    answer = service.call(service.network.GetNetwork, GetNetworkRequest())
    name = f"version {answer.version}"
    return name, answer.version, parsed(name, answer.document) if answer.version else Network()


def _within(entries: Iterable[_Entry], from_ms: int | None, until_ms: int | None) -> list[_Entry]:
    """Return the entries that hold at some time of the part that is asked for."""
    return [
        entry
        for entry in entries
        if (until_ms is None or (entry.span.start_ms or 0) < until_ms)
        and (from_ms is None or entry.span.end_ms is None or from_ms < entry.span.end_ms)
    ]


def _entries(network: Network, now_ms: int) -> list[_Entry]:
    zones = {place.id: place.time_zone for place in network.locations}
    zones |= {market.key: market.time_zone for market in network.markets}
    found = []
    for span in spans(network):
        # The places of one span tell the same time where it matters, so the first speaks for all.
        first = span.target.partition(", ")[0].partition(" and ")[0]
        state = "now"
        if span.start_ms is not None and now_ms < span.start_ms:
            state = "planned"
        elif span.end_ms is not None and span.end_ms <= now_ms:
            state = "past"
        found.append(_Entry(span, zones.get(first), state))
    return sorted(found, key=lambda entry: (entry.span.start_ms or 0, entry.span.line))


def _bar(entry: _Entry) -> Bar:
    span = entry.span
    label = span.title if span.target in span.title else f"{span.title}  {span.target}"
    return Bar(label, span.start_ms, span.end_ms, entry.state, _COLOURS[entry.state])


def _local(at_ms: int | None, zone: str | None) -> str:
    if at_ms is None or zone is None:
        return ""
    moment = datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone))
    return moment.isoformat(" ", "minutes")


def _utc(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M")


_COLUMNS: Final = (
    Column[_Entry]("what", lambda row: row.span.title),
    Column[_Entry]("where", lambda row: row.span.target),
    Column[_Entry]("holds", lambda row: row.span.text),
    Column[_Entry]("state", lambda row: Text(row.state, style=_COLOURS[row.state])),
    Column[_Entry](
        "from",
        lambda row: _local(row.span.start_ms, row.zone),
        by=lambda row: row.span.start_ms or 0,
    ),
    Column[_Entry](
        "until",
        lambda row: _local(row.span.end_ms, row.zone),
        by=lambda row: row.span.end_ms or _EVER,
    ),
    Column[_Entry](
        "from UTC", lambda row: _utc(row.span.start_ms), by=lambda row: row.span.start_ms or 0
    ),
    Column[_Entry](
        "until UTC", lambda row: _utc(row.span.end_ms), by=lambda row: row.span.end_ms or _EVER
    ),
    Column[_Entry](
        "line", lambda row: str(row.span.line), by=lambda row: row.span.line, number=True
    ),
)


def _value(entry: _Entry) -> dict[str, Any]:
    span = entry.span
    return {
        "title": span.title,
        "target": span.target,
        "text": span.text,
        "state": entry.state,
        "time_zone": entry.zone,
        "start_time": _rfc3339(span.start_ms),
        "end_time": _rfc3339(span.end_ms),
        "line": span.line,
    }


def _rfc3339(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment_ms(text: str, hint: str) -> int | None:
    """Read a date or a time; without an offset it is UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a time like 2026-11-20 or 2026-11-20T09:00+01:00", param_hint=hint
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000)
