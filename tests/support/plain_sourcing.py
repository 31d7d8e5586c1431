"""Sourcing said once more, in plain Python after the words of its documentation.

Nothing here shares code with the product but its values and the distance on the globe. It is slow:
every line, location, service and number of parcels is looked at by itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from sellable.geo import Point, distance_km
from sellable.network import holds
from sellable.sourcing.plan import RejectionReason as Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network import Carrier, Lane, Location, Network, Strategy
    from sellable.sourcing.order import SourcingRequest, SourcingStock

MINUTE_MS = 60_000
DAY_SECONDS = 86_400


class Sent(NamedTuple):
    """One way in which a location sends some units: what it costs, each in its raw unit."""

    service: str
    parcels: int
    price: int
    arrive_ms: int
    carbon: int


class Rules:
    """The rules for one order, strategy and moment."""

    def __init__(
        self, network: Network, request: SourcingRequest, stock: SourcingStock, strategy: Strategy
    ) -> None:
        self.network, self.request, self.stock = network, request, stock
        self.strategy, self.keep = strategy, strategy.constraints
        self.lines = request.order.lines
        self.at_ms = request.at_ms or stock.now_ms
        self.market = next(m for m in network.markets if m.key == request.order.market)
        by_id = {place.id: place for place in network.locations}
        self.places = {name: by_id[name] for name in self.market.locations}
        known = [self._km(place) for place in self.places.values()]
        self._farthest = max((km for km in known if km is not None), default=0.0)
        self._reasons: dict[tuple[int, str], Reason | None] = {}
        self._sent: dict[tuple[object, ...], list[Sent]] = {}

    def _km(self, place: Location) -> float | None:
        if place.latitude is None or place.longitude is None:
            return None
        here = Point(place.latitude, place.longitude)
        return distance_km(here, self.request.order.destination.point)

    def km(self, name: str) -> float:
        """How far a location is; one that nobody knows is as far as the farthest."""
        km = self._km(self.places[name])
        return self._farthest if km is None else km

    def available(self, sku: str, name: str) -> int:
        """Units of a SKU at a location."""
        stock = self.stock
        return stock.available[stock.skus.index(sku)][stock.locations.index(name)]

    def item_class(self, line: int) -> str:
        """The class of a line's item."""
        item = self.stock.items.get(self.lines[line].sku)
        return item.item_class if item else ""

    def grams(self, line: int) -> int:
        """The weight of a unit; what is not known weighs nothing."""
        item = self.stock.items.get(self.lines[line].sku)
        return max(0, item.weight_grams) if item else 0

    def groups(self) -> list[list[int]]:
        """Lines that ship together; the groups of the tests have no class in common."""
        groups = [
            [line for line in range(len(self.lines)) if self.item_class(line) in classes]
            for classes in self.keep.ship_together
        ]
        return [group for group in groups if len(group) > 1]

    def is_whole(self, line: int) -> bool:
        """Whether a line stays whole."""
        grouped = any(line in group for group in self.groups())
        return not self.keep.split_lines or grouped or self.lines[line].quantity == 1

    def reason(self, line: int, name: str) -> Reason | None:
        """Why a line cannot come from a location; None: it can."""
        if (line, name) not in self._reasons:
            self._reasons[line, name] = self._reason(line, name)
        return self._reasons[line, name]

    def _reason(self, line: int, name: str) -> Reason | None:
        reason = self._first_reason(line, name)
        if reason is not None:
            return reason
        together = [o for group in self.groups() if line in group for o in group]
        if any(self._first_reason(other, name) for other in together):
            return Reason.NO_STOCK
        day = self.ship_day(name)
        if isinstance(day, Reason):
            return day
        heaviest = self._heaviest_parcel(name)
        if heaviest is None or self.grams(line) > heaviest:
            return Reason.NO_SERVICE
        return Reason.NO_STOCK if any(self.grams(o) > heaviest for o in together) else None

    def _first_reason(self, line: int, name: str) -> Reason | None:
        place, keep, wanted = self.places[name], self.keep, self.lines[line]
        km = self._km(place)
        too_far = keep.max_distance_km is not None and (km is None or km > keep.max_distance_km)
        units = self.available(wanted.sku, name)
        short = units < 1 or (self.is_whole(line) and units < wanted.quantity)
        for group in self.groups():
            if line in group:
                for sku in {self.lines[other].sku for other in group}:
                    need = sum(self.lines[o].quantity for o in group if self.lines[o].sku == sku)
                    short |= self.available(sku, name) < need
        checks = {
            Reason.EXCLUDED: not place.enabled
            or name in self.request.excluded
            or name in keep.excluded
            or place.type in keep.excluded_types
            or wanted.location not in {"", name}
            or (line, name) in self.request.refused,
            Reason.PROTECTED: any(
                name in entry.locations and holds(entry.window, place.time_zone, self.at_ms)
                for entry in keep.protected
            ),
            Reason.COUNTRY: bool(keep.countries) and place.country not in keep.countries,
            Reason.DISTANCE: too_far,
            Reason.NO_STOCK: short,
        }
        return next((reason for reason, is_true in checks.items() if is_true), None)

    def ship_day(self, name: str) -> tuple[date, int] | Reason:
        """On which local day a location ships and when, or why it does not."""
        place = self.places[name]
        zone = ZoneInfo(place.time_zone or self.market.time_zone or "UTC")
        today = datetime.fromtimestamp(self.at_ms / 1000, zone).date()
        closed_all, full = True, False
        for ahead in range(self.keep.ship_within_days + 1):
            day = today + timedelta(days=ahead)
            hours = place.opening_hours[day.weekday()] if place.opening_hours else (None, None)
            if day in place.closed_dates or hours is None:
                continue
            ends = [hours[1]] if hours[1] is not None else []
            if place.cut_off is not None:
                hour, minute = map(int, place.cut_off.split(":"))
                ends.append(hour * 60 + minute)
            begin = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local
            if ends:
                last = begin + timedelta(minutes=min(ends))
                ship_ms = round(last.replace(tzinfo=zone).timestamp() * 1000)
                if self.at_ms >= ship_ms:
                    closed_all &= place.cut_off is None or min(ends) != ends[-1]
                    continue
            elif ahead == 0:
                ship_ms = self.at_ms
            else:
                ship_ms = round(begin.replace(tzinfo=zone).timestamp() * 1000)
            taken = self.stock.capacity_taken.get((name, day), 0)
            if place.daily_capacity is not None and taken >= place.daily_capacity:
                full = True
                continue
            return day, ship_ms
        if full:
            return Reason.CAPACITY
        return Reason.CLOSED if closed_all else Reason.CUT_OFF

    def _serving(self, name: str) -> Iterator[tuple[Carrier, str, Lane, int]]:
        """Yield carrier, service, lane and arrival of all that may take parcels of a location."""
        place, km = self.places[name], self._km(self.places[name])
        destination = self.request.order.destination
        day = self.ship_day(name)
        assert not isinstance(day, Reason)
        for carrier in self.network.sourcing.carriers:
            if carrier.locations is not None and name not in carrier.locations:
                continue
            zones = [
                zone.name
                for zone in carrier.zones
                if (not zone.countries or destination.country in zone.countries)
                and (
                    not zone.postal_prefixes
                    or any(destination.postal_code.startswith(p) for p in zone.postal_prefixes)
                )
                and (not zone.from_countries or place.country in zone.from_countries)
                and (
                    zone.max_distance_km is None or (km is not None and km <= zone.max_distance_km)
                )
            ]
            for service in carrier.services:
                full = f"{carrier.id}/{service.id}"
                if self.keep.services and full not in self.keep.services:
                    continue
                for lane in service.lanes:
                    if zones and lane.zone == zones[0]:
                        arrive_ms = self._arrival(name, day[1], carrier, lane)
                        promise_ms = self.request.order.promise_ms
                        if not (self.keep.on_time and promise_ms and arrive_ms > promise_ms):
                            yield carrier, full, lane, arrive_ms

    def _arrival(self, name: str, ship_ms: int, carrier: Carrier, lane: Lane) -> int:
        zone = ZoneInfo(self.places[name].time_zone or self.market.time_zone or "UTC")
        transit = lane.transit_days
        if lane.km_per_day is not None:
            transit += ceil(self.km(name) / lane.km_per_day)
        left = datetime.fromtimestamp(ship_ms / 1000, zone)
        moved = left
        while transit > 0 or moved.weekday() not in carrier.delivery_days:
            moved += timedelta(days=1)  # on the clock of the zone
            transit -= moved.weekday() in carrier.delivery_days
        return ship_ms if moved == left else round(moved.timestamp() * 1000)

    def _heaviest_parcel(self, name: str) -> int | None:
        return max((c.max_parcel_grams for c, _, _, _ in self._serving(name)), default=None)

    def sent(self, name: str, units: dict[int, int]) -> list[Sent]:
        """Return every way in which a location can send units by line."""
        key = (name, tuple(sorted(units.items())))
        if key not in self._sent:
            self._sent[key] = list(self._ways(name, units))
        return self._sent[key]

    def _ways(self, name: str, units: dict[int, int]) -> Iterator[Sent]:
        may = [line for line in range(len(self.lines)) if self.reason(line, name) is None]
        heaviest = max(self.grams(line) for line in may)
        grams = sum(self.grams(line) * count for line, count in units.items())
        km, rates = self.km(name), self.network.sourcing.exchange_rates
        for carrier, service, lane, arrive_ms in self._serving(name):
            if carrier.max_parcel_grams < heaviest:
                continue
            rate = rates.get(carrier.currency, 1.0)
            above = 0
            for tier in lane.tiers:
                most = min(tier.up_to_grams, carrier.max_parcel_grams)
                for parcels in range(1, 101):
                    each = grams / parcels
                    if each <= above and grams:
                        break
                    if above < each <= most or (grams == above == 0 and parcels == 1):
                        price = round(parcels * (tier.per_parcel + tier.per_km * km) * rate)
                        price += sum(
                            count * round(self.grams(line) * (tier.per_kg * rate / 1000))
                            for line, count in units.items()
                        )
                        carbon = parcels * (
                            carrier.carbon_grams_per_parcel + carrier.carbon_grams_per_km * km
                        )
                        yield Sent(service, parcels, price, arrive_ms, round(carbon))
                above = most
