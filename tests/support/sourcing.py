"""Orders to source: a small network with carriers, and the calls in short."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.duration_pb2 import Duration

from sellable.v1 import common_pb2, reservations_pb2, sourcing_pb2
from sellable.v1.availability_pb2 import GeoPoint
from support.client import CALL_S_MAX, TTL_MS
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client, Want

FR: Final = "web/FR"
# The customer is in Lyon: NEAR is there, DC in Paris, FAR in Lille.
LYON: Final = sourcing_pb2.Destination(
    country="FR", postal_code="69002", point=GeoPoint(latitude=45.76, longitude=4.84)
)
PLACES: Final = {"NEAR": (45.77, 4.86), "DC": (48.98, 2.62), "FAR": (50.63, 3.06)}


def network(*, capacities: dict[str, int] | None = None, **constraints: Any) -> dict[str, Any]:
    """Make a network of three locations, where the nearest one that has all is the best.

    Args:
        capacities: Orders a day by location.
        constraints: Of the only strategy.
    """
    return {
        "locations": [
            {
                "id": name,
                "type": "store",
                "country": "FR",
                "latitude": latitude,
                "longitude": longitude,
            }
            | ({"daily_capacity": capacities[name]} if capacities and name in capacities else {})
            for name, (latitude, longitude) in PLACES.items()
        ],
        "markets": [{"channel": "web", "country": "FR", "locations": ["DC", "NEAR", "FAR"]}],
        "sourcing": {
            "currency": "EUR",
            "carriers": [
                {
                    "id": "post",
                    "zones": [{"name": "all"}],
                    "services": [
                        {
                            "id": "standard",
                            "lanes": [
                                {
                                    "zone": "all",
                                    "transit_days": 2,
                                    "rates": [{"per_parcel": 5, "per_km": 0.01}],
                                }
                            ],
                        }
                    ],
                }
            ],
            "profiles": [
                {
                    "name": "plain",
                    "strategies": [
                        {
                            "name": "cheapest",
                            "weights": {"shipping_cost": 1},
                            "constraints": constraints,
                        }
                    ],
                }
            ],
        },
    }


@asynccontextmanager
async def stocked(store_url: str, transport: str) -> AsyncIterator[Client]:
    """Serve a store in which each location has some of A, and only DC has B."""
    async with service(store_url, transport=transport) as one:
        await one.client.apply_network(network(split_lines=False))
        for location, quantity in (("NEAR", 2), ("DC", 5), ("FAR", 5)):
            await one.client.count("A", location, quantity)
        await one.client.count("B", "DC", 3)
        yield one.client


def order(*wants: Want, **more: Any) -> sourcing_pb2.Order:
    """Make an order of Lyon."""
    fields: dict[str, Any] = {
        "channel": "web",
        "country": "FR",
        "destination": LYON,
        "lines": [
            common_pb2.Line(
                line_id=want.line_id, sku=want.sku, quantity=want.quantity, location=want.location
            )
            for want in wants
        ],
    }
    return sourcing_pb2.Order(**(fields | more))


async def plan(
    client: Client, *wants: Want, of: dict[str, Any] | None = None, **more: Any
) -> sourcing_pb2.SourceOrderResponse:
    """Plan an order; `of` are more fields of the order."""
    request = sourcing_pb2.SourceOrderRequest(order=order(*wants, **(of or {})), **more)
    return await client.sourcing.SourceOrder(request, timeout=CALL_S_MAX)


async def hold(
    client: Client,
    reservation_id: str,
    *wants: Want,
    of: dict[str, Any] | None = None,
    profile: str = "",
    **more: Any,
) -> sourcing_pb2.SourceAndReserveResponse:
    """Plan an order and hold it."""
    fields: dict[str, Any] = {"ttl": Duration(seconds=TTL_MS // 1_000)}
    request = sourcing_pb2.SourceAndReserveRequest(
        reservation_id=reservation_id,
        source=sourcing_pb2.SourceOrderRequest(order=order(*wants, **(of or {})), profile=profile),
        **(fields | more),
    )
    return await client.sourcing.SourceAndReserve(request, timeout=CALL_S_MAX)


async def source_again(
    client: Client, reservation_id: str, request_id: str, **more: Any
) -> sourcing_pb2.SourceReservationResponse:
    """Plan a reservation anew."""
    request = sourcing_pb2.SourceReservationRequest(
        reservation_id=reservation_id, request_id=request_id, **more
    )
    return await client.sourcing.SourceReservation(request, timeout=CALL_S_MAX)


def refused(
    sku: str,
    location: str,
    quantity: int = 1,
    reason: reservations_pb2.RefusalReason.ValueType = reservations_pb2.REFUSAL_REASON_NOT_FOUND,
    line_id: str = "",
) -> sourcing_pb2.Refusal:
    """Make units that a location does not have."""
    return sourcing_pb2.Refusal(
        quantity=reservations_pb2.QuantityAt(
            line_id=line_id, sku=sku, location=location, quantity=quantity
        ),
        reason=reason,
    )


def shipped(plan: sourcing_pb2.FulfilmentPlan) -> dict[str, dict[str, int]]:
    """Return the units of a plan by location and SKU."""
    found: dict[str, dict[str, int]] = {}
    for one in plan.assignments:
        skus = found.setdefault(one.location, {})
        skus[one.sku] = skus.get(one.sku, 0) + one.quantity
    return found
