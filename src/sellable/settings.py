"""Every setting of the service, in one table: flags win over `SELLABLE_*` over defaults.

`load_settings` is the only way in: it refuses names that nobody knows, values out of bounds and
settings that contradict each other, all at once and in words for a person.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sellable import limits
from sellable.errors import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX: Final = "SELLABLE_"

# Not ours to judge: what the tests and load tests read, and the addresses that Kubernetes puts
# into every pod for each service, here for services named "sellable" or "sellable-...".
_FOREIGN: Final = re.compile(
    r"SELLABLE_(TEST_\w+|(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?))"
)
# How the commands that ask a service find it: no settings, but known.
_OF_CLIENTS: Final = frozenset({"ADDRESS", "TLS_CA_FILE"})
_STORE_URL: Final = r"^(rediss?|unix)://.+"
_DAY_MS: Final = 24 * 3600 * 1000


def data_folder_default() -> Path:
    """Return `$XDG_DATA_HOME/sellable`, or `~/.local/share/sellable`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "sellable"


class Settings(BaseSettings):
    """The settings of one run; they do not change after the start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    # Serving.
    listen: Annotated[
        str, Field(description="address to serve on: host:port, [ipv6]:port or unix:path")
    ] = "127.0.0.1:50051"
    transport: Annotated[
        Literal["auto", "native", "grpcio"],
        Field(description="HTTP/2 engine; auto takes native without TLS and grpcio with TLS"),
    ] = "auto"
    tls_certificate_file: Annotated[
        Path | None, Field(description="PEM certificate chain; serves TLS together with the key")
    ] = None
    tls_key_file: Annotated[Path | None, Field(description="PEM private key")] = None
    drain_notice_ms: Annotated[
        int,
        Field(
            ge=0, le=300_000, description="after SIGTERM, how long health says NOT_SERVING first"
        ),
    ] = 0
    drain_grace_ms: Annotated[
        int, Field(ge=0, le=300_000, description="how long accepted calls may take to finish")
    ] = 10_000
    health_interval_ms: Annotated[
        int, Field(ge=10, le=60_000, description="how often health asks the store")
    ] = 1_000
    concurrent_streams_max: Annotated[
        int, Field(ge=1, le=65_536, description="calls in flight on one connection")
    ] = 1_024

    # Store.
    store: Annotated[
        str | None,
        Field(
            pattern=_STORE_URL,
            repr=False,  # it may hold a password
            description="redis://, rediss:// or unix:// of a server you run; none: embedded",
        ),
    ] = None
    data: Annotated[Path, Field(description="data folder of the embedded store")] = Field(
        default_factory=data_folder_default
    )
    durability: Annotated[
        Literal["fsync", "primary"] | None,
        Field(
            description="what an acknowledged write survives; none: fsync embedded, primary else"
        ),
    ] = None
    partitions: Annotated[
        int, Field(ge=1, description="units of atomicity the store is cut into; 1 until scaled")
    ] = 1
    connect_timeout_ms: Annotated[
        int, Field(ge=10, le=60_000, description="how long a connection to the store may take")
    ] = 2_000
    command_timeout_ms: Annotated[
        int, Field(ge=10, le=60_000, description="how long the store may take for one command")
    ] = 2_000
    read_queue_max: Annotated[
        int, Field(ge=1, le=1_000_000, description="reads that wait before OVERLOADED")
    ] = 10_000
    command_queue_max: Annotated[
        int,
        Field(ge=100, le=1_000_000, description="commands sent and not answered, then OVERLOADED"),
    ] = 10_000

    # Stock.
    ttl_ms_default: Annotated[
        int,
        Field(
            ge=limits.TTL_MS_MIN, le=limits.TTL_MS_MAX, description="life of a hold without a ttl"
        ),
    ] = limits.TTL_MS_DEFAULT
    ttl_ms_min: Annotated[
        int,
        Field(ge=limits.TTL_MS_MIN, le=limits.TTL_MS_MAX, description="shortest ttl allowed"),
    ] = limits.TTL_MS_MIN
    ttl_ms_max: Annotated[
        int, Field(ge=limits.TTL_MS_MIN, le=limits.TTL_MS_MAX, description="longest ttl allowed")
    ] = limits.TTL_MS_MAX
    retention_ms: Annotated[
        int,
        Field(
            ge=60_000,
            le=90 * _DAY_MS,
            description="how long closed reservations, deltas and shipments are remembered",
        ),
    ] = limits.RETENTION_MS_DEFAULT
    future_tolerance_ms: Annotated[
        int,
        Field(ge=0, le=_DAY_MS, description="how far ahead of the store a fact may be observed"),
    ] = limits.FUTURE_TOLERANCE_MS_DEFAULT
    sweep_interval_ms: Annotated[
        int, Field(ge=10, le=60_000, description="how often lapsed holds are cleared away")
    ] = 100
    ledger_entries_max: Annotated[
        int, Field(ge=1_000, le=1_000_000_000, description="changes kept in the ledger, about")
    ] = 1_000_000

    # Logs.
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="least level written")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "text", "json"],
        Field(description="auto writes text to a terminal and json otherwise"),
    ] = "auto"

    @property
    def durability_effective(self) -> Literal["fsync", "primary"]:
        """What is asked of the store: `durability`, or the default of its kind."""
        if self.durability is not None:
            return self.durability
        return "fsync" if self.store is None else "primary"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        problems = list(_contradictions(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self


def load_settings(**flags: Any) -> Settings:
    """Return the settings in force; a flag that is None was not given.

    Raises:
        SettingsRefused: With every problem that was found.
    """
    problems = _unknown_names(os.environ)
    try:
        settings = Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise SettingsRefused(*problems, *_sentences(error)) from error
    if problems:
        raise SettingsRefused(*problems)
    return settings


def _contradictions(settings: Settings) -> Iterator[str]:
    if not settings.ttl_ms_min <= settings.ttl_ms_default <= settings.ttl_ms_max:
        yield (
            f"ttl_ms_min ({settings.ttl_ms_min}), ttl_ms_default ({settings.ttl_ms_default}) and "
            f"ttl_ms_max ({settings.ttl_ms_max}) must be in this order"
        )
    if (settings.tls_certificate_file is None) != (settings.tls_key_file is None):
        yield "tls_certificate_file and tls_key_file go together: one is missing"
    if settings.transport == "native" and settings.tls_certificate_file is not None:
        yield "transport native has no TLS: choose grpcio or auto"
    if settings.partitions != 1:
        yield f"partitions is {settings.partitions}: more than 1 comes with the cluster"


def _unknown_names(environment: Mapping[str, str]) -> list[str]:
    known = [*(name.upper() for name in Settings.model_fields), *_OF_CLIENTS]
    problems = []
    for name in sorted(environment):
        # Names are matched as pydantic-settings does it: without regard to case.
        prefix, plain = name[: len(PREFIX)].upper(), name[len(PREFIX) :].upper()
        if prefix != PREFIX or plain in known or _FOREIGN.fullmatch(prefix + plain):
            continue
        near = difflib.get_close_matches(plain, known, n=1)
        hint = f": did you mean {PREFIX}{near[0]}?" if near else ""
        problems.append(f"{name} is not a setting{hint}")
    return problems


def _sentences(error: ValidationError) -> Iterator[str]:
    """Say what is wrong by name and bound; the value stays unsaid, it may hold a password."""
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        text = problem["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "string_pattern_mismatch":
            text = f"must be {Settings.model_fields[name].description}"
        yield f"{name} ({PREFIX}{name.upper()}): {text[:1].lower()}{text[1:]}" if name else text
