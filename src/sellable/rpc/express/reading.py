"""CheckSellable by the batch: the calls of one handing-over are one HMGET a market."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError

from sellable import limits
from sellable.errors import SellableError
from sellable.names import skus_are_plain
from sellable.rpc.convert.availability import known_market
from sellable.rpc.express.columns import number_of, size_of, text_field
from sellable.rpc.express.server import CALL_ID, PAYLOAD
from sellable.store.reads import COLUMN_MAX
from sellable.v1.availability_pb2 import CheckSellableRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.revision import Revisions
    from sellable.rpc.express.server import Answers, Event
    from sellable.rpc.guard import Gate
    from sellable.store.reads import Column, Reads

_parse: Final = CheckSellableRequest.FromString
_REVISION_TAG: Final = 2
_NUMBERS_HEAD: Final = b"\x0a"  # field 1, packed


class Group:
    """Calls of one market that are asked for together, and where the SKUs of each end."""

    __slots__ = ("ends", "events", "market", "skus")

    def __init__(self, market: str) -> None:
        self.market = market
        self.skus: list[str] = []
        self.events: list[Event] = []
        self.ends: list[int] = []


class CheckSellable:
    """The hot path."""

    def __init__(self, reads: Reads, revisions: Revisions, gate: Gate) -> None:
        self._reads = reads
        self._revisions = revisions
        self._gate = gate
        self._tally = gate.tally("CheckSellable")
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, events: list[Event], server: Answers) -> list[Event]:
        """Group calls, and ask for the groups."""
        if not self._gate.open:
            return events
        groups, left = self._grouped(events)
        for group in groups:
            if skus_are_plain(group.skus):
                # Accepted now: the gate may be closed before the task begins.
                self._gate.in_flight += len(group.events)
                task = self._loop.create_task(self._answer(group, server))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                left += group.events
        return left

    def _grouped(self, events: Sequence[Event]) -> tuple[list[Group], list[Event]]:
        groups: list[Group] = []
        latest: dict[str, Group] = {}
        left: list[Event] = []
        for event in events:
            payload = event[PAYLOAD]
            try:
                request: Any = _parse(payload)
            except DecodeError:
                left.append(event)
                continue
            market = known_market(request.channel, request.country)
            skus = request.skus
            count = len(skus)
            if (
                market is None
                or not 0 < count <= COLUMN_MAX
                or request.HasField("consistency")
                or len(payload) > limits.MESSAGE_BYTES_MAX
                or not self._reads.settled(market)
            ):
                left.append(event)
                continue
            group = latest.get(market)
            if group is None or len(group.skus) + count > COLUMN_MAX:
                group = latest[market] = Group(market)
                groups.append(group)
            group.skus.extend(skus)
            group.events.append(event)
            group.ends.append(len(group.skus))
        return groups, left

    async def _answer(self, group: Group, server: Answers) -> None:
        begun_s, calls, left = perf_counter(), len(group.events), group.events
        try:
            column = await self._reads.column(group.market, group.skus, calls)
        except SellableError:
            server.go_ordinary(group.events)  # each is told by itself
        else:
            left = self._write(group, column, server) if column.meta.complete else group.events
            if left:
                server.go_ordinary(left)
        finally:
            self._gate.leave(calls)
            self._tally.observe(perf_counter() - begun_s, calls - len(left))

    def _write(self, group: Group, column: Column, server: Answers) -> list[Event]:
        tail = text_field(_REVISION_TAG, self._revisions.encode(column.position))
        respond = server.respond
        texts, left, begin = column.texts, [], 0
        for event, end in zip(group.events, group.ends, strict=True):
            try:
                numbers = b"".join(map(number_of, texts[begin:end]))
            except ValueError:  # a quota has a say in one of them
                left.append(event)
            else:
                respond(event[CALL_ID], _NUMBERS_HEAD + size_of(len(numbers)) + numbers + tail)
            begin = end
        return left
