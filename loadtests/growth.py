"""Whether a larger catalogue makes reads slower: the same calls over 10,000 and 1,000,000 SKUs.

    python loadtests/growth.py

No SKU is asked for twice before all were asked for. Ends with 1 if the medians of CheckSellable are
more than 25 % apart. CheckAvailability is told without a bound: a process keeps observation times
of 200,000 SKUs, and here the next one is always another one.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.progress import track

from arrangement import require_tools, server, valkey
from speed.client import Client, Load, Pressure
from speed.contenders import sellable
from speed.questions import check
from speed.stock import seed

SIZES = (10_000, 1_000_000)
QUESTIONS = (("CheckSellable", 1), ("CheckSellable", 20), ("CheckAvailability", 20))
BOUND = ("CheckSellable 1", "CheckSellable 20")
ROUNDS = 5
APART_MAX = 0.25


def main() -> int:
    """Measure, print, and return the exit code."""
    require_tools()
    loads: dict[tuple[str, int], list[Load]] = {}
    with tempfile.TemporaryDirectory(prefix="sellable-growth-") as folder, ExitStack() as stack:
        client = Client(Path(folder))
        stores = {size: stack.enter_context(valkey()) for size in SIZES}
        for size, store in stores.items():
            contender = sellable(store.url)
            with server(contender.port, *contender.command):
                seed(contender.target, size)
        questions = {
            size: [check(method, size, count) for method, count in QUESTIONS] for size in SIZES
        }
        for _ in track(range(ROUNDS), "rounds"):
            for size, store in stores.items():
                contender = sellable(store.url)
                with server(contender.port, *contender.command) as child:
                    for question in questions[size]:
                        load = client.measure(
                            contender.port,
                            question,
                            Pressure(),
                            server_pids=[child.pid],
                            store_pid=store.pid,
                        )
                        loads.setdefault((question.name, size), []).append(load)
    met = True
    for question in questions[SIZES[0]]:
        rates = [
            statistics.median([load.calls_per_s for load in loads[question.name, size]])
            for size in SIZES
        ]
        apart = abs(1 - rates[1] / rates[0])
        met = met and (apart <= APART_MAX or question.name not in BOUND)
        told = ", ".join(
            f"{rate:,.0f} calls/s at {size:,} SKUs" for rate, size in zip(rates, SIZES, strict=True)
        )
        print(f"{question.name}: {told}: {rates[1] / rates[0]:.2f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
