"""Every way a call can be refused, as data.

SellableError
├── InvalidFields            INVALID_FIELD            every violation by field path
├── InvalidNetwork           INVALID_NETWORK          every problem by line and column
├── UnknownMarket            UNKNOWN_MARKET
├── UnknownLocation          UNKNOWN_LOCATION
├── UnknownSku               UNKNOWN_SKU
├── UnknownReservation       UNKNOWN_RESERVATION
├── UnknownVersion           UNKNOWN_VERSION
├── LocationNotInMarket      LOCATION_NOT_IN_MARKET
├── LocationInUse            LOCATION_IN_USE
├── IdempotencyConflict      IDEMPOTENCY_CONFLICT
├── ReservationExpired       RESERVATION_EXPIRED
├── ReservationClosed        RESERVATION_CLOSED
├── InsufficientStock        INSUFFICIENT_STOCK       every short line
├── NetworkVersionConflict   NETWORK_VERSION_CONFLICT
├── SyncInProgress           SYNC_IN_PROGRESS
├── SyncSuspicious           SYNC_SUSPICIOUS
├── Overloaded               OVERLOADED
├── StoreUnavailable         STORE_UNAVAILABLE        outcome_unknown: send it again, same id
├── DurabilityNotReached     DURABILITY_NOT_REACHED   written, may be lost: send it again, same id
├── StoreRefused             (start-up only)          this store cannot keep our promises
├── ListenRefused            (start-up only)          this address cannot be served
├── SettingsRefused          (start-up only)          every setting that is wrong or unknown
└── BugError                 INTERNAL                 an impossible state, logged

The reasons are the names of `sellable.v1.ErrorReason` without the prefix; `rpc/status.py` maps
them to gRPC and a test holds the three tables together. No gRPC here.
"""

from __future__ import annotations

from dataclasses import dataclass


class SellableError(Exception):
    """A refusal with a machine-readable reason and the data behind its message."""

    reason = "INTERNAL"

    def __init__(self, message: str, **metadata: object) -> None:
        super().__init__(message)
        self._metadata = {name: str(value) for name, value in metadata.items()}

    @property
    def metadata(self) -> dict[str, str]:
        """Every dynamic value of the message, by name."""
        return self._metadata


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is not as it must be: its path and what is allowed."""

    field: str
    description: str


class InvalidFields(SellableError):
    """One or more fields of a request are out of bounds; nothing was changed."""

    reason = "INVALID_FIELD"

    def __init__(self, *violations: Violation) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = violations


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a network document, at a 1-based line and column."""

    line: int
    column: int
    field: str
    description: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.field}: {self.description}"


class InvalidNetwork(SellableError):
    """A network document has faults; all of them are listed and nothing was changed."""

    reason = "INVALID_NETWORK"

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class _Unknown(SellableError):
    kind = ""

    def __init__(self, name: str) -> None:
        super().__init__(f"{self.kind} {name!r} is not known", **{self.kind: name})
        self.name = name


class UnknownMarket(_Unknown):
    """No market of this channel in this country; `name` is `channel/country`."""

    reason = "UNKNOWN_MARKET"
    kind = "market"


class UnknownLocation(_Unknown):
    """The network has no such location."""

    reason = "UNKNOWN_LOCATION"
    kind = "location"


class UnknownSku(_Unknown):
    """No fact about this SKU was ever applied."""

    reason = "UNKNOWN_SKU"
    kind = "sku"


class UnknownReservation(_Unknown):
    """The reservation was never made, or its record is past its retention."""

    reason = "UNKNOWN_RESERVATION"
    kind = "reservation"


class UnknownVersion(_Unknown):
    """The network has no such version."""

    reason = "UNKNOWN_VERSION"
    kind = "version"


class LocationNotInMarket(SellableError):
    """The market does not sell from this location."""

    reason = "LOCATION_NOT_IN_MARKET"

    def __init__(self, location: str, market: str) -> None:
        message = f"market {market} does not sell from location {location!r}"
        super().__init__(message, location=location, market=market)


class LocationInUse(SellableError):
    """A location that still holds reservations cannot leave the network."""

    reason = "LOCATION_IN_USE"

    def __init__(self, location: str, reservation_count: int) -> None:
        super().__init__(
            f"location {location!r} still holds units of {reservation_count} reservations: "
            "fulfil, release or transfer them first (disabling the location is always allowed)",
            location=location,
            reservation_count=reservation_count,
        )


class IdempotencyConflict(SellableError):
    """The id is known with other content; nothing was changed."""

    reason = "IDEMPOTENCY_CONFLICT"

    def __init__(self, identifier: str, field: str) -> None:
        message = f"{identifier!r} was used before with another {field}"
        super().__init__(message, id=identifier, field=field)


class ReservationExpired(SellableError):
    """The hold ran out; its stock went back to sale."""

    reason = "RESERVATION_EXPIRED"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"reservation {reservation_id!r} has expired", reservation=reservation_id)


class ReservationClosed(SellableError):
    """The reservation is in a state that does not allow this call."""

    reason = "RESERVATION_CLOSED"

    def __init__(self, reservation_id: str, state: str) -> None:
        message = f"reservation {reservation_id!r} is {state}"
        super().__init__(message, reservation=reservation_id, state=state)


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line that cannot be granted in full, and what it could have had."""

    line_id: str
    sku: str
    requested_quantity: int
    sellable_quantity: int


class InsufficientStock(SellableError):
    """Not every line can be granted; `lines` names every short one. Nothing was taken."""

    reason = "INSUFFICIENT_STOCK"

    def __init__(self, *lines: ShortLine) -> None:
        text = "{0.sku}: requested {0.requested_quantity}, sellable {0.sellable_quantity}"
        super().__init__("; ".join(map(text.format, lines)))
        self.lines = lines


class NetworkVersionConflict(SellableError):
    """Another version of the network came first; nothing was changed."""

    reason = "NETWORK_VERSION_CONFLICT"

    def __init__(self, expected: int, current: int) -> None:
        message = f"expected network version {expected}, but {current} is in force"
        super().__init__(message, expected=expected, current=current)


class SyncInProgress(SellableError):
    """Another full count of the location goes on."""

    reason = "SYNC_IN_PROGRESS"

    def __init__(self, location: str, sync_id: str) -> None:
        message = f"full count {sync_id!r} of location {location!r} is going on"
        super().__init__(message, location=location, sync=sync_id)


class SyncSuspicious(SellableError):
    """A full count would take more of a location's stock to 0 than it may; nothing was changed."""

    reason = "SYNC_SUSPICIOUS"

    def __init__(self, location: str, zeroed: int, stocked: int, fraction: float) -> None:
        super().__init__(
            f"the full count would take {zeroed} of the {stocked} positions with stock at "
            f"{location!r} to 0, at most {fraction:g} of them is allowed: send every row",
            location=location,
            zeroed_count=zeroed,
            stocked_count=stocked,
            max_zeroed_fraction=fraction,
        )


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


class BugError(SellableError):
    """An impossible state: always a fault of ours."""
