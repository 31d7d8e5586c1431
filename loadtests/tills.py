"""A year of real tills, replayed by workers that are killed: does every position come out right?

    PYTHONPATH=tests python loadtests/tills.py [--rows N] [--workers N] [--kills N] [--seed N]

Every line of the Complete Journey data that is sold by the unit becomes a delta over an opening
count of its position, its time moved into the last six days. Counts and deltas are shuffled
together with 5 % repeats, put into streams as `XADD` of 100 events, and applied by workers of
which some are killed and replaced. Then every position is compared with a plain aggregation of the
table. Prints what it measured; ends with 1 on any difference.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from arrangement import cpu_s, valkey
from support.complete_journey import FOLDER, lines, sales
from support.stocking import store_at
from support.tills import OPENING, Tills, Workers, differences, place, rows_told

if TYPE_CHECKING:
    import pyarrow as pa

_RETENTION_MS = 7 * 24 * 3600 * 1000
_WAIT_S_MAX = 3 * 3600.0
_SHOWN_MAX = 10


def aggregated(table: pa.Table) -> dict[tuple[str, str], int]:
    """Return what must be left of each position: the opening less the sum of its lines."""
    sums = table.group_by(["product_id", "store_id"]).aggregate([("quantity", "sum")])
    columns = (sums[name].to_pylist() for name in ("product_id", "store_id", "quantity_sum"))
    return {
        (str(product), place(store)): OPENING - units
        for product, store, units in zip(*columns, strict=True)
    }


async def replayed(url: str, table: pa.Table, asked: Any) -> bool:
    """Replay the lines, and tell whether all came out right."""
    began = time.monotonic()
    tills = Tills(sales(table), time.time_ns() // 1_000, sources=asked.sources)
    async with store_at(url, retention_ms=_RETENTION_MS) as store:
        await store.networks.apply(tills.network())
        with redis.Redis(unix_socket_path=url.removeprefix("unix://")) as client:
            put = tills.put(client, seed=asked.seed)
            print(
                f"{table.num_rows:,} lines of {len(tills.stores)} stores over "
                f"{len(tills.positions):,} positions: {put:,} rows in streams "
                f"after {time.monotonic() - began:.0f} s"
            )
            engine = client.info("server")["process_id"]
            used, began = cpu_s(engine), time.monotonic()
            with Workers(url, asked.workers) as workers:
                workers.run_dry(client, kills=asked.kills, seed=asked.seed, deadline_s=_WAIT_S_MAX)
                passed = time.monotonic() - began
            busy = (cpu_s(engine) - used) / passed
            memory = client.info("memory")["used_memory_human"]
        told = await rows_told(store)
        shown = ", ".join(f"{count:,} {name}" for name, count in told.items() if count)
        print(f"{put / passed:,.0f} rows/s over {passed:.1f} s, {workers.killed} workers killed")
        print(f"engine {busy:.0%} busy, {memory} in memory")
        print(f"{told.total():,} rows told: {shown}")
        wrong = await differences(store, aggregated(table))
    for line in wrong[:_SHOWN_MAX]:
        print(line)
    fine = not wrong and told.total() == put and not told["rejected"] + told["given_up"]
    print(f"{len(wrong):,} positions differ: {'all is right' if fine else 'WRONG'}")
    return fine


def main() -> int:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the parquet files")
    parser.add_argument("--rows", type=int, help="a sample of about so many lines; default: all")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--seed", type=int, default=2017)
    asked = parser.parse_args()
    if not asked.data.exists():
        print(f"{asked.data} is not there: --data names the folder of the Complete Journey data")
        return 1
    table = lines(asked.data, asked.rows)
    with valkey() as store:
        return 0 if asyncio.run(replayed(store.url, table, asked)) else 1


if __name__ == "__main__":
    sys.exit(main())
