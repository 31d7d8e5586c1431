"""Sourcing as use cases: read the stock of the moment, decide, reserve; again on a lost race.

A decision is made beside the event loop on numbers that may change meanwhile. The script that holds
what was planned looks again, takes exactly that or nothing, and says what it lacked; then the plan
is made anew from what is there.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sellable.dispatch import lost
from sellable.dispatch.answers import Decided, Held, Options
from sellable.dispatch.holding import planned_hold, probe
from sellable.dispatch.kept import unpack
from sellable.dispatch.moving import planned_move, repeat
from sellable.dispatch.orders import order_again, order_of
from sellable.dispatch.places import located
from sellable.dispatch.reading import Reading
from sellable.dispatch.rebinding import rebinding
from sellable.dispatch.risk import note_on, pack_note, refused_key
from sellable.dispatch.tally import PlanTally
from sellable.errors import (
    BugError,
    InsufficientStock,
    InvalidFields,
    NoFeasiblePlan,
    ReservationClosed,
    UnknownMarket,
    UnknownProfile,
    UnknownReservation,
    Violation,
)
from sellable.limits import SOURCING_ATTEMPTS_MAX
from sellable.reservation import State
from sellable.sourcing.order import SourcingRequest
from sellable.store.planned import LostRace
from sellable.store.reservations import KeptReservation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sellable.dispatch.asked import HoldAsked, PlanAsked, RebindAsked
    from sellable.dispatch.places import Locator
    from sellable.dispatch.solving import Solving
    from sellable.dispatch.versions import KnownVersion
    from sellable.errors import SellableError
    from sellable.reservation import Line, ReservedLine
    from sellable.sourcing.order import Order, SourcingStock
    from sellable.sourcing.plan import Decision, Plan
    from sellable.store.planned import Observed, SourcedReservation
    from sellable.store.store import Store


_WAIT_S: Final = 0.01  # several times what a small plan takes
_UNPLANNED: Final = (NoFeasiblePlan, InsufficientStock, UnknownMarket, UnknownProfile)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A plan, the order that it is of, how it is carried out, and what it had already."""

    order: Order
    plan: Plan
    carry_out: Callable[[], Awaitable[SourcedReservation]]
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)


class Dispatch:
    """Every call on sourcing.

    Args:
        store: The store.
        solving: Where plans are worked on.
        locator: Says where destinations are.
    """

    def __init__(self, store: Store, solving: Solving, locator: Locator) -> None:
        self.solving = solving
        self.tally = PlanTally()
        self._sourced = store.sourced
        self._reservations = store.reservations
        self._now_ms = store.runner.now_ms
        self._reading = Reading(store)
        self._locator = locator
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def source_order(self, asked: PlanAsked) -> Decided:
        """Plan an order; nothing is taken.

        Raises:
            InvalidFields: What only the network or the map knows is not right.
            UnknownMarket, UnknownLocation, UnknownSku, UnknownReservation, UnknownProfile,
                LocationNotInMarket: As named.
            NoFeasiblePlan: With what binds each line.
            Overloaded, StoreUnavailable: As everywhere.
        """
        known, request, stock = await self._prepared(asked)
        decision = await self._decide(known, request, stock)
        point = request.order.destination.point
        return Decided(decision=decision, point=point, currency=known.currency)

    async def delivery_options(self, asked: PlanAsked) -> Options:
        """Return how an order could be delivered.

        Raises:
            SellableError: As `source_order`, but no NoFeasiblePlan.
        """
        known, request, stock = await self._prepared(asked)
        options = await self.solving.run(known.profiles.delivery_options, request, stock)
        return Options(options=tuple(options), currency=known.currency)

    async def source_and_reserve(self, asked: HoldAsked) -> Held:
        """Plan an order and hold what is planned; a repeat answers what is held.

        Raises:
            SellableError: As `source_order`.
            IdempotencyConflict: The id was used with other content.
            InsufficientStock: The last plan of several lost its race as well.
        """
        if await self._kept(asked.reservation_id) is not None:
            with suppress(LostRace):  # its retention has just ended: it is free again
                return _held(await self._sourced.reserve(probe(asked)), 0)
        destination = located(asked.order.place, self._locator)

        async def attempt() -> _Attempt:
            known, observed = await self._read(asked.order.market, asked.order.lines)
            order = order_of(asked.order, destination, known.currency)
            request = SourcingRequest(
                order=order,
                profile=asked.profile,
                solve_limit_ms=asked.solve_limit_ms,
                complete=not asked.allow_unfilled,
            )
            decision = await self._decide(known, request, observed.stock)
            planned = planned_hold(asked, order, decision, known.currency, observed.stock.now_ms)
            return _Attempt(order, decision.plan, lambda: self._sourced.reserve(planned))

        return await self._carried_out(asked.order.market, attempt)

    async def source_reservation(self, asked: RebindAsked) -> Held:
        """Do as `rebind`; what a location refuses of an order without any plan is kept in mind.

        So it is where the network has lost the market or the profile of the order.

        Raises:
            SellableError: As `rebind`.
        """
        try:
            return await self.rebind(asked)
        except _UNPLANNED as refusal:
            await self._keep_in_mind(asked, refusal)
            raise

    async def rebind(self, asked: RebindAsked) -> Held:
        """Plan the open units of a reservation anew and move them; a repeat answers what is held.

        Raises:
            SellableError: As `source_order`.
            UnknownReservation, ReservationExpired, ReservationClosed: As named.
            IdempotencyConflict: The request id was used with other content.
            InsufficientStock: The last plan of several lost its race as well.
        """
        found = await self._kept(asked.reservation_id)
        if found is None:
            raise UnknownReservation(asked.reservation_id)
        if asked.request_id in found.requests:
            return _held(await self._sourced.rebind(repeat(asked)), 0)
        market = found.market
        place = located(asked.place, self._locator) if asked.place is not None else None

        async def attempt() -> _Attempt:
            lines = [line for line in found.lines if any(one.open for one in line.allocations)]
            known, observed = await self._read(market, lines, asked.reservation_id)
            known.refuse_others(market, asked.excluded)
            reservation, kept = observed.reservation, observed.kept
            assert reservation is not None
            again = rebinding(reservation, asked, kept.refused if kept else frozenset())
            wanted = kept.wanted if kept else None
            order = order_again(asked, place, reservation, again.lines, wanted, known.currency)
            profile = asked.profile or (wanted.profile if wanted else "")
            stock, refused = again.offered(observed.stock)
            request = SourcingRequest(
                order=order,
                profile=profile,
                solve_limit_ms=asked.solve_limit_ms,
                excluded=frozenset(asked.excluded),
                refused=refused,
                complete=not asked.allow_unfilled,
            )
            decision = await self._decide(known, request, stock)
            planned = planned_move(
                asked, order, profile, again, decision, known.currency, stock.now_ms
            )
            return _Attempt(order, decision.plan, lambda: self._sourced.rebind(planned), again.held)

        return await self._carried_out(market, attempt)

    async def _keep_in_mind(self, asked: RebindAsked, refusal: SellableError) -> None:
        """Note units of an order that its location does not deliver and no other one can have."""
        found = await self._kept(asked.reservation_id)
        if not asked.refusals or found is None or found.state is not State.CONFIRMED:
            return
        note = pack_note(note_on(refusal, await self._now_ms(), asked.refusals)).decode()
        with suppress(UnknownReservation, ReservationClosed):
            cause = refused_key(asked.request_id)
            await self._sourced.escalate(asked.reservation_id, cause, note)

    async def _carried_out(self, market: str, attempt: Callable[[], Awaitable[_Attempt]]) -> Held:
        """Plan and carry out, anew where the stock went meanwhile.

        Those that have lost a race wait for one another: planning side by side on the same stock,
        all of them would want the same units again, and all but one lose again. Other processes
        that do the same are met less often after a wait by chance.
        """
        for number in range(1, SOURCING_ATTEMPTS_MAX + 1):
            async with nullcontext() if number == 1 else self._turns[market]:
                if number > 2:  # noqa: PLR2004 - the second follows a race in this process
                    await asyncio.sleep(random.random() * _WAIT_S * (number - 2))  # noqa: S311
                planned = await attempt()
                try:
                    sourced = await planned.carry_out()
                except LostRace as race:
                    self.tally.lost += 1
                    refusal = lost.refusal(race, planned.order, planned.plan, planned.held)
                    continue
            self.tally.attempts.observe(number)
            return _held(sourced, number)
        raise refusal

    async def _prepared(
        self, asked: PlanAsked
    ) -> tuple[KnownVersion, SourcingRequest, SourcingStock]:
        order = asked.order
        destination = located(order.place, self._locator)
        known, observed = await self._read(order.market, order.lines, asked.reservation_id)
        reservation = observed.reservation
        if reservation is not None and reservation.market != order.market:
            rule = f"must be of market {order.market}, is of {reservation.market}"
            raise InvalidFields(Violation("reservation_id", rule))
        request = SourcingRequest(
            order=order_of(order, destination, known.currency),
            profile=asked.profile,
            at_ms=asked.at_ms,
            alternatives=asked.alternatives,
            explain=asked.explain,
            solve_limit_ms=asked.solve_limit_ms,
        )
        return known, request, observed.stock

    async def _read(
        self, market: str, lines: Sequence[Line | ReservedLine], reservation_id: str = ""
    ) -> tuple[KnownVersion, Observed]:
        skus = list(dict.fromkeys(line.sku for line in lines))
        known, observed = await self._reading.read(market, skus, reservation_id)
        known.refuse_others(market, (line.location for line in lines))
        return known, observed

    async def _decide(
        self, known: KnownVersion, request: SourcingRequest, stock: SourcingStock
    ) -> Decision:
        decision = await self.solving.run(known.profiles.decide, request, stock)
        self.tally.planned(decision.plan.method, optimal=decision.plan.optimal)
        return decision

    async def _kept(self, reservation_id: str) -> KeptReservation | None:
        """Return a reservation with what its repeats need; None: there is none."""
        try:
            found = await self._reservations.get(reservation_id)
        except UnknownReservation:
            return None
        assert isinstance(found, KeptReservation)
        return found


def _held(sourced: SourcedReservation, attempts: int) -> Held:
    """Answer what the store holds; of a repeat nothing was planned now."""
    if sourced.kept is None:
        raise BugError("a reservation that was planned has no plan")
    kept = unpack(sourced.kept.plan)
    return Held(
        plan=kept.plan,
        profile=kept.profile,
        network_version=kept.network_version,
        currency=kept.currency,
        reservation=sourced.reservation,
        revision=sourced.revision,
        attempts=0 if sourced.replayed else attempts,
        replayed=sourced.replayed,
    )
