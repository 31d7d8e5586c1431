"""One socket to the store: commands leave in order, together a tick; replies come back in order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import hiredis

from sellable.errors import Overloaded, SellableError, StoreUnavailable
from sellable.store.replies import ReadOnly, Reply, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Argument: TypeAlias = bytes | str | int
Command: TypeAlias = tuple[Argument, ...]

# The library's own annotation allows one argument only.
_pack: Final = cast("Callable[[Command], bytes]", hiredis.pack_command)
_INCOMPLETE: Final = object()
_RETRY_AFTER_MS: Final = 100
# Silence is counted in quarters of the timeout rather than measured by the clock: a process that
# was itself frozen counts one quarter, not the whole pause, and so does not blame the store.
_SILENT_QUARTERS_MAX: Final = 4
# A tick with many commands is written in pieces, so that the engine works on the first while the
# rest is packed: 17,000 reservations a second at 128 in flight instead of 12,000, where each side
# waited for the other to be done with all of them.
PIECE: Final = 16
LOST: Final = "the connection to the store was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLimits:
    """What one connection may have outstanding, and how long the store may be silent."""

    command_timeout_ms: int = 1_000
    connect_timeout_ms: int = 2_000
    queue_max: int = 10_000
    queue_bytes_max: int = 64 * 1024 * 1024


@dataclass(slots=True)
class Traffic:
    """Counters since the start of the process, over all reconnects."""

    commands: int = 0
    flushes: int = 0
    reconnects: int = 0
    refused: int = 0  # as the queue was full


class _Call:
    """One or more commands answered by one future."""

    __slots__ = ("future", "missing", "replies")

    def __init__(
        self, future: asyncio.Future[Reply], replies: list[Reply] | None, missing: int
    ) -> None:
        self.future = future
        self.replies = replies
        self.missing = missing


class Wire(asyncio.Protocol):
    """The pipeline over one socket, from its connection until it is lost; never used again then.

    Args:
        limits: The bounds of the queue and of the store's silence.
        traffic: Counters to add to.
        on_lost: Called once with the wire and the problem, after every call has failed.
    """

    def __init__(
        self, limits: WireLimits, traffic: Traffic, on_lost: Callable[[Wire, str], None]
    ) -> None:
        self.lost = False
        self._limits = limits
        self._traffic = traffic
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._reader = hiredis.Reader(replyError=self._refused, notEnoughData=_INCOMPLETE)
        self._waiting: deque[_Call] = deque()
        self.outstanding = 0
        self._unwritten: list[bytes] = []  # one element for each of the last calls in _waiting
        self._full = False
        self._watchdog: asyncio.TimerHandle | None = None
        self._silent_quarters = 0

    def send(self, command: Command) -> asyncio.Future[Reply]:
        """Queue one command; the future holds its reply, or raises the refusal."""
        return self._queue(_pack(command), None, 1)

    def send_packed(self, packed: bytes) -> asyncio.Future[Reply]:
        """Queue one command that is written as the protocol has it."""
        return self._queue(packed, None, 1)

    def send_all(self, commands: Sequence[Command]) -> asyncio.Future[list[Reply]]:
        """Queue several commands back to back; refusals stand as values in the list of replies."""
        if not commands:  # no reply would ever complete it, and all that wait behind it
            nothing: asyncio.Future[list[Reply]] = self._loop.create_future()
            nothing.set_result([])
            return nothing
        packed = b"".join(map(_pack, commands))
        return self._queue(packed, [], len(commands))

    def lose(self, problem: str) -> None:
        """Give the socket up: every call fails now, and is told whether it may have happened."""
        if self.lost:
            return
        self.lost = True
        written = len(self._waiting) - len(self._unwritten)
        for place, call in enumerate(self._waiting):
            if not call.future.done():
                call.future.set_exception(
                    StoreUnavailable(problem, outcome_unknown=place < written)
                )
        self._waiting.clear()
        self._unwritten.clear()
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._transport.abort()
        self._on_lost(self, problem)

    async def closed(self) -> None:
        """Return when the transport has let go of the socket."""
        await asyncio.shield(self._closed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # The transport itself tells when too much is unsent: nothing is counted per command.
        self._transport.set_write_buffer_limits(high=self._limits.queue_bytes_max)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self.lose(LOST)
        self._closed.set_result(None)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    def data_received(self, data: bytes) -> None:
        self._silent_quarters = 0
        try:
            self._reader.feed(data)
            reply = self._reader.gets()
            while reply is not _INCOMPLETE:
                if type(reply) is not hiredis.PushNotification:
                    self._resolve(reply)
                reply = self._reader.gets()
        except (hiredis.ProtocolError, IndexError):
            self.lose("what the store sends cannot be understood")

    def _resolve(self, reply: Reply) -> None:
        call = self._waiting[0]
        self.outstanding -= 1
        if call.replies is not None:
            call.replies.append(reply)
            call.missing -= 1
            if call.missing:
                return
        self._waiting.popleft()
        future = call.future
        if future.done():  # the caller has left; its reply only had to keep the order
            return
        if call.replies is not None:
            future.set_result(call.replies)
        elif isinstance(reply, SellableError):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    def _refused(self, text: str) -> SellableError:
        error = refusal(text)
        if isinstance(error, ReadOnly):
            # A replica must answer nothing at all; connecting again finds the new primary.
            self._loop.call_soon(self.lose, str(error))
        return error

    def _queue(
        self, packed: bytes, replies: list[Reply] | None, count: int
    ) -> asyncio.Future[Reply]:
        if self._full or self.outstanding + count > self._limits.queue_max:
            self._traffic.refused += 1
            raise Overloaded("store", _RETRY_AFTER_MS)
        if not self._unwritten:
            self._loop.call_soon(self._flush)
        self._unwritten.append(packed)
        self.outstanding += count
        self._traffic.commands += count
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append(_Call(future, replies, count))
        if len(self._unwritten) >= PIECE:
            self._flush()
        return future

    def _flush(self) -> None:
        if self.lost or not self._unwritten:
            return
        self._traffic.flushes += 1
        self._transport.write(b"".join(self._unwritten))
        self._unwritten.clear()
        if self._watchdog is None:
            self._silent_quarters = -1  # the first look comes at once and must count as none
            self._watch()

    def _watch(self) -> None:
        if not self._waiting:
            self._watchdog = None
            return
        self._silent_quarters += 1
        if self._silent_quarters > _SILENT_QUARTERS_MAX:
            self.lose(f"the store did not answer for {self._limits.command_timeout_ms} ms")
            return
        quarter_s = self._limits.command_timeout_ms / 1000 / _SILENT_QUARTERS_MAX
        self._watchdog = self._loop.call_later(quarter_s, self._watch)
