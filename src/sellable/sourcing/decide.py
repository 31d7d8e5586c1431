"""Decides which location ships what: the door of this room."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sellable.errors import (
    InvalidFields,
    NoFeasiblePlan,
    UnknownMarket,
    UnknownProfile,
    Violation,
)
from sellable.sourcing.building import build
from sellable.sourcing.calendar import local_day
from sellable.sourcing.carriers import Carriers
from sellable.sourcing.finding import Undecided, best, costs_through, runners_up
from sellable.sourcing.infeasible import blocked_lines, no_strategy, out_of_time
from sellable.sourcing.options import options
from sellable.sourcing.places import Places
from sellable.sourcing.plan import Decision
from sellable.sourcing.rejections import rejections
from sellable.sourcing.situation import Situation
from sellable.sourcing.strategies import Tactics
from sellable.sourcing.survey import Survey
from sellable.sourcing.telling import told

if TYPE_CHECKING:
    from datetime import date

    from sellable.network import Network
    from sellable.sourcing.building import Case
    from sellable.sourcing.order import SourcingRequest, SourcingStock
    from sellable.sourcing.plan import DeliveryOption, Rejection
    from sellable.sourcing.solver.problem import Solution


class _Ground(NamedTuple):
    """What a market has for every order."""

    places: Places
    carriers: Carriers


class Profiles:
    """The markets, carriers and strategies of one version of the network, ready to decide.

    Made once a version and shared. A market is prepared when it is first asked for.
    """

    def __init__(self, network: Network, version: int) -> None:
        self._network = network
        self._version = version
        self._markets = {market.key: market for market in network.markets}
        self._profiles = {profile.name: profile for profile in network.sourcing.profiles}
        self._grounds: dict[str, _Ground] = {}
        self._tactics: dict[tuple[str, str], Tactics] = {}
        strategies = [each for profile in network.sourcing.profiles for each in profile.strategies]
        self._days_ahead = max((s.constraints.ship_within_days for s in strategies), default=0)

    def decide(self, request: SourcingRequest, stock: SourcingStock) -> Decision:
        """Return the best plan of the first strategy that applies and has one.

        Raises:
            InvalidFields: The order has no lines, or its quantities are too large to be added up.
            UnknownMarket: The network has no such market.
            UnknownProfile: It has no such profile, or none at all.
            UnknownSku: The store does not know a SKU of the order.
            NoFeasiblePlan: No strategy that may be tried has a plan.
        """
        tactics, situation = self._prepared(request, stock)
        tried: list[str] = []
        blocked = partial(no_strategy, request, tactics.profile)
        applying = tactics.applying(situation.demand, situation.at_ms, complete=request.complete)
        for tactic in applying:
            tried.append(tactic.strategy.name)
            survey = Survey.of(situation, tactic)
            case = build(survey)
            try:
                solution = best(case, request.solve_limit_ms)
            except Undecided:
                solution, blocked = None, partial(out_of_time, request)
            else:
                blocked = partial(blocked_lines, survey)
            if solution is not None:
                return self._decision(case, solution, tactics.profile)
            if not tactic.strategy.fall_back:
                break
        raise NoFeasiblePlan(*blocked(), tried=tuple(tried))

    def delivery_options(
        self, request: SourcingRequest, stock: SourcingStock
    ) -> list[DeliveryOption]:
        """Return the ways of delivery that can be promised, the earliest first, then the cheapest.

        Raises:
            InvalidFields: The order has no lines, or its quantities are too large to be added up.
            UnknownMarket: The network has no such market.
            UnknownProfile: It has no such profile, or none at all.
            UnknownSku: The store does not know a SKU of the order.
        """
        tactics, situation = self._prepared(request, stock)
        return options(situation, list(tactics.applying(situation.demand, situation.at_ms)))

    def days(self, market: str, now_ms: int) -> list[tuple[str, date]]:
        """Return the locations and local dates whose daily capacity a decision may need.

        They reach from a day before now to a day after what any strategy may look ahead, so that
        neither time zones nor clocks that differ leave one out. Only locations that are enabled
        and have a daily capacity are named.

        Raises:
            UnknownMarket: The network has no such market.
        """
        places = self._ground(market).places
        return [
            (place.id, today + timedelta(days=ahead))
            for place, hours in zip(places.locations, places.hours, strict=True)
            if place.enabled and place.daily_capacity is not None
            for today in (local_day(now_ms, hours.zone),)
            for ahead in range(-1, self._days_ahead + 2)
        ]

    def _prepared(
        self, request: SourcingRequest, stock: SourcingStock
    ) -> tuple[Tactics, Situation]:
        order = request.order
        ground = self._ground(order.market)
        tactics = self._tactics_of(request.profile, order.market)
        if not order.lines:
            raise InvalidFields(Violation("order.lines", "must not be empty"))
        sourcing = self._network.sourcing
        return tactics, Situation.of(request, stock, ground.places, ground.carriers, sourcing)

    def _ground(self, market: str) -> _Ground:
        if market not in self._markets:
            raise UnknownMarket(market)
        if market not in self._grounds:
            places = Places.of(self._markets[market], self._network)
            self._grounds[market] = _Ground(places, Carriers(self._network.sourcing, places))
        return self._grounds[market]

    def _tactics_of(self, asked: str, market: str) -> Tactics:
        default = self._markets[market].sourcing_profile or self._network.sourcing.default_profile
        name = asked or default
        if name not in self._profiles:
            raise UnknownProfile(name)
        key = name, market
        if key not in self._tactics:
            self._tactics[key] = Tactics(self._profiles[name], self._ground(market).places)
        return self._tactics[key]

    def _decision(self, case: Case, solution: Solution, profile: str) -> Decision:
        request = case.survey.situation.request
        others = runners_up(case, solution, request.alternatives, request.solve_limit_ms)
        rejected: tuple[Rejection, ...] = ()
        if request.explain:
            through = costs_through(case, solution, request.solve_limit_ms)
            rejected = tuple(rejections(case, solution, through, others))
        return Decision(
            plan=told(case, solution),
            alternatives=tuple(told(case, other) for other in others),
            rejections=rejected,
            profile=profile,
            network_version=self._version,
        )
