"""How fast sellable is, beside doing nothing, beside what one would write first, beside a rival.

    python loadtests/bench.py [--rival 'COMMAND with {port} and {socket}']

Every server is started in turn, round after round, alone on core 0; the client and the store
share core 1. Prints the tables, and writes `bench.json`, `bench.md` and `bench.png` into
loadtests/results. Ends with 1 if the median of a ratio misses its bound.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from arrangement import HERE, require_tools
from speed.picture import draw
from speed.report import HEADINGS, as_json, cells, full, grouped, median, provenance, ratios, short
from speed.rounds import Options, bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from speed.report import Rows
    from speed.rounds import Measured

RESULTS = HERE / "results"
README = HERE.parent / "README.md"
_WIDTH = 150
_BEGIN, _END = "<!-- bench -->\n", "<!-- end -->"


def show(console: Console, rows: Rows) -> bool:
    """Print the medians and the ratios; true if every bound is met."""
    table = Table(*HEADINGS)
    for row, loads in rows.items():
        table.add_row(*cells(row, median(loads)))
    console.print(table)
    for ratio in ratios(rows):
        word = "ok" if ratio.met else "MISSED"
        least = f"at least {ratio.bound.least:.2f}"
        console.print(f"{ratio.bound.text}: {ratio.value:.2f} ({least}) {word}", highlight=False)
    return all(ratio.met for ratio in ratios(rows))


def write(rows: Rows, made: dict[str, str], results: Path, *, readme: bool) -> None:
    """Write the results, and the table of the README where that is wanted."""
    results.mkdir(exist_ok=True)
    (results / "bench.json").write_text(json.dumps(as_json(rows, made), indent=1))
    table = short(rows, made)
    (results / "bench.md").write_text(f"# Raw speed\n\n{table}\n{full(rows)}\n")
    draw(rows, results / "bench.png")
    if readme:
        before, _, rest = README.read_text().partition(_BEGIN)
        _, end, after = rest.partition(_END)
        README.write_text(before + _BEGIN + table + end + after)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser: Any = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of all servers (default 5)")
    parser.add_argument("--skus", type=int, default=100_000, help="in the store (default 100,000)")
    parser.add_argument("--measure-ms", type=int, default=3_000, help="each (default 3,000)")
    parser.add_argument("--reservations", type=int, default=40_000, help="each (default 40,000)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where they are written")
    parser.add_argument("--rival", default="", help="how another server is started")
    parser.add_argument("--only", default="", help="parts of a round, by name, with commas")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    options = parser.parse_args(arguments)
    require_tools()
    asked = Options(options.skus, options.reservations, options.measure_ms, options.rival)
    measured: list[Measured] = []
    console = Console(width=_WIDTH)
    wanted = options.only.split(",") if options.only else []
    with (
        tempfile.TemporaryDirectory(prefix="sellable-bench-") as folder,
        bench(Path(folder), asked) as made,
    ):
        parts = [part for part in made.parts if not wanted or part.__name__[1:] in wanted]
        for number in range(options.rounds):
            for part in track(parts, f"round {number + 1} of {options.rounds}", console=console):
                measured += part()
    rows = grouped(measured)
    met = show(console, rows)
    command = shlex.join(["python", "loadtests/bench.py", *(arguments or sys.argv[1:])])
    write(rows, provenance(command), options.results, readme=options.readme)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
