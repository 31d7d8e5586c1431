"""The state machine of the model test with plans: holds and moves that somebody else decided."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sellable.reservation import Line, Refusal
from sellable.store.planned import (
    DayCapacity,
    PlannedHold,
    PlannedMove,
    RefusedUnits,
    Units,
    Wanted,
    open_units,
)
from support.machine import StoreMachine
from support.networks import LOCATIONS, MARKETS, SKUS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sellable.store.planned import Observed

_DAYS: Final = (date(2023, 11, 15), date(2023, 11, 15), date(2023, 11, 16))
_REQUESTS: Final = ("q1", "q2", "q3", "q4")
_WANTED: Final = Wanted(country="FR", latitude=48.9, longitude=2.4)


class PlanMachine(StoreMachine):
    """Every call that the other machine makes, and those of sourcing."""

    @rule(data=st.data())
    def reserve_planned(self, data: st.DataObject) -> None:
        """Hold what a plan says, which mostly fits."""
        model = self.pair.model
        market = self._some_market(data)
        skus = data.draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=2))
        units = []
        for at, sku in enumerate(skus):
            free = [name for name in model.members(market) if model.available(sku, name)]
            places = st.lists(
                st.sampled_from((*free * 6, *LOCATIONS)),
                min_size=int(at == 0),
                max_size=2,
                unique=True,
            )
            units += [Units(at, place, data.draw(st.integers(1, 2))) for place in data.draw(places)]
        lines = tuple(Line(sku=sku, quantity=5, line_id=str(at)) for at, sku in enumerate(skus))
        name = f"r{len(self.pair.ids)}p"
        planned = PlannedHold(
            reservation_id=name,
            market=market,
            lines=lines,
            ttl_ms=data.draw(st.sampled_from((1_000, 30_000))),
            content={"lines": lines},
            units=tuple(units),
            capacities=self._some_days(data, {part.location for part in units}),
            wanted=_WANTED,
            plan=name.encode(),
            ship_by_ms=model.now_ms + 5_000,
        )
        if data.draw(st.integers(0, 9)) == 0 and self.planned:
            planned = data.draw(st.sampled_from(self.planned))
        else:
            self.planned.append(planned)
            self.pair.ids.append(name)
        self.pair.both(
            self.pair.store.sourced.reserve(planned), lambda: model.reserve_planned(planned)
        )

    @precondition(lambda self: self.pair.ids)
    @rule(data=st.data(), request_id=st.sampled_from(_REQUESTS))
    def rebind_planned(self, data: st.DataObject, request_id: str) -> None:
        """Move a reservation to new places, some units refused, some given up."""
        model, name = self.pair.model, self._some_id(data)
        held = model.reservations.get(name)
        seen = open_units(model.value(held)) if held else ()
        members = model.members(held.request.market) if held else []
        units: list[Units] = []
        drops, refusals = [], []
        for part in seen:
            sku = held.lines[part.line].sku if held else ""
            free = [place for place in members if model.available(sku, place) >= part.quantity]
            fate = data.draw(st.sampled_from(("stay", "move", "move", "drop")))
            target = data.draw(st.sampled_from((*free * 6, *LOCATIONS, part.location)))
            if fate == "drop":
                drops.append(part)
            else:
                target = part.location if fate == "stay" else target
                units = _joined(units, Units(part.line, target, part.quantity))
            if fate != "stay" and target != part.location and data.draw(st.booleans()):
                reason = data.draw(st.sampled_from(list(Refusal)[1:]))
                refusals.append(RefusedUnits(part.line, part.location, part.quantity, reason))
        if seen and data.draw(st.integers(0, 7)) == 0:
            seen = seen[1:]
        planned = PlannedMove(
            reservation_id=name,
            request_id=request_id,
            content={"moves": units},
            seen=seen,
            units=tuple(units),
            capacities=self._some_days(data, {part.location for part in units}),
            drops=tuple(drops),
            refusals=tuple(refusals),
            wanted=_WANTED,
            plan=request_id.encode(),
            ship_by_ms=model.now_ms + 9_000,
        )
        self.pair.both(
            self.pair.store.sourced.rebind(planned), lambda: model.rebind_planned(planned)
        )

    @precondition(lambda self: self.pair.ids)
    @rule(data=st.data(), market=st.sampled_from(MARKETS), named=st.booleans())
    def observe(self, data: st.DataObject, market: str, *, named: bool) -> None:
        """Look at what an order, or a reservation, can be taken from."""
        model, skus = self.pair.model, (*SKUS, "UNKNOWN")
        if market not in model.markets:
            return
        name = self._some_id(data) if named else ""
        members = model.members(market)

        async def observed() -> object:
            found: Observed = await self.pair.store.sourced.observe(market, skus, members, [], name)
            stock = found.stock
            return (
                list(stock.sellable),
                [list(row) for row in stock.available],
                [list(row) for row in stock.on_hand],
            )

        self.pair.both(observed(), lambda: model.observed(market, skus, name))

    @rule(location=st.sampled_from(LOCATIONS), day=st.sampled_from(_DAYS))
    def count_orders(self, location: str, day: date) -> None:
        """Look at how many orders have a day."""
        model, store = self.pair.model, self.pair.store
        if not model.markets:
            return
        market = next(iter(model.markets))

        async def taken() -> object:
            found = await store.sourced.observe(market, [], [], [(location, day)])
            return found.stock.capacity_taken

        self.pair.both(taken(), lambda: {(location, day): model.taken(location, day)})

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.planned: list[PlannedHold] = []

    def _some_days(
        self, data: st.DataObject, locations: Collection[str]
    ) -> tuple[DayCapacity, ...]:
        places = self.pair.model.locations
        limited = [name for name in sorted(locations) if "daily_capacity" in places.get(name, {})]
        if data.draw(st.integers(0, 9)) == 0:
            limited = [name for name in sorted(locations) if "+" not in name][:1]
        return tuple(DayCapacity(name, data.draw(st.sampled_from(_DAYS))) for name in limited)


def _joined(units: Sequence[Units], more: Units) -> list[Units]:
    """Add units, so that each line and location is named once."""
    same = [one for one in units if (one.line, one.location) == (more.line, more.location)]
    rest = [one for one in units if one not in same]
    return [*rest, Units(more.line, more.location, more.quantity + sum(o.quantity for o in same))]
