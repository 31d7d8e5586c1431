"""What sourcing saves on real orders, against a traditional rule: see olist/README.md.

python loadtests/olist_savings.py --data FOLDER
python loadtests/olist_savings.py --seeds 2 --orders 500 --skip-sensitivity
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from olist.data import missing
from olist.report import (
    basis_lines,
    changes_table,
    figures_table,
    reported_table,
    sensitivity_header,
    sensitivity_row,
)
from olist.run import BASE, RULES, Job, basis, replays
from olist.world import Options

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "olist"
_SENSITIVE_RULE: Final = "balanced"
_SENSITIVE_SEEDS: Final = 3
_BASKET_RULES: Final = (BASE, "nearest", "parcels first", "balanced")
_SENSITIVITY: Final = {
    "k 2": {"k": 2},
    "k 4": {"k": 4},
    "k 16": {"k": 16},
    "e 0": {"error": 0.0},
    "e 0.1": {"error": 0.1},
    "e 0.4": {"error": 0.4},
    "capacity 20 a day": {"capacity": 20},
    "capacity 10 a day": {"capacity": 10},
    "random priority": {"random_priority": True},
}


def main() -> int:
    """Run the study and print it as Markdown."""
    options = _arguments()
    folder: Path = options.data
    if absent := missing(folder):
        print(f"{folder} has no {', '.join(absent)}: --data names the folder of Olist's files")
        return 2
    begun = perf_counter()
    shared = basis(folder)
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores\n")
    several = sum(len(basket.units) > 1 for basket in shared.olist.baskets)
    _say(basis_lines(shared, len(shared.olist.baskets), several))
    seeds = range(1, options.seeds + 1)
    sensitive = list(islice(seeds, 0 if options.skip_sensitivity else _SENSITIVE_SEEDS))
    plain = Options(orders=options.orders)
    scenarios = {
        "Orders as they were": (plain, RULES),
        "Baskets": (plain._replace(baskets=True), _BASKET_RULES),
    }
    others = [plain._replace(**changed) for changed in _SENSITIVITY.values()]  # type: ignore[arg-type]
    jobs = [Job(folder, seed, *one) for one in scenarios.values() for seed in seeds]
    jobs += [Job(folder, s, one, (BASE, _SENSITIVE_RULE)) for one in others for s in sensitive]
    found = replays(jobs, options.processes)
    first: list[dict[str, dict[str, float]]] = []
    for title in scenarios:
        results = list(islice(found, len(seeds)))
        print(f"\n### {title}, {len(seeds)} seeds\n")
        for table in (figures_table, changes_table, reported_table):
            _say(table(results))
            print(flush=True)
        first = first or results
    if sensitive:
        print(f"### {_SENSITIVE_RULE} against {BASE}, {len(sensitive)} seeds\n")
        _say(sensitivity_header())
        print(sensitivity_row("k 8, e 0.2", _SENSITIVE_RULE, first[: len(sensitive)]))
        for name in _SENSITIVITY:
            row = sensitivity_row(name, _SENSITIVE_RULE, list(islice(found, len(sensitive))))
            print(row, flush=True)
    print(f"\n{perf_counter() - begun:.0f} s")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of Olist's files")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--orders", type=int, help="a random sample of so many (default: all)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--skip-sensitivity", action="store_true")
    return parser.parse_args()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
