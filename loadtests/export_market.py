"""How fast a whole market is exported, and what memory that takes on both sides.

    python loadtests/export_market.py [SKUS] [LOCATIONS]

Fills a store with SKUS (1,000,000) of one market over LOCATIONS (1), serves it by `sellable serve`,
and runs `sellable export-market` in each format, while one client asks CheckSellable of 20 SKUs
again and again. Memory is the peak of each process by the kernel's count; what the exporting
process has before its first row is measured by an export of an empty market. Exits with 1 if a
side grew by more than 64 MiB.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import grpc
from rich.console import Console
from rich.table import Table

from arrangement import free_port
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.embedded import EmbeddedServer
from sellable.store.runner import Retention
from sellable.store.store import Store
from sellable.v1.availability_pb2 import CheckSellableRequest
from sellable.v1.availability_pb2_grpc import AvailabilityServiceStub

GROWTH_MIB_MAX: Final = 64
_FACTS_PER_CALL: Final = 1_000
_CALLS_AT_ONCE: Final = 4
_START_S_MAX: Final = 30.0
_SAMPLE_S: Final = 0.02
_PAUSE_S: Final = 0.005
_COMMAND: Final = Path(sys.executable).with_name("sellable")


class Measured(NamedTuple):
    """One export."""

    seconds: float
    peak_mib: float
    file_mib: float


def document(location_count: int) -> str:
    """Write the network: web/FR has everything, web/BE nothing."""
    names = [f"L{at}" for at in range(location_count)]
    places = [*names, "EMPTY"]
    return json.dumps(
        {
            "locations": [{"id": name, "type": "store", "country": "FR"} for name in places],
            "markets": [
                {"channel": "web", "country": "FR", "locations": names},
                {"channel": "web", "country": "BE", "locations": ["EMPTY"]},
            ],
        }
    )


async def fill(url: str, sku_count: int, location_count: int) -> None:
    """Count every SKU at one location."""
    async with await Connection.open(url) as connection:
        retention = Retention(retention_ms=10**8, ledger_entries_max=10_000)
        store = await Store.attach(connection, retention=retention)
        await store.networks.apply(document(location_count))
        now_us = time.time_ns() // 1_000
        step = _FACTS_PER_CALL * _CALLS_AT_ONCE
        for start in range(0, sku_count, step):
            calls = range(start, min(sku_count, start + step), _FACTS_PER_CALL)
            await asyncio.gather(
                *(
                    store.inventory.apply(_facts(at, sku_count, location_count, now_us))
                    for at in calls
                )
            )


def _facts(start: int, sku_count: int, location_count: int, now_us: int) -> list[Fact]:
    return [
        Fact(
            kind=FactKind.COUNT,
            event_id=f"opening-{at}",
            source="bench",
            sku=sku_of(at),
            location=f"L{at % location_count}",
            observe_us=now_us,
            quantity=at % 100,
        )
        for at in range(start, min(sku_count, start + _FACTS_PER_CALL))
    ]


def sku_of(at: int) -> str:
    """Name a SKU as retailers do: some 20 characters."""
    return f"ARTICLE-{at:09}-RED"


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has had; 0 if it has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0")) / 1024


def export(address: str, market: str, file: Path) -> Measured:
    """Run the command to its end."""
    begun = time.monotonic()
    arguments = ("export-market", market, "--out", file, "--format", file.suffix[1:])
    with subprocess.Popen(
        [_COMMAND, *arguments],
        env={**os.environ, "SELLABLE_ADDRESS": address},
        stdout=subprocess.DEVNULL,
    ) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, peak_mib(process.pid))
            time.sleep(_SAMPLE_S)
    if process.returncode:
        sys.exit("the export failed")
    return Measured(time.monotonic() - begun, peak, file.stat().st_size / 2**20)


class Reader:
    """A client that asks CheckSellable of 20 SKUs, with a short pause after each answer."""

    def __init__(self, stub: AvailabilityServiceStub) -> None:
        self._request = CheckSellableRequest(
            channel="web", country="FR", skus=[sku_of(at) for at in range(20)]
        )
        self._stub = stub
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._spent_ms: list[float] = []

    def __enter__(self) -> list[float]:
        self._thread.start()
        return self._spent_ms

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            begun = time.perf_counter()
            self._stub.CheckSellable(self._request)
            self._spent_ms.append((time.perf_counter() - begun) * 1_000)


def percentile(spent_ms: list[float], share: float) -> str:
    """Return a percentile as people read it."""
    return f"{sorted(spent_ms)[int(share * (len(spent_ms) - 1))]:.1f} ms"


def measure(address: str, pid: int, sku_count: int, folder: Path) -> int:
    """Export in each format and print the table."""
    table = Table(
        *(
            "format",
            "SKUs/s",
            "seconds",
            "file",
            "command",
            "grew",
            "service grew",
            "reads p50, p99",
        ),
        title=f"{sku_count:,} SKUs",
    )
    failed = False
    with grpc.insecure_channel(address) as channel:
        stub = AvailabilityServiceStub(channel)
        grpc.channel_ready_future(channel).result(_START_S_MAX)
        with Reader(stub) as idle:
            time.sleep(2.0)
        table.caption = (
            f"reads without an export: {percentile(idle, 0.5)}, {percentile(idle, 0.99)}"
        )
        for form in ("csv", "jsonl", "parquet"):
            empty = export(address, "web/BE", folder / f"empty.{form}")
            before = peak_mib(pid)
            with Reader(stub) as spent_ms:
                one = export(address, "web/FR", folder / f"all.{form}")
            grew, service_grew = one.peak_mib - empty.peak_mib, peak_mib(pid) - before
            failed = failed or max(grew, service_grew) > GROWTH_MIB_MAX
            table.add_row(
                form,
                f"{sku_count / one.seconds:,.0f}",
                f"{one.seconds:.1f}",
                f"{one.file_mib:.1f} MiB",
                f"{one.peak_mib:.0f} MiB",
                f"{grew:.1f} MiB",
                f"{service_grew:.1f} MiB",
                f"{percentile(spent_ms, 0.5)}, {percentile(spent_ms, 0.99)}",
            )
    Console(width=120).print(table)
    return int(failed)


async def main(sku_count: int, location_count: int) -> int:
    """Fill, serve and measure."""
    async with await EmbeddedServer.start(None, fsync=False) as store:
        begun = time.monotonic()
        await fill(store.url, sku_count, location_count)
        print(f"filled in {time.monotonic() - begun:.0f} s")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            address = f"127.0.0.1:{free_port()}"
            process = subprocess.Popen(  # noqa: ASYNC220 - a fork, no wait
                [_COMMAND, "serve", "--store", store.url, "--listen", address],
                env={**os.environ, "SELLABLE_LOG_LEVEL": "error"},
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return await asyncio.to_thread(measure, address, process.pid, sku_count, folder)


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[1:]]
    sys.exit(asyncio.run(main(*(sizes + [1_000_000, 1][len(sizes) :]))))
