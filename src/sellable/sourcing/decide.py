"""Decides which location ships what: the door of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import UnknownMarket

if TYPE_CHECKING:
    from datetime import date

    from sellable.network import Network
    from sellable.sourcing.order import SourcingRequest, SourcingStock
    from sellable.sourcing.plan import Decision, DeliveryOption


class Profiles:
    """The markets, carriers and strategies of one version of the network, ready to decide.

    Made once a version and shared: it keeps no state of a decision.
    """

    def __init__(self, network: Network, version: int) -> None:
        self._version = version
        self._markets = {market.key: market for market in network.markets}

    def decide(self, request: SourcingRequest, stock: SourcingStock) -> Decision:
        """Return the best plan of the first strategy that applies and has one.

        Raises:
            UnknownMarket: The network has no such market.
            UnknownProfile: It has no such profile, or none at all.
            UnknownSku: The store does not know a SKU of the order.
            NoFeasiblePlan: No strategy that may be tried has a plan.
        """
        raise UnknownMarket(request.order.market)

    def delivery_options(
        self, request: SourcingRequest, stock: SourcingStock
    ) -> list[DeliveryOption]:
        """Return the ways of delivery that can be promised, the earliest first.

        Raises:
            UnknownMarket: The network has no such market.
            UnknownProfile: It has no such profile, or none at all.
            UnknownSku: The store does not know a SKU of the order.
        """
        raise UnknownMarket(request.order.market)

    def days(self, market: str, now_ms: int) -> list[tuple[str, date]]:
        """Return the locations and local dates whose daily capacity a decision may need.

        Raises:
            UnknownMarket: The network has no such market.
        """
        raise UnknownMarket(market)
