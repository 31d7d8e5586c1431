"""The real store and the reference model, driven by the same calls and compared after each."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from sellable.errors import SellableError
from sellable.maintenance.rollout import Rollout
from sellable.maintenance.verify import verify
from sellable.names import capacity_sku
from sellable.reservation import Reservation, Reserved
from sellable.stock import Position, parts_of_place
from sellable.store.connection import Connection
from sellable.store.following import overdue
from sellable.store.planned import LostRace, SourcedReservation
from sellable.store.runner import Retention
from sellable.store.store import Store
from sellable.store.supplies import settle_supplies
from support.model_plans import PlansModel, told_of_plan
from support.model_values import comparable, refusal
from support.networks import SKUS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from support.networks import Document

START_MS = 1_700_000_000_000
RETENTION_MS = 60_000
FUTURE_TOLERANCE_MS = 5_000

# Of each SKU the number, when it was counted, what is expected beyond it, and when.
Numbers: TypeAlias = "list[tuple[int, int, int, int]]"
_T = TypeVar("_T")


class Pair:
    """One real store, emptied, and one model, at one time of the test's own."""

    def __init__(self, url: str) -> None:
        self.model = PlansModel(START_MS, RETENTION_MS, FUTURE_TOLERANCE_MS)
        self.ids: list[str] = []
        self.network_is_new = False
        self._told: dict[tuple[str, str], int] = {}
        self._ledger_position = "-"
        self._runner = asyncio.Runner()
        self._connection, self.store = self._runner.run(self._attach(url))
        self._rollout = Rollout(self.store.runner)

    async def _attach(self, url: str) -> tuple[Connection, Store]:
        connection = await Connection.open(url)
        await connection.execute("FLUSHALL")
        store = await Store.attach(
            connection,
            retention=Retention(retention_ms=RETENTION_MS, ledger_entries_max=1_000_000),
            future_tolerance_ms=FUTURE_TOLERANCE_MS,
            clock=lambda: self.model.now_ms,
        )
        return connection, store

    def close(self) -> None:
        """Leave the store."""
        self.run(self._connection.close())
        self._runner.close()

    def run(self, call: Coroutine[object, object, _T]) -> _T:
        """Run one call on the real store."""
        return self._runner.run(call)

    def both(self, call: Awaitable[object], on_model: Callable[[], object]) -> object:
        """Do the same on both sides; the answers or refusals must be the same."""
        self.model.expire_due()
        self._settle()
        expected = self._told_by_model(on_model)
        actual = self.run(_told(call))
        assert expected == actual, f"model: {expected}\nstore: {actual}"
        return actual

    def _told_by_model(self, on_model: Callable[[], object]) -> object:
        try:
            return on_model()
        except SellableError as error:
            return refusal(error)
        except LostRace as lost:
            return "LOST", set(lost.shortages)
        finally:
            self.model.settle_days()

    def apply_network(self, document: Document) -> None:
        """Apply a network on both sides."""
        text = json.dumps(document, sort_keys=True)

        async def apply() -> int:
            return (await self.store.networks.apply(text)).version

        self.both(apply(), lambda: self.model.apply_network(document))
        self.network_is_new = True

    def _settle(self) -> None:
        """Let both move to stock what waits for goods that have arrived."""
        self.model.settle()
        self.run(settle_supplies(self.store.runner))

    def compare(self) -> None:
        """Hold the whole state of the store against the model."""
        model, skus = self.model, [*SKUS, "UNKNOWN"]
        model.expire_due()
        self._settle()
        reservations, found, positions = self.run(self._state(skus))
        listed = [
            self._told_by_model(partial(lambda s: self._comparable(model.list_positions(s)), sku))
            for sku in skus
        ]
        assert [self._told_by_model(partial(model.get, name)) for name in self.ids] == reservations
        assert self._markets_by_model(skus) == found
        assert listed == positions
        self.run(self._read_ledger())
        for market in model.markets:
            numbers = [model.unlimited(market, sku) for sku in skus]
            assert numbers == [self._told.get((market, sku), -1) for sku in skus]
        self.network_is_new = False

    async def _state(
        self, skus: Sequence[str]
    ) -> tuple[list[object], dict[tuple[str, str], Numbers], list[object]]:
        store, model = self.store, self.model
        reservations = await asyncio.gather(*(_told(store.reservations.get(i)) for i in self.ids))
        await store.runner.expire_all()  # the view may lag until then
        asked = [
            (market, location)
            for market in model.markets
            for location in ("", *model.members(market))
        ]
        answers = await asyncio.gather(
            *(store.availability.items(market, skus, location=place) for market, place in asked)
        )
        positions = await asyncio.gather(*(_told(self._positions(sku)) for sku in skus))
        found = {
            place: [
                (
                    item.sellable,
                    item.oldest_observe_us,
                    item.future,
                    item.next_available_ms,
                )
                for item in items
            ]
            for place, (items, _) in zip(asked, answers, strict=True)
        }
        return list(reservations), found, list(positions)

    def _markets_by_model(self, skus: Sequence[str]) -> dict[tuple[str, str], Numbers]:
        model = self.model
        found: dict[tuple[str, str], Numbers] = {}
        for market in model.markets:
            members = model.members(market)
            numbers = [model.sellable(market, sku) for sku in skus]
            times = [model.oldest_observe_us(members, sku) for sku in skus]
            found[market, ""] = [
                (number, time, *model.future(market, sku))
                for sku, number, time in zip(skus, numbers, times, strict=True)
            ]
            for location in members:
                found[market, location] = [
                    (
                        min(number, model.available(sku, location))
                        if location in model.positions.get(sku, {})
                        else -1,
                        model.oldest_observe_us([location], sku),
                        0,
                        0,
                    )
                    for sku, number in zip(skus, numbers, strict=True)
                ]
        return found

    async def _read_ledger(self) -> None:
        """Follow the numbers of the markets as the ledger tells them."""
        entries = await self._connection.execute(
            "XRANGE", self.store.runner.partition.ledger, self._ledger_position, "+"
        )
        for position, (_, packed) in entries:
            _, sku, *_, changed = msgspec.msgpack.decode(packed)
            for market, number in zip(changed[::2], changed[1::2], strict=True):
                self._told[market, sku] = number
            self._ledger_position = f"({position.decode()}"

    async def _positions(self, sku: str) -> list[Position]:
        return self._comparable((await self.store.inventory.positions(sku))[0])

    def _comparable(self, positions: list[Position]) -> list[Position]:
        # What a location kept back that has left the network says nothing to anybody.
        known = self.model.locations
        return [
            position
            if position.location in known
            else Position(
                **{name: getattr(position, name) for name in Position.__struct_fields__}
                | {"safety_stock": 0, "blocked": False}
            )
            for position in positions
        ]

    def verify(self) -> None:
        """Have the store recompute its own counters."""

        async def found() -> list[object]:
            return [d async for step in verify(self.store.runner) for d in step.differences]

        assert [] == self.run(found())

    def roll_out(self) -> None:
        """Let the background roll-out finish."""
        assert self.run(self._rollout.step())

    def compare_listings(self) -> None:
        """Hold every index of reservations against the model."""
        self.run(self.store.runner.expire_all())
        self.model.expire_due()
        expected: dict[str, list[str]] = {}
        for name, held in self.model.reservations.items():
            indexes = {f"s:{held.state}": None, f"o:{held.order_reference}": None}
            for line in held.lines:
                for bound in line.bound:
                    if bound.open:
                        location, supply_id = parts_of_place(bound.location)
                        indexes |= {f"k:{line.sku}": None, f"l:{location}": None}
                        indexes |= {f"w:{bound.location}:{line.sku}": None} if supply_id else {}
            for day in held.days:
                if day.state == "held":
                    indexes |= {f"k:{capacity_sku(day.location, day.date)}": None}
            for index in indexes:
                expected.setdefault(index, []).append(name)
        expected.pop("o:", None)
        assert expected == self.run(self._listings())
        due = {
            (name, held.plan.ship_by_ms)
            for name, held in self.model.reservations.items()
            if held.plan and held.is_open
        }
        assert due == set(self.run(overdue(self.store.runner, self.model.now_ms + 10**9)))

    async def _listings(self) -> dict[str, list[str]]:
        prefix = self.store.runner.partition.index("")
        keys = await self._connection.execute("KEYS", prefix.replace("{", "\\{") + "*")
        names = [key.decode()[len(prefix) :] for key in keys]
        pages = [await self.store.reservations.page(name, 0, 100) for name in names]
        return {
            name: [reservation.reservation_id for _, reservation in page]
            for name, page in zip(names, pages, strict=True)
        }


async def _told(call: Awaitable[object]) -> object:
    try:
        answer = await call
    except SellableError as error:
        return refusal(error)
    except LostRace as lost:
        return "LOST", set(lost.shortages)
    if isinstance(answer, SourcedReservation):
        return comparable(answer.reservation), answer.replayed, told_of_plan(answer.kept)
    if isinstance(answer, Reserved):
        return comparable(answer.reservation), answer.replayed
    return comparable(answer) if isinstance(answer, Reservation) else answer
