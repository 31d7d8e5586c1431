"""What calls on reservations cost in the engine, and what the network around them adds.

    python loadtests/script_cost.py

Engine time is that of EVALSHA in `commandstats`: the time inside the server, without client and
network. It is time of day, so each figure is of the quietest of several rounds.
Calls on reservations are of one line unless the row says otherwise, in a network of one market
with one location. Exits with 1 if 40 markets over 500 locations, stock at the first
ten, cost more than 6 times one market with one location.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sellable.errors import InsufficientStock
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.embedded import EmbeddedServer
from sellable.store.observed import oldest_counts
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ROUNDS = 20
CALLS = 150
LINES = 5
RATIO_MAX = 6.0
UNITS = 10**9  # no round uses them up


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network in which every market sells from every location."""

    name: str
    markets: int
    locations: int
    stocked: range
    skus: int = 50

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

    def sku(self, at: int) -> str:
        """Name a SKU; they begin again after the last one."""
        return f"SKU-{self.markets}-{self.locations}-{at % self.skus:04}"


SMALL = Case(name="1 market x 1 location", markets=1, locations=1, stocked=range(1))
NETWORKS = (
    SMALL,
    Case(name="40 x 500, stock at the first ten", markets=40, locations=500, stocked=range(10)),
    Case(
        name="40 x 500, stock at the last only", markets=40, locations=500, stocked=range(499, 500)
    ),
)
OBSERVED = tuple(
    Case(name=f"{count} locations", markets=1, locations=count, stocked=range(count), skus=200)
    for count in (1, 5, 20)
)


@asynccontextmanager
async def stocked(case: Case) -> AsyncIterator[Store]:
    """Give a store of its own with the network of a case, and its stock."""
    async with (
        await EmbeddedServer.start(None, fsync=False) as server,
        await Connection.open(server.url) as connection,
    ):
        store = await Store.attach(
            connection, retention=Retention(retention_ms=10**8, ledger_entries_max=10**6)
        )
        await store.networks.apply(case.document())
        skus = [case.sku(at) for at in range(case.skus)]
        facts = [
            Fact(
                kind=FactKind.COUNT,
                event_id="opening",
                source="bench",
                sku=sku,
                location=f"L{at}",
                observe_us=time.time_ns() // 1000,
                quantity=UNITS if at in case.stocked and sku != "gone" else 0,
            )
            for sku in [*skus, "gone"]
            for at in range(case.locations)
        ]
        await store.inventory.apply(facts)
        await store.runner.refresh(skus)
        yield store


async def engine_us(store: Store, calls: int, call: Callable[[int], Awaitable[object]]) -> float:
    """Return microseconds of the engine for one call, made so many times."""
    await store.runner.connection.execute("CONFIG", "RESETSTAT")
    for at in range(calls):
        await call(at)
    stats = (await store.runner.connection.execute("INFO", "commandstats")).decode()
    line = next(line for line in stats.splitlines() if line.startswith("cmdstat_evalsha:"))
    return int(line.split("usec=")[1].split(",")[0]) / calls


class Calls:
    """The calls of one round on reservations; what is held is confirmed or released later."""

    def __init__(self, store: Store, case: Case, turn: int) -> None:
        self._held = store.reservations
        self._case = case
        self._turn = turn

    async def sale(self, at: int) -> None:
        """Hold one line; the same call again is a replay."""
        await self._reserve(f"one-{self._turn}-{at}", self._case.sku(at))

    async def sale_of_lines(self, at: int) -> None:
        """Hold several lines."""
        skus = [self._case.sku(at * LINES + line) for line in range(LINES)]
        await self._reserve(f"five-{self._turn}-{at}", *skus)

    async def refusal(self, at: int) -> None:
        """Ask for what is sold out."""
        try:
            await self._reserve(f"none-{self._turn}-{at}", "gone")
        except InsufficientStock:
            return
        raise AssertionError

    async def confirm(self, at: int) -> None:
        """Place the order of a sale."""
        await self._held.confirm(f"one-{self._turn}-{at}")

    async def release(self, at: int) -> None:
        """Give a sale back before it is an order."""
        await self._held.release(f"back-{self._turn}-{at}")

    async def sale_to_release(self, at: int) -> None:
        """Hold what is released in this round."""
        await self._reserve(f"back-{self._turn}-{at}", self._case.sku(at))

    async def _reserve(self, name: str, *skus: str) -> None:
        lines = tuple(Line(sku=sku, quantity=1) for sku in skus)
        await self._held.reserve(
            ReserveRequest(reservation_id=name, market="web0/FR", lines=lines, ttl_ms=600_000)
        )


async def measure_kinds() -> dict[str, float]:
    """Return the cost of each kind of call on reservations."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    async with stocked(SMALL) as store:
        for turn in range(ROUNDS):
            calls = Calls(store, SMALL, turn)
            for name, call in (
                ("sale", calls.sale),
                ("refusal", calls.refusal),
                ("replay of a sale", calls.sale),
                ("confirm", calls.confirm),
                ("", calls.sale_to_release),
                ("release", calls.release),
                (f"sale of {LINES} lines", calls.sale_of_lines),
            ):
                found[name].append(await engine_us(store, CALLS, call))
    return {name: min(costs) for name, costs in found.items() if name}


async def measure_observed(case: Case) -> float:
    """Return the cost of the oldest count of one SKU, asked for 200 together."""
    skus = [case.sku(at) for at in range(case.skus)]
    async with stocked(case) as store:

        async def ask(_at: int) -> None:
            await oldest_counts(store.runner, "web0/FR", skus)

        costs = [await engine_us(store, 40, ask) for _ in range(ROUNDS)]
    return min(costs) / len(skus)


async def measure_network(case: Case) -> float:
    """Return the cost of a sale in a network."""
    async with stocked(case) as store:
        costs = [
            await engine_us(store, CALLS, Calls(store, case, turn).sale) for turn in range(ROUNDS)
        ]
    return min(costs)


async def main() -> int:
    """Measure everything and print the tables."""
    kinds = Table("call", "engine time", title=f"quietest of {ROUNDS} rounds")
    for name, cost in (await measure_kinds()).items():
        kinds.add_row(name, f"{cost:.1f} us")
    for case in OBSERVED:
        cost = await measure_observed(case)
        kinds.add_row(f"observe_times, a SKU at {case.name}", f"{cost:.2f} us")
    costs = {case: await measure_network(case) for case in NETWORKS}
    networks = Table(
        "network", "engine time", "ratio", title=f"one sale, quietest of {ROUNDS} rounds"
    )
    for case, cost in costs.items():
        networks.add_row(case.name, f"{cost:.1f} us", f"{cost / costs[SMALL]:.2f}")
    Console().print(kinds, networks)
    return int(costs[NETWORKS[1]] / costs[SMALL] > RATIO_MAX)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
