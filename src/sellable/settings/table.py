"""The table of settings: name, type, bounds, default, group and meaning of each, once.

Flags, environment names, the settings file, `check-config` and the reference in README.md are
made from it.
"""

from __future__ import annotations

import os
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Meta, inspect

from sellable import durability, limits
from sellable.durability import FSYNC, PRIMARY, Durability

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX: Final = "SELLABLE_"

_STORE_URL: Final = r"^(rediss?|unix)://.+"
_DAY_MS: Final = 24 * 3600 * 1000
_SERVING: Final = {"group": "Serving"}
_STORE: Final = {"group": "Store"}
_STOCK: Final = {"group": "Stock"}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table.

    Args:
        name: In the settings file; flag and environment name follow from it.
        kind: What values are converted to.
        default: Answers the value of one that was not set.
        default_text: The default for people, the same on every machine.
        group: What it is about.
        meaning: One phrase.
        allowed: Which values, in words: "a whole number from 0 to 300000".
        choices: Every value allowed, if they are few words.
        secret: Whether a value may hold a password.
    """

    name: str
    kind: Any
    default: Callable[[], Any]
    default_text: str
    group: str
    meaning: str
    allowed: str
    choices: tuple[str, ...]
    secret: bool

    @property
    def flag(self) -> str:
        """The option of `sellable serve`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"{PREFIX}{self.name.upper()}"


def _row(name: str, kind: Any, default: Callable[[], Any]) -> Setting:
    described = inspect.type_info(kind)
    if not isinstance(described, inspect.Metadata) or described.extra is None:
        raise TypeError(f"setting {name} has no group")
    meaning = kind.__metadata__[0].description
    inner = described.type
    if isinstance(inner, inspect.UnionType):
        inner = next(t for t in inner.types if not isinstance(t, inspect.NoneType))
    choices: tuple[str, ...] = ()
    match inner:
        case _ if "allowed" in described.extra:
            allowed = described.extra["allowed"]
        case inspect.IntType():
            allowed = f"a whole number from {inner.ge} to {inner.le}"
        case inspect.LiteralType():
            choices = _words(kind)
            allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        case inspect.StrType(pattern=str()):
            allowed = meaning
        case inspect.StrType():
            allowed = "an address"
        case _:
            allowed = "a path"
    value = default()
    told = "none" if value is None else str(value)
    return Setting(
        name=name,
        kind=kind,
        default=default,
        default_text="~/.local/share/sellable" if default is data_folder_default else told,
        group=described.extra["group"],
        meaning=meaning,
        allowed=allowed,
        choices=choices,
        secret=isinstance(inner, inspect.StrType) and inner.pattern is not None,
    )


def _words(kind: Any) -> tuple[str, ...]:
    """Return the words of a Literal in the order in which they were written."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next(filter(None, map(_words, get_args(kind))), ())


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _rows() -> dict[str, Setting]:
    kinds = get_type_hints(Settings, include_extras=True)
    rows = {}
    for item in fields(Settings):
        made = item.default_factory
        default = _constant(item.default) if made is MISSING else made
        rows[item.name] = _row(item.name, kinds[item.name], default)
    return rows


TABLE: Final = _rows()
