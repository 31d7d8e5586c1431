"""Runs scripts: adds the arguments that all share and decodes the answer.

Three answers mean "first do a bounded part of the work, then ask again": the runner does so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.errors import BugError, StoreUnavailable
from sellable.store.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.replicated import ReplicatedWrites
    from sellable.store.replies import Reply
    from sellable.store.wire import Command

_SKUS_PER_REFRESH: Final = 40  # more names than a script sees to only cost their unpacking
_REFRESHES_AT_ONCE: Final = 4
REFRESH_WORK_MAX: Final = 250  # positions and markets: about 1 ms of the engine
_TRIES_MAX: Final = 20

# Scripts that may write, but acknowledge nothing: readers, who do not wait, and upkeep that is done
# again where it is lost. Every other one is answered by `writes`.
_UNACKNOWLEDGED: Final = frozenset(
    {
        *("explain", "get_reservation", "list_positions", "list_reservations", "sync_check"),
        *("advance_rollout", "expire", "purge", "refresh", "switch_network"),
    }
)

_decode: Final = msgspec.msgpack.Decoder().decode
pack: Final = msgspec.msgpack.Encoder().encode


def raw(value: bytes) -> msgspec.Raw:
    """Give bytes the form in which scripts take them: their MessagePack knows texts only."""
    return msgspec.Raw(b"\xdb" + len(value).to_bytes(4, "big") + value)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script answered: outcome, packed body, and the ledger position that it includes.

    `raw` is what a script hands over as the engine gave it, because packing would take longer.
    """

    outcome: str
    packed: bytes
    position: str = ""
    raw: Sequence[Any] = ()

    @property
    def body(self) -> Any:
        """The body as plain values."""
        return _decode(self.packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much is kept: closed reservations, request ids and facts; and the ledger's length."""

    retention_ms: int
    ledger_entries_max: int


def engine_clock() -> int:
    """Let the engine's clock decide; tests hand in a clock of their own."""
    return 0


class Runner:
    """The scripts of one partition.

    Args:
        connection: Where to ask.
        partition: Whose keys.
        retention: How much is kept.
        clock: The time in ms; 0 is the engine's.
        writes: Where writes that are acknowledged go, if elsewhere.
    """

    def __init__(
        self,
        connection: Connection,
        partition: Partition,
        retention: Retention,
        clock: Callable[[], int] = engine_clock,
        writes: ReplicatedWrites | None = None,
    ) -> None:
        self.connection = connection
        self._writes = writes or connection
        self.partition = partition
        self.retention = retention
        self.clock = clock

    async def run(self, name: str, *args: bytes | str | int, keeps: bool = True) -> Answer:
        """Run one script once; `keeps` scripts are told the retention."""
        common: tuple[bytes | str | int, ...] = (self.clock(), self.retention.ledger_entries_max)
        if keeps:
            common = (*common, self.retention.retention_ms)
        return await self._call(name, (*common, *args))

    async def read(self, name: str, *args: bytes | str | int) -> Answer:
        """Run a script that writes nothing and knows no time."""
        return await self._call(name, args)

    async def read_raw(self, name: str, *args: bytes | str | int) -> list[Any]:
        """Run a reading script whose body is plain reply values, bytes and integers."""
        script = SCRIPTS[name]
        reply = await self.connection.script(script, (self.partition.net,), args)
        body: list[Any] = reply[1]
        return body

    async def read_stage(self, name: str, stage: str, *args: bytes | str | int) -> Answer:
        """Run a script that writes nothing on a network that is only staged."""
        return await self._call(name, args, stage)

    async def change(self, commands: Sequence[Command]) -> list[Reply]:
        """Send plain commands whose effect is acknowledged; return their replies.

        Without any, what is acknowledged was done before: it may only have to reach the replicas.

        Raises:
            StoreUnavailable: Of the first that was refused.
        """
        replies = await self._writes.pipeline(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def run_settled(self, name: str, *args: bytes | str | int) -> Answer:
        """Run a script until it needs no refresh and no more expiries first.

        Raises:
            StoreUnavailable: The network changed faster than the SKUs could be recomputed.
        """
        for _ in range(_TRIES_MAX):
            answer = await self.run(name, *args)
            if answer.outcome == "STALE":
                await self.refresh(answer.body)
            elif answer.outcome == "MORE_DUE":
                for sku in answer.body:
                    await self.expire_all(sku)
            else:
                return answer
        raise StoreUnavailable("the network keeps changing under this request; try again")

    async def ledger_position(self) -> str:
        """Return the position of the youngest entry of the ledger."""
        last = await self.connection.execute(
            "XREVRANGE", self.partition.ledger, "+", "-", "COUNT", 1
        )
        return last[0][0].decode() if last else "0-0"

    async def now_ms(self) -> int:
        """Return the time of the store: the engine's, or the one handed in."""
        handed_in = self.clock()
        if handed_in:
            return handed_in
        seconds, microseconds = await self.connection.execute("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def refresh(self, skus: Sequence[str]) -> int:
        """Recompute those SKUs that are behind; return the epoch that all are at least at.

        A network that is to be switched by itself is switched first, also without any SKU.
        """
        # A few scripts are on their way at once, so that the engine need not wait for this process.
        left = list(dict.fromkeys(skus))
        parts = [left[at : at + _SKUS_PER_REFRESH] for at in range(0, len(left), _SKUS_PER_REFRESH)]
        lowest = await self._refresh_part(parts[0] if parts else [])
        for at in range(1, len(parts), _REFRESHES_AT_ONCE):
            together = map(self._refresh_part, parts[at : at + _REFRESHES_AT_ONCE])
            lowest = min(lowest, *await asyncio.gather(*together))
        return lowest

    async def _refresh_part(self, skus: Sequence[str]) -> int:
        seen, lowest = await self.refresh_some(skus, REFRESH_WORK_MAX)
        while seen < len(skus):
            skus = skus[seen:]
            seen, epoch = await self.refresh_some(skus, REFRESH_WORK_MAX)
            lowest = min(lowest, epoch)
        return lowest

    async def refresh_some(self, skus: Sequence[str], work_max: int) -> tuple[int, int]:
        """Recompute what one script may of these SKUs; return how many it saw to, and the epoch.

        Raises:
            StoreUnavailable: The network is to be switched again and again.
        """
        request = pack({"work_max": work_max, "skus": skus[:_SKUS_PER_REFRESH]})
        for _ in range(_TRIES_MAX):
            answer = await self.run("refresh", request)
            if answer.outcome == "DONE":
                seen, epoch = answer.body
                return int(seen), int(epoch)
            await self.switch()
        raise StoreUnavailable("the network keeps changing under this request; try again")

    async def switch(self) -> int:
        """Make every change of the network that is due by itself; return how many were made."""
        made: int = 0
        while True:
            answer = await self.run("switch_network", keeps=False)
            made += answer.body
            if answer.outcome == "DONE":
                return made

    async def expire(self, sku: str = "") -> tuple[int, bool]:
        """Give back what about 40 overdue holds took; return how many, and if more are due."""
        count, more = (await self.run("expire", sku)).body
        return count, bool(more)

    async def expire_all(self, sku: str = "") -> int:
        """Give back everything that is due, by bounded calls; return how many holds that was."""
        expired, more = 0, True
        while more:
            count, more = await self.expire(sku)
            expired += count
        return expired

    async def _call(
        self, name: str, args: Sequence[bytes | str | int], network: str = ""
    ) -> Answer:
        script = SCRIPTS[name]
        acknowledged = script.writes and name not in _UNACKNOWLEDGED
        over = self._writes if acknowledged else self.connection
        reply = await over.script(script, (network or self.partition.net,), args)
        position = reply[2].decode() if reply[2:] else ""
        answer = Answer(reply[0].decode(), reply[1], position, reply[3:])
        if answer.outcome not in script.outcomes:
            raise BugError(f"script {name} answered {answer.outcome}")
        return answer
