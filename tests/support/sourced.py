"""Networks, orders and stock to decide on, written by hand in few words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sellable.geo import Point
from sellable.network import (
    Carrier,
    Constraints,
    Lane,
    Location,
    LocationType,
    Market,
    Network,
    Profile,
    Service,
    Sourcing,
    Strategy,
    Term,
    Tier,
    Zone,
)
from sellable.reservation import Line
from sellable.sourcing.order import Destination, Order, SourcingRequest, SourcingStock
from sellable.stock import Item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


MICROS: Final = 1_000_000
PARIS: Final = Point(48.8566, 2.3522)
MARKET: Final = "web/FR"


def at(text: str) -> int:
    """Return the ms since 1970 of a time in ISO 8601; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000)


NOON: Final = at("2026-06-10T12:00")  # a Wednesday


def place(name: str, **fields: Any) -> Location:
    """Return a store in Paris, with other fields where they are given."""
    known: dict[str, Any] = {
        "type": LocationType.STORE,
        "country": "FR",
        "latitude": PARIS.latitude,
        "longitude": PARIS.longitude,
        "time_zone": "Europe/Paris",
    }
    return Location(id=name, **{**known, **fields})


def carrier(name: str = "post", **fields: Any) -> Carrier:
    """Return a carrier with one service at 5.00 a parcel of up to 30 kg, two days everywhere."""
    lane = Lane(
        zone="all",
        transit_days=2,
        tiers=(Tier(up_to_grams=30_000, per_parcel=5 * MICROS),),
    )
    known: dict[str, Any] = {
        "currency": "EUR",
        "zones": (Zone(name="all"),),
        "services": (Service(id="parcel", lanes=(lane,)),),
    }
    return Carrier(id=name, **{**known, **fields})


def strategy(name: str = "standard", **fields: Any) -> Strategy:
    """Return a strategy that weighs the shipping cost; `constraints` may be a dict."""
    constraints = fields.pop("constraints", {})
    if isinstance(constraints, dict):
        constraints = Constraints(**constraints)
    if "order" not in fields and "policy" not in fields:
        fields.setdefault("weights", {Term.SHIPPING_COST: 1.0})
    return Strategy(name=name, constraints=constraints, **fields)


def network(
    locations: Sequence[Location],
    strategies: Sequence[Strategy],
    carriers: Sequence[Carrier] | None = None,
    *,
    market: Mapping[str, Any] | None = None,
    sourcing: Mapping[str, Any] | None = None,
) -> Network:
    """Return a network with one market of all locations and one profile, `usual`."""
    fields: dict[str, Any] = {
        "channel": "web",
        "country": "FR",
        "locations": tuple(location.id for location in locations),
        "time_zone": "Europe/Paris",
    }
    section: dict[str, Any] = {
        "default_profile": "usual",
        "carriers": tuple([carrier()] if carriers is None else carriers),
        "profiles": (Profile(name="usual", strategies=tuple(strategies)),),
    }
    return Network(
        locations=tuple(locations),
        markets=(Market(**{**fields, **(market or {})}),),
        sourcing=Sourcing(**{**section, **(sourcing or {})}),
    )


def order(*lines: tuple[str, int] | Line, **fields: Any) -> Order:
    """Return an order to Paris of (SKU, quantity) or lines."""
    known: dict[str, Any] = {
        "market": MARKET,
        "destination": Destination(country="FR", postal_code="75001", point=PARIS),
    }
    listed = [
        line
        if isinstance(line, Line)
        else Line(line_id=f"L{number}", sku=line[0], quantity=line[1])
        for number, line in enumerate(lines, 1)
    ]
    return Order(lines=tuple(listed), **{**known, **fields})


def request(*lines: tuple[str, int] | Line, **fields: Any) -> SourcingRequest:
    """Return what is asked of a decision; fields of the order are given as `order`."""
    return SourcingRequest(order=order(*lines, **fields.pop("order", {})), **fields)


def stock(
    available: Mapping[str, Mapping[str, int]],
    locations: Sequence[str],
    *,
    now_ms: int = NOON,
    sellable: Mapping[str, int] | None = None,
    items: Sequence[Item] = (),
    capacity_taken: Mapping[tuple[str, date], int] | None = None,
    daily_outflow: Mapping[str, Mapping[str, float]] | None = None,
) -> SourcingStock:
    """Return the stock of a moment from units by SKU and location; on hand is what is available."""
    rows = tuple(tuple(units.get(name, 0) for name in locations) for units in available.values())
    outflow = daily_outflow or {}
    return SourcingStock(
        now_ms=now_ms,
        network_version=7,
        skus=tuple(available),
        locations=tuple(locations),
        sellable=tuple(
            (sellable or {}).get(sku, sum(row)) for sku, row in zip(available, rows, strict=True)
        ),
        available=rows,
        on_hand=rows,
        daily_outflow=tuple(
            tuple(outflow.get(sku, {}).get(name, 0.0) for name in locations) for sku in available
        ),
        items={item.sku: item for item in items},
        capacity_taken=capacity_taken or {},
    )


def item(sku: str, **fields: Any) -> Item:
    """Return master data of a SKU."""
    return Item(sku=sku, update_us=1, **fields)
