"""How fast CheckSellable of 20 SKUs is, beside what it is built on and what it replaces.

    python loadtests/check_sellable.py

The servers are measured in turn, round after round, each with one core to itself:

- `sellable`: `sellable serve` as it is, on the native transport
- `redis-py`: a plain grpc.aio server that calls redis-py once per request (redis_py_server.py)
- `echo`: the native transport with a do-nothing servicer, messages of the same size
  (echo_server.py)

A fourth, `bytes`, is the same without protobuf: the transport alone, shown without a bound.

Ends with 1 if the medians miss a bound.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

import h2load
from arrangement import HERE, free_port, require_tools, server, valkey
from sellable.v1 import (
    availability_pb2,
    availability_pb2_grpc,
    inventory_pb2,
    inventory_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

REDIS_PY_RATIO_MIN = 5.0
ECHO_RATIO_MIN = 0.45

IN_FLIGHT = 128
CLIENTS = 8
SKUS_PER_CALL = 20
SKUS = 10_000
CHANNEL, COUNTRY = "web", "FR"
METHOD = "/sellable.v1.AvailabilityService/CheckSellable"
NETWORK = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: DC-LYON, type: warehouse, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, DC-LYON], protection_buffer: 2}
  - {channel: marketplace, country: FR, locations: [DC-PARIS], cap: 50}
"""
_EVENTS_PER_CALL = 1_000
_SEED_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One server: how it is started, and whether its numbers can be checked."""

    name: str
    command: tuple[str | Path, ...]
    port: int
    knows_stock: bool = True

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


def sku(number: int) -> str:
    """Return the name of a SKU."""
    return f"SKU-{number:06d}"


def quantity(number: int) -> int:
    """Return how much of a SKU can be sold: one to three digits, and no two neighbours alike."""
    return number * 7 % 400


def requests() -> list[tuple[availability_pb2.CheckSellableRequest, list[int]]]:
    """Return what each client asks, and the answer: SKUs from all over, none of them twice."""
    stride = SKUS // (CLIENTS * SKUS_PER_CALL)
    asked = []
    for client in range(CLIENTS):
        numbers = [(client + CLIENTS * index) * stride for index in range(SKUS_PER_CALL)]
        request = availability_pb2.CheckSellableRequest(
            channel=CHANNEL, country=COUNTRY, skus=map(sku, numbers)
        )
        asked.append((request, list(map(quantity, numbers))))
    return asked


def seed(target: str) -> None:
    """Fill the store through the service: a network, and a count of every SKU."""
    with grpc.insecure_channel(target) as channel:
        network_pb2_grpc.NetworkServiceStub(channel).ApplyNetwork(
            network_pb2.ApplyNetworkRequest(document=NETWORK), timeout=_SEED_TIMEOUT_S
        )
        now = Timestamp()
        now.GetCurrentTime()
        stub = inventory_pb2_grpc.InventoryServiceStub(channel)
        for begin in range(0, SKUS, _EVENTS_PER_CALL):
            numbers = range(begin, begin + _EVENTS_PER_CALL)
            answer = stub.ApplyInventory(
                inventory_pb2.ApplyInventoryRequest(events=[count(n, now) for n in numbers]),
                timeout=_SEED_TIMEOUT_S,
            )
            for result in answer.results:
                if result.reason:
                    sys.exit(f"the store could not be filled: {result.detail}")


def count(number: int, now: Timestamp) -> inventory_pb2.InventoryEvent:
    """Return the count of one SKU; the two units more are those the market keeps back."""
    return inventory_pb2.InventoryEvent(
        event_id=f"count-{number}",
        source="load",
        sku=sku(number),
        location="DC-PARIS",
        observe_time=now,
        on_hand_quantity=quantity(number) + 2,
    )


def sizes_of_right_answers(contender: Contender) -> list[int]:
    """Ask every question once; leave if an answer is wrong."""
    sizes = []
    with grpc.insecure_channel(contender.target) as channel:
        stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
        for request, expected in requests():
            answer = stub.CheckSellable(request, timeout=_SEED_TIMEOUT_S)
            if list(answer.sellable_quantities) != expected:
                sys.exit(f"{contender.name} answered {answer}, expected {expected}")
            sizes.append(answer.ByteSize())
    return sizes


def measured(contender: Contender, duration_s: int) -> h2load.Load:
    """Start a contender, see that it answers rightly, and load it."""
    with server(contender.port, *contender.command) as child:
        smallest = min(sizes_of_right_answers(contender)) if contender.knows_stock else 0
        return h2load.measure(
            f"http://{contender.target}{METHOD}",
            [request.SerializeToString() for request, _ in requests()],
            in_flight=IN_FLIGHT,
            duration_s=duration_s,
            server_pid=child.pid,
            answer_bytes_min=smallest,
        )


def contenders(store: str) -> list[Contender]:
    """Return them all, with the store filled."""
    program = partial(Path, sys.executable)
    ports = [free_port() for _ in range(4)]
    sellable = Contender(
        "sellable",
        (
            *(program().with_name("sellable"), "serve", "--store", store),
            *("--listen", f"127.0.0.1:{ports[0]}", "--transport", "native"),
        ),
        ports[0],
    )
    with server(sellable.port, *sellable.command):
        seed(sellable.target)
        answer_bytes = round(statistics.mean(sizes_of_right_answers(sellable)))
    redis_py = (program(), HERE / "redis_py_server.py", str(ports[1]), store)
    echo = (program(), HERE / "echo_server.py")
    return [
        sellable,
        Contender("redis-py", redis_py, ports[1]),
        *(
            Contender(name, (*echo, str(port), str(answer_bytes), kind), port, knows_stock=False)
            for name, port, kind in (("echo", ports[2], "messages"), ("bytes", ports[3], "bytes"))
        ),
    ]


def verdict(loads: dict[str, list[h2load.Load]]) -> bool:
    """Print the medians and the two ratios; true if both bounds are met."""
    medians = {
        name: statistics.median(load.calls_per_s for load in each) for name, each in loads.items()
    }
    for name, each in loads.items():
        busy = statistics.median(load.busy for load in each)
        print(f"{name:>10}: median {medians[name]:9,.0f} calls/s, server core {busy:4.0%} busy")
    met = True
    for name, bound in (("redis-py", REDIS_PY_RATIO_MIN), ("echo", ECHO_RATIO_MIN)):
        ratio = medians["sellable"] / medians[name]
        met = met and ratio >= bound
        word = "ok" if ratio >= bound else "MISSED"
        print(f"sellable / {name}: {ratio:.2f} (at least {bound:.2f}) {word}")
    print(f"sellable / bytes: {medians['sellable'] / medians['bytes']:.2f}")
    return met


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser: Any = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of all servers (default 5)")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (default 5)")
    options = parser.parse_args(arguments)
    require_tools()
    with valkey() as store:
        field = contenders(store)
        loads: dict[str, list[h2load.Load]] = {contender.name: [] for contender in field}
        print(f"{IN_FLIGHT} calls in flight from {CLIENTS} clients, {SKUS_PER_CALL} SKUs a call")
        for number in range(1, options.rounds + 1):
            for contender in field:
                load = measured(contender, options.seconds)
                loads[contender.name].append(load)
                print(
                    f"round {number} {contender.name:>10}: {load.calls_per_s:9,.0f} calls/s, "
                    f"server core {load.busy:4.0%} busy",
                    flush=True,
                )
    return 0 if verdict(loads) else 1


if __name__ == "__main__":
    sys.exit(main())
