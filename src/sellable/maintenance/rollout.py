"""The roll-out: recomputes, in the background, the SKUs that a network change can alter.

Until it is through, readers and writers recompute what they meet, so it decides how fast reads
are, never what they answer. One process at a time holds the lease; a second one would only do the
same work twice. A location is struck off only under the epoch at which its walk began, so a change
during the walk makes it walk again.

It also makes the changes that come by themselves, dated ones and those of silent feeds: any
process may, and the script makes each once. Whoever reads or reserves first at that moment does the
same, so this only serves those who look at the ledger.

*The walk rests.* Each call is of less than a millisecond of the engine, and after it the walk waits
six times as long as the call took, so what others ask for finds the engine free, and a busy
engine slows the walk down.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Final, NoReturn

import structlog

from sellable.errors import BugError, Overloaded, StoreUnavailable

if TYPE_CHECKING:
    from sellable.store.runner import Runner

_SKUS_PER_SCAN: Final = 500
_WORK_PER_CALL: Final = 120
_REST: Final = 6
_REST_S_MAX: Final = 0.05
_LEASE_MS: Final = 5_000
_INTERVAL_S: Final = 0.2

_log: Final = structlog.get_logger(__name__)


class Rollout:
    """One process's part in rolling out network changes."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._me = secrets.token_hex(8)

    async def run(self) -> NoReturn:
        """Roll out for ever; a store that is lost or busy is tried again."""
        while True:
            try:
                await self.step()
            except (StoreUnavailable, Overloaded) as problem:
                _log.debug("rollout_skipped", problem=str(problem))
            except BugError:
                _log.exception("rollout_failed")
            await asyncio.sleep(_INTERVAL_S)

    async def step(self) -> bool:
        """Make what is due, and roll out all that is pending, if nobody else does.

        Returns whether all is done.
        """
        connection, partition = self._runner.connection, self._runner.partition
        await self._switch()
        while pending := await connection.execute("ZRANGE", partition.pending, 0, 0):
            if not await self._lead():
                return False
            location = pending[0].decode()
            count = await self._walk(location)
            _log.info("rolled_out", location=location, skus=count)
        return True

    async def _switch(self) -> None:
        runner = self._runner
        next_ms = await runner.connection.execute("HGET", runner.partition.net, "next_ms")
        if next_ms is None or await runner.now_ms() < int(next_ms):
            return
        made = await runner.switch()
        if made:
            _log.info("network_switched", changes=made)

    async def _lead(self) -> bool:
        connection, key = self._runner.connection, self._runner.partition.lease("rollout")
        if await connection.execute("SET", key, self._me, "NX", "PX", _LEASE_MS) is not None:
            return True
        if await connection.execute("GET", key) != self._me.encode():
            return False
        await connection.execute("PEXPIRE", key, _LEASE_MS)
        return True

    async def _walk(self, location: str) -> int:
        connection, partition = self._runner.connection, self._runner.partition
        epoch = int(await connection.execute("HGET", partition.net, "epoch"))
        traffic = connection.traffic
        reconnects = traffic.reconnects
        cursor, count = b"0", 0
        while True:
            cursor, skus = await connection.execute(
                "SSCAN", partition.location(location), cursor, "COUNT", _SKUS_PER_SCAN
            )
            if traffic.reconnects != reconnects:
                # A store that was started again orders its keys anew: the cursor would skip some.
                reconnects, cursor = traffic.reconnects, b"0"
                continue
            await self._refresh([sku.decode() for sku in skus])
            count += len(skus)
            last = cursor == b"0"
            await self._runner.run(
                "advance_rollout", location if last else "", epoch, len(skus), keeps=False
            )
            if last:
                return count
            await self._lead()

    async def _refresh(self, skus: list[str]) -> None:
        while skus:
            begun_s = time.perf_counter()
            seen, _ = await self._runner.refresh_some(skus, _WORK_PER_CALL)
            skus = skus[seen:]
            await asyncio.sleep(min(_REST_S_MAX, _REST * (time.perf_counter() - begun_s)))
