"""The study's network document: sellers as locations, the fitted carrier, and the profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from olist.fits import PARCEL_GRAMS_MAX, TIER_GRAMS
from olist.measures import CARBON_KG_PER_KM, CARBON_KG_PER_PARCEL
from olist.world import DAYS, ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from olist.fits import Freight, Transit
    from sellable.geo import Point

KM_MAX: Final = 5_000  # more than from any corner of Brazil to another
_AIMS: Final[dict[str, dict[str, Any]]] = {
    "cheapest": {"order": ["shipping_cost"]},
    "fastest": {"order": ["lateness", "shipping_cost"]},
    "parcels first": {"order": ["parcels", "distance"]},
    "balanced": {"weights": {"shipping_cost": 1, "parcels": 5, "lateness": 1}},
}


def names_of(locations: Sequence[tuple[str, Point]]) -> list[str]:
    """Return the ids of the locations: their rank, and the beginning of the seller's id."""
    return [f"S{at:03}-{seller[:6]}" for at, (seller, _) in enumerate(locations)]


def document(
    locations: Sequence[tuple[str, Point]],
    freight: Freight,
    transit: Transit,
    capacity: int | None,
) -> str:
    """Return the document; costs are BRL, and an order's promise is its own moment."""
    names = names_of(locations)
    room = {} if capacity is None else {"daily_capacity": capacity}
    zones, lanes = _zones(freight, transit)
    constraints = {"partial": True, "ship_within_days": DAYS}
    sourcing = {
        "currency": "BRL",
        "default": "balanced",
        "carriers": [
            {
                "id": "fitted",
                "max_parcel_kg": PARCEL_GRAMS_MAX / 1_000,
                "carbon_grams_per_parcel": CARBON_KG_PER_PARCEL * 1_000,
                "carbon_grams_per_km": CARBON_KG_PER_KM * 1_000,
                "zones": zones,
                "services": [{"id": "standard", "lanes": lanes}],
            }
        ],
        "profiles": [
            {
                "name": name,
                "strategies": [{"name": "always", **aim, "constraints": constraints}],
            }
            for name, aim in _AIMS.items()
        ],
    }
    made = {
        "locations": [
            {
                "id": name,
                "type": "warehouse",
                "country": "BR",
                "latitude": point.latitude,
                "longitude": point.longitude,
                "time_zone": ZONE,
                **room,
            }
            for name, (_, point) in zip(names, locations, strict=True)
        ],
        "markets": [{"channel": "web", "country": "BR", "time_zone": ZONE, "locations": names}],
        "sourcing": sourcing,
    }
    return str(yaml.dump(made, Dumper=_Plain, sort_keys=False, width=200))


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: a network document knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is yaml's
        return True


def _zones(freight: Freight, transit: Transit) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a zone a whole day of transit, and a lane for each with the fitted prices."""
    rates = [
        {"up_to_kg": up_to / 1_000, "per_parcel": parcel, "per_kg": per_kg, "per_km": per_km}
        for up_to, (parcel, per_kg, per_km) in zip(TIER_GRAMS, freight.tiers, strict=True)
    ]
    zones: list[dict[str, Any]] = []
    lanes = []
    for days in range(round(transit.start), round(transit.days(KM_MAX)) + 1):
        farthest = ((days + 0.5 - transit.start) / transit.slope) ** 2
        zones.append({"name": f"day-{days}", "max_distance_km": round(min(farthest, KM_MAX), 1)})
        lanes.append({"zone": f"day-{days}", "transit_days": days, "rates": rates})
    return zones, lanes
