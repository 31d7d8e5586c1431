"""Every way a call can be refused, as data.

SellableError
├── InvalidFields            INVALID_FIELD            every violation by field path
├── InvalidNetwork           INVALID_NETWORK          every problem by line and column
├── UnknownMarket            UNKNOWN_MARKET
├── UnknownLocation          UNKNOWN_LOCATION
├── UnknownSku               UNKNOWN_SKU
├── UnknownReservation       UNKNOWN_RESERVATION
├── UnknownProfile           UNKNOWN_PROFILE
├── UnknownVersion           UNKNOWN_VERSION
├── LocationNotInMarket      LOCATION_NOT_IN_MARKET
├── LocationInUse            LOCATION_IN_USE
├── IdempotencyConflict      IDEMPOTENCY_CONFLICT
├── ReservationExpired       RESERVATION_EXPIRED
├── ReservationClosed        RESERVATION_CLOSED
├── InsufficientStock        INSUFFICIENT_STOCK       every short line
├── NoFeasiblePlan           NO_FEASIBLE_PLAN         what binds each line
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

from sellable.errors.requests import (
    InvalidFields,
    InvalidNetwork,
    Problem,
    UnknownLocation,
    UnknownMarket,
    UnknownProfile,
    UnknownReservation,
    UnknownSku,
    UnknownVersion,
    Violation,
)
from sellable.errors.root import (
    BugError,
    SellableError,
)
from sellable.errors.service import (
    DurabilityNotReached,
    ListenRefused,
    Overloaded,
    SettingsRefused,
    StoreRefused,
    StoreUnavailable,
)
from sellable.errors.state import (
    BlockedLine,
    IdempotencyConflict,
    InsufficientStock,
    LocationInUse,
    LocationNotInMarket,
    NetworkVersionConflict,
    NoFeasiblePlan,
    ReservationClosed,
    ReservationExpired,
    ShortLine,
    SyncInProgress,
    SyncSuspicious,
)

__all__ = [
    "BlockedLine",
    "BugError",
    "DurabilityNotReached",
    "IdempotencyConflict",
    "InsufficientStock",
    "InvalidFields",
    "InvalidNetwork",
    "ListenRefused",
    "LocationInUse",
    "LocationNotInMarket",
    "NetworkVersionConflict",
    "NoFeasiblePlan",
    "Overloaded",
    "Problem",
    "ReservationClosed",
    "ReservationExpired",
    "SellableError",
    "SettingsRefused",
    "ShortLine",
    "StoreRefused",
    "StoreUnavailable",
    "SyncInProgress",
    "SyncSuspicious",
    "UnknownLocation",
    "UnknownMarket",
    "UnknownProfile",
    "UnknownReservation",
    "UnknownSku",
    "UnknownVersion",
    "Violation",
]
