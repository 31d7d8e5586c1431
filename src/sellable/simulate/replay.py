"""Replays orders under several profiles at once, each with stock of its own."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol

from sellable.errors import NoFeasiblePlan, UnknownProfile, UnknownSku
from sellable.simulate.figures import SLOW_AFTER_DAYS_DEFAULT, Figures
from sellable.simulate.shelf import Shelf
from sellable.sourcing.order import SourcingRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sellable.network import Network
    from sellable.simulate.order_fields import TimedOrder
    from sellable.simulate.snapshot import Snapshot
    from sellable.sourcing.order import SourcingStock
    from sellable.sourcing.plan import Decision, Plan
    from sellable.stock import Item

_NETWORK_VERSION = 1  # a file has none


class Decider(Protocol):
    """Decides as `sellable.sourcing.decide.Profiles` does."""

    def decide(self, request: SourcingRequest, stock: SourcingStock) -> Decision:
        """Return the best plan."""
        ...


class Replay:
    """Gives each order to each profile, at the order's own time.

    Args:
        network: With the profiles and their carriers.
        decider: Of the same network.
        snapshot: Where every profile starts from.
        items: Master data by SKU.
        profiles: Names, each once.
        slow_after_days: See `Figures`.
        solve_limit_ms: After it a decision is the best so far.

    Raises:
        UnknownProfile: The network has no such profile.
    """

    def __init__(
        self,
        network: Network,
        decider: Decider,
        snapshot: Snapshot,
        items: Mapping[str, Item],
        profiles: Sequence[str],
        *,
        slow_after_days: float = SLOW_AFTER_DAYS_DEFAULT,
        solve_limit_ms: int = 200,
    ) -> None:
        known = {profile.name for profile in network.sourcing.profiles}
        for name in profiles:
            if name not in known:
                raise UnknownProfile(name)
        self._decider = decider
        self._limit_ms = solve_limit_ms
        self._shelves = {
            name: Shelf(network, _NETWORK_VERSION, snapshot, items) for name in profiles
        }
        self.figures = {
            name: Figures(slow_after_days=slow_after_days, has_outflow=snapshot.has_outflow)
            for name in profiles
        }

    def play(self, timed: TimedOrder) -> None:
        """Decide an order under each profile, and take what its plan ships.

        Raises:
            InvalidFields: The order cannot be costed; nothing was counted under any profile.
            UnknownMarket: The network has no such market; likewise.
        """
        decided = [(name, *self._decided(name, timed)) for name in self._shelves]
        for name, stock, outcome, took_ns in decided:
            figures = self.figures[name]
            figures.add_time(took_ns)
            if isinstance(outcome, NoFeasiblePlan):
                figures.add_none(timed.order, outcome)
            elif isinstance(outcome, UnknownSku):
                figures.add_none(timed.order, "unknown SKU")
            else:
                figures.add_plan(timed.order, timed.at_ms, stock, outcome)
                self._shelves[name].take(outcome, timed.at_ms)

    def _decided(
        self, name: str, timed: TimedOrder
    ) -> tuple[SourcingStock, Plan | NoFeasiblePlan | UnknownSku, int]:
        """Return the stock, the plan or why there is none, and how long it took."""
        order, at_ms = timed.order, timed.at_ms
        skus = (line.sku for line in order.lines)
        stock = self._shelves[name].stock(order.market, skus, at_ms)
        request = SourcingRequest(
            order=order, profile=name, at_ms=at_ms, solve_limit_ms=self._limit_ms
        )
        outcome: Plan | NoFeasiblePlan | UnknownSku
        begun_ns = perf_counter_ns()
        try:
            outcome = self._decider.decide(request, stock).plan
        except (NoFeasiblePlan, UnknownSku) as none:
            outcome = none
        return stock, outcome, perf_counter_ns() - begun_ns
