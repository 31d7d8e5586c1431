"""Plans in the reference model: exactly what is planned, or nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sellable.errors import (
    ReservationClosed,
    ReservationExpired,
    UnknownMarket,
    UnknownReservation,
    UnknownSku,
)
from sellable.names import capacity_sku
from sellable.reservation import ReserveRequest, State
from sellable.store.planned import LostRace, Shortage, open_units
from support.model import OPEN
from support.model_days import DaysModel
from support.model_holds import MISSING_GOODS, Piece, invalid
from support.model_values import Day, Held, HeldLine, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.reservation import Reservation
    from sellable.store.planned import DayCapacity, KeptPlan, PlannedHold, PlannedMove

Told = tuple["Reservation", bool, object]


class PlansModel(DaysModel):
    """Planned holds and moves."""

    def reserve_planned(self, planned: PlannedHold) -> Told:
        """Hold exactly what is planned."""
        known = self.reservations.get(planned.reservation_id)
        if known:
            return self.value(known), True, _plan_told(known)
        if planned.market not in self.markets:
            raise UnknownMarket(planned.market)
        for line in planned.lines:
            if not self.known(line.sku):
                raise UnknownSku(line.sku)
        wanted = Counter[tuple[str, str]]()
        for part in planned.units:
            wanted[planned.lines[part.line].sku, part.location] += part.quantity
        short = self._short(planned.market, wanted, planned, [])
        lines = [HeldLine(line.line_id, line.sku, line.quantity, "") for line in planned.lines]
        for part in planned.units:
            lines[part.line].granted += part.quantity
        short += self._numbers_short(planned.market, lines)
        if short:
            raise LostRace(short)
        held = Held(
            request=ReserveRequest(
                reservation_id=planned.reservation_id, market=planned.market, lines=planned.lines
            ),
            order_reference=planned.order_reference,
            create_ms=self.now_ms,
            expire_ms=self.now_ms + planned.ttl_ms,
            lines=lines,
            plan=Plan(planned.plan, planned.ship_by_ms),
        )
        for bound in lines:
            bound.quotas = frozenset(self.quotas_left(planned.market, bound.sku))
        for part in planned.units:
            self.take(lines[part.line], part.location, part.quantity)
        self.reservations[planned.reservation_id] = held
        _take_days(held, planned.capacities)
        return self.value(held), False, _plan_told(held)

    def rebind_planned(self, planned: PlannedMove) -> Told:
        """Move all open units to where they are planned."""
        if planned.reservation_id not in self.reservations:
            raise UnknownReservation(planned.reservation_id)
        held = self.reservations[planned.reservation_id]
        content = {"request_id": "planned", **planned.content}
        if self._is_replay(held, planned.request_id, content):
            return self.value(held), True, _plan_told(held)
        if held.state is State.EXPIRED:
            raise ReservationExpired(planned.reservation_id)
        if held.state not in OPEN:
            raise ReservationClosed(planned.reservation_id, held.state)
        if set(planned.seen) != set(open_units(self.value(held))):
            raise LostRace([Shortage("changed", "", "", 0)])
        self._check_sums(planned)
        wanted = Counter[tuple[str, str]]()
        for parts, sign in ((planned.units, 1), (planned.seen, -1)):
            for part in parts:
                wanted[held.lines[part.line].sku, part.location] += sign * part.quantity
        if short := self._short(held.request.market, wanted, planned, held.days):
            raise LostRace(short)
        self._move(held, planned)
        self._note(held, planned.request_id, content)
        refused = {(part.line, part.location) for part in planned.refusals}
        before = held.plan or Plan(b"", 0, 0)
        held.plan = Plan(
            planned.plan, planned.ship_by_ms, before.count + 1, before.refused | refused
        )
        self.settle_days()
        return self.value(held), False, _plan_told(held)

    def _move(self, held: Held, planned: PlannedMove) -> None:
        for part in planned.seen:
            held.lines[part.line].at(part.location).open = 0
        for part in planned.drops:
            held.lines[part.line].at(part.location).released += part.quantity
        for part in planned.units:
            held.lines[part.line].at(part.location).open += part.quantity
        self.trim()
        for gone in planned.refusals:
            if gone.reason in MISSING_GOODS:
                piece = Piece(0, held.lines[gone.line], gone.location, gone.quantity)
                self.lower_on_hand(piece, object())
        for line in held.lines:
            line.bound = [
                one
                for one in line.bound
                if one.open or one.fulfilled or one.released or one.expired
            ]
        named = {(one.location, one.day) for one in planned.capacities}
        shipped = {one.location for line in held.lines for one in line.bound if one.fulfilled}
        for day in held.days:
            if day.state == "held" and (day.location, day.date) not in named:
                day.state = "used" if day.location in shipped else "free"
        _take_days(held, planned.capacities)

    def _check_sums(self, planned: PlannedMove) -> None:
        left = Counter[int]()
        leaving = Counter[tuple[int, str]]()
        for parts, sign in ((planned.seen, 1), (planned.units, -1)):
            for part in parts:
                left[part.line] += sign * part.quantity
                leaving[part.line, part.location] += sign * part.quantity
        for part in planned.drops:
            left[part.line] -= part.quantity
        if any(left.values()):
            raise invalid("units")
        for at, one in enumerate(planned.drops):
            if one.quantity > leaving[one.line, one.location]:
                raise invalid(f"drops[{at}]")
        for at, gone in enumerate(planned.refusals):
            if gone.quantity > leaving[gone.line, gone.location]:
                raise invalid(f"refusals[{at}]")

    def _short(
        self,
        market: str,
        wanted: Counter[tuple[str, str]],
        planned: PlannedHold | PlannedMove,
        days: Sequence[Day],
    ) -> list[Shortage]:
        mine = {(day.location, day.date) for day in days if day.state in ("held", "used")}
        short = []
        for one in planned.capacities:
            left = self.orders_left(one.location, one.day)
            if left < 1 and (one.location, one.day) not in mine:
                sku = capacity_sku(one.location, one.day)
                short.append(Shortage("capacity", sku, one.location, max(0, int(left))))
        named = {one.location for one in planned.capacities}
        short += [
            Shortage("capacity", "", location, 0)
            for location in {part.location for part in planned.units} - named
            if "daily_capacity" in self.locations.get(location, {})
        ]
        for (sku, location), quantity in wanted.items():
            if quantity > 0 and location not in self.members(market):
                short.append(Shortage("location", sku, location, 0))
            elif quantity > 0 and self.available(sku, location) < quantity:
                there = self.available(sku, location)
                short.append(Shortage("position", sku, location, there))
        return short

    def _numbers_short(self, market: str, lines: Sequence[HeldLine]) -> list[Shortage]:
        short = []
        left = {line.sku: max(0, self.unlimited(market, line.sku)) for line in lines}
        given = Counter[object]()
        for line in lines:
            quotas = self.quotas_left(market, line.sku)
            within = min(
                [max(0, rest - given[name]) for name, rest in quotas.items()], default=None
            )
            if left[line.sku] < line.granted:
                short.append(Shortage("number", line.sku, "", max(0, left[line.sku])))
            elif within is not None and within < line.granted:
                short.append(Shortage("quota", line.sku, "", within))
            left[line.sku] -= line.granted
            given.update(dict.fromkeys(quotas, line.granted))
        return short

    def observed(self, market: str, skus: Sequence[str], name: str) -> object:
        """Return numbers, available and on hand as the plan of a reservation may use them."""
        held = self.reservations.get(name)
        if name and held is None:
            raise UnknownReservation(name)
        lines = held.lines if held else []

        def own(sku: str, place: str) -> int:
            return sum(
                one.open
                for line in lines
                for one in line.bound
                if line.sku == sku and place in ("", one.location)
            )

        def free(sku: str, place: str) -> int:
            mine = own(sku, place)
            if not self.sells(sku, place):
                return 0
            there = self.on_hand(sku, place) - self.reserved(sku, place) + mine
            return max(0, there - self.safety_stock(sku, place), min(mine, there))

        members = self.members(market)
        return (
            [
                max(0, self.sellable(market, sku)) + own(sku, "") if self.known(sku) else -1
                for sku in skus
            ],
            [[free(sku, place) for place in members] for sku in skus],
            [[self.on_hand(sku, place) for place in members] for sku in skus],
        )


def told_of_plan(kept: KeptPlan | None) -> object:
    """Return what the store kept of a plan, as the model tells it."""
    return kept and (kept.plan, kept.ship_by_ms, kept.sourced_count, kept.refused)


def _plan_told(held: Held) -> object:
    plan = held.plan
    return plan and (plan.plan, plan.ship_by_ms, plan.count, plan.refused)


def _take_days(held: Held, capacities: Sequence[DayCapacity]) -> None:
    for one in capacities:
        days = [day for day in held.days if (day.location, day.date) == (one.location, one.day)]
        if not days:
            held.days.append(Day(one.location, one.day))
        elif days[0].state != "used":
            days[0].state = "held"
