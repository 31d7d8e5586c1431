"""What tests of several workers share: who serves whom, buyers that never stop, and metrics."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from prometheus_client.parser import text_string_to_metric_families

from sellable.v1 import reservations_pb2_grpc
from support.arena import FR, network
from support.client import CALL_S_MAX, Client, Want, reserve_request
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from support.service import ServiceProcess

SKU: Final = "WORN"
UNITS: Final = 1_000_000
_THINKS_S: Final = 0.005  # or buyers would take the processor from the workers that start
_ESTABLISHED: Final = "01"
# What gRPC offers every client: a call that a draining server refused is made again, by itself.
_RETRYING: Final = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
            },
        }
    ]
}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def worker_pids(service: ServiceProcess) -> dict[int, int]:
    """Return the process that was last started for each number."""
    return {
        entry["number"]: entry["pid"] for entry in service.log if entry["event"] == "worker_serving"
    }


def events(service: ServiceProcess, name: str) -> int:
    """Count what was logged."""
    return sum(entry["event"] == name for entry in service.log)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def serving_pids(address: str, pids: Sequence[int]) -> set[int]:
    """Return which of these processes have connections of clients of this address."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    tables = [Path(f"/proc/net/{table}").read_text() for table in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(port) and row[3] == _ESTABLISHED}
    return {pid for pid in pids if inodes & set(_sockets(pid))}


def _sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            yield target[8:-1]


async def stock_up(client: Client) -> None:
    """Put more on the shelf than anybody buys."""
    await client.apply_network(network())
    await client.count(SKU, "DC", UNITS)


class Buyer:
    """Takes one unit after the other, each under an id of its own, over its own connection.

    Args:
        address: The service.
        name: What its ids begin with.
        retrying: Whether its channel makes calls again that were refused.
    """

    def __init__(self, address: str, name: str, *, retrying: bool) -> None:
        self.told: set[str] = set()
        self.failed: dict[str, grpc.StatusCode] = {}
        self.stopped = False
        self._name = name
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 200)]
        if retrying:
            options.append(("grpc.service_config", json.dumps(_RETRYING)))  # type: ignore[arg-type]
        self._channel = grpc.aio.insecure_channel(address, options)
        self._stub = reservations_pb2_grpc.ReservationServiceStub(self._channel)

    async def run(self) -> None:
        """Buy until stopped; what fails is noted, and tried again under the same id."""
        number = 0
        async with self._channel:
            while not self.stopped:
                cart = f"{self._name}-{number}"
                request = reserve_request(cart, FR, Want(SKU))
                try:
                    await self._stub.ReserveStock(request, timeout=CALL_S_MAX)
                except grpc.aio.AioRpcError as error:
                    self.failed[cart] = error.code()
                else:
                    self.told.add(cart)
                    number += 1
                await asyncio.sleep(_THINKS_S)


@asynccontextmanager
async def buyers(address: str, count: int, *, retrying: bool) -> AsyncIterator[list[Buyer]]:
    """Let so many buy while the block lasts; each has bought before it begins."""
    crowd = [Buyer(address, f"buyer-{number}", retrying=retrying) for number in range(count)]
    async with asyncio.TaskGroup() as group:
        for buyer in crowd:
            group.create_task(buyer.run())
        await all_buy(crowd)
        yield crowd
        for buyer in crowd:
            buyer.stopped = True


async def all_buy(crowd: Sequence[Buyer], more: int = 3) -> None:
    """Return once each buyer has bought some more."""
    wanted = [len(buyer.told) + more for buyer in crowd]

    async def bought() -> bool:
        return all(len(buyer.told) >= n for buyer, n in zip(crowd, wanted, strict=True))

    await eventually_async(bought)


async def some_buy(crowd: Sequence[Buyer], more: int) -> None:
    """Return once they have bought so many more together."""
    wanted = sum(len(buyer.told) for buyer in crowd) + more

    async def bought() -> bool:
        return sum(len(buyer.told) for buyer in crowd) >= wanted

    await eventually_async(bought)


async def check_books(client: Client, crowd: Sequence[Buyer]) -> None:
    """Hold what is taken against what the buyers were told: each unit once."""
    position = (await client.positions(SKU))["DC"]
    assert sum(len(buyer.told) for buyer in crowd) == position.reserved_quantity
    assert [] == await client.differences(SKU)


async def scrape(address: str) -> Samples:
    """Ask for the metrics, as Prometheus does."""

    def ask() -> str:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(await asyncio.to_thread(ask))
        for sample in family.samples
    }


def lasting(samples: Samples) -> Samples:
    """Return the samples that never go down."""
    endings = ("_total", "_bucket", "_count", "_sum")
    return {key: value for key, value in samples.items() if key[0].endswith(endings)}
