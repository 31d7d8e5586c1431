"""Everything that a decision looks at, whichever strategy decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.sourcing.demand import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sellable.network import Sourcing
    from sellable.sourcing.carriers import Carriers
    from sellable.sourcing.order import SourcingRequest, SourcingStock
    from sellable.sourcing.places import Float, Places
    from sellable.sourcing.solver.problem import Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """An order at a moment, with the stock of its market.

    Attributes:
        request: What is asked.
        at_ms: The moment that it is decided for.
        places: The market's locations (l).
        carriers: What serves them.
        currency: Of all money.
        demand: The lines and their stock.
        distance_km: (l,) to the destination.
        distance_known: (l,) whether the network says where the location is.
        capacity_taken: Orders by location and local date.
    """

    request: SourcingRequest
    at_ms: int
    places: Places
    carriers: Carriers
    currency: str
    demand: Demand
    distance_km: Float
    distance_known: Mask
    capacity_taken: Mapping[tuple[str, date], int]

    @classmethod
    def of(
        cls,
        request: SourcingRequest,
        stock: SourcingStock,
        places: Places,
        carriers: Carriers,
        sourcing: Sourcing,
    ) -> Situation:
        """Bring together what is asked and what there is.

        Raises:
            UnknownSku: The store does not know a SKU of the order.
        """
        distance_km, known = places.distances_km(request.order.destination.point)
        return cls(
            request=request,
            at_ms=request.at_ms or stock.now_ms,
            places=places,
            carriers=carriers,
            currency=sourcing.currency,
            demand=Demand.of(request.order, stock, places, sourcing),
            distance_km=distance_km,
            distance_known=known,
            capacity_taken=stock.capacity_taken,
        )
