"""The native server, with methods that take their calls by the batch.

The transport's loop hands over what has arrived since it last did; a task for each call, its
context and its future cost about as much as all the rest of a read. So the methods of `express` get
the requests of one handing-over together, as bytes, and answer each by its id. What they leave goes
on as it always did.

Known of pygrpc-native 0.5, to which the project is pinned: `_on_events` gets `(kind, call_id,
method_id, payload, client_key, details)`, a payload of None is a cancellation, `_table` lists the
methods by id, and an answer to a call that was cancelled or is past its deadline is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pygrpc_native.aio  # `from pygrpc_native import aio` never ends in 0.5.0

from sellable.rpc.express.direct import Direct
from sellable.rpc.express.events import METHOD_ID, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sellable.rpc.express.events import Event, Express

_DIRECT: Final = "/sellable.v1.ReservationService/"


class ExpressServer(pygrpc_native.aio.Server):
    """A native server some of whose methods are `Express`.

    Args:
        express: The methods, by path: `/package.Service/Method`. Each is registered with a servicer
            as well.
        options: As every grpc server takes them.
    """

    respond: Callable[[int, bytes], bool]
    fail: Callable[[int, int, str, list[Any]], bool]

    def __init__(self, express: Mapping[str, Express], options: Sequence[tuple[str, Any]]) -> None:
        # One thread for HTTP/2 keeps up with one Python loop. A second one makes every answer a
        # change of threads when the process has one core: 14,800 calls/s of CheckSellable
        # instead of 19,300.
        super().__init__(options=options, io_threads=1)
        self._express = express
        self._by_id: dict[int, Express] = {}

    async def start(self) -> None:
        await super().start()
        # No call has been handed over yet: the loop has not run since the transport was started.
        for number, (path, handler) in enumerate(self._table):
            if path in self._express:
                self._by_id[number] = self._express[path]
            elif path.startswith(_DIRECT):
                method: Any = handler.unary_unary
                parse: Any = handler.request_deserializer
                self._by_id[number] = Direct(method, parse)
        assert self._front is not None
        self.respond, self.fail = self._front.respond, self._front.fail

    def go_ordinary(self, events: list[Event]) -> None:
        super()._on_events(events)

    def _on_events(self, events: list[Event]) -> None:
        left = events
        if not self._stopping:
            left = []
            batches: dict[int, list[Event]] = {}
            by_id = self._by_id
            for event in events:
                if event[METHOD_ID] in by_id and event[PAYLOAD] is not None:
                    batches.setdefault(event[METHOD_ID], []).append(event)
                else:
                    left.append(event)
            for number, batch in batches.items():
                left += by_id[number].take(batch, self)
        if left:
            super()._on_events(left)
