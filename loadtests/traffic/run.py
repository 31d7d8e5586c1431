"""A run from Locust's events: prepare, let the clients in, settle, audit, and the exit code."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import gevent
import grpc.experimental.gevent
from locust import events
from locust.runners import STATE_MISSING, LocalRunner, MasterRunner, WorkerRunner

from traffic import books
from traffic.audit import audit
from traffic.background import Machine
from traffic.catalogue import NotPrepared, prepare
from traffic.options import add_arguments, plan_of
from traffic.service import Service
from traffic.session import SETTLE_S_MAX, Session
from traffic.shoppers import Shopper

if TYPE_CHECKING:
    from locust.env import Environment

    from traffic.catalogue import Units
    from traffic.options import Plan

EXIT_NOT_PREPARED: Final = 2
EXIT_AUDIT_FAILED: Final = 3
_SETTLE, _BOOKS = "sellable-settle", "sellable-books"
_POLL_S: Final = 0.05
_log: Final = logging.getLogger("sellable.load")


class Run:
    """The run that goes on in this process, if one does.

    The process that conducts it (alone, or as the master) prepares and audits; those with clients
    have a session. Alone it is both.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._runner: Any = environment.runner
        self._session: Session | None = None
        self._plan: Plan | None = None
        self._opening: Units | None = None
        self._books = books.Books()
        self._took_part: set[str] = set()
        self._told: set[str] = set()
        self._ending: gevent.Greenlet[..., None] | None = None
        hooks: Any = environment.events  # they have no types
        hooks.test_start.add_listener(self.on_start)
        hooks.test_stopping.add_listener(self.on_stopping)
        hooks.test_stop.add_listener(self.on_stop)
        hooks.quitting.add_listener(self.on_quitting)
        if isinstance(self._runner, WorkerRunner):
            self._runner.register_message(_SETTLE, self._on_settle, concurrent=True)
        elif isinstance(self._runner, MasterRunner):
            self._runner.register_message(_BOOKS, self._on_books)
            hooks.worker_connect.add_listener(self._on_connect)

    def on_start(self, **_: object) -> None:
        """Prepare the service, and let the clients in."""
        if not isinstance(self._runner, WorkerRunner):
            self._prepare()
        if not isinstance(self._runner, MasterRunner):
            plan = plan_of(self._environment.parsed_options)
            self._session = Session(self._environment, plan, self._runner.worker_index)
            Shopper.session = Machine.session = self._session

    def on_stopping(self, **_: object) -> None:
        """Settle, here and in all workers, before Locust stops its users."""
        if self._ending is not None and self._ending is not gevent.getcurrent():
            self._ending.kill()
        self._ending = None
        if isinstance(self._runner, MasterRunner):
            self._collect()
        elif self._session is not None:
            self._books = self._session.settle()

    def on_stop(self, **_: object) -> None:
        """Audit, in the process that conducts the run."""
        if self._session is not None:
            self._session.service.close()
            self._session = None
        plan, opening, self._opening = self._plan, self._opening, None
        if plan is None or opening is None:
            return
        with Service(self._environment.host or "") as service:
            verdict = audit(service, plan.catalogue, opening, self._books, plan.hold_s)
        told = ", ".join(
            f"{count:,} {what}" for what, count in sorted(self._books.counts.items()) if count
        )
        _log.info("load: %s; started at most %.0f ms late", told, self._books.late_ms_max)
        _log.log(logging.ERROR if verdict.findings else logging.INFO, "%s", verdict)
        if verdict.findings:
            self._environment.process_exit_code = EXIT_AUDIT_FAILED
        hooks: Any = self._environment.events
        hooks.request.fire(
            request_type="audit",
            name="every unit",
            response_time=None,  # it is none of the service's latencies
            response_length=0,
            exception=AssertionError(str(verdict)) if verdict.findings else None,
            context={},
        )

    def on_quitting(self, **_: object) -> None:
        """Stop and audit before the exit code is decided, also where a signal ends it."""
        if isinstance(self._runner, LocalRunner):
            self._runner.stop()
        elif isinstance(self._runner, WorkerRunner):
            self._hand_in()  # nobody can ask for them later

    def _prepare(self) -> None:
        """Make plan and stock, and set the clock.

        Raises:
            gevent.GreenletExit: It cannot be; why is told, and the exit code says so.
        """
        options: Any = self._environment.parsed_options
        options.run_id = uuid.uuid4().hex[:12]
        machines = sum(kind.fixed_count for kind in self._environment.user_classes)
        options.slots = self._runner.target_user_count - machines
        self._books, self._told = books.Books(), set()
        if isinstance(self._runner, MasterRunner):
            self._took_part = self._there()
        try:
            self._plan = plan_of(options)
            self._opening = self._stocked(self._plan)
        except (NotPrepared, ValueError) as reason:
            self._environment.process_exit_code = EXIT_NOT_PREPARED
            _log.error("NOT STARTED: %s", reason)
            gevent.spawn(self._end)
            raise gevent.GreenletExit from None  # Locust starts nobody, and shows no traceback
        self._ending = gevent.spawn_later(self._plan.duration_s, self._end)

    def _stocked(self, plan: Plan) -> Units:
        if not self._environment.host:
            raise NotPrepared("--host is missing: the host:port where the service listens")
        _log.info("preparing %s SKUs", f"{plan.catalogue.sku_count:,}")
        with Service(self._environment.host) as service:
            return prepare(service, plan.catalogue, plan.run_id, plan.hold_s)

    def _end(self) -> None:
        options = self._environment.parsed_options
        if options is not None and options.headless:
            self._runner.quit()
        else:
            self._runner.stop()

    def _collect(self) -> None:
        """Ask the workers for their books, and wait for those that are still there."""
        self._runner.send_message(_SETTLE)
        deadline_s = time.perf_counter() + SETTLE_S_MAX
        while self._there() - self._told and time.perf_counter() < deadline_s:
            gevent.sleep(_POLL_S)
        self._books.counts["bookless"] += len(self._took_part - self._told)

    def _on_connect(self, client_id: str, **_: object) -> None:
        self._took_part.add(client_id)  # in the midst of a run it gets work at once

    def _there(self) -> set[str]:
        return {node.id for node in self._runner.clients.all if node.state != STATE_MISSING}

    def _on_settle(self, **_: object) -> None:
        self._hand_in()

    def _hand_in(self) -> None:
        session = self._session
        found = books.Books() if session is None else session.settle()
        run_id = "" if session is None else session.plan.run_id
        self._runner.send_message(_BOOKS, {"run_id": run_id, "books": found.written()})

    def _on_books(self, msg: Any, **_: object) -> None:
        options: Any = self._environment.parsed_options
        this_run = msg.data["run_id"] in {"", options.run_id}  # not one that was given up
        if this_run and msg.node_id not in self._told:
            self._told.add(msg.node_id)
            self._books.add(books.read(msg.data["books"]))


def listen() -> None:
    """Hook into Locust, which has patched the standard library for gevent when it was imported."""
    grpc.experimental.gevent.init_gevent()  # after that, and before any channel is made
    hooks: Any = events
    hooks.init_command_line_parser.add_listener(lambda parser, **_: add_arguments(parser))
    hooks.init.add_listener(lambda environment, **_: Run(environment))
