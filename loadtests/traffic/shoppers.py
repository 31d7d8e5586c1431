"""The people: list pages, product pages, checkouts, and the drop that everybody waits for."""

from __future__ import annotations

import itertools
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

import gevent
import grpc
from google.protobuf.duration_pb2 import Duration
from locust import User, task

from sellable.rpc.status import error_from_rpc
from sellable.v1 import availability_pb2, common_pb2, reservations_pb2
from traffic.catalogue import CHANNEL, COUNTRY
from traffic.desk import Step
from traffic.service import CALL_S_MAX
from traffic.session import LOST, TRIES_MAX, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment

    from traffic.books import Lines
    from traffic.session import Session

LINES_MAX, UNITS_MAX = 3, 2
_RETRY_S: Final = 0.1
_numbers: Final = itertools.count()


class Shopper(User):
    """A client that is free until somebody arrives, and then makes the calls of that one.

    Open loop: arrivals come by the curve, and find a free client or are shed. Closed loop: each
    client waits for its answer and then for its share of the rate, as most load tests do.
    """

    abstract = True
    session: ClassVar[Session]
    kind: ClassVar[str]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._step: Step | None = None
        self._next: tuple[float, Step] | None = None

    def on_start(self) -> None:
        self.desk = self.session.desk(self.kind, self.first)
        self.desk.clients += 1

    def on_stop(self) -> None:
        self.desk.clients -= 1

    def wait_time(self) -> float:
        """Wait for the next step."""
        session = self.session
        if session.plan.open_loop:
            self._step = self.desk.take()
            return 0.0
        pause_s = session.rng.expovariate(session.rate_per_s() / session.plan.slots)
        pause_s, self._step = self._next or (pause_s, self.first(0.0))
        self._next = None
        return pause_s

    @task
    def serve(self) -> None:
        """Make the step that has come."""
        step, self._step = self._step, None
        if step is None or self.session.closing:
            return
        with self.session.open_call():
            try:
                step.make(step.planned_s or time.perf_counter())
            except (grpc.RpcError, Wrong):
                return  # it is counted, and the client goes home

    @abstractmethod
    def first(self, planned_s: float) -> Step:
        """Return what one who arrives does first."""

    def then(self, pause_s: float, name: str, make: Callable[[float], None]) -> None:
        """Go on after a pause."""
        if self.session.plan.open_loop:
            self.session.follow_up(self.kind, pause_s, lambda at_s: Step(name, at_s, make))
        else:
            self._next = (pause_s, Step(name, 0.0, make))

    def call(self, name: str, planned_s: float, method: Callable[[], Any], **more: Any) -> Any:
        """Make a call of this kind of client."""
        return self.session.call(self.kind, name, planned_s, method, **more)


class ListPage(Shopper):
    """Shows a page of 20 to 100 SKUs, popular ones above all, with what can be sold of each."""

    weight = 60
    kind = "list page"

    def first(self, planned_s: float) -> Step:
        return Step("CheckSellable", planned_s, self._show)

    def _show(self, planned_s: float) -> None:
        page = self.session.rng.choice(self.session.pages)
        request = availability_pb2.CheckSellableRequest(
            channel=CHANNEL, country=COUNTRY, skus=map(self.session.plan.catalogue.name, page)
        )
        self.call("CheckSellable", planned_s, lambda: self._checked(request))

    def _checked(self, request: availability_pb2.CheckSellableRequest) -> Any:
        answer = self.session.service.availability.CheckSellable(request, timeout=CALL_S_MAX)
        quantities = answer.sellable_quantities
        if len(quantities) != len(request.skus) or min(quantities) < 0:
            raise Wrong("a number is missing")
        return answer


class ProductPage(Shopper):
    """Shows one SKU, with its status."""

    weight = 25
    kind = "product page"

    def first(self, planned_s: float) -> Step:
        return Step("CheckAvailability", planned_s, self._show)

    def _show(self, planned_s: float) -> None:
        sku = self.session.plan.catalogue.name(self.session.popularity.draw())
        request = availability_pb2.CheckAvailabilityRequest(
            channel=CHANNEL, country=COUNTRY, skus=[sku]
        )
        check = self.session.service.availability.CheckAvailability
        self.call("CheckAvailability", planned_s, lambda: check(request, timeout=CALL_S_MAX))


class Checkout(Shopper):
    """Reserves, and then orders, gives up, or is never seen again.

    A reservation whose reply is lost is asked for again under the same id: nothing may be taken
    twice, and the audit would tell.
    """

    weight = 12
    kind = "checkout"

    def first(self, planned_s: float) -> Step:
        return Step("ReserveStock", planned_s, self._reserve)

    def lines(self) -> Lines:
        """Return what is wanted: the numbers of SKUs, and units."""
        session = self.session
        skus = session.popularity.distinct(session.rng.randint(1, LINES_MAX))
        return tuple((sku, session.rng.randint(1, UNITS_MAX)) for sku in skus)

    def _reserve(self, planned_s: float) -> None:
        session, lines = self.session, self.lines()
        plan = session.plan
        ttl = Duration()
        ttl.FromMilliseconds(int(plan.hold_s * 1_000))
        request = reservations_pb2.ReserveStockRequest(
            reservation_id=f"{session.name}-{next(_numbers)}",
            channel=CHANNEL,
            country=COUNTRY,
            lines=[
                common_pb2.Line(sku=plan.catalogue.name(sku), quantity=quantity)
                for sku, quantity in lines
            ],
            ttl=ttl,
        )
        stub = session.service.reservations
        answer = self._insisted(
            "ReserveStock",
            planned_s,
            lambda: stub.ReserveStock(request, timeout=CALL_S_MAX),
            expected=_is_out_of_stock,
        )
        if isinstance(answer, grpc.RpcError):
            session.books.counts["refused"] += 1
            return
        session.books.counts["granted"] += 1
        if session.rng.random() < plan.lost_share:
            self.call("ReserveStock again", time.perf_counter(), lambda: self._repeated(request))
        self._go_on(request.reservation_id, lines)

    def _repeated(self, request: reservations_pb2.ReserveStockRequest) -> Any:
        self.session.books.counts["repeated"] += 1
        answer = self.session.service.reservations.ReserveStock(request, timeout=CALL_S_MAX)
        if not answer.replayed:
            raise Wrong("a reservation that was there was taken again")
        return answer

    def _go_on(self, reservation_id: str, lines: Lines) -> None:
        plan, rng = self.session.plan, self.session.rng
        fate = rng.random()
        pause_s = rng.expovariate(1 / plan.think_s) if plan.think_s else 0.0
        if fate < plan.confirm_share:
            confirm = self._confirm
            self.then(pause_s, "ConfirmReservation", lambda at: confirm(reservation_id, lines, at))
        elif fate < plan.confirm_share + plan.release_share:
            release = self._release
            self.then(pause_s, "ReleaseReservation", lambda at: release(reservation_id, at))
        else:
            self.session.books.counts["abandoned"] += 1

    def _confirm(self, reservation_id: str, lines: Lines, planned_s: float) -> None:
        books, stub = self.session.books, self.session.service.reservations
        request = reservations_pb2.ConfirmReservationRequest(reservation_id=reservation_id)
        books.asked_to_confirm(reservation_id, lines)
        try:
            self._insisted(
                "ConfirmReservation",
                planned_s,
                lambda: stub.ConfirmReservation(request, timeout=CALL_S_MAX),
            )
        except grpc.RpcError as error:
            if error.code() not in LOST:  # else nobody knows
                books.settled(reservation_id, confirmed=False)
            raise
        books.settled(reservation_id, confirmed=True)

    def _release(self, reservation_id: str, planned_s: float) -> None:
        stub = self.session.service.reservations
        request = reservations_pb2.ReleaseReservationRequest(reservation_id=reservation_id)
        self._insisted(
            "ReleaseReservation",
            planned_s,
            lambda: stub.ReleaseReservation(request, timeout=CALL_S_MAX),
        )
        self.session.books.counts["released"] += 1

    def _insisted(self, name: str, planned_s: float, method: Callable[[], Any], **more: Any) -> Any:
        """Make a call again, with the same ids, where its reply was lost."""
        for attempt in range(1, TRIES_MAX + 1):
            try:
                return self.call(name, planned_s, method, **more)
            except grpc.RpcError as error:
                if error.code() not in LOST or attempt == TRIES_MAX:
                    raise
            gevent.sleep(_RETRY_S)
            name, planned_s = f"{name.removesuffix(' again')} again", time.perf_counter()
        raise AssertionError("unreachable")


class HotDrop(Checkout):
    """Wants the one SKU that everybody wants, until nothing is left and after that."""

    weight = 3
    kind = "hot drop"

    def lines(self) -> Lines:
        return ((self.session.plan.catalogue.drop, 1),)


def _is_out_of_stock(error: grpc.RpcError) -> bool:
    return error_from_rpc(error).reason == "INSUFFICIENT_STOCK"
