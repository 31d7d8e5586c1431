"""Sources as Redis streams, one each, read by all workers as one consumer group.

Decisions

*Streams with a backlog are read in turn, the others are asked together.* A read that waits names
all quiet streams and takes one entry of each; who answers has a backlog, is read alone, as much as
a batch may hold, and stays in the turn until a read brings less than was asked for.

*What was delivered twice is applied alone*, one entry at a time and claimed one at a time: should
it end the worker, only its own count of deliveries grows, and innocent neighbours are not given up.

*Nothing that is in hand is claimed by this process.* Another worker may claim it, after a pause of
ours or of the store; the script applies what is still pending, so one of the two finds it gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from sellable.errors import BugError, Overloaded, StoreUnavailable
from sellable.ingest.discovery import Discovery
from sellable.ingest.entries import EntryBatch, InHand, Reading, entry_of
from sellable.ingest.pause import Pause
from sellable.ingest.sizing import Sizing
from sellable.store.feeds import GROUP
from sellable.store.replies import GroupExists, GroupMissing
from sellable.store.scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.ingest.source import Batch
    from sellable.store.connection import Connection
    from sellable.store.keys import Partition
    from sellable.store.wire import Command

BLOCK_MS: Final = 500  # also how long a stop waits for a read that is under way
_STREAMS_PER_READ: Final = 64
_QUIET_LOOK_S: Final = 0.1
_CLAIMS_PER_LOOK: Final = 100
_CLAIM_LOOKS: Final = 4  # within the time after which entries may be claimed
_FORGET_AFTER: Final = 20  # consumers that were silent so many times as long are removed

_log: Final = structlog.get_logger("sellable.ingest")


@dataclass(slots=True)
class _Stream:
    """A stream that is read: how much of it at once, what is in hand, and if there is more."""

    source: str
    key: str
    sizing: Sizing
    in_hand: InHand = field(default_factory=set)
    busy: bool = False


class RedisStreams:
    """Every stream of a store that a worker reads.

    Args:
        connection: Of its own: it is blocked while there is nothing to read.
        patterns: Which sources, as `Discovery` takes them; none: all.
        batch_rows: About how many rows to read at once.
        claim_after_ms: What was not finished for so long is another worker's.
        tries_max: What was delivered more often is given up.
    """

    at_once = 2

    def __init__(
        self,
        connection: Connection,
        partition: Partition,
        patterns: Sequence[str],
        *,
        batch_rows: int,
        claim_after_ms: int,
        tries_max: int,
    ) -> None:
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._connection = connection
        self._partition = partition
        self._discovery = Discovery(connection, partition, patterns)
        self._streams: dict[str, _Stream] = {}
        self._batch_rows = batch_rows
        self._claim_after_ms = claim_after_ms
        self._block_ms = min(BLOCK_MS, claim_after_ms)
        self._tries_max = tries_max
        self._claim_at = 0.0
        self._quiet_at = 0.0
        self._forget_at = 0.0

    async def batches(self, stopping: asyncio.Event) -> AsyncIterator[Batch]:
        pause = Pause(stopping)
        while not stopping.is_set():
            try:
                await self._discover()
                if not self._streams:
                    await pause.wait(BLOCK_MS / 1000)
                    continue
                async for batch in self._round(stopping):
                    yield batch
                pause.reset()
            except GroupMissing:
                self._streams.clear()  # a stream was deleted: look again which there are
                await pause.longer()
            except (StoreUnavailable, Overloaded):
                await pause.longer()
            except BugError:
                _log.exception("streams_not_read", streams=len(self._streams))
                self._streams.clear()
                await pause.longer()

    async def _round(self, stopping: asyncio.Event) -> AsyncIterator[Batch]:
        """Give what others left, then one read of each stream that has a backlog."""
        async for batch in self._claimed(stopping):
            yield batch
        for stream in [stream for stream in self._streams.values() if stream.busy]:
            if stopping.is_set():
                return
            for batch in await self._read([stream], stream.sizing.count):
                yield batch
        busy = any(stream.busy for stream in self._streams.values())
        now = asyncio.get_running_loop().time()
        if stopping.is_set() or (busy and now < self._quiet_at):
            return
        self._quiet_at = now + _QUIET_LOOK_S
        quiet = [stream for stream in self._streams.values() if not stream.busy]
        parts = [
            quiet[at : at + _STREAMS_PER_READ] for at in range(0, len(quiet), _STREAMS_PER_READ)
        ]
        for part in parts:
            if stopping.is_set():
                return
            for batch in await self._read(part, 1, 0 if busy else self._block_ms // len(parts)):
                yield batch

    async def _discover(self) -> None:
        if not self._discovery.due:
            return
        found = await self._discovery.look()
        for gone in self._streams.keys() - set(found):
            del self._streams[gone]
        for source in found:
            if source in self._streams:
                continue
            key = self._partition.waiting(source)
            groups = await self._connection.execute("XINFO", "GROUPS", key)
            if not any(group[b"name"] == GROUP.encode() for group in groups):
                with contextlib.suppress(GroupExists):  # another worker was first
                    await self._connection.execute("XGROUP", "CREATE", key, GROUP, "0")
            self._streams[source] = _Stream(source, key, Sizing(self._batch_rows))
            _log.info("source_found", source=source)

    async def _read(
        self, streams: Sequence[_Stream], count: int, block_ms: int = 0
    ) -> list[EntryBatch]:
        keys = [stream.key for stream in streams]
        block: Command = ("BLOCK", max(block_ms, 1)) if block_ms else ()
        after = [">"] * len(keys)
        told = await self._connection.execute(
            *("XREADGROUP", "GROUP", GROUP, self.consumer, "COUNT", count, *block),
            *("STREAMS", *keys, *after),
        )
        by_key = {stream.key.encode(): stream for stream in streams}
        batches = []
        for stream in streams:
            stream.busy = False
        for key, entries in (told or {}).items():
            stream = by_key[key]
            readings = [entry_of(raw, stream.source) for raw in entries]
            stream.busy = len(readings) == count
            stream.sizing.note(
                max(len(reading.entry.rows) for reading in readings),
                max(reading.size for reading in readings),
            )
            batches.append(self._batch(stream, readings))
        return batches

    def _batch(
        self, stream: _Stream, readings: Sequence[Reading], deliveries: int = 1
    ) -> EntryBatch:
        entries = [reading.entry for reading in readings]
        stream.in_hand.update(entry.id for entry in entries)
        return EntryBatch(
            stream.source, entries, stream.in_hand, deliveries=deliveries, tries_max=self._tries_max
        )

    async def _claimed(self, stopping: asyncio.Event) -> AsyncIterator[EntryBatch]:
        """Give entries that nobody finished, one by one, and forget consumers that are gone."""
        now = asyncio.get_running_loop().time()
        if now < self._claim_at:
            return
        self._claim_at = now + self._claim_after_ms / 1000 / _CLAIM_LOOKS
        streams = list(self._streams.values())
        idle_ms = self._claim_after_ms
        pending = await self._connection.pipeline(
            [
                ("XPENDING", s.key, GROUP, "IDLE", idle_ms, "-", "+", _CLAIMS_PER_LOOK)
                for s in streams
            ]
        )
        for stream, found in zip(streams, pending, strict=True):
            if isinstance(found, Exception):
                raise found
            if len(found) == _CLAIMS_PER_LOOK:
                self._claim_at = now  # there are more
            if found:
                # A store that is full lets claim and lets nothing be applied: that costs no tries.
                await self._connection.execute(
                    "XGROUP", "CREATECONSUMER", stream.key, GROUP, self.consumer
                )
            for raw_id, _, _, deliveries in found:
                if stopping.is_set():
                    return
                entry_id = raw_id.decode()
                if entry_id not in stream.in_hand:
                    for batch in await self._claim(stream, entry_id, deliveries):
                        yield batch
        await self._forget_consumers(streams, now)

    async def _claim(self, stream: _Stream, entry_id: str, deliveries: int) -> list[EntryBatch]:
        """Take one entry over, unless somebody else just did; an entry deleted is gone."""
        entries: Sequence[Any] = await self._connection.execute(
            "XCLAIM", stream.key, GROUP, self.consumer, self._claim_after_ms, entry_id
        )
        readings = [entry_of(raw, stream.source) for raw in entries if raw is not None]
        return [self._batch(stream, readings, deliveries + 1)] if readings else []

    async def _forget_consumers(self, streams: Sequence[_Stream], now: float) -> None:
        """Remove workers that are gone for long and left nothing; what is pending keeps one."""
        silent_ms = _FORGET_AFTER * self._claim_after_ms
        if now < self._forget_at:
            return
        self._forget_at = now + silent_ms / 1000 / _CLAIM_LOOKS
        for stream in streams:
            await self._connection.script(
                SCRIPTS["forget_consumers"],
                (self._partition.net,),
                (stream.source, silent_ms, self.consumer),
            )
