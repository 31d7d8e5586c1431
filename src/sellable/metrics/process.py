"""What one process has counted, put together when somebody asks."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from sellable.metrics.series import Series, of_histogram
from sellable.tally import SECONDS, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sellable.dispatch.dispatch import Dispatch
    from sellable.maintenance.sweeper import Sweeps
    from sellable.rpc.guard import Gate
    from sellable.store.store import Store

_LOOK_S: Final = 0.25
_STATM: Final = Path("/proc/self/statm")
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # of getrusage


class Meter:
    """All that one process has counted, and what its event loop and its store take.

    Args:
        worker: The name of the process among those of the service.
    """

    def __init__(self, worker: str) -> None:
        self.store_ping = Histogram(SECONDS)
        self._lag = Histogram(SECONDS)
        self._worker = worker
        self._parts: list[Callable[[], Iterable[Series]]] = [self._process]

    def add(self, part: Callable[[], Iterable[Series]]) -> None:
        """Have this asked too, whenever somebody asks."""
        self._parts.append(part)

    def read(self) -> list[Series]:
        """Return everything as it is now."""
        return [series for part in self._parts for series in part()]

    async def run(self) -> NoReturn:
        """Look for ever how late the event loop comes to what is due."""
        while True:
            due_s = time.perf_counter() + _LOOK_S  # the loop's own clock is not as fine
            await asyncio.sleep(_LOOK_S)
            self._lag.observe(max(0.0, time.perf_counter() - due_s))

    def _process(self) -> Iterator[Series]:
        yield of_histogram("sellable_store_ping_seconds", self.store_ping)
        yield of_histogram("sellable_loop_lag_seconds", self._lag, self._worker)
        yield Series("sellable_cpu_seconds", [time.process_time()], (self._worker,))
        yield Series("sellable_resident_bytes", [_resident_bytes()], (self._worker,))


def calls(gate: Gate) -> Iterator[Series]:
    """Yield what the edge of the service has counted."""
    yield Series("sellable_calls_in_flight", [gate.in_flight])
    for method, tally in gate.tallies.items():
        ended = sum(tally.counts)
        if not ended:
            continue
        yield of_histogram("sellable_call_seconds", tally, method)
        yield Series("sellable_calls", [ended - sum(tally.failures.values())], (method, "OK"))
        for code, count in tally.failures.items():
            yield Series("sellable_calls", [count], (method, code))


def store(opened: Store) -> Iterator[Series]:
    """Yield what a store and its connection have counted."""
    connection, reads = opened.runner.connection, opened.reads
    traffic = connection.traffic
    tally = reads.admission.tally
    yield of_histogram("sellable_read_requests", tally.requests)
    yield of_histogram("sellable_read_skus", tally.skus)
    yield Series("sellable_read_queue_requests", [reads.admission.requests])
    yield Series("sellable_read_queue_skus", [reads.admission.skus])
    yield Series("sellable_command_queue", [connection.outstanding])
    yield Series("sellable_overloaded", [tally.refused], ("read",))
    yield Series("sellable_overloaded", [traffic.refused], ("command",))
    yield Series("sellable_store_commands", [traffic.commands])
    yield Series("sellable_store_round_trips", [traffic.flushes])
    yield Series("sellable_store_reconnects", [traffic.reconnects])
    yield Series("sellable_store_connected", [int(connection.connected)])


def sourcing(dispatch: Dispatch) -> Iterator[Series]:
    """Yield what was planned."""
    tally, solving = dispatch.tally, dispatch.solving
    for method, count in tally.methods.items():
        yield Series("sellable_plans", [count], (method,))
    yield Series("sellable_plans_unproven", [tally.unproven])
    yield of_histogram("sellable_plan_seconds", solving.seconds)
    yield of_histogram("sellable_plan_attempts", tally.attempts)
    yield Series("sellable_plan_races_lost", [tally.lost])
    yield Series("sellable_plan_queue", [solving.under_way])
    yield Series("sellable_overloaded", [solving.refused], ("sourcing",))


def sweeper(sweeps: Sweeps) -> Iterator[Series]:
    """Yield what the sweeper did."""
    yield Series("sellable_expired", [sweeps.expired])
    yield Series("sellable_supplies_settled", [sweeps.settled])
    yield Series("sellable_forgotten", [sweeps.forgotten])
    yield Series("sellable_sweeps_failed", [sweeps.failed])


def worker_state(worker: str, *, up: bool, restarts: int) -> Iterator[Series]:
    """Yield how a process is, as whoever looks after it sees it."""
    yield Series("sellable_worker_up", [int(up)], (worker,))
    yield Series("sellable_worker_restarts", [restarts], (worker,))


def _resident_bytes() -> int:
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:  # elsewhere the system tells the most that it was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
