"""A primary with real replicas, and stores whose acknowledged writes wait for them."""

from __future__ import annotations

import socket
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sellable.reservation import Line, ReserveRequest
from sellable.store.connection import Connection
from sellable.store.replicated import ReplicatedWrites
from sellable.store.runner import Retention
from sellable.store.store import PARTITION, Store
from support.arena import FR, network
from support.connections import PATIENT
from support.server import ValkeyProcess
from support.service import service
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SKU: Final = "MUG"
UNITS: Final = 1_000
WAIT_MS_MAX: Final = 30_000  # where the replicas answer, and only a slow machine takes time
WAIT_MS_SHORT: Final = 200  # where they cannot


@dataclass(frozen=True)
class Replicated:
    """A primary, and those that follow it."""

    primary: ValkeyProcess
    port: int
    replicas: list[ValkeyProcess]

    @property
    def replica(self) -> ValkeyProcess:
        """The first of the replicas."""
        return self.replicas[0]

    def calls(self, command: str) -> int:
        """Return how often the primary ran a command since its start."""
        with self.primary.client() as client:
            stats = client.info("commandstats")
        return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])

    def replica_has(self, reservation_id: str) -> bool:
        """Tell whether the first replica has this reservation now."""
        with self.replica.client() as client:
            return bool(client.exists(PARTITION.reservation(reservation_id)))

    def follow(self) -> None:
        """Have every replica follow the primary, and return once they do."""
        for replica in self.replicas:
            replica.resume()
            with replica.client() as client:
                client.replicaof("127.0.0.1", str(self.port))
        eventually(self._followed)

    def depart(self) -> None:
        """Let the first replica leave and be a primary of its own, as in a failover."""
        with self.replica.client() as client:
            client.replicaof("NO", "ONE")

    async def fill(self) -> None:
        """Make it a store without anything but a network and a SKU of `UNITS`."""
        with self.primary.client() as client:
            client.flushall()
        async with service(self.primary.url) as running:
            await running.client.apply_network(network())
            await running.client.count(SKU, "DC", UNITS)

    def _followed(self) -> bool:
        # A replica that has just got the data counts as connected, but takes up to a second to
        # take what is written.
        with self.primary.client() as client:
            client.publish("followed", "")
            return int(client.wait(len(self.replicas), 100)) == len(self.replicas)


@contextmanager
def replicated(count: int = 1) -> Iterator[Replicated]:
    """Run a primary with so many replicas."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with ExitStack() as stack:
        # Else it waits seconds for more replicas before it sends the first one its data.
        listening = ("--port", str(port), "--repl-diskless-sync-delay", "0")
        primary = stack.enter_context(ValkeyProcess(*listening))
        replicas = [stack.enter_context(ValkeyProcess()) for _ in range(count)]
        yield Replicated(primary, port, replicas)


@asynccontextmanager
async def waiting_store(
    url: str, *, replicas: int = 1, wait_ms: int = WAIT_MS_MAX, writes_max: int = 1_000
) -> AsyncIterator[Store]:
    """Give a store without background work, whose acknowledged writes wait for replicas."""
    retention = Retention(retention_ms=60_000, ledger_entries_max=1_000_000)
    async with (
        await Connection.open(url, limits=PATIENT) as reads,
        await Connection.open(url, limits=PATIENT, beside=reads) as over,
    ):
        writes = ReplicatedWrites(
            over,
            mark=PARTITION.mark,
            replicas=replicas,
            timeout_ms=wait_ms,
            writes_max=writes_max,
        )
        yield await Store.attach(reads, retention=retention, writes=writes)


def want(reservation_id: str, quantity: int = 1, sku: str = SKU) -> ReserveRequest:
    """Make the request of a hold of one line."""
    line = Line(sku=sku, quantity=quantity)
    return ReserveRequest(
        reservation_id=reservation_id, market=FR, lines=(line,), ttl_ms=10 * 60_000
    )
