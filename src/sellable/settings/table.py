"""The table of settings: name, type, bounds, default, group and meaning of each, once.

Flags, environment names, the settings file, `check-config` and the reference in README.md are
made from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from sellable import durability, limits
from sellable.durability import FSYNC, PRIMARY, Durability

PREFIX: Final = "SELLABLE_"

_STORE_URL: Final = r"^(rediss?|unix)://.+"
_DAY_MS: Final = 24 * 3600 * 1000
_SERVING: Final = {"group": "Serving"}
_STORE: Final = {"group": "Store"}
_STOCK: Final = {"group": "Stock"}
_SOURCING: Final = {"group": "Sourcing"}
_INGEST: Final = {"group": "Ingest"}
_LOGS: Final = {"group": "Logs"}


def data_folder_default() -> Path:
    """Return `$XDG_DATA_HOME/sellable`, or `~/.local/share/sellable`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "sellable"


def _number(low: int, high: int, description: str, extra: dict[str, str]) -> Meta:
    return Meta(ge=low, le=high, description=description, extra=extra)


def _of(description: str, extra: dict[str, str]) -> Meta:
    return Meta(description=description, extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run; they do not change after the start."""

    listen: Annotated[
        str, _of("address to serve on: host:port, [ipv6]:port or unix:path", _SERVING)
    ] = "127.0.0.1:50051"
    only: Annotated[
        Literal["all", "availability", "sourcing"],
        _of("services of this process: all, all but sourcing, or sourcing alone", _SERVING),
    ] = "all"
    workers: Annotated[
        int, _number(1, limits.WORKERS_MAX, "processes that serve on one port", _SERVING)
    ] = 1
    worker_cores: Annotated[
        Literal["any", "own"],
        _of("cores of a worker; own gives each one, where a machine serves little else", _SERVING),
    ] = "any"
    transport: Annotated[
        Literal["auto", "native", "grpcio"],
        _of("HTTP/2 engine; auto takes native without TLS and grpcio with TLS", _SERVING),
    ] = "auto"
    tls_certificate_file: Annotated[
        Path | None, _of("PEM certificate chain; serves TLS together with the key", _SERVING)
    ] = None
    tls_key_file: Annotated[Path | None, _of("PEM private key", _SERVING)] = None
    drain_notice_ms: Annotated[
        int, _number(0, 300_000, "after SIGTERM, how long health says NOT_SERVING", _SERVING)
    ] = 0
    drain_grace_ms: Annotated[
        int, _number(0, 300_000, "how long accepted calls may take to finish", _SERVING)
    ] = 10_000
    health_interval_ms: Annotated[
        int, _number(10, 60_000, "how often health asks the store", _SERVING)
    ] = 1_000
    concurrent_streams_max: Annotated[
        int, _number(1, 65_536, "calls in flight on one connection", _SERVING)
    ] = 1_024
    metrics_listen: Annotated[
        str | None,
        _of("address of metrics for Prometheus: host:port or [ipv6]:port; none: off", _SERVING),
    ] = None

    store: Annotated[
        Annotated[str, Meta(pattern=_STORE_URL)] | None,
        _of("redis://, rediss:// or unix:// of a server you run; none: embedded", _STORE),
    ] = field(default=None, repr=False)  # it may hold a password
    data: Annotated[Path, _of("data folder of the embedded store", _STORE)] = field(
        default_factory=data_folder_default
    )
    durability: Annotated[
        Durability | None,
        _of(
            "what an acknowledged write survives; none: fsync embedded, primary else",
            {**_STORE, "allowed": durability.ALLOWED},
        ),
    ] = None
    partitions: Annotated[
        int, _number(1, 1_024, "parts the store is cut into; only 1 so far", _STORE)
    ] = 1
    connect_timeout_ms: Annotated[
        int, _number(10, 60_000, "how long a connection to the store may take", _STORE)
    ] = 2_000
    command_timeout_ms: Annotated[
        int, _number(10, 60_000, "how long one command, and then its replicas, may take", _STORE)
    ] = 2_000
    read_queue_max: Annotated[
        int, _number(1, 1_000_000, "reads that may wait; more are refused as OVERLOADED", _STORE)
    ] = 10_000
    command_queue_max: Annotated[
        int, _number(100, 1_000_000, "commands that may be unanswered; more are OVERLOADED", _STORE)
    ] = 10_000

    ttl_ms_default: Annotated[
        int,
        _number(limits.TTL_MS_MIN, limits.TTL_MS_MAX, "life of a hold without a ttl", _STOCK),
    ] = limits.TTL_MS_DEFAULT
    ttl_ms_min: Annotated[
        int, _number(limits.TTL_MS_MIN, limits.TTL_MS_MAX, "shortest ttl allowed", _STOCK)
    ] = limits.TTL_MS_MIN
    ttl_ms_max: Annotated[
        int, _number(limits.TTL_MS_MIN, limits.TTL_MS_MAX, "longest ttl allowed", _STOCK)
    ] = limits.TTL_MS_MAX
    retention_ms: Annotated[
        int,
        _number(
            60_000,
            90 * _DAY_MS,
            "how long closed reservations, deltas and shipments are remembered",
            _STOCK,
        ),
    ] = limits.RETENTION_MS_DEFAULT
    future_tolerance_ms: Annotated[
        int, _number(0, _DAY_MS, "how far ahead of the store a fact may be observed", _STOCK)
    ] = limits.FUTURE_TOLERANCE_MS_DEFAULT
    pickup_radius_km_default: Annotated[
        int,
        _number(
            1,
            limits.PICKUP_RADIUS_KM_MAX,
            "how far away an order may be collected where the caller does not say",
            _STOCK,
        ),
    ] = limits.PICKUP_RADIUS_KM_DEFAULT
    sweep_interval_ms: Annotated[
        int, _number(10, 60_000, "how often lapsed holds are cleared away", _STOCK)
    ] = 100
    ledger_entries_max: Annotated[
        int, _number(1_000, 1_000_000_000, "about how many changes the ledger keeps", _STOCK)
    ] = 1_000_000
    network_versions_max: Annotated[
        int,
        _number(1, limits.NETWORK_VERSIONS_MAX, "versions of the network that are kept", _STOCK),
    ] = limits.NETWORK_VERSIONS_DEFAULT

    sourcing_solve_limit_ms: Annotated[
        int,
        _number(
            limits.SOLVE_LIMIT_MS_MIN,
            limits.SOLVE_LIMIT_MS_MAX,
            "how long a plan is improved where the caller does not say",
            _SOURCING,
        ),
    ] = limits.SOLVE_LIMIT_MS_DEFAULT
    sourcing_threads: Annotated[
        int, _number(1, 64, "plans that are worked on at once in one process", _SOURCING)
    ] = 2
    sourcing_queue_max: Annotated[
        int, _number(1, 100_000, "plans under way; more are refused as OVERLOADED", _SOURCING)
    ] = 256
    postal_codes: Annotated[
        Path | None,
        _of(
            "table of where postal codes are: GeoNames' text or ZIP, or CSV; "
            "none: a destination needs coordinates",
            _SOURCING,
        ),
    ] = None

    ingest_batch_rows_max: Annotated[
        int, _number(1, 1_000, "rows that a worker reads of a source at once", _INGEST)
    ] = 1_000
    ingest_claim_after_ms: Annotated[
        int,
        _number(50, _DAY_MS, "after how long rows of a silent worker are another's", _INGEST),
    ] = 30_000
    ingest_tries_max: Annotated[
        int, _number(1, 1_000, "how often rows that fail are tried before they are dead", _INGEST)
    ] = 5
    feed_silent_after: Annotated[
        str | None,
        _of(
            "after how long feeds without rows are reported as silent: the first match wins",
            {
                **_INGEST,
                "allowed": "NAME=DURATION with commas between, e.g. wms-paris=26h, pos-*=15m",
            },
        ),
    ] = None

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _of("lowest level that is written", _LOGS)
    ] = "info"
    log_format: Annotated[
        Literal["auto", "text", "json"],
        _of("auto writes text to a terminal and json otherwise", _LOGS),
    ] = "auto"

    @property
    def durability_effective(self) -> Durability:
        """What is asked of the store: `durability`, or the default of its kind."""
        if self.durability is not None:
            return self.durability
        return FSYNC if self.store is None else PRIMARY
