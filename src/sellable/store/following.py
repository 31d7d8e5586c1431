"""Following the ledger, for workers that act on what it tells: in order, and none of it lost.

Decisions

*A worker may die at any line.* What it does to an order is one script, and that script itself knows
a repeat: a move by its request id, which is made of how often the order was sourced; an escalation
by its cause. The follower's position moves only behind entries that were seen to. So whoever comes
next sees some entries again, and does nothing twice.

*A claim only saves work.* Of two workers that plan for one order at once, the second would lose the
race and plan for nothing. The claim lapses by itself, so one that dies keeps nobody waiting long.

*Nobody blocks.* The connection is everybody's, so a reader that waits asks again after a moment.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from sellable.store.runner import Runner

ENTRIES_PER_PAGE_MAX: Final = 1_000
BEGINNING: Final = "0-0"
_ASK_EVERY_S: Final = 0.1
_POSITION: Final = re.compile(r"\d{1,20}-\d{1,20}")

_decode: Final = msgspec.msgpack.Decoder().decode


class Entry(NamedTuple):
    """One change: `quantity` is signed, `source` of an escalation is its cause."""

    position: str
    kind: str
    sku: str
    location: str
    quantity: int
    reservation_id: str
    source: str
    at_ms: int


class Due(NamedTuple):
    """An open order, and when its goods should have left, or since when a person must decide."""

    reservation_id: str
    at_ms: int


class Follower:
    """One follower of the ledger; any number of workers may share its name.

    Args:
        runner: The scripts of the partition.
        name: Who follows.
        worker: Which of its workers this is; no other one has this name.
    """

    def __init__(self, runner: Runner, name: str, worker: str) -> None:
        self._runner = runner
        self._name = name
        self._worker = worker

    async def position(self) -> str:
        """Return the last entry that was seen to; `BEGINNING` where none ever was."""
        key = self._runner.partition.follower(self._name)
        kept = await self._runner.connection.execute("GET", key)
        return kept.decode() if kept else BEGINNING

    async def advance(self, begun_at: str, seen_to: str) -> str:
        """Move on from where this worker began to read; return where the follower is now.

        Where another worker has moved it meanwhile, it stays where that one left it.
        """
        begun_at = "" if begun_at == BEGINNING else begun_at
        args = (self._name, begun_at, seen_to)
        answer = await self._runner.run("follow_ledger", *args, keeps=False)
        return str(answer.body) or BEGINNING

    async def page(self, after: str, count: int = 100, *, wait_ms: int = 0) -> list[Entry]:
        """Return up to `count` entries behind a position, in order.

        Where there is none yet, wait for at most `wait_ms`. Entries that the bound of the ledger
        has already dropped are not told: what is at risk is also found by `overdue`.
        """
        assert _POSITION.fullmatch(after)
        assert 0 < count <= ENTRIES_PER_PAGE_MAX
        tries = 1 + int(wait_ms / 1000 / _ASK_EVERY_S)
        key = self._runner.partition.ledger
        for _ in range(tries):
            found = await self._runner.connection.execute(
                "XRANGE", key, f"({after}", "+", "COUNT", count
            )
            if found or tries == 1:
                break
            await asyncio.sleep(_ASK_EVERY_S)
        return [_entry(position, fields) for position, fields in found]

    async def claim(self, reservation_id: str, lease_ms: int) -> bool:
        """Say that this worker sees to an order now; False where another one does."""
        command = ("SET", self._lease(reservation_id), self._worker, "NX", "PX", lease_ms)
        return await self._runner.connection.execute(*command) is not None

    async def give_up(self, reservation_id: str) -> None:
        """Let others see to an order again; a claim that has lapsed is nobody's."""
        connection, key = self._runner.connection, self._lease(reservation_id)
        if await connection.execute("GET", key) == self._worker.encode():
            await connection.execute("DEL", key)

    def _lease(self, reservation_id: str) -> str:
        return self._runner.partition.lease(f"{self._name}:{reservation_id}")


async def overdue(runner: Runner, until_ms: int, *, after: Due | None = None) -> list[Due]:
    """Return open planned orders that should ship by a moment, the earliest first.

    At most 100, behind `after` where one is given; fewer mean that there are no more.
    """
    return await _ranked(runner, runner.partition.ship_by, until_ms, after, 100)


async def escalated(runner: Runner, *, after: Due | None = None, count: int = 100) -> list[Due]:
    """Return open orders that a person must decide about, and since when.

    At most `count`, the one that waits longest first; fewer mean that there are no more.
    """
    return await _ranked(runner, runner.partition.escalated, "+inf", after, count)


async def _ranked(
    runner: Runner, key: str, until_ms: int | str, after: Due | None, count: int
) -> list[Due]:
    start = after.at_ms if after else "-inf"
    found: list[Due] = []
    skipped = 0
    while len(found) < count:
        command = ("ZRANGEBYSCORE", key, start, until_ms, "WITHSCORES", "LIMIT", skipped, count)
        page = [_due(pair) for pair in await runner.connection.execute(*command)]
        found += [due for due in page if after is None or _rank(due) > _rank(after)]
        skipped += len(page)
        if len(page) < count:
            break
    return found[:count]


def _rank(due: Due) -> tuple[int, bytes]:
    return due.at_ms, due.reservation_id.encode()


def _due(pair: tuple[bytes, float]) -> Due:
    return Due(pair[0].decode(), int(pair[1]))


def _entry(position: bytes, fields: list[bytes]) -> Entry:
    kind, sku, location, quantity, reservation_id, source, at_ms, _ = _decode(fields[1])
    return Entry(
        position.decode(), kind, sku, location, int(quantity), reservation_id, source, int(at_ms)
    )
