"""Calls as bad as a test wants them, and how each must be refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from google.protobuf.duration_pb2 import Duration

from sellable.v1 import availability_pb2 as availability
from sellable.v1 import common_pb2, inventory_pb2, network_pb2, operations_pb2
from sellable.v1 import reservations_pb2 as reservations
from support.client import Want, event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from google.protobuf.timestamp_pb2 import Timestamp

    from support.client import Client

    Call: TypeAlias = Callable[[Client], Awaitable[object]]

SKU_WORDS: Final = "must be 1 to 128 bytes of UTF-8 without control characters"
NAME_WORDS: Final = "must be 1 to 64 bytes of UTF-8 without control characters"
QUANTITY_WORDS: Final = "must be 1 to 1000000000000, is "
COUNTRY_WORDS: Final = "must be an ISO 3166-1 alpha-2 code in upper case"
CHANNEL_WORDS: Final = (
    "must be 1 to 32 lower case letters, digits, underscores or hyphens, "
    "beginning with a letter or digit, e.g. web"
)
LOCATION_WORDS: Final = (
    "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS"
)
TTL_WORDS: Final = "must be 1000 to 604800000 ms, is "
LONG_SKU: Final = "é" * 64 + "x"  # 129 bytes, 65 characters


@dataclass(frozen=True)
class Bad:
    """One call, and how it must be refused."""

    name: str
    call: Call
    reason: str = "INVALID_FIELD"
    fields: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def take(*lines: Want, market: str = "web/FR", **more: object) -> Call:
    """Ask for a hold that is not there yet."""
    return lambda client: client.reserve("new", market, *lines, **more)  # type: ignore[arg-type]


def check(*skus: str, channel: str = "web", country: str = "FR") -> Call:
    """Ask for numbers."""
    request = availability.CheckSellableRequest(channel=channel, country=country, skus=skus)
    return lambda client: client.availability.CheckSellable(request)


def check_at(location: str) -> Call:
    """Ask for what a location has."""
    request = availability.CheckAvailabilityRequest(
        channel="web", country="FR", skus=["A"], location=location
    )
    return lambda client: client.availability.CheckAvailability(request)


def lasting(seconds: int, nanos: int = 0) -> Call:
    """Ask for a hold of this duration."""
    request = reservations.ReserveStockRequest(
        reservation_id="new",
        channel="web",
        country="FR",
        lines=[common_pb2.Line(sku="A", quantity=1)],
        ttl=Duration(seconds=seconds, nanos=nanos),
    )
    return lambda client: client.reservations.ReserveStock(request)


def part(**values: object) -> reservations.QuantityAt:
    """Name units of a reservation."""
    return reservations.QuantityAt(**{"sku": "A", "quantity": 1, **values})  # type: ignore[arg-type]


def release(*parts: reservations.QuantityAt, **more: str) -> Call:
    """Give units of the hold back."""
    request = reservations.ReleaseReservationRequest(
        **{"reservation_id": "held", "quantities": parts, "request_id": "q", **more}  # type: ignore[arg-type]
    )
    return lambda client: client.reservations.ReleaseReservation(request)


def fulfil(*parts: reservations.QuantityAt, time: Timestamp | None = None) -> Call:
    """Say that units of the hold left."""
    request = reservations.FulfillReservationRequest(
        reservation_id="held", quantities=parts, request_id="q", observe_time=time
    )
    return lambda client: client.reservations.FulfillReservation(request)


def move(to_location: str, name: str = "held", **origin: object) -> Call:
    """Move units of a reservation."""
    one = reservations.TransferReservationRequest.Move(
        **{"from": part(**origin), "to_location": to_location}  # type: ignore[arg-type]
    )
    request = reservations.TransferReservationRequest(
        reservation_id=name, moves=[one], request_id="q"
    )
    return lambda client: client.reservations.TransferReservation(request)


def extend(name: str, seconds: int = 60) -> Call:
    """Let a hold last longer."""
    request = reservations.ExtendReservationRequest(
        reservation_id=name, ttl=Duration(seconds=seconds)
    )
    return lambda client: client.reservations.ExtendReservation(request)


def confirm(name: str, order_reference: str = "") -> Call:
    """Place an order."""
    request = reservations.ConfirmReservationRequest(
        reservation_id=name, order_reference=order_reference
    )
    return lambda client: client.reservations.ConfirmReservation(request)


def listing(**filters: object) -> Call:
    """List reservations."""
    request = reservations.ListReservationsRequest(**filters)  # type: ignore[arg-type]
    return lambda client: client.reservations.ListReservations(request)


def get_network(version: int) -> Call:
    """Ask for a version of the network."""
    request = network_pb2.GetNetworkRequest(version=version)
    return lambda client: client.network.GetNetwork(request)


def rows(count: int) -> Call:
    """Send so many facts."""
    request = inventory_pb2.ApplyInventoryRequest(
        events=[event("A", "DC-PARIS", delta_quantity=1) for _ in range(count)]
    )
    return lambda client: client.inventory.ApplyInventory(request)


async def verify(client: Client, sku: str) -> None:
    """Verify one SKU."""
    async for _ in client.operations.Verify(operations_pb2.VerifyRequest(sku=sku)):
        pass
