"""A proxy between a client and a store that fails as networks do: slow, cut, or silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_CHUNK_BYTES = 65_536


class Proxy:
    """Listens on a TCP port of this machine and passes every byte on to a Unix socket.

    Attributes:
        delay_s: How long each piece of a reply is held back.
        reply_bytes_left: After so many more bytes of replies the connection is cut; None: never.
        connections: How many clients were let in so far.
        hold_after: Once a client sends these bytes, replies are kept back; None: never.
    """

    def __init__(self, target: Path) -> None:
        self.delay_s = 0.0
        self.reply_bytes_left: int | None = None
        self.connections = 0
        self.hold_after: bytes | None = None
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._replying = asyncio.Event()
        self._replying.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address of the store as seen through this proxy."""
        return f"redis://127.0.0.1:{self.port}"

    def black_hole(self) -> None:
        """Pass nothing on from now, in either direction; connections stay open, new ones too."""
        self._open.clear()

    def hold_replies(self) -> None:
        """Pass on what clients send, and keep back what they would be answered."""
        self._replying.clear()

    def heal(self) -> None:
        """Pass on everything again, what was held back first."""
        self._open.set()
        self._replying.set()

    def cut(self) -> None:
        """Break every connection now; new ones are let in."""
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.heal()
        self.cut()
        await self._server.wait_closed()
        while self._serving:
            await asyncio.wait(self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.connections += 1
        try:
            store_reader, store_writer = await asyncio.open_unix_connection(self._target)
        except OSError:  # the store is down: so is its address
            writer.transport.abort()
            return
        pair = {writer, store_writer}
        self._writers |= pair
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, store_writer, writer, replies=False))
                tasks.create_task(self._pass(store_reader, writer, store_writer, replies=True))
        finally:
            self._writers -= pair

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        *,
        replies: bool,
    ) -> None:
        """Pass bytes on until either end is gone, then let go of both."""
        try:
            while data := await source.read(_CHUNK_BYTES):
                await self._open.wait()
                if not replies and self.hold_after is not None and self.hold_after in data:
                    self.hold_after = None
                    self.hold_replies()
                if replies:
                    await self._replying.wait()
                    await asyncio.sleep(self.delay_s)
                    data = self._allowed(data)
                sink.write(data)
                await sink.drain()
                if self.reply_bytes_left == 0:
                    self.reply_bytes_left = None
                    return
        except ConnectionError:
            return
        finally:
            sink.close()
            other.transport.abort()

    def _allowed(self, data: bytes) -> bytes:
        if self.reply_bytes_left is None:
            return data
        allowed = data[: self.reply_bytes_left]
        self.reply_bytes_left -= len(allowed)
        return allowed
