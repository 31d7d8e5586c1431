"""The table of metrics: name, kind, labels and meaning of each; README.md says the same."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from sellable.tally import ATTEMPTS, SECONDS, SIZES


class Family(NamedTuple):
    """One metric with all its labels.

    Args:
        name: As Prometheus shows it, but that a counter has `_total` behind it there.
        kind: Counters and histograms never go down while the service runs; gauges do.
        meaning: One phrase.
        labels: What tells its series apart.
        bounds: Of a histogram: its buckets.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def shown(self) -> str:
        """The name in a query."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


_TABLE: Final = (
    Family("sellable_calls", "counter", "calls that ended, by status code", ("method", "code")),
    Family("sellable_call_seconds", "histogram", "how long calls took here", ("method",), SECONDS),
    Family("sellable_calls_in_flight", "gauge", "calls accepted and not yet answered"),
    Family("sellable_read_requests", "histogram", "requests that one read answers", (), SIZES),
    Family("sellable_read_skus", "histogram", "SKUs that one read asks for", (), SIZES),
    Family("sellable_read_queue_requests", "gauge", "reads that wait for the store"),
    Family("sellable_read_queue_skus", "gauge", "SKUs that are waited for"),
    Family("sellable_command_queue", "gauge", "commands that the store has not answered"),
    Family("sellable_overloaded", "counter", "refusals because a queue was full", ("queue",)),
    Family("sellable_store_commands", "counter", "commands sent to the store"),
    Family("sellable_store_round_trips", "counter", "times that commands were sent together"),
    Family("sellable_store_reconnects", "counter", "times that a lost store was found again"),
    Family("sellable_plans", "counter", "plans made, by how they were found", ("method",)),
    Family("sellable_plans_unproven", "counter", "plans that may not be the best ones"),
    Family("sellable_plan_seconds", "histogram", "how long plans were worked on", (), SECONDS),
    Family(
        "sellable_plan_attempts", "histogram", "plans made for each that was held", (), ATTEMPTS
    ),
    Family("sellable_plan_races_lost", "counter", "plans whose stock went before they were held"),
    Family("sellable_plan_queue", "gauge", "plans that are worked on or wait for it"),
    Family(
        "sellable_store_ping_seconds", "histogram", "answers of the store to health", (), SECONDS
    ),
    Family("sellable_store_connected", "gauge", "connections to the store that are up"),
    Family(
        "sellable_loop_lag_seconds",
        "histogram",
        "how late the event loop was, looked at 4 times a second",
        ("worker",),
        SECONDS,
    ),
    Family("sellable_cpu_seconds", "counter", "processor time used", ("worker",)),
    Family("sellable_resident_bytes", "gauge", "memory in use", ("worker",)),
    Family("sellable_worker_up", "gauge", "1 while this worker serves, else 0", ("worker",)),
    Family(
        "sellable_worker_restarts",
        "counter",
        "times that this worker was started again after it died",
        ("worker",),
    ),
    Family("sellable_expired", "counter", "overdue holds that the sweeper gave back"),
    Family("sellable_supplies_settled", "counter", "arrived supplies that the sweeper moved"),
    Family("sellable_forgotten", "counter", "closed reservations past their retention"),
    Family("sellable_sweeps_failed", "counter", "sweeps that are to be tried again"),
)
FAMILIES: Final = {family.name: family for family in _TABLE}
