"""The calls of one handing-over, put together by market, and what becomes of each."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, Final

import structlog

from sellable.errors import SellableError
from sellable.rpc.express.columns import text_field
from sellable.rpc.express.events import CALL_ID, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.revision import Revisions
    from sellable.rpc.express.events import Answers, Event
    from sellable.rpc.express.requests import Asked, Requests
    from sellable.rpc.guard import Gate
    from sellable.store.columns import Column, Columns

_log: Final = structlog.get_logger("sellable.rpc")
_REVISION_TAG: Final = 2  # of both answers


class Group:
    """Calls of one market that are asked for together."""

    def __init__(self, market: str) -> None:
        self.market = market
        self.events: list[Event] = []
        self.asked: list[Asked] = []
        self.skus = 0

    def add(self, event: Event, asked: Asked) -> None:
        """Put one more call to them."""
        self.events.append(event)
        self.asked.append(asked)
        self.skus += asked.skus


class Batched(ABC):
    """A method that reads a market: each batch of its calls is one HMGET a market.

    Attributes:
        method: Its name.

    Args:
        requests: How its requests are read.
        columns: Where the numbers are.
        revisions: How the position of an answer is written.
        gate: What counts the calls in and out.
        skus_max: SKUs that are asked for together, where no call alone asks for more.
    """

    method: ClassVar[str]

    def __init__(
        self,
        requests: Requests,
        columns: Columns,
        revisions: Revisions,
        gate: Gate,
        skus_max: int,
    ) -> None:
        self._requests = requests
        self._columns = columns
        self._revisions = revisions
        self._gate = gate
        self._tally = gate.tally(self.method)
        self._skus_max = skus_max
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, events: list[Event], server: Answers) -> list[Event]:
        """Put calls together, and ask for each group."""
        if not self._gate.open:
            return events
        groups: list[Group] = []
        latest: dict[str, Group] = {}
        left: list[Event] = []
        read, settled = self._requests.read, self._columns.settled
        for event in events:
            asked = read(event[PAYLOAD])
            if asked is None or not settled(asked.market):
                left.append(event)
                continue
            group = latest.get(asked.market)
            if group is None or group.skus + asked.skus > self._skus_max:
                group = latest[asked.market] = Group(asked.market)
                groups.append(group)
            group.add(event, asked)
        for group in groups:
            # Accepted now: the gate may be closed before the task begins.
            self._gate.in_flight += len(group.events)
            task = self._loop.create_task(self._answer(group, server))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return left

    @abstractmethod
    async def answers(self, group: Group) -> Iterable[bytes | None]:
        """Write the answer of each call; None for one that is not to be had this way."""

    async def column(self, group: Group) -> Column:
        """Ask for the numbers of a group."""
        arguments = [asked.arguments for asked in group.asked]
        return await self._columns.read(group.market, arguments, group.skus, len(group.events))

    def revision(self, column: Column) -> bytes:
        """Write what all answers of a group end with."""
        return text_field(_REVISION_TAG, self._revisions.encode(column.position))

    async def _answer(self, group: Group, server: Answers) -> None:
        begun_s, calls, left = perf_counter(), len(group.events), group.events
        try:
            answers = await self.answers(group)
            left = []
            for event, answer in zip(group.events, answers, strict=True):
                if answer is None:
                    left.append(event)
                else:
                    server.respond(event[CALL_ID], answer)
        except SellableError:
            left = group.events  # each is told by itself
        except Exception:  # noqa: BLE001 - whatever it is, the calls are answered
            _log.exception("batch_failed", method=self.method)
            left = group.events
        finally:
            self._gate.leave(calls)
            self._tally.observe(perf_counter() - begun_s, calls - len(left))
        if left:
            server.go_ordinary(left)
