"""Writes that are acknowledged once N replicas have them: one WAIT a batch.

Decisions

*A connection of their own.* `WAIT` blocks the connection that sends it, so reads keep theirs. It
has to be the one that wrote: another one may lead to another server after a failover, whose
replicas tell nothing about the write. Reads and writes ask the same primary, as either connection
takes the other along when it is lost; so a read after an acknowledged write sees it, and the
positions in revisions are of one ledger.

*One batch is under way, and the next one collects.* The engine does not read on behind a `WAIT`,
so batches sent meanwhile would only queue there, each with a wait of its own. With a replica that
answers, the rate is the same either way: 2,000 to 3,400 reservations a second at 128 in flight on
two busy cores; but where they come apart 64 writes share a `WAIT`, against 9. With one that hangs,
128 writes 2 ms apart and a `WAIT` of 200 ms, the last is answered after 0.6 s, against 22 s. (All
measured; `loadtests/replica_wait.py` repeats what is about one batch at a time.)

*A mark before each `WAIT`.* `WAIT` covers what its own connection wrote, and nothing where that was
nothing: a repeated call writes nothing, and its first reply may have been lost with another
connection. The mark is a write behind everything that the primary did before, so that one rule
covers replays, calls whose effect was reached already, and rows that changed nothing.

*Refusals do not wait.* They promise nothing that a failover could break.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sellable.errors import DurabilityNotReached, Overloaded, SellableError
from sellable.store.replies import ScriptMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.connection import Connection
    from sellable.store.replies import Reply
    from sellable.store.scripts import Script
    from sellable.store.wire import Argument, Command

# Outcomes of scripts that tell a caller that something has happened, now or before.
_ACKNOWLEDGES: Final = frozenset({b"DONE", b"GONE", b"HELD", b"REPLAYED"})
_RETRY_AFTER_MS: Final = 100

Answer: TypeAlias = tuple["list[Reply]", int]  # and how many replicas have it


class _Write(NamedTuple):
    future: asyncio.Future[Answer]
    commands: Sequence[Command]


class ReplicatedWrites:
    """The writes of one process; what `Connection` does without replicas.

    Args:
        connection: Used for nothing else; it must bear `timeout_ms` of silence, and take
            `writes_max` commands and two more.
        mark: The key to write before each wait.
        replicas: How many must have a write, from 1 on.
        timeout_ms: How long one batch waits for them.
        writes_max: Commands accepted and not yet sent; more are refused.
    """

    def __init__(
        self, connection: Connection, *, mark: str, replicas: int, timeout_ms: int, writes_max: int
    ) -> None:
        self._connection = connection
        self._replicas = replicas
        self._wait: tuple[Command, Command] = (("SET", mark, 1), ("WAIT", replicas, timeout_ms))
        self._writes_max = writes_max
        self._loop = asyncio.get_running_loop()
        self._collected: list[_Write] = []
        self._count = 0
        self._busy = False

    async def script(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Reply:
        """Run a script, and answer what it acknowledges once the replicas have it.

        Raises:
            DurabilityNotReached: Too few of them have it in time.
            Overloaded: At once; nothing was sent.
            StoreUnavailable: The store is lost; the outcome may be unknown.
        """
        command = script.command(keys, args)
        try:
            return await self._run(command)
        except ScriptMissing:
            await self._connection.load(script)
            return await self._run(command)

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        """Send several commands back to back; a refusal of one stands in its place as a value.

        Raises:
            DurabilityNotReached, Overloaded, StoreUnavailable: As `script`.
        """
        replies, reached = await self._queue(commands)
        if reached < self._replicas:
            raise DurabilityNotReached(self._replicas, reached)
        return replies

    async def _run(self, command: Command) -> Reply:
        (reply,), reached = await self._queue([command])
        if isinstance(reply, SellableError):
            raise reply
        if reached < self._replicas and reply[0] in _ACKNOWLEDGES:
            raise DurabilityNotReached(self._replicas, reached)
        return reply

    def _queue(self, commands: Sequence[Command]) -> asyncio.Future[Answer]:
        if self._count + len(commands) > self._writes_max:
            raise Overloaded("store", _RETRY_AFTER_MS)
        self._count += len(commands)
        write = _Write(self._loop.create_future(), commands)
        self._collected.append(write)
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._send)
        return write.future

    def _send(self) -> None:
        # Callers that have left are not written for.
        batch = [write for write in self._collected if not write.future.done()]
        self._collected = []
        self._count = 0
        self._busy = bool(batch)
        if not batch:
            return
        commands = [command for write in batch for command in write.commands]
        try:
            answering = self._connection.pipeline([*commands, *self._wait])
        except (SellableError, TypeError, ValueError) as error:
            self._busy = False
            _refuse(batch, error)
            return
        answering.add_done_callback(partial(self._deliver, batch))

    def _deliver(self, batch: list[_Write], answering: asyncio.Future[list[Reply]]) -> None:
        # Behind the callers that are woken now: what they write at once is in the next batch.
        error = answering.exception()
        if error is not None:
            _refuse(batch, error)
        else:
            *replies, mark, reached = answering.result()
            if isinstance(mark, SellableError) or isinstance(reached, SellableError):
                reached = 0
            start = 0
            for future, commands in batch:
                end = start + len(commands)
                if not future.done():
                    future.set_result((replies[start:end], reached))
                start = end
        self._loop.call_soon(self._send)


def _refuse(batch: list[_Write], error: BaseException) -> None:
    for future, _ in batch:
        if not future.done():
            future.set_exception(error)
