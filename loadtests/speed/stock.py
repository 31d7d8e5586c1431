"""What the store of a measurement holds, and the numbers that a right answer has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import (
    inventory_pb2,
    inventory_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANNEL, COUNTRY = "web", "FR"
NETWORK = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: DC-LYON, type: warehouse, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, DC-LYON], protection_buffer: 2}
  - {channel: marketplace, country: FR, locations: [DC-PARIS], cap: 50}
"""
_EVENTS_PER_CALL = 1_000
_TIMEOUT_S = 60.0
_BEHIND_S = 3_600  # of the counts: each was made at its own microsecond of the last hour


def sku(number: int) -> str:
    """Return the name of a SKU."""
    return f"SKU-{number:07d}"


def quantity(number: int) -> int:
    """Return how much of a SKU can be sold: four digits, and no two neighbours alike."""
    return 1_000 + number * 7 % 4_000


def seed(target: str, skus: int) -> None:
    """Fill the store through the service: a network, and a count of every SKU."""
    with grpc.insecure_channel(target) as channel:
        network_pb2_grpc.NetworkServiceStub(channel).ApplyNetwork(
            network_pb2.ApplyNetworkRequest(document=NETWORK), timeout=_TIMEOUT_S
        )
        stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
        under_way = []
        for events in _counts(skus):
            call = stub.ApplyInventory.future(
                inventory_pb2.ApplyInventoryRequest(events=events), timeout=_TIMEOUT_S
            )
            under_way.append(call)
            if len(under_way) > 1:
                _settle(under_way.pop(0))
        for call in under_way:
            _settle(call)


def count_one(target: str, name: str, sellable: int) -> None:
    """Count one SKU so that so many can be sold."""
    now = Timestamp()
    now.GetCurrentTime()
    with grpc.insecure_channel(target) as channel:
        stub: Any = inventory_pb2_grpc.InventoryServiceStub(channel)
        request = inventory_pb2.ApplyInventoryRequest(
            events=[_count(name, sellable, now.ToMicroseconds())]
        )
        _settle(stub.ApplyInventory.future(request, timeout=_TIMEOUT_S))


def reserved_of(target: str, name: str) -> int:
    """Return how many units of a SKU are held."""
    with grpc.insecure_channel(target) as channel:
        stub = inventory_pb2_grpc.InventoryServiceStub(channel)
        answer = stub.ListPositions(
            inventory_pb2.ListPositionsRequest(sku=name), timeout=_TIMEOUT_S
        )
        return sum(position.reserved_quantity for position in answer.positions)


def _settle(call: grpc.Future[inventory_pb2.ApplyInventoryResponse]) -> None:
    refused = [result for result in call.result().results if result.reason]
    if refused:
        sys.exit(f"the store could not be filled: {refused[0].detail}")


def _counts(skus: int) -> Iterator[list[inventory_pb2.InventoryEvent]]:
    now = Timestamp()
    now.GetCurrentTime()
    begin_us = now.ToMicroseconds() - _BEHIND_S * 1_000_000
    for begin in range(0, skus, _EVENTS_PER_CALL):
        numbers = range(begin, min(begin + _EVENTS_PER_CALL, skus))
        yield [_count(sku(n), quantity(n), begin_us + n) for n in numbers]


def _count(name: str, sellable: int, observe_us: int) -> inventory_pb2.InventoryEvent:
    """Return the count of one SKU; the two units more are those the market keeps back."""
    time = Timestamp()
    time.FromMicroseconds(observe_us)
    return inventory_pb2.InventoryEvent(
        event_id=f"count-{name}",
        source="load",
        sku=name,
        location="DC-PARIS",
        observe_time=time,
        on_hand_quantity=sellable + 2,
    )
