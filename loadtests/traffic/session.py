"""One run in one process: who arrives when, which calls are open, and the books."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import gevent
import grpc
from gevent.pool import Group
from google.protobuf.message import Message

from traffic.arrivals import arrivals
from traffic.books import Books
from traffic.desk import Desk, Step
from traffic.popularity import Popularity
from traffic.service import CALL_S_MAX, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from locust.env import Environment

    from traffic.options import Plan

PAGES: Final = 256  # list pages that the shop has; popular SKUs are on most of them
PAGE_SKUS_MIN, PAGE_SKUS_MAX = 20, 100
TRIES_MAX: Final = 3
FOLLOW_UPS_MAX: Final = 100_000  # steps that wait for their moment, in a process
SETTLE_S_MAX: Final = TRIES_MAX * CALL_S_MAX + 5.0
LATE_MS: Final = 10.0  # after its planned moment a call is started late: the load itself is slow
_AHEAD_S: Final = 0.02  # how long before its moment it is decided who an arrival is
_POLL_S: Final = 0.02
LOST: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class Shed(Exception):
    """There was no room: the call was not made, which counts as a failure."""


class Wrong(Exception):
    """An answer that cannot be."""


class Session:
    """One run in one process.

    Args:
        environment: Of Locust.
        plan: What was chosen.
        index: The number of the process among those of the run, from 0 on.
    """

    def __init__(self, environment: Environment, plan: Plan, index: int) -> None:
        self.plan = plan
        self.service = Service(environment.host or "")
        self.books = Books()
        self.rng = random.Random(f"{plan.seed}/{index}")
        self.popularity = Popularity(plan.catalogue.sku_count, plan.zipf, self.rng)
        self.name = f"{plan.run_id}-{index}"
        self.pages = [
            self.popularity.distinct(self.rng.randint(PAGE_SKUS_MIN, PAGE_SKUS_MAX))
            for _ in range(PAGES)
        ]
        self.began_s = time.perf_counter()
        self.closing = False
        self.desks: dict[str, Desk] = {}
        self._environment = environment
        self._first: dict[str, Callable[[float], Step]] = {}
        self._open_count = 0
        self._greenlets = Group()
        if plan.open_loop:
            self._greenlets.spawn(self._dispatch)

    def rate_per_s(self) -> float:
        """Return the arrivals of all clients together that the curve wants now."""
        passed = (time.perf_counter() - self.began_s) / self.plan.duration_s
        return self.plan.rate_per_s * self.plan.curve(min(passed, 1.0))

    def desk(self, kind: str, first: Callable[[float], Step]) -> Desk:
        """Return the desk of a kind of client; `first` makes the first step of one who arrives."""
        self._first[kind] = first
        return self.desks.setdefault(kind, Desk())

    def offer(self, kind: str, step: Step) -> None:
        """Have a free client make the step, or count it as shed."""
        if self.closing:
            return
        if not self.desks[kind].offer(step):
            self._shed(kind, step, "no client was free")

    def follow_up(self, kind: str, pause_s: float, step: Callable[[float], Step]) -> None:
        """Plan a further step of one who is there already; the end of the run forgets it."""
        planned_s = time.perf_counter() + pause_s
        if len(self._greenlets) < FOLLOW_UPS_MAX:
            self._greenlets.spawn(self._meet, kind, step, planned_s)
        else:
            self._shed(kind, step(planned_s), "too many are thinking")

    @contextmanager
    def open_call(self) -> Iterator[None]:
        """Hold the books open until the block ends."""
        self._open_count += 1
        try:
            yield
        finally:
            self._open_count -= 1

    def call(
        self,
        kind: str,
        name: str,
        planned_s: float,
        method: Callable[[], Any],
        expected: Callable[[grpc.RpcError], bool] = lambda _: False,
    ) -> Any:
        """Make a call, and tell Locust how long after its planned moment it was answered.

        Returns:
            The answer; or the error, if it is one that is expected.

        Raises:
            grpc.RpcError: Any other error, which is counted as a failure.
            Wrong: The answer cannot be, which is counted as one too.
        """
        late_ms = (time.perf_counter() - planned_s) * 1_000
        self.books.counts["started"] += 1
        self.books.counts["late"] += late_ms > LATE_MS
        self.books.late_ms_max = max(self.books.late_ms_max, late_ms)
        failure: Exception | None = None
        size = 0
        try:
            answer = method()
            size = answer.ByteSize() if isinstance(answer, Message) else 0
        except grpc.RpcError as error:
            if not expected(error):
                failure = error
                raise
            return error
        except Wrong as error:
            failure = error
            raise
        else:
            return answer
        finally:
            self.fire(kind, name, (time.perf_counter() - planned_s) * 1_000, size, failure)

    def fire(
        self, kind: str, name: str, spent_ms: float | None, size: int, failure: Exception | None
    ) -> None:
        """Tell Locust of a call."""
        told = failure
        if isinstance(failure, grpc.RpcError):
            told = Wrong(f"{failure.code().name}: {failure.details()}")
        hooks: Any = self._environment.events
        hooks.request.fire(
            request_type=kind,
            name=name,
            response_time=spent_ms,
            response_length=size,
            exception=told,
            context={},
        )

    def settle(self) -> Books:
        """Let nobody else in, wait for the calls that are open, and return the books."""
        self.closing = True
        self._greenlets.kill()
        deadline_s = time.perf_counter() + SETTLE_S_MAX
        while self._open_count and time.perf_counter() < deadline_s:
            gevent.sleep(_POLL_S)
        self.books.counts["unsettled"] += self._open_count
        return self.books

    def _shed(self, kind: str, step: Step, reason: str) -> None:
        self.books.counts["shed"] += 1
        self.fire(kind, step.name, None, 0, Shed(reason))

    def _meet(self, kind: str, step: Callable[[float], Step], planned_s: float) -> None:
        gevent.sleep(max(0.0, planned_s - time.perf_counter()))
        self.offer(kind, step(planned_s))

    def _dispatch(self) -> None:
        """Let clients arrive.

        Every process plans the arrivals of all, and keeps as many as it has of all clients: so
        the rate is divided as Locust divides its users, also while they come and go.
        """
        plan = self.plan
        rng = random.Random(f"{plan.seed}/{self.name}/arrivals")
        for moment_s in arrivals(plan.rate_per_s, plan.curve, plan.duration_s, rng):
            planned_s = self.began_s + moment_s
            ahead_s = planned_s - time.perf_counter()
            if ahead_s > _AHEAD_S:
                gevent.sleep(ahead_s - _AHEAD_S / 2)
            kind = self._chosen(rng)
            if kind is None:
                continue
            # Also where it is late: those who make the calls need the processor, too.
            gevent.sleep(max(0.0, planned_s - time.perf_counter()))
            self.offer(kind, self._first[kind](planned_s))

    def _chosen(self, rng: random.Random) -> str | None:
        """Return who arrives, or None if the arrival is another process's."""
        place = rng.random() * self.plan.slots
        for kind, desk in self.desks.items():
            place -= desk.clients
            if place < 0:
                return kind
        return None
