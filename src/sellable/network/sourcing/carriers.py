"""The schema of carriers, with their zones and services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable import names
from sellable.limits import (
    CARBON_GRAMS_MAX,
    CARRIERS_MAX,
    DISTANCE_KM_MAX,
    DISTANCE_KM_MIN,
    PARCEL_GRAMS_MAX,
    SERVICES_PER_CARRIER_MAX,
    ZONES_PER_CARRIER_MAX,
)
from sellable.network.hours import read_days
from sellable.network.sourcing.coverage import Coverage
from sellable.network.sourcing.known import Titles, slashless_problem
from sellable.network.sourcing.postal import read_postal_prefixes
from sellable.network.sourcing.rates import LaneReader
from sellable.network.sourcing.values import Carrier, Service, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network.entry import Entry
    from sellable.network.sourcing.known import Known

PARCEL_GRAMS_DEFAULT: Final = 30_000
_GRAM_DECIMALS: Final = 3  # of a kg


class CarrierReader:
    """Reads the carriers of a section."""

    def __init__(self, known: Known, currency: str, exchange_rates: Mapping[str, float]) -> None:
        """Take the currency of the section, and what others are worth in it."""
        self._known = known
        self._currency = currency
        self._worth = {currency: 1.0, **exchange_rates}

    def read(self, section: Entry) -> tuple[Carrier, ...]:
        """Read every carrier."""
        titles = Titles("carrier", "id", slashless_problem)
        carriers = []
        for index, entry in enumerate(section.entries("carriers")):
            if index == CARRIERS_MAX:
                entry.refuse(f"more than {CARRIERS_MAX} carriers")
            carriers.append(self._carrier(entry, titles))
        return tuple(carriers)

    def _carrier(self, entry: Entry, titles: Titles) -> Carrier:
        known = self._known
        carrier_id = titles.read(entry)
        currency = self._carrier_currency(entry)
        locations = entry.texts("locations")
        grams_max = entry.fixed("max_parcel_kg", _GRAM_DECIMALS, 1, PARCEL_GRAMS_MAX)
        grams_max = PARCEL_GRAMS_DEFAULT if grams_max is None else grams_max
        zones = self._zones(entry)
        lanes = LaneReader(
            known.report, [zone.name for zone in zones], grams_max, self._worth.get(currency, 1.0)
        )
        carrier = Carrier(
            id=carrier_id,
            currency=currency,
            locations=known.places.expand(locations) if locations else None,
            max_parcel_grams=grams_max,
            carbon_grams_per_parcel=_carbon(entry, "carbon_grams_per_parcel"),
            carbon_grams_per_km=_carbon(entry, "carbon_grams_per_km"),
            delivery_days=read_days(entry, "delivery_days", known.report),
            zones=zones,
            services=_services(entry, lanes),
            line=entry.mark.line,
        )
        entry.finish()
        return carrier

    def _carrier_currency(self, entry: Entry) -> str:
        currency = entry.text("currency", names.currency_problem) or self._currency
        if not names.currency_problem(currency) and currency not in self._worth:
            text = f"needs what one {currency} is worth in {self._currency}"
            hint = self._known.report.hint(currency, self._worth)
            entry.problem("currency", f"{text}: write it in sourcing.exchange_rates{hint}")
        return currency

    def _zones(self, carrier: Entry) -> tuple[Zone, ...]:
        titles = Titles("zone", "name", names.identifier_problem)
        coverage = Coverage({place.country for place in self._known.locations})
        zones = []
        for index, entry in enumerate(carrier.required_entries("zones")):
            if index == ZONES_PER_CARRIER_MAX:
                entry.refuse(f"more than {ZONES_PER_CARRIER_MAX} zones")
            distance_km = entry.decimal("max_distance_km", DISTANCE_KM_MIN, DISTANCE_KM_MAX)
            zone = Zone(
                name=titles.read(entry),
                countries=self._known.countries(entry, "countries"),
                postal_prefixes=read_postal_prefixes(entry, "postal_prefixes", self._known.report),
                from_countries=self._known.countries(entry, "from_countries"),
                max_distance_km=distance_km,
            )
            if problem := coverage.problem_of(zone):
                entry.problem(None, problem)
            entry.finish()
            zones.append(zone)
        return tuple(zones)


def _services(carrier: Entry, lanes: LaneReader) -> tuple[Service, ...]:
    titles = Titles("service", "id", slashless_problem)
    services = []
    for index, entry in enumerate(carrier.required_entries("services")):
        if index == SERVICES_PER_CARRIER_MAX:
            entry.refuse(f"more than {SERVICES_PER_CARRIER_MAX} services")
        services.append(Service(id=titles.read(entry), lanes=lanes.read(entry)))
        entry.finish()
    return tuple(services)


def _carbon(entry: Entry, key: str) -> float:
    return entry.decimal(key, 0, CARBON_GRAMS_MAX) or 0.0
