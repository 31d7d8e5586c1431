"""What a network document would do to every number, against the stock of this moment.

The document is staged as if it were to be applied, each SKU that it can alter is recomputed under
it in a working copy, and the stage is dropped. The walk makes calls of bounded work and rests after
each three times as long as it took, so that readers find the engine free.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from sellable import network as documents
from sellable.errors import StoreUnavailable
from sellable.network import NetworkAt
from sellable.store import staging
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from sellable.network import Network
    from sellable.store.runner import Runner

_SKUS_PER_SCAN: Final = 300
_SKUS_PER_REFRESH: Final = 20
_WORK_PER_CALL: Final = 200
_REST: Final = 3
_REST_S_MAX: Final = 0.05
_TRIES_MAX: Final = 5
_COUNTS: Final = 5  # numbers of a market in an answer

Base: TypeAlias = "Callable[[], Awaitable[tuple[staging.Base, NetworkAt | None]]]"


class MarketPreview(Struct, kw_only=True):
    """What becomes of one market: SKUs that enter and leave sale or change, units up and down."""

    market: str
    entering: int = 0
    leaving: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0


class Preview(Struct, frozen=True, kw_only=True):
    """How far the comparison is; the last one is done and has the result."""

    checked: int
    fraction: float
    done: bool = False
    version: int = 0
    changes: list[str] = []
    markets: list[MarketPreview] = []


class _OtherVersion(Exception):
    """Another version came in force meanwhile."""


async def preview(runner: Runner, base: Base, new: Network) -> AsyncGenerator[Preview, None]:
    """Compare every SKU that a network can alter; a new version in between begins it again.

    Raises:
        InvalidNetwork: Its dated changes are too many, or too large.
        StoreUnavailable: The store is lost, or the network keeps changing.
    """
    for _ in range(_TRIES_MAX):
        await runner.refresh([])  # what is due by itself does not count as a change
        in_force, old = await base()
        at = NetworkAt(new, await runner.now_ms())
        made = await asyncio.to_thread(staging.plan, old, at)
        comparison = _Comparison(runner, in_force.version, made)
        try:
            async for progress in comparison.run():
                yield progress
        except _OtherVersion:
            continue
        yield Preview(
            checked=comparison.checked,
            fraction=1.0,
            done=True,
            version=in_force.version,
            changes=documents.changes(old.network if old else None, new),
            markets=comparison.result(),
        )
        return
    raise StoreUnavailable("the network keeps changing under this preview; try again")


class _Comparison:
    """One walk over the SKUs of the locations that a plan can alter.

    It remembers the names of those that it has seen, about 100 MB for a million of them: a SKU
    counts once, wherever it lies.
    """

    def __init__(self, runner: Runner, version: int, made: staging.Plan) -> None:
        self.checked = 0
        self._runner = runner
        self._version = version
        self._made = made
        self._old = made.old.network if made.old else None
        self._seen: set[bytes] = set()
        self._markets: dict[str, MarketPreview] = {}
        self._stage = ""
        self._silent = False

    def result(self) -> list[MarketPreview]:
        """Return the markets where a number would change, by channel and country."""
        changed = [market for market in self._markets.values() if market.changed]
        return sorted(changed, key=lambda market: market.market.split("/"))

    async def run(self) -> AsyncGenerator[Preview, None]:
        """Stage the network, compare, and drop it again."""
        runner, made = self._runner, self._made
        _, silent = staging.heard_and_silent(self._old, made.new.network)
        self._silent = bool(silent)
        self._stage = await staging.stage(
            runner,
            staging.stage_fields(made, dict.fromkeys(made.compiled.markets, 0))
            | {f"s:{location}": str(after_ms).encode() for location, after_ms in silent},
        )
        try:
            async for progress in self._walk(sorted(made.pending)):
                yield progress
        finally:
            await runner.connection.execute("UNLINK", self._stage)

    async def _walk(self, locations: list[str]) -> AsyncGenerator[Preview, None]:
        connection, partition = self._runner.connection, self._runner.partition
        total = 0
        for location in locations:
            total += await connection.execute("SCARD", partition.location(location))
        looked_at = 0
        for location in locations:
            cursor: bytes | None = None
            while cursor != b"0":
                cursor, skus = await connection.execute(
                    "SSCAN", partition.location(location), cursor or 0, "COUNT", _SKUS_PER_SCAN
                )
                await connection.execute("EXPIRE", self._stage, staging.STAGE_SECONDS)
                fresh = set(skus) - self._seen
                self._seen |= fresh
                await self._compare([sku.decode() for sku in fresh])
                self.checked += len(fresh)
                looked_at += len(skus)
                yield Preview(checked=self.checked, fraction=min(0.99, looked_at / max(1, total)))

    async def _compare(self, skus: list[str]) -> None:
        runner = self._runner
        while skus:
            begun_s = time.perf_counter()
            request = {
                "version": self._version,
                "work_max": _WORK_PER_CALL,
                "skus": skus,
                "silent": self._silent,
            }
            answer = await runner.read_stage(
                "preview_network", self._stage, runner.clock(), pack(request)
            )
            if answer.outcome == "CONFLICT":
                raise _OtherVersion
            if answer.outcome == "STALE":
                # The first was behind, so those beside it will be.
                await runner.refresh(skus[:_SKUS_PER_REFRESH])
                continue
            seen, *rows = answer.body
            skus = skus[seen:]
            self._add(rows)
            await asyncio.sleep(min(_REST_S_MAX, _REST * (time.perf_counter() - begun_s)))

    def _add(self, rows: list[str | int]) -> None:
        for at in range(0, len(rows), 1 + _COUNTS):
            name, *counts = rows[at : at + 1 + _COUNTS]
            known = self._markets.setdefault(str(name), MarketPreview(market=str(name)))
            entering, leaving, changed, added, removed = map(int, counts)
            known.entering += entering
            known.leaving += leaving
            known.changed += changed
            known.added += added
            known.removed += removed
