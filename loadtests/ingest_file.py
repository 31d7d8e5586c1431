"""How fast files of counts are taken in, in what memory, and what readers feel of it.

    PYTHONPATH=tests python loadtests/ingest_file.py [--rows 2000000] [--fsync] [--by-sku]

20 markets sell from each of 20 locations. Files of counts are loaded by `sellable ingest file`, as
a person would: an opening, one in which nothing changed, one in which everything did, and a nightly
one of `--rows` rows in which 5 % did. Before each, up to 400,000 rows are written by redis-py's
pipelined HSETs into the same server, and the ratio of both speeds is printed. Then a fifth of the
nightly feed comes again while a service answers CheckSellable at 30 % of the most that it can
(`steady_load.py`).

Prints rows/s, ratios, the largest memory of the loading process, p99 of the readers without and
with the load, and the longest script of the slow log while no reader asks. That one is time of day:
on a shared machine it is mostly a wait for a core. Ends with 1 if a bound is missed: unchanged rows
1/2 and changed rows 1/6 of HSET, 300 MiB, 5 ms a script, 5 times the p99.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis
import uvloop
from rich.console import Console
from rich.table import Table

from steady_load import SHARE, SteadyLoad, set_after, told
from support.server import ValkeyProcess
from support.service import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCATIONS: Final = 20
_COUNTRIES: Final = "FR DE GB ES IT NL BE PT AT IE SE FI DK PL CZ GR RO HU BG HR"
UNCHANGED_SHARE_MIN: Final = 1 / 2
CHANGED_SHARE_MIN: Final = 1 / 6
MEMORY_MIB_MAX: Final = 300
SCRIPT_MS_MAX: Final = 5.0
P99_RATIO_MAX: Final = 5.0
CHANGED_EVERY: Final = 20  # of the nightly feed: 5 %
PART: Final = 5  # the short files have a fifth of the rows
CHANGED: Final = 2  # the number of the file in which everything changed
NIGHTLY: Final = 3  # and of the first in which 5 % did
_PIPELINE: Final = 1_000
_SECONDS: Final = 8.0
_COMMAND: Final = str(Path(sys.executable).with_name("sellable"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One file that was taken in: its rows, outcomes, speed, and the process's largest memory."""

    name: str
    rows: int
    outcomes: dict[str, int]
    rows_per_s: float
    hset_per_s: float
    memory_mib: float


def document() -> dict[str, Any]:
    """Return a network of 20 markets that all sell from all 20 locations."""
    return {
        "locations": [
            {"id": f"L{at}", "type": "store", "country": "FR", "tags": ["all"]}
            for at in range(LOCATIONS)
        ],
        "markets": [
            {
                "channel": "web",
                "country": country,
                "locations": ["tag:all"],
                "protection_buffer": 2,
            }
            for country in _COUNTRIES.split()
        ],
    }


def positions(rows: int, *, by_sku: bool) -> Iterator[tuple[int, int]]:
    """Yield SKU and location numbers; a back end exports by location unless told otherwise."""
    skus = rows // LOCATIONS
    if by_sku:
        yield from ((sku, location) for sku in range(skus) for location in range(LOCATIONS))
    else:
        yield from ((sku, location) for location in range(LOCATIONS) for sku in range(skus))


def write_file(path: Path, rows: int, at: datetime, *, nth: int, by_sku: bool) -> None:
    """Write the `nth` file: 0 the opening, 1 the same counts, 2 all others, then 5 % others."""
    observed = at.isoformat()
    with path.open("w", encoding="utf-8") as file:
        file.write("sku,location,on_hand_quantity,observe_time\n")
        for number, (sku, location) in enumerate(positions(rows, by_sku=by_sku)):
            times = max(0, nth - NIGHTLY + 1) if number % CHANGED_EVERY == 0 else 0
            times += nth >= CHANGED and sku < rows // LOCATIONS // (PART if nth == NIGHTLY else 1)
            file.write(f"S{sku},L{location},{20 + (sku + location + times) % 50},{observed}\n")


def hset_per_s(valkey: ValkeyProcess, rows: int) -> float:
    """Return how many rows a second plain HSETs of redis-py write, 1,000 a pipeline."""
    with redis.Redis(unix_socket_path=str(valkey.socket_path)) as client:
        begun_s = time.perf_counter()
        for start in range(0, rows, _PIPELINE):
            pipeline = client.pipeline(transaction=False)
            for number in range(start, start + _PIPELINE):
                pipeline.hset(f"plain:{number % 20_000}", f"L{number // 20_000}", number)
            pipeline.execute()
        took_s = time.perf_counter() - begun_s
        for number in range(0, 20_000, _PIPELINE):
            client.unlink(*(f"plain:{at}" for at in range(number, number + _PIPELINE)))
    return rows / took_s


def load_file(valkey: ValkeyProcess, path: Path) -> tuple[dict[str, Any], float, float]:
    """Run the command on a file; return its summary, its wall-clock seconds and its memory."""
    begun_s = time.perf_counter()
    command = [_COMMAND, "ingest", "file", str(path), "--source", "erp", "--store", valkey.url]
    process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    summary = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, summary
    return orjson.loads(summary), time.perf_counter() - begun_s, usage.ru_maxrss / 1024


def measured(valkey: ValkeyProcess, folder: Path, name: str, rows: int) -> Loaded:
    """Load a file, and write as many rows plainly beside it."""
    plain = hset_per_s(valkey, min(rows, 400_000))
    summary, took_s, memory_mib = load_file(valkey, folder / f"{name}.csv")
    outcomes = summary["files"][0]["outcomes"]
    assert sum(outcomes.values()) == rows, summary
    return Loaded(
        name=name,
        rows=rows,
        outcomes=outcomes,
        rows_per_s=rows / took_s,
        hset_per_s=plain,
        memory_mib=memory_mib,
    )


def longest_script_ms(valkey: ValkeyProcess) -> float:
    """Return the longest entry of the slow log, in milliseconds; 0 if nothing took 2 ms."""
    with valkey.client() as client:
        entries: list[dict[str, Any]] = client.slowlog_get(1_000)
        return max((entry["duration"] for entry in entries), default=0) / 1000


def show(loaded: list[Loaded]) -> None:
    """Print one line a file."""
    table = Table(box=None)
    for head in ("file", "rows", "outcomes", "rows/s", "of HSET", "memory"):
        table.add_column(head, justify="left" if head in {"file", "outcomes"} else "right")
    for file in loaded:
        told_outcomes = ", ".join(f"{count:,} {name}" for name, count in file.outcomes.items())
        table.add_row(
            file.name,
            f"{file.rows:,}",
            told_outcomes,
            f"{file.rows_per_s:,.0f}",
            f"{file.rows_per_s / file.hset_per_s:.3f} of {file.hset_per_s:,.0f}/s",
            f"{file.memory_mib:.0f} MiB",
        )
    Console(width=140).print(table)


async def read_beside(valkey: ValkeyProcess, path: Path, rows: int) -> float:
    """Load a file of so many rows beside readers; return the ratio of their p99."""
    async with ServiceProcess(valkey.url) as service, service.client() as client:
        load = SteadyLoad(client, rows // LOCATIONS, zipf=True)
        await load.most(_SECONDS / 2)
        most = await load.most(_SECONDS)
        print(f"readers: at most {most:,.0f} calls/s, load {SHARE * most:,.0f} calls/s")
        until = asyncio.Event()
        idle, _ = await asyncio.gather(load.steady(SHARE * most, until), set_after(_SECONDS, until))
        _, idle_p99 = told("idle", idle)
        until = asyncio.Event()

        async def loading() -> float:
            _, took_s, _ = await asyncio.to_thread(load_file, valkey, path)
            until.set()
            return took_s

        busy, took_s = await asyncio.gather(load.steady(SHARE * most, until), loading())
        _, p99 = told("loading", busy)
    print(f"{rows / took_s:,.0f} rows/s beside them; p99 {p99 / idle_p99:.2f} times idle")
    return p99 / idle_p99


async def apply_network(valkey: ValkeyProcess) -> None:
    """Apply the network through a service, which then ends."""
    async with ServiceProcess(valkey.url) as service, service.client() as client:
        await client.apply_network(document())


def run(rows: int, *, fsync: bool, by_sku: bool) -> bool:
    """Measure everything; return whether every bound was kept."""
    options = ("--appendonly", "yes", "--appendfsync", "always") if fsync else ()
    with (
        ValkeyProcess(*options) as valkey,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(apply_network(valkey))
        with valkey.client() as client:
            client.config_set("slowlog-log-slower-than", 2_000)
            client.config_set("slowlog-max-len", 1_000)
        folder = valkey.folder
        now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        files = [("opening", rows), ("unchanged", rows // PART), ("changed", rows // PART)]
        files += [("nightly", rows), ("again", rows // PART)]
        for nth, (name, count) in enumerate(files):
            at = now + timedelta(minutes=nth)
            write_file(folder / f"{name}.csv", count, at, nth=nth, by_sku=by_sku)
        loaded = [measured(valkey, folder, name, count) for name, count in files[:-1]]
        show(loaded)
        longest_ms = longest_script_ms(valkey)
        ratio = runner.run(read_beside(valkey, folder / "again.csv", rows // PART))
    print(f"longest script: {longest_ms:.1f} ms (at most {SCRIPT_MS_MAX})")
    shares = {file.name: file.rows_per_s / file.hset_per_s for file in loaded}
    return (
        shares["unchanged"] >= UNCHANGED_SHARE_MIN
        and shares["changed"] >= CHANGED_SHARE_MIN
        and max(file.memory_mib for file in loaded) <= MEMORY_MIB_MAX
        and longest_ms <= SCRIPT_MS_MAX
        and ratio <= P99_RATIO_MAX
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--fsync", action="store_true", help="a store with appendfsync always")
    parser.add_argument("--by-sku", action="store_true", help="rows of one SKU stand together")
    arguments = parser.parse_args()
    kept = run(arguments.rows, fsync=arguments.fsync, by_sku=arguments.by_sku)
    sys.exit(not kept)
