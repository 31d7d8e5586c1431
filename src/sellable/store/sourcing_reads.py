"""What an order can be taken from, in one round trip: several bounded scripts back to back.

None holds the engine for more than about a millisecond. They are not of one moment together; what
a plan takes is checked again by the one script that takes it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.errors import BugError, StoreUnavailable, UnknownMarket, UnknownReservation
from sellable.names import capacity_sku
from sellable.sourcing.order import SourcingStock
from sellable.stock import Item
from sellable.store.planned import Observed, kept_plan
from sellable.store.replies import ScriptMissing
from sellable.store.reservations import decode_reservation
from sellable.store.runner import pack
from sellable.store.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from sellable.revision import Revisions
    from sellable.store.replies import Reply
    from sellable.store.runner import Runner
    from sellable.store.wire import Command

CELLS_PER_CALL: Final = 1_000  # SKUs times locations
CAPACITIES_PER_CALL: Final = 1_000
_TRIES_MAX: Final = 20
_SCRIPTS: Final = ("observe_sourcing", "observe_positions", "observe_capacities")

_unpack: Final = msgspec.msgpack.Decoder().decode


class Question:
    """What is asked about one order; its commands and the meaning of their replies."""

    def __init__(
        self,
        market: str,
        skus: Sequence[str],
        locations: Sequence[str],
        days: Sequence[tuple[str, date]],
        reservation_id: str,
    ) -> None:
        self.market = market
        self.skus = tuple(skus)
        self.locations = tuple(locations)
        self.days = tuple(days)
        self.reservation_id = reservation_id
        self._width = max(1, CELLS_PER_CALL // max(1, len(skus)))

    def commands(self, runner: Runner) -> list[Command]:
        """Return the scripts to run, the first one alone able to refuse."""
        keys = (runner.partition.net,)
        head, cells, capacities = (SCRIPTS[name] for name in _SCRIPTS)
        now, skus, reserved = runner.clock(), pack(self.skus), self.reservation_id
        made = [head.command(keys, (now, self.market, skus, reserved))]
        made += [
            cells.command(keys, (now, skus, pack(names), reserved))
            for names in (self._location_parts() if self.skus else ())
        ]
        for days in self._day_parts():
            flat = [text for place, day in days for text in (place, capacity_sku(place, day))]
            made.append(capacities.command(keys, (now, pack(flat), reserved)))
        return made

    def observed(self, replies: Sequence[Any], revisions: Revisions) -> Observed:
        """Read the replies; the first one is known to be DONE."""
        head, position, packed, kept = replies[0][1:]
        now_ms, version, numbers, items = _unpack(head)
        parts = list(self._location_parts()) if self.skus else []
        taken = chain.from_iterable(_unpack(reply[1]) for reply in replies[1 + len(parts) :])
        available, on_hand, outflow = self._cells(parts, replies[1 : 1 + len(parts)])
        stock = SourcingStock(
            now_ms=int(now_ms),
            network_version=version,
            skus=self.skus,
            locations=self.locations,
            sellable=tuple(numbers),
            available=available,
            on_hand=on_hand,
            daily_outflow=outflow,
            items={
                sku: msgspec.convert([sku, *values], Item)
                for sku, values in zip(self.skus, items, strict=True)
                if values
            },
            capacity_taken=dict(zip(self.days, taken, strict=True)),
        )
        reservation = decode_reservation(packed) if packed else None
        revision = revisions.encode(position.decode())
        return Observed(
            stock=stock, reservation=reservation, kept=kept_plan(kept), revision=revision
        )

    def _cells(
        self, parts: Sequence[Sequence[str]], replies: Sequence[Any]
    ) -> tuple[Any, Any, Any]:
        """Return available, on hand and outflow, each by SKU and location."""
        available: list[list[int]] = [[0] * len(self.locations) for _ in self.skus]
        on_hand: list[list[int]] = [[0] * len(self.locations) for _ in self.skus]
        outflow: list[list[float]] = [[0.0] * len(self.locations) for _ in self.skus]
        start = 0
        for names, reply in zip(parts, replies, strict=True):
            found = iter(_unpack(reply[1]))
            for cell, free, there, left in zip(found, found, found, found, strict=True):
                row, column = divmod(cell, len(names))
                available[row][start + column] = free
                on_hand[row][start + column] = there
                outflow[row][start + column] = float(left)
            start += len(names)
        return tuple(map(tuple, available)), tuple(map(tuple, on_hand)), tuple(map(tuple, outflow))

    def _location_parts(self) -> Iterator[Sequence[str]]:
        for start in range(0, len(self.locations), self._width):
            yield self.locations[start : start + self._width]

    def _day_parts(self) -> Iterator[Sequence[tuple[str, date]]]:
        for start in range(0, len(self.days), CAPACITIES_PER_CALL):
            yield self.days[start : start + CAPACITIES_PER_CALL]


async def observe(runner: Runner, revisions: Revisions, question: Question) -> Observed:
    """Ask in one round trip; SKUs that are behind, or holds that are due, need further ones.

    Raises:
        UnknownMarket, UnknownReservation: As named.
        StoreUnavailable: The store is lost, or its network keeps changing.
    """
    for _ in range(_TRIES_MAX):
        replies = await runner.connection.pipeline(question.commands(runner))
        if not await _is_answered(runner, replies):
            continue
        outcome, body = replies[0][0].decode(), replies[0][1]
        match outcome:
            case "DONE":
                return question.observed(replies, revisions)
            case "STALE":
                await runner.refresh(_unpack(body))
            case "MORE_DUE":
                for sku in _unpack(body):
                    await runner.expire_all(sku)
            case "UNKNOWN_MARKET":
                raise UnknownMarket(question.market)
            case "UNKNOWN_RESERVATION":
                raise UnknownReservation(question.reservation_id)
            case _:
                raise BugError(f"script observe_sourcing answered {outcome}")
    raise StoreUnavailable("the network keeps changing under this request; try again")


async def _is_answered(runner: Runner, replies: Sequence[Reply]) -> bool:
    """Tell whether every script ran; those that the store does not know yet are loaded."""
    for reply in replies:
        if isinstance(reply, ScriptMissing):
            for name in _SCRIPTS:
                await runner.connection.load(SCRIPTS[name])
            return False
        if isinstance(reply, Exception):
            raise reply
    return True
