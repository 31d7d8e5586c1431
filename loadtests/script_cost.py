"""What a reservation costs in the engine, by the size of the network around it.

    python loadtests/script_cost.py

Engine time per call is `usec_per_call` of `commandstats` for EVALSHA: the time inside the server,
without client and network. Each figure is the median of several rounds, interleaved. Exits with 1
if 40 markets over 500 locations, stock at the first ten, cost more than 6 times one market with one
location.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.embedded import EmbeddedServer
from sellable.store.runner import Retention
from sellable.store.store import Store

ROUNDS = 7
CALLS = 400
SKUS = 50
RATIO_MAX = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network in which every market sells from every location."""

    name: str
    markets: int
    locations: int
    stocked: range

    def document(self) -> str:
        """Write the network as its document."""
        codes = ["FR", "DE", "GB", "ES", "IT", "NL", "BE", "PT", "AT", "IE"]
        lines = ["locations:"]
        lines += [
            f"  - {{id: L{at}, type: store, country: FR, tags: [all]}}"
            for at in range(self.locations)
        ]
        lines += ["markets:"]
        for at in range(self.markets):
            lines.append(
                f"  - {{channel: web{at // len(codes)}, country: {codes[at % len(codes)]}, "
                "locations: [tag:all], protection_buffer: 2}"
            )
        return "\n".join(lines)


CASES = (
    Case(name="1 market x 1 location", markets=1, locations=1, stocked=range(1)),
    Case(name="40 x 500, stock at the first ten", markets=40, locations=500, stocked=range(10)),
    Case(
        name="40 x 500, stock at the last only", markets=40, locations=500, stocked=range(499, 500)
    ),
)


async def prepare(store: Store, case: Case) -> None:
    """Apply the network of a case, and stock that no round uses up."""
    await store.networks.apply(case.document())
    now_us = time.time_ns() // 1000
    await store.inventory.apply(
        [
            Fact(
                kind=FactKind.COUNT,
                event_id="opening",
                source="bench",
                sku=f"{case.markets}-{case.locations}-{case.stocked.start}-{sku}",
                location=f"L{at}",
                observe_us=now_us,
                quantity=10**9 if at in case.stocked else 0,
            )
            for sku in range(SKUS)
            for at in range(case.locations)
        ]
    )
    await store.runner.refresh(
        [f"{case.markets}-{case.locations}-{case.stocked.start}-{sku}" for sku in range(SKUS)]
    )


async def measure(store: Store, case: Case, label: str) -> float:
    """Return microseconds of the engine for one reservation of one line."""
    await store.runner.connection.execute("CONFIG", "RESETSTAT")
    for call in range(CALLS):
        sku = f"{case.markets}-{case.locations}-{case.stocked.start}-{call % SKUS}"
        await store.reservations.reserve(
            ReserveRequest(
                reservation_id=f"{label}-{call}",
                market="web0/FR",
                lines=(Line(sku=sku, quantity=1),),
                ttl_ms=600_000,
            )
        )
    stats = (await store.runner.connection.execute("INFO", "commandstats")).decode()
    line = next(line for line in stats.splitlines() if line.startswith("cmdstat_evalsha:"))
    return float(line.split("usec_per_call=")[1].split(",")[0])


async def main() -> int:
    """Measure every case and print the table."""
    micros: dict[str, list[float]] = {case.name: [] for case in CASES}
    for case in CASES:
        async with (
            await EmbeddedServer.start(None, fsync=False) as server,
            await Connection.open(server.url) as connection,
        ):
            store = await Store.attach(
                connection, retention=Retention(retention_ms=10**8, ledger_entries_max=10**6)
            )
            await prepare(store, case)
            for turn in range(ROUNDS + 1):
                cost = await measure(store, case, f"round-{turn}")
                if turn > 0:  # the first round warms up
                    micros[case.name].append(cost)
    unit = statistics.median(micros[CASES[0].name])
    table = Table("network", "engine time", "ratio", title=f"one reservation, median of {ROUNDS}")
    for case in CASES:
        cost = statistics.median(micros[case.name])
        table.add_row(case.name, f"{cost:.1f} us", f"{cost / unit:.2f}")
    Console().print(table)
    return int(statistics.median(micros[CASES[1].name]) / unit > RATIO_MAX)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
