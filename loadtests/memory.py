"""What memory a store takes: bytes a (SKU, market) pair, and a reservation.

    python loadtests/memory.py [--shape SKUSxMARKETSxLOCATIONS ...] [--count N]
                               [--option NAME=VALUE ...]

Starts a server with deploy/valkey.conf (without its users, and without waiting for the disk), fills
it through the store's own calls, and reads `used_memory` before and after. Every market sells from
every location, and every SKU is counted at every location. The default shapes have 1,000,000 pairs
each. Then some SKUs are sold, one unit each: a reservation is held, confirmed and fulfilled, and
a till sells another. Time in the engine is that of scripts and of HMGET, without the disk. At the
end the log is rewritten, and the server started again from it.

The allocator matters: servers are built with jemalloc, the embedded one is not. The library is
loaded into it where it is installed (Debian: libjemalloc2); without it the program says so.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from arrangement import allocator
from deployed_store import DeployedStore
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

SHAPES: Final = ("100000x10x5", "10000x100x5", "1000000x1x1")
_COUNTRIES: Final = ("FR", "DE", "GB", "ES", "IT", "NL", "BE", "PT", "AT", "IE")
_LEDGER_ENTRIES_MAX: Final = 1_000  # it has a size of its own, whatever the stock is
_FACTS_PER_CALL: Final = 1_000
_CALLS_AT_ONCE: Final = 4
_CALLS_OF_CLIENTS: Final = 50
MARKET: Final = "web0/FR"


class Shape(NamedTuple):
    """How many of each; all combinations exist."""

    skus: int
    markets: int
    locations: int

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read `SKUSxMARKETSxLOCATIONS`."""
        skus, markets, locations = map(int, text.split("x"))
        return cls(skus, markets, locations)

    @property
    def pairs(self) -> int:
        """SKUs times markets: the numbers that can be asked for."""
        return self.skus * self.markets

    def document(self) -> str:
        """Write the network."""
        lines = ["locations:"]
        lines += [f"  - {{id: L{at}, type: store, country: FR}}" for at in range(self.locations)]
        places = ", ".join(f"L{at}" for at in range(self.locations))
        lines += ["markets:"]
        for at in range(self.markets):
            channel, country = divmod(at, len(_COUNTRIES))
            lines.append(
                f"  - {{channel: web{channel}, country: {_COUNTRIES[country]}, "
                f"locations: [{places}], protection_buffer: 2}}"
            )
        return "\n".join(lines)


def sku_of(at: int) -> str:
    """Name a SKU as retailers do: some 20 characters."""
    return f"ARTICLE-{at:09}-RED"


def counts(shape: Shape) -> Iterator[list[Fact]]:
    """Yield a count of every position, by the call."""
    now_us = time.time_ns() // 1_000
    total = shape.skus * shape.locations
    for start_at in range(0, total, _FACTS_PER_CALL):
        yield [
            Fact(
                kind=FactKind.COUNT,
                event_id=f"count-{at:09}",
                source="erp",
                sku=sku_of(at // shape.locations),
                location=f"L{at % shape.locations}",
                observe_us=now_us,
                quantity=10 + at % 90,
            )
            for at in range(start_at, min(total, start_at + _FACTS_PER_CALL))
        ]


async def in_flight(
    calls: Iterator[Any], limit: int, make: Callable[[Any], Awaitable[object]]
) -> None:
    """Keep so many calls in flight until there are no more."""

    async def worker() -> None:
        for call in calls:
            await make(call)

    await asyncio.gather(*(worker() for _ in range(limit)))


async def fill(store: Store, shape: Shape, bar: Progress) -> None:
    """Count every position."""
    task = bar.add_task(f"counting {shape.skus * shape.locations:,}", total=shape.skus)

    async def apply(facts: list[Fact]) -> None:
        await store.inventory.apply(facts)
        bar.advance(task, len(facts) / shape.locations)

    await in_flight(counts(shape), _CALLS_AT_ONCE, apply)


Step = tuple[str, "Callable[[int], Awaitable[object]]"]


def steps(store: Store) -> list[Step]:
    """Return what is done to one SKU after the other."""
    now_us = time.time_ns() // 1_000
    read = list(map(sku_of, range(20)))

    def hold(at: int) -> Awaitable[object]:
        request = ReserveRequest(
            reservation_id=f"cart-{at:09}",
            market=MARKET,
            lines=(Line(sku=sku_of(at), quantity=1),),
            ttl_ms=3_600_000,
        )
        return store.reservations.reserve(request)

    def sale_at_a_till(at: int) -> Awaitable[object]:
        fact = Fact(
            kind=FactKind.DELTA,
            event_id=f"receipt-{at:09}",
            source="pos",
            sku=sku_of(at),
            location="L0",
            observe_us=now_us,
            quantity=-1,
        )
        return store.inventory.apply([fact])

    return [
        ("a reservation, held", hold),
        ("then confirmed", lambda at: store.reservations.confirm(f"cart-{at:09}", f"o-{at:09}")),
        ("then fulfilled", lambda at: store.reservations.fulfil(f"cart-{at:09}")),
        ("a delta of a till", sale_at_a_till),
        ("20 numbers read", lambda _: store.reads.sellable(MARKET, read)),
    ]


async def measure(
    shape: Shape, asked: argparse.Namespace, console: Console
) -> list[tuple[str, list[str]]]:
    """Fill one store; return what a pair, a reservation and so on took."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    with bar, DeployedStore(dict(each.split("=", 1) for each in asked.option)) as server:
        async with await Connection.open(server.url) as connection:
            retention = Retention(
                retention_ms=7 * 86_400_000, ledger_entries_max=_LEDGER_ENTRIES_MAX
            )
            store = await Store.attach(connection, retention=retention)
            await store.networks.apply(shape.document())
            before = server.used()
            await fill(store, shape, bar)
            rows = [("a pair", server.used().since(before, shape.pairs))]
            count = min(asked.count, shape.skus)
            for name, step in steps(store):
                before = server.used()
                task = bar.add_task(name, total=count)

                async def call(at: int, step: Any = step, task: TaskID = task) -> None:
                    await step(at)
                    bar.advance(task)

                await in_flight(iter(range(count)), _CALLS_OF_CLIENTS, call)
                rows.append((name, server.used().since(before, count)))
            ledger = store.runner.partition.ledger
        client = server.client
        size = (client.memory_usage(ledger, samples=0) or 0) / client.xlen(ledger)
        rows.append(("an entry of the ledger", [f"{size:,.0f}"]))
        all_of_it = (server.used().memory, server.rewrite())
        seconds = server.restart()
        rows.append(("all of it, rewritten", [f"{part:,}" for part in all_of_it]))
        console.print(f"{shape}: loaded again in {seconds:.1f} s")
        return rows


def main() -> int:
    """Measure every shape and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shape", action="append", help=f"default: {', '.join(SHAPES)}")
    parser.add_argument("--option", action="append", default=[], help="of the server: NAME=VALUE")
    parser.add_argument("--count", type=int, default=20_000, help="SKUs sold, at most all")
    asked = parser.parse_args()
    console = Console()
    if not allocator():
        console.print("jemalloc is missing (apt-get install libjemalloc2): figures are libc's")
    table = Table("SKUs x markets x locations", "what", title="bytes each, growth by the step")
    for name in ("memory", "append-only file", "to the store", "from it", "engine us"):
        table.add_column(name, justify="right")
    for text in asked.shape or SHAPES:
        shape = Shape.parse(text)
        for what, figures in asyncio.run(measure(shape, asked, console)):
            table.add_row(f"{shape.skus:,} x {shape.markets} x {shape.locations}", what, *figures)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
