"""Orders at risk: who they are, and what is kept beside them. Every call reads a bounded part.

At risk is a confirmed order that a position owes units, that is bound where its market cannot ship
from, or whose goods should have left. What it is follows from the store as it is, so it needs no
list that could be wrong; only what somebody was asked about is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from sellable.store.planned import kept_plan
from sellable.store.reservations import KeptReservation
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sellable.store.planned import KeptPlan
    from sellable.store.runner import Runner

ORDERS_PER_CALL_MAX: Final = 100
POSITIONS_PER_CALL_MAX: Final = 2  # with 200 holders each
_ESCALATED: Final = b"escalated:"

_decode_found: Final = msgspec.msgpack.Decoder(
    tuple[float, int, list[tuple[KeptReservation, list[str], float]]]
).decode


class OrderAtRisk(Struct, frozen=True, kw_only=True):
    """A confirmed order with something wrong, or that somebody was asked about.

    Attributes:
        reservation: As it is now; what its positions owe it is in its allocations.
        kept: What it was sourced for, if ever.
        stranded: Locations with open units of it that its market does not ship from.
        asked: What was noted when somebody was asked, by cause.
        since_ms: Since when somebody is asked; 0: nobody is.
        now_ms: The moment of all this.
    """

    reservation: KeptReservation
    kept: KeptPlan | None
    stranded: tuple[str, ...]
    asked: Mapping[str, str]
    since_ms: int
    now_ms: int


class AtRisk:
    """What the store knows of orders at risk, for one partition."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def look(self, ids: Sequence[str], late_after_ms: int) -> list[OrderAtRisk]:
        """Return which of some reservations are at risk, or somebody was asked about.

        Each is of one moment, by itself.

        Args:
            ids: At most `ORDERS_PER_CALL_MAX`; those that nobody made any more count as no risk.
            late_after_ms: An order is late so long after its ship-by moment.
        """
        assert len(ids) <= ORDERS_PER_CALL_MAX
        found: list[OrderAtRisk] = []
        while ids:
            looked_at, some = await self._look(ids, late_after_ms)
            found += some
            ids = ids[looked_at:]
        return found

    async def _look(self, ids: Sequence[str], late_after_ms: int) -> tuple[int, list[OrderAtRisk]]:
        """Look at as many as one script may; return how many these were."""
        now_ms = self._runner.clock()
        answer = await self._runner.read("find_at_risk", now_ms, late_after_ms, pack(ids))
        at_ms, looked_at, found = _decode_found(answer.packed)
        return looked_at, [
            OrderAtRisk(
                reservation=reservation.without_capacities(),
                kept=kept_plan(raw),
                stranded=tuple(stranded),
                asked=_asked(raw),
                since_ms=int(since_ms),
                now_ms=int(at_ms),
            )
            for (reservation, stranded, since_ms), raw in zip(found, answer.raw[0], strict=True)
        ]

    async def overcommitted(self, start: int) -> list[str]:
        """Return overcommitted positions from a rank on, as `location:SKU`; few at a time."""
        last = start + POSITIONS_PER_CALL_MAX - 1
        key = self._runner.partition.overcommitted
        found = await self._runner.connection.execute("ZRANGE", key, start, last)
        return [position.decode() for position in found]

    async def short(self, positions: Sequence[str]) -> list[str]:
        """Return on whom the shortage of some positions falls, at most a few positions."""
        assert len(positions) <= POSITIONS_PER_CALL_MAX
        answer = await self._runner.read("find_short", self._runner.clock(), pack(positions))
        ids: list[str] = answer.body
        return ids

    async def confirmed(self, after: int) -> list[tuple[str, int]]:
        """Return confirmed orders with their numbers, the oldest behind a number first."""
        key = self._runner.partition.index("s:CONFIRMED")
        command = ("ZRANGEBYSCORE", key, f"({after}", "+inf", "WITHSCORES", "LIMIT", 0)
        found = await self._runner.connection.execute(*command, ORDERS_PER_CALL_MAX)
        return [(name.decode(), int(number)) for name, number in found]

    async def relieve(self, reservation_id: str, causes: Collection[str]) -> int:
        """Note that nobody need decide about an order for these causes; return how many were."""
        answer = await self._runner.run("relieve", reservation_id, pack(list(causes)), keeps=False)
        return int(answer.body)

    async def is_dropped(self, position: str) -> bool:
        """Tell whether the ledger has dropped entries behind a position."""
        key = self._runner.partition.ledger
        first = await self._runner.connection.execute("XRANGE", key, "-", "+", "COUNT", 1)
        return bool(first) and _place(first[0][0].decode()) > _place(position)


def _asked(raw: Sequence[bytes]) -> dict[str, str]:
    """Return what was noted by cause, of fields and values in turn."""
    return {
        field.removeprefix(_ESCALATED).decode(): value.decode()
        for field, value in zip(raw[::2], raw[1::2], strict=True)
        if field.startswith(_ESCALATED)
    }


def _place(position: str) -> tuple[int, int]:
    at_ms, _, number = position.partition("-")
    return int(at_ms), int(number)
