"""What a row of a feed costs the engine, and how fast rows go in, beside plain HSETs.

    python loadtests/ingest_cost.py [--rows 200000]

20 markets sell from each of 20 locations. Rows are facts already, as files and streams are once
they were read: counts that say what is known, counts of which all or 5 % change a position, and
deltas of tills. They go in through `Feeds.apply_all`, with up to three scripts under way, into a
server of its own without fsync. In the same run redis-py writes as many HSETs into the same server,
1,000 in a pipeline.

Prints rows a second and their ratio to the HSETs, microseconds of the engine a row (CPU time of the
server process, to which other work of the machine is nothing) and the longest script (SLOWLOG:
time of day, so look at it on a quiet machine). Ends with 1 where changed rows are slower than 1/6
of the HSETs, unchanged ones slower than 1/2, or a script takes more than 5 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from typing import TYPE_CHECKING, Final

import redis
import uvloop
from rich.console import Console
from rich.table import Table

from script_cost import Case
from sellable.limits import RETENTION_MS_DEFAULT
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.embedded import EmbeddedServer
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

CASE: Final = Case(name="20 x 20", markets=20, locations=20, stocked=range(20))
CHUNK: Final = 1_000
HSETS_A_PIPELINE: Final = 1_000
CHANGED_RATIO_MIN: Final = 1 / 6
UNCHANGED_RATIO_MIN: Final = 1 / 2
SCRIPT_MS_MAX: Final = 5.0
_DICE: Final = random.Random(4)


def counts(rows: int, step: int, changed: float, *, by_location: bool = False) -> Iterator[Fact]:
    """Give a count of every position, of which this share differs from what the opening said.

    A SKU after the other, or as files of locations have them: all SKUs of one, then of the next.
    """
    begin_us = time.time_ns() // 1_000 - 60_000_000 + step * 1_000_000
    skus = rows // CASE.locations
    for row in range(rows):
        at = row % skus * CASE.locations + row // skus if by_location else row
        differs = _DICE.random() < changed
        yield Fact(
            kind=FactKind.COUNT,
            event_id=f"{step:012x}:{at}",
            source="erp",
            sku=f"SKU-{at // CASE.locations:07}",
            location=f"L{at % CASE.locations}",
            observe_us=begin_us,
            sequence=at,
            quantity=100 + at % 7 + (step if differs else 0),
        )


def deltas(rows: int, step: int) -> Iterator[Fact]:
    """Give sales of single units anywhere."""
    begin_us = time.time_ns() // 1_000 - 60_000_000 + step * 1_000_000
    for at in range(rows):
        place = _DICE.randrange(rows)
        yield Fact(
            kind=FactKind.DELTA,
            event_id=f"{step:012x}:{at}",
            source="pos",
            sku=f"SKU-{place // CASE.locations:07}",
            location=f"L{place % CASE.locations}",
            observe_us=begin_us,
            sequence=at,
            quantity=-1,
        )


async def chunks(facts: list[Fact]) -> AsyncIterator[list[Fact]]:
    """Hand rows over as a reader of a file does."""
    for at in range(0, len(facts), CHUNK):
        yield facts[at : at + CHUNK]


def cpu_ns(pid: int) -> int:
    """Return the CPU time of a process: see clock_getcpuclockid(3)."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def hsets(url: str, rows: int) -> float:
    """Return how many HSETs a second plain redis-py makes."""
    with redis.Redis(unix_socket_path=url.removeprefix("unix://")) as client:
        begun_s = time.perf_counter()
        for first in range(0, rows, HSETS_A_PIPELINE):
            pipeline = client.pipeline(transaction=False)
            for at in range(first, min(first + HSETS_A_PIPELINE, rows)):
                pipeline.hset(f"plain:{at // CASE.locations}", f"L{at % CASE.locations}", at)
            pipeline.execute()
        spent_s = time.perf_counter() - begun_s
        client.unlink(*client.scan_iter("plain:*", count=1_000))
    return rows / spent_s


async def measure(store: Store, name: str, facts: list[Fact]) -> tuple[float, float, float, str]:
    """Return rows a second, engine time a row in us, the longest script in ms, and outcomes."""
    connection = store.runner.connection
    await connection.execute("SLOWLOG", "RESET")
    server = (await connection.execute("INFO", "server")).decode()
    pid = int(server.partition("process_id:")[2].split()[0])
    begun_s, begun_ns = time.perf_counter(), cpu_ns(pid)
    rows = 0
    outcomes: dict[str, int] = {}
    source = facts[0].source
    async for answer in store.feeds.apply_all(source, name, 0, chunks(facts)):
        rows += len(answer.results)
        for result in answer.results:
            outcomes[result.outcome.name] = outcomes.get(result.outcome.name, 0) + 1
    spent_s = time.perf_counter() - begun_s
    usec = (cpu_ns(pid) - begun_ns) / 1_000
    slow = await connection.execute("SLOWLOG", "GET", 1_000)
    told = " ".join(f"{name}={count}" for name, count in sorted(outcomes.items()))
    return rows / spent_s, usec / rows, max((entry[2] for entry in slow), default=0) / 1e3, told


async def main(rows: int) -> int:
    """Measure every kind of rows and print the table."""
    plans: dict[str, Callable[[], Iterator[Fact]]] = {
        "opening (new positions)": lambda: counts(rows, 1, 0.0),
        "counts, unchanged": lambda: counts(rows, 2, 0.0),
        "counts, all changed": lambda: counts(rows, 3, 1.0),
        "counts, all changed back": lambda: counts(rows, 4, 0.0),
        "counts, 5 % changed": lambda: counts(rows, 5, 0.05),
        "by location, 10 % changed": lambda: counts(rows, 6, 0.05, by_location=True),
        "by location, all changed": lambda: counts(rows, 7, 1.0, by_location=True),
        "deltas": lambda: deltas(rows, 8),
        "deltas, once more": lambda: deltas(rows, 9),
        "counts over deltas": lambda: counts(rows, 10, 0.0),
    }
    table = Table("rows", "rows/s", "of the HSETs", "engine us a row", "longest script", "outcomes")
    found: dict[str, tuple[float, float]] = {}
    async with (
        await EmbeddedServer.start(None, fsync=False) as server,
        await Connection.open(server.url) as connection,
    ):
        retention = Retention(retention_ms=RETENTION_MS_DEFAULT, ledger_entries_max=100_000)
        store = await Store.attach(connection, retention=retention)
        await store.networks.apply(CASE.document())
        await connection.execute("CONFIG", "SET", "slowlog-log-slower-than", 1_000)
        await connection.execute("CONFIG", "SET", "slowlog-max-len", 1_000)
        for name, make in plans.items():
            facts = list(make())
            plain = await asyncio.to_thread(hsets, server.url, rows)
            rate, usec, longest_ms, told = await measure(store, name, facts)
            found[name] = (rate / plain, longest_ms)
            table.add_row(
                name,
                f"{rate:,.0f}",
                f"{rate / plain:.2f} of {plain:,.0f}",
                f"{usec:.1f}",
                f"{longest_ms:.1f} ms",
                told,
            )
    Console(width=160).print(table)
    missed = found["counts, unchanged"][0] < UNCHANGED_RATIO_MIN
    missed |= found["counts, all changed"][0] < CHANGED_RATIO_MIN
    return int(missed or max(longest for _, longest in found.values()) > SCRIPT_MS_MAX)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    sys.exit(uvloop.run(main(parser.parse_args().rows)))
