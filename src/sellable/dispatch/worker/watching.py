"""Where orders at risk are looked for: in what the ledger tells, and in the indexes.

Decisions

*The ledger only says where to look.* What is wrong is read from the store as it is, so an entry
that is seen twice, or late, or by two workers, does no harm.

*The indexes say all of it, the ledger says it soon.* What is overcommitted, late or escalated is
looked through again and again; so nothing is lost with entries that the ledger has dropped. Orders
at a location that was disabled are in no index of their own: they are looked for among all
confirmed ones, when the network changes, and when entries were dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.store.at_risk import ORDERS_PER_CALL_MAX, POSITIONS_PER_CALL_MAX
from sellable.store.following import escalated, overdue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sellable.store.following import Due, Entry
    from sellable.store.store import Store

_BY_TIME: Final = "staleness"  # a feed that falls silent disables no location


class Watching:
    """Finds reservations that may be orders at risk, in lists of at most 100."""

    def __init__(self, store: Store) -> None:
        self._runner = store.runner
        self._at_risk = store.at_risk

    async def told(self, entries: Sequence[Entry]) -> AsyncIterator[list[str]]:
        """Yield those that entries of the ledger give reason to look at."""
        positions, ids, all_of_them = _hints(entries)
        for part in _parts(positions, POSITIONS_PER_CALL_MAX):
            for few in _parts(await self._at_risk.short(part), ORDERS_PER_CALL_MAX):
                yield few
        for few in _parts(ids, ORDERS_PER_CALL_MAX):
            yield few
        if all_of_them:
            async for few in self.confirmed():
                yield few

    async def indexed(self, late_after_ms: int) -> AsyncIterator[list[str]]:
        """Yield those that are short, overdue, or that a person was asked about."""
        start = 0
        while positions := await self._at_risk.overcommitted(start):
            start += len(positions)
            for few in _parts(await self._at_risk.short(positions), ORDERS_PER_CALL_MAX):
                yield few
        last: Due | None = None
        until_ms = await self._runner.now_ms() - late_after_ms
        while page := await overdue(self._runner, until_ms, after=last):
            last = page[-1]
            yield [due.reservation_id for due in page]
        last = None
        while page := await escalated(self._runner, after=last):
            last = page[-1]
            yield [due.reservation_id for due in page]

    async def confirmed(self) -> AsyncIterator[list[str]]:
        """Yield every confirmed order, the oldest first."""
        after = 0
        while page := await self._at_risk.confirmed(after):
            after = page[-1][1]
            yield [reservation_id for reservation_id, _ in page]


def _hints(entries: Iterable[Entry]) -> tuple[list[str], list[str], bool]:
    """Return positions that are short, orders to look at, and whether to look at all orders."""
    positions: dict[str, None] = {}
    ids: dict[str, None] = {}
    all_of_them = False
    for entry in entries:
        if entry.kind == "OVERCOMMITTED":
            positions[f"{entry.location}:{entry.sku}"] = None
        elif entry.kind in {"CONFIRMED", "ESCALATED"}:
            ids[entry.reservation_id] = None
        elif entry.kind == "NETWORK" and not entry.sku and entry.source != _BY_TIME:
            all_of_them = True
    return list(positions), list(ids), all_of_them


def _parts(names: list[str], size: int) -> list[list[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]
