"""A client as integrators have it: typed stubs over one connection, and the calls in short.

Calls raise what the stubs raise; `refusal_of` awaits a call that is to be refused.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sellable.rpc.status import RefusedCall, error_from_rpc
from sellable.v1 import (
    availability_pb2,
    availability_pb2_grpc,
    common_pb2,
    inventory_pb2,
    inventory_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
    operations_pb2,
    operations_pb2_grpc,
    reservations_pb2,
    reservations_pb2_grpc,
    sourcing_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from types import TracebackType

CALL_S_MAX: Final = 30.0
TTL_MS: Final = 600_000
_EVENTS_PER_CALL: Final = 1_000
# A connection of its own for each client, and each failure told to the test instead of retried.
_OPTIONS: Final = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)
_event_ids: Final = itertools.count()


class Want(NamedTuple):
    """One line of a request."""

    sku: str
    quantity: int = 1
    location: str = ""
    line_id: str = ""


class Client:
    """All services of one address, over one connection of its own; `async with` closes it."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address, _OPTIONS)
        self.availability = availability_pb2_grpc.AvailabilityServiceStub(self.channel)
        self.reservations = reservations_pb2_grpc.ReservationServiceStub(self.channel)
        self.inventory = inventory_pb2_grpc.InventoryServiceStub(self.channel)
        self.network = network_pb2_grpc.NetworkServiceStub(self.channel)
        self.operations = operations_pb2_grpc.OperationsServiceStub(self.channel)
        self.sourcing = sourcing_pb2_grpc.SourcingServiceStub(self.channel)
        self.health: Any = health_pb2_grpc.HealthStub(self.channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.channel.close()

    async def serving(self) -> bool:
        """Tell whether the service says that it can answer."""
        try:
            answer = await self.health.Check(
                health_pb2.HealthCheckRequest(), timeout=1, wait_for_ready=False
            )
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def apply_network(self, document: Mapping[str, object]) -> int:
        """Make this the network; return its version."""
        request = network_pb2.ApplyNetworkRequest(document=json.dumps(document))
        return (await self.network.ApplyNetwork(request, timeout=CALL_S_MAX)).version

    async def rollout_fraction(self) -> float:
        """Return how far the last network change is rolled out."""
        answer = await self.network.GetNetwork(network_pb2.GetNetworkRequest(), timeout=CALL_S_MAX)
        return answer.rollout_fraction

    async def sellable(self, market: str, *skus: str) -> list[int]:
        """Return the number of each SKU."""
        channel, country = market.split("/")
        request = availability_pb2.CheckSellableRequest(channel=channel, country=country, skus=skus)
        answer = await self.availability.CheckSellable(request, timeout=CALL_S_MAX)
        return list(answer.sellable_quantities)

    async def reserve(
        self, reservation_id: str, market: str, *lines: Want, ttl_ms: int = TTL_MS, **more: Any
    ) -> reservations_pb2.ReserveStockResponse:
        """Hold the units of all lines."""
        request = reserve_request(reservation_id, market, *lines, ttl_ms=ttl_ms, **more)
        return await self.reservations.ReserveStock(request, timeout=CALL_S_MAX)

    async def confirm(self, reservation_id: str) -> reservations_pb2.Reservation:
        """Make a hold an order."""
        request = reservations_pb2.ConfirmReservationRequest(reservation_id=reservation_id)
        answer = await self.reservations.ConfirmReservation(request, timeout=CALL_S_MAX)
        return answer.reservation

    async def release(self, reservation_id: str) -> reservations_pb2.Reservation:
        """Give back all that is open."""
        request = reservations_pb2.ReleaseReservationRequest(reservation_id=reservation_id)
        answer = await self.reservations.ReleaseReservation(request, timeout=CALL_S_MAX)
        return answer.reservation

    async def fulfil(self, reservation_id: str) -> reservations_pb2.Reservation:
        """Note that everything left the building."""
        request = reservations_pb2.FulfillReservationRequest(reservation_id=reservation_id)
        answer = await self.reservations.FulfillReservation(request, timeout=CALL_S_MAX)
        return answer.reservation

    async def get(self, reservation_id: str) -> reservations_pb2.Reservation:
        """Return a reservation as it is now."""
        request = reservations_pb2.GetReservationRequest(reservation_id=reservation_id)
        return await self.reservations.GetReservation(request, timeout=CALL_S_MAX)

    async def apply(self, *events: inventory_pb2.InventoryEvent) -> list[str]:
        """Apply facts in order; return the name of each outcome."""
        outcomes: list[str] = []
        for start in range(0, len(events), _EVENTS_PER_CALL):
            request = inventory_pb2.ApplyInventoryRequest(
                events=events[start : start + _EVENTS_PER_CALL]
            )
            answer = await self.inventory.ApplyInventory(request, timeout=CALL_S_MAX)
            outcomes += [outcome_name(result) for result in answer.results]
        return outcomes

    async def count(self, sku: str, location: str, quantity: int) -> None:
        """Count a position now, and see it applied."""
        assert await self.apply(event(sku, location, on_hand_quantity=quantity)) in (
            ["APPLIED"],
            ["UNCHANGED"],
        )

    async def positions(self, sku: str) -> dict[str, inventory_pb2.Position]:
        """Return the positions of a SKU by location."""
        request = inventory_pb2.ListPositionsRequest(sku=sku)
        answer = await self.inventory.ListPositions(request, timeout=CALL_S_MAX)
        return {position.location: position for position in answer.positions}

    async def differences(self, sku: str = "") -> list[str]:
        """Verify one SKU, or the whole store; return what is not as it must be."""
        found: list[str] = []
        done = False
        stream = self.operations.Verify(operations_pb2.VerifyRequest(sku=sku), timeout=CALL_S_MAX)
        async for progress in stream:
            found += [
                f"{d.sku}: {d.counter} is {d.stored_quantity}, should be {d.recomputed_quantity}"
                for d in progress.differences
            ]
            done = progress.done
        assert done
        return found


def reserve_request(
    reservation_id: str, market: str, *lines: Want, ttl_ms: int = TTL_MS, **more: Any
) -> reservations_pb2.ReserveStockRequest:
    """Make the request of a hold."""
    channel, country = market.split("/")
    ttl = Duration()
    ttl.FromMilliseconds(ttl_ms)
    return reservations_pb2.ReserveStockRequest(
        reservation_id=reservation_id,
        channel=channel,
        country=country,
        lines=[
            common_pb2.Line(
                line_id=want.line_id, sku=want.sku, quantity=want.quantity, location=want.location
            )
            for want in lines
        ],
        ttl=ttl,
        **more,
    )


def event(
    sku: str, location: str, *, observe_us: int = 0, event_id: str = "", **fact: Any
) -> inventory_pb2.InventoryEvent:
    """Make one fact, of this moment and under an id of its own unless told."""
    observe_time = Timestamp()
    observe_time.FromMicroseconds(observe_us or time.time_ns() // 1_000)
    return inventory_pb2.InventoryEvent(
        event_id=event_id or f"event-{next(_event_ids)}",
        source=fact.pop("source", "test"),
        sku=sku,
        location=location,
        observe_time=observe_time,
        **fact,
    )


def outcome_name(result: inventory_pb2.EventResult) -> str:
    """Return what became of a fact, in one word."""
    return inventory_pb2.Outcome.Name(result.outcome).removeprefix("OUTCOME_")


def state_of(reservation: reservations_pb2.Reservation) -> str:
    """Return the state of a reservation, in one word."""
    name = reservations_pb2.ReservationState.Name(reservation.state)
    return name.removeprefix("RESERVATION_STATE_")


def bound(reservation: reservations_pb2.Reservation) -> dict[str, int]:
    """Return the open units of a reservation by location."""
    found: dict[str, int] = {}
    for line in reservation.lines:
        for allocation in line.allocations:
            found[allocation.location] = found.get(allocation.location, 0) + allocation.quantity
    return {location: quantity for location, quantity in found.items() if quantity}


async def refusal_of(call: Awaitable[object]) -> RefusedCall:
    """Await a call that must be refused, and return the refusal."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return error_from_rpc(error)
    raise AssertionError(f"the call was not refused: {answer}")
