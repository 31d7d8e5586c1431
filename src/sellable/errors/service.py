"""What the service, its store or its settings cannot do now."""

from __future__ import annotations

from sellable.errors.root import SellableError


class Overloaded(SellableError):
    """A bounded queue is full: the call was refused before it did anything."""

    reason = "OVERLOADED"

    def __init__(self, queue: str, retry_after_ms: int) -> None:
        message = f"the {queue} queue is full; try again in {retry_after_ms} ms"
        super().__init__(message, queue=queue, retry_after_ms=retry_after_ms)
        self.queue = queue
        self.retry_after_ms = retry_after_ms


class StoreUnavailable(SellableError):
    """The store did not answer; with `outcome_unknown` a write may or may not have happened."""

    reason = "STORE_UNAVAILABLE"

    def __init__(self, problem: str, *, outcome_unknown: bool = False, **metadata: object) -> None:
        """Say what is wrong in our words; a driver's text never reaches the wire."""
        super().__init__(problem, outcome_unknown=str(outcome_unknown).lower(), **metadata)
        self.outcome_unknown = outcome_unknown


class DurabilityNotReached(StoreUnavailable):
    """Carried out, but too few replicas have it: a failover may lose it."""

    reason = "DURABILITY_NOT_REACHED"
    retry_after_ms = 100

    def __init__(self, wanted: int, reached: int) -> None:
        text = f"carried out, but {reached} of {wanted} replicas have it: send it again, same id"
        counts = {"replicas_reached": reached, "replicas_wanted": wanted}
        super().__init__(text, outcome_unknown=True, **counts)


class StoreRefused(SellableError):
    """At start-up: this store, folder or setting cannot keep our promises; the message says why."""

    reason = "STORE_UNAVAILABLE"


class ListenRefused(SellableError):
    """At start-up: the address, its TLS files or the transport cannot be used; it says why."""


class SettingsRefused(SellableError):
    """At start-up: settings that are unknown, out of bounds or contradict each other."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
