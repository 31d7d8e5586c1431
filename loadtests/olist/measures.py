"""What is measured of a rule, as README.md defines it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from olist.fits import PARCEL_GRAMS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from olist.fits import Freight, Transit

CARBON_KG_PER_PARCEL: Final = 0.3
CARBON_KG_PER_KM: Final = 0.0005  # of a parcel


class Sent(NamedTuple):
    """A shipment: from where, how heavy, how far, and how many days after the order it left."""

    location: int
    grams: int
    km: float
    waited_days: int


class Told(NamedTuple):
    """What became of an order."""

    units: int
    sent: Sequence[Sent]
    unfilled: int
    short_pick: bool
    short_shipment: bool


class Priced(NamedTuple):
    """What shipments cost and how long they take."""

    freight: Freight
    transit: Transit
    handling_days: float


@dataclass(slots=True)
class Measures:
    """The sums of one rule in one world."""

    priced: Priced
    orders: int = 0
    arrived: int = 0
    shipments: int = 0
    split: int = 0
    short_picks: int = 0
    short_shipments: int = 0
    units: int = 0
    unfilled: int = 0
    km: float = 0.0
    days: float = 0.0
    transit_days: float = 0.0
    freight: float = 0.0
    carbon_kg: float = 0.0

    def add(self, told: Told) -> None:
        """Count an order."""
        self.orders += 1
        self.units += told.units
        self.unfilled += told.unfilled
        self.short_picks += told.short_pick
        self.short_shipments += told.short_shipment
        if not told.sent:
            return
        self.arrived += 1
        self.shipments += len(told.sent)
        self.split += len(told.sent) > 1
        last, longest = 0.0, 0.0
        for sent in told.sent:
            transit = self.priced.transit.days(sent.km)
            last, longest = max(last, sent.waited_days + transit), max(longest, transit)
            parcels = max(1, -(-sent.grams // PARCEL_GRAMS_MAX))
            self.km += sent.km
            self.freight += self.priced.freight.price(sent.grams, sent.km)
            self.carbon_kg += parcels * (CARBON_KG_PER_PARCEL + CARBON_KG_PER_KM * sent.km)
        self.days += self.priced.handling_days + last
        self.transit_days += longest

    def value(self) -> dict[str, float]:
        """Return the figures by name."""
        arrived, orders = max(1, self.arrived), max(1, self.orders)
        return {
            "km a shipment": self.km / max(1, self.shipments),
            "km an order": self.km / arrived,
            "delivery days": self.days / arrived,
            "transit days": self.transit_days / arrived,
            "split orders %": 100 * self.split / arrived,
            "shipments an order": self.shipments / arrived,
            "short shipments %": 100 * self.short_shipments / orders,
            "short picks %": 100 * self.short_picks / orders,
            "unfilled units %": 100 * self.unfilled / max(1, self.units),
            "freight BRL an order": self.freight / arrived,
            "CO2 kg an order": self.carbon_kg / arrived,
        }
