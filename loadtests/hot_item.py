"""What happens when everybody wants one thing: 1,000 connections, one SKU, more wishes than units.

    python loadtests/hot_item.py

In each round a SKU is sold out by clients that all ask at once, then wanted again by as many, then
another one is wanted twice as often as there are units of it. Exactly the stock must be sold,
everybody else be told INSUFFICIENT_STOCK, and a refusal cost less than a sale. Ends with 1 where
that does not hold.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from arrangement import require_tools, server, valkey
from speed.client import Client, Load, Pressure
from speed.contenders import sellable
from speed.questions import OK, REFUSED, reserve_one
from speed.stock import count_one, reserved_of, seed

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENTS = 1_000
QUEUE_MAX = 2_000
STOCK = 10_000
ROUNDS = 5


def show(name: str, loads: Sequence[Load]) -> float:
    """Print the medians of one kind of call; return what it costs the service and the store."""
    middle: dict[str, float] = {
        field: statistics.median([getattr(load, field) for load in loads])
        for field in ("calls_per_s", "server_us", "store_us", "p50_us", "p99_us")
    }
    print(
        f"{name:>8}: {middle['calls_per_s']:9,.0f} calls/s, server {middle['server_us']:5.1f} us, "
        f"store {middle['store_us']:5.1f} us, p50 {middle['p50_us'] / 1000:5.1f} ms, "
        f"p99 {middle['p99_us'] / 1000:5.1f} ms"
    )
    return middle["server_us"] + middle["store_us"]


def main() -> int:
    """Measure, print, and return the exit code."""
    require_tools()
    sales: list[Load] = []
    refusals: list[Load] = []
    races: list[Load] = []
    pressure = Pressure(connections=CLIENTS, calls_each=1, measure_ms=0)
    with tempfile.TemporaryDirectory(prefix="sellable-hot-") as folder, valkey() as store:
        client = Client(Path(folder))
        contender = sellable(store.url, "hot", "--command-queue-max", str(QUEUE_MAX))
        with server(contender.port, *contender.command) as child:
            seed(contender.target, 0)
            wanted = {
                "sold": (sales, STOCK),
                "refused": (refusals, STOCK),
                "raced": (races, 2 * STOCK),
            }
            for number in range(ROUNDS):
                for sku in (f"HOT-{number}", f"RACE-{number}"):
                    count_one(contender.target, sku, STOCK)
                for kind, (loads, calls) in wanted.items():
                    sku = f"{'RACE' if kind == 'raced' else 'HOT'}-{number}"
                    question = reserve_one(sku, calls, f"{kind}-{number}")
                    load = client.measure(
                        contender.port,
                        question,
                        pressure,
                        server_pids=[child.pid],
                        store_pid=store.pid,
                    )
                    sold = 0 if kind == "refused" else STOCK
                    if (load.statuses.get(OK, 0), load.statuses.get(REFUSED, 0)) != (
                        sold,
                        calls - sold,
                    ) or reserved_of(contender.target, sku) != STOCK:
                        print(f"{sku}: {load.statuses} of {calls} calls for {STOCK} units")
                        return 1
                    loads.append(load)
    costs = [show("sale", sales), show("refusal", refusals)]
    show("race", races)
    print(f"a refusal costs {costs[1] / costs[0]:.2f} of a sale; 0 units oversold")
    return 0 if costs[1] < costs[0] else 1


if __name__ == "__main__":
    sys.exit(main())
