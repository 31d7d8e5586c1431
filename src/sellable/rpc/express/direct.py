"""Calls that are made one by one, by the same guarded servicer as ever, with less around each.

What the transport keeps of a call for handlers of any kind, and how it finds out of which kind one
is, costs as much as checking and answering a reservation. The servicers of these methods ask
nothing of their context but to refuse.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from sellable import limits
from sellable.rpc.express.events import CALL_ID, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sellable.rpc.express.events import Answers, Event


class Direct:
    """A method.

    Args:
        method: Of a guarded servicer.
        parse: Reads its request.
    """

    def __init__(
        self, method: Callable[[Any, Any], Awaitable[Any]], parse: Callable[[bytes], Any]
    ) -> None:
        self._method = method
        self._parse = parse
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, events: list[Event], server: Answers) -> list[Event]:
        """Begin each call; what cannot be read goes the ordinary way, to be told so."""
        left: list[Event] = []
        for event in events:
            payload = event[PAYLOAD]
            if len(payload) > limits.MESSAGE_BYTES_MAX:
                left.append(event)
                continue
            try:
                request = self._parse(payload)
            except DecodeError:
                left.append(event)
                continue
            task = self._loop.create_task(self._answer(event[CALL_ID], request, server))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return left

    async def _answer(self, call_id: int, request: Any, server: Answers) -> None:
        context = _Context()
        try:
            response = await self._method(request, context)
        except grpc.aio.AbortError:
            server.fail(call_id, context.status, context.message, context.metadata)
        else:
            server.respond(call_id, response.SerializeToString())


class _Context:
    """What the guard needs of a call."""

    __slots__ = ("message", "metadata", "status")

    async def abort(
        self, code: grpc.StatusCode, details: str, metadata: Sequence[Any] = ()
    ) -> NoReturn:
        self.status: int = code.value[0]
        self.message = details
        self.metadata = list(metadata)
        raise grpc.aio.AbortError

    async def abort_with_status(self, status: grpc.Status) -> NoReturn:
        await self.abort(status.code, status.details, status.trailing_metadata)
