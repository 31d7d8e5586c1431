"""The machines: a back end that tells of goods, and a marketplace that fetches everything."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import gevent
import grpc
from gevent.queue import SimpleQueue
from google.protobuf.timestamp_pb2 import Timestamp
from locust import User, task

from sellable.v1 import availability_pb2, inventory_pb2
from traffic.catalogue import CENTRE, COUNTRY, MARKETPLACE, SOURCE, STORE
from traffic.service import CALL_S_MAX
from traffic.session import SETTLE_S_MAX, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from locust.env import Environment

    from traffic.session import Session

EXPORT_S_MAX: Final = 600.0
BATCHES_PER_S: Final = 2
BATCH_ROWS_MAX: Final = 500
_RECEIVED_MAX: Final = 3  # units of a row
_REPEATED_SHARE, _OLD_SHARE = 0.1, 0.1
_IDLE_S: Final = 1.0
_RETRY_S: Final = 0.1
_INSISTS_S: Final = SETTLE_S_MAX - 2 * CALL_S_MAX  # so that the end of a run can wait for it


class Unanswered(Wrong):
    """Nobody knows what became of the rows."""


class Machine(User):
    """A client that works by the clock: what was planned and is late counts from its moment."""

    abstract = True
    session: ClassVar[Session]
    fixed_count = 1
    kind: ClassVar[str]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._planned_s = time.perf_counter()

    @abstractmethod
    def period_s(self) -> float:
        """Return the time from one piece of work to the next; 0: there is none."""

    @abstractmethod
    def work(self, planned_s: float) -> None:
        """Do a piece of work."""

    def wait_time(self) -> float:
        """Wait for the next planned moment."""
        self._planned_s += self.period_s() or _IDLE_S
        return max(0.0, self._planned_s - time.perf_counter())

    @task
    def serve(self) -> None:
        """Do what is planned for now."""
        if not self.period_s() or self.session.closing:
            return
        with self.session.open_call():
            try:
                self.work(self._planned_s)
            except (grpc.RpcError, Wrong):
                return  # it is counted


class Export(Machine):
    """A marketplace that fetches the number of every SKU again and again."""

    kind = "export"

    def period_s(self) -> float:
        return self.session.plan.export_every_s

    def work(self, planned_s: float) -> None:
        self.session.call(self.kind, "ExportAvailability", planned_s, self._all_pages)

    def _all_pages(self) -> None:
        request = availability_pb2.ExportAvailabilityRequest(channel=MARKETPLACE, country=COUNTRY)
        pages = self.session.service.availability.ExportAvailability(request, timeout=EXPORT_S_MAX)
        skus = {item.sku for page in pages for item in page.items}
        missing = len(self.session.plan.catalogue.numbers) - len(skus)
        if missing:
            raise Wrong(f"{missing} SKUs are missing in the export")


_Requests = SimpleQueue["inventory_pb2.StreamInventoryRequest | None"]


class _Row(NamedTuple):
    event: inventory_pb2.InventoryEvent
    outcomes: tuple[int, ...]
    number: int = 0
    received: int = 0  # units


class Feed(Machine):
    """A back end on one stream: goods that came in, some told twice, and counts of yesterday.

    Nothing is ever counted down, so that whatever is reserved stays covered, and the audit can
    demand it.
    """

    kind = "feed"

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._requests: _Requests = SimpleQueue()
        self._answers: Any = None
        self._told: list[inventory_pb2.InventoryEvent] = []
        self._row_count = 0

    def on_stop(self) -> None:
        self._hang_up()

    def period_s(self) -> float:
        rate = self.session.plan.feed_rows_per_s
        return self._rows_per_batch() / rate if rate else 0.0

    def work(self, planned_s: float) -> None:
        """Send rows until they are answered, as a back end does that must not lose one."""
        rows = [self._row() for _ in range(self._rows_per_batch())]
        name, deadline_s = "StreamInventory", time.perf_counter() + _INSISTS_S
        while True:
            try:
                self.session.call(self.kind, name, planned_s, lambda: self._send(rows))
            except (grpc.RpcError, Unanswered):
                self._hang_up()
                if time.perf_counter() > deadline_s:
                    self.session.books.counts["unsettled"] += 1
                    raise
                gevent.sleep(_RETRY_S)
                name, planned_s = "StreamInventory again", time.perf_counter()
            else:
                return

    def _rows_per_batch(self) -> int:
        rate = self.session.plan.feed_rows_per_s
        return max(1, min(BATCH_ROWS_MAX, round(rate / BATCHES_PER_S)))

    def _row(self) -> _Row:
        session, luck = self.session, self.session.rng.random()
        if luck < _REPEATED_SHARE and self._told:
            return _Row(session.rng.choice(self._told), (inventory_pb2.OUTCOME_DUPLICATE,))
        self._row_count += 1
        number, quantity = session.popularity.draw(), session.rng.randint(1, _RECEIVED_MAX)
        now = Timestamp()
        now.GetCurrentTime()
        event = inventory_pb2.InventoryEvent(
            event_id=f"{session.name}-{self._row_count}",
            source=SOURCE,
            sku=session.plan.catalogue.name(number),
            location=session.rng.choice((CENTRE, STORE)),
            observe_time=now,
        )
        if luck > 1 - _OLD_SHARE:
            event.observe_time.seconds -= 24 * 3600
            event.on_hand_quantity = 0  # what was true yesterday must change nothing
            return _Row(event, (inventory_pb2.OUTCOME_STALE, inventory_pb2.OUTCOME_DUPLICATE))
        event.delta_quantity = quantity
        taken = (inventory_pb2.OUTCOME_APPLIED, inventory_pb2.OUTCOME_DUPLICATE)
        return _Row(event, taken, number, quantity)

    def _send(self, rows: list[_Row]) -> Any:
        if self._answers is None:
            stub = self.session.service.inventory
            self._answers = stub.StreamInventory(_until_none(self._requests))
        self._requests.put(inventory_pb2.StreamInventoryRequest(events=[row.event for row in rows]))
        with gevent.Timeout(CALL_S_MAX, Unanswered("no answer in time")):
            answer = next(self._answers, None)
        if answer is None:
            raise Unanswered("the stream ended")
        self._note(rows, answer.results)
        return answer

    def _note(self, rows: list[_Row], results: Iterable[inventory_pb2.EventResult]) -> None:
        """Note in the books what was taken.

        Raises:
            Wrong: A row has another outcome than it must have.
        """
        self._told = [row.event for row in rows if row.received] or self._told
        wrong = ""
        for row, result in zip(rows, results, strict=True):
            if result.outcome in row.outcomes:
                self.session.books.received[row.number] += row.received
            else:
                outcome = inventory_pb2.Outcome.Name(result.outcome)
                wrong = f"a row is {outcome}: {result.detail}"
        if wrong:
            raise Wrong(wrong)

    def _hang_up(self) -> None:
        self._requests.put(None)
        if self._answers is not None:
            self._answers.cancel()
        self._requests, self._answers = SimpleQueue(), None


def _until_none(requests: _Requests) -> Iterator[inventory_pb2.StreamInventoryRequest]:
    while (request := requests.get()) is not None:
        yield request
