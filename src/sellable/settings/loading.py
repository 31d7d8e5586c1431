"""What is in force: flags win over the environment, that over the file, and that over defaults."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.errors import SettingsRefused
from sellable.settings.document import read_file
from sellable.settings.rows import TABLE, Setting
from sellable.settings.silences import Silences, SilencesRefused
from sellable.settings.table import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
# How the commands that ask a service find it: no settings, but known.
OF_CLIENTS: Final = {
    f"{PREFIX}ADDRESS": "the service that commands ask: host:port, [ipv6]:port or unix:path",
    f"{PREFIX}TLS_CA_FILE": "PEM certificate that commands trust; they speak TLS then",
}
DEFAULT: Final = "default"

# Not ours to judge: what the tests and load tests read, and the addresses that Kubernetes puts
# into every pod for each service, here for services named "sellable" or "sellable-...".
_FOREIGN: Final = re.compile(
    r"SELLABLE_(TEST_\w+|(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?))"
)
_CREDENTIALS: Final = re.compile(r"(?<=://).*@", re.DOTALL)
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings of a run, and where each came from."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[Setting, Any, str]]:
        """Yield every setting, its value fit to be shown, and its origin."""
        for name, setting in TABLE.items():
            value = getattr(self.settings, name)
            if setting.secret and value is not None:
                value = without_password(value)
            yield setting, value, self.origins[name]


def without_password(url: str) -> str:
    """Return the URL of a store as it may be shown."""
    return _QUERY.sub("?***", _CREDENTIALS.sub("***@", url))


def load_settings(**flags: Any) -> Settings:
    """Return the settings in force; a flag that is None was not given.

    Raises:
        SettingsRefused: With every problem that was found.
    """
    return settings_in_force(flags).settings


def settings_in_force(flags: Mapping[str, Any], config: Path | None = None) -> InForce:
    """Return the settings in force with their origins.

    Args:
        flags: What was given by name; None was not given.
        config: The settings file; None: the one that the environment names, if any.

    Raises:
        SettingsRefused: With every problem that was found.
    """
    environment, problems = _environment(os.environ)
    file = config
    if file is None and (named := os.environ.get(CONFIG_VARIABLE)):
        file = Path(named)
    given: dict[str, tuple[Any, str]] = {}
    if file is not None:
        in_file, more = _known_in_file(file)
        given |= in_file
        problems += more
    given |= environment
    for name, value in flags.items():
        if value is None:
            continue
        if name in TABLE:
            given[name] = (value, TABLE[name].flag)
        else:
            flag = f"--{name.replace('_', '-')}"
            hint = _hint(flag, [setting.flag for setting in TABLE.values()])
            problems.append(f"{flag} is not a setting{hint}")
    return _checked(given, problems)


def _checked(given: Mapping[str, tuple[Any, str]], problems: list[str]) -> InForce:
    values, origins, wrong = {}, {}, set()
    for name, setting in TABLE.items():
        value, origins[name] = given.get(name, (None, DEFAULT))
        if value is None:
            values[name] = setting.default()
            continue
        try:
            values[name] = msgspec.convert(
                value, setting.kind, strict=False, dec_hook=lambda kind, text: kind(text)
            )
        except msgspec.ValidationError:
            problems.append(_sentence(setting, value, origins[name]))
            values[name] = setting.default()
            wrong.add(name)
    settings = Settings(**values)
    for names, text in _contradictions(settings):
        if wrong.isdisjoint(names):  # of a wrong value nothing follows
            told = ", ".join(f"{name} from {origins[name]}" for name in names)
            problems.append(f"{text} ({told})")
    if problems:
        raise SettingsRefused(*problems)
    return InForce(settings, origins)


def _sentence(setting: Setting, value: Any, origin: str) -> str:
    """Say what is wrong by name and bound; of a value that may hold a password only what may."""
    # A flag and a variable say by themselves which setting it is; a place in a file does not.
    name = "" if origin in {setting.flag, setting.variable} else f"{setting.name} "
    if setting.secret:
        return f"{origin}: {name}must be {setting.allowed}"
    shown = str(value) if len(str(value)) <= 64 else f"{str(value)[:64]}..."  # noqa: PLR2004 - a line
    return f"{origin}: {name}{shown!r} is not {setting.allowed}"


def _contradictions(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the settings that do not go together, and why."""
    if not settings.ttl_ms_min <= settings.ttl_ms_default <= settings.ttl_ms_max:
        yield (
            ("ttl_ms_min", "ttl_ms_default", "ttl_ms_max"),
            (
                f"ttl_ms_min {settings.ttl_ms_min}, ttl_ms_default {settings.ttl_ms_default} and "
                f"ttl_ms_max {settings.ttl_ms_max} must be in this order"
            ),
        )
    if settings.store is None and settings.durability_effective.replicas:
        yield (
            ("durability", "store"),
            (
                f"durability {settings.durability} needs a store of yours with replicas, as the "
                "embedded one has none: name it with --store, or choose fsync"
            ),
        )
    if settings.only == "sourcing" and settings.store is None:
        yield (
            ("only", "store"),
            (
                "only sourcing has no store of its own: name the one that the availability "
                "service uses with --store, or choose all"
            ),
        )
    tls = ("tls_certificate_file", "tls_key_file")
    if (settings.tls_certificate_file is None) != (settings.tls_key_file is None):
        yield tls, "tls_certificate_file and tls_key_file go together: one is missing"
    if settings.transport == "native" and settings.tls_certificate_file is not None:
        yield (
            ("transport", "tls_certificate_file"),
            "transport native has no TLS: choose grpcio or auto",
        )
    if settings.worker_cores == "own" and not hasattr(os, "sched_setaffinity"):
        yield ("worker_cores",), "worker_cores own needs a system that ties processes to cores"
    if settings.workers > 1 and settings.listen.startswith("unix:"):
        yield (
            ("workers", "listen"),
            (
                f"workers is {settings.workers} and listen a Unix socket: several share a port, "
                "so listen on host:port or [ipv6]:port, or set workers to 1"
            ),
        )
    try:
        Silences(settings.feed_silent_after or "")
    except SilencesRefused as refused:
        yield ("feed_silent_after",), f"feed_silent_after: {refused}"
    if settings.partitions != 1:
        yield (
            ("partitions",),
            f"partitions is {settings.partitions}: more than 1 comes with the cluster",
        )


def _environment(environment: Mapping[str, str]) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Return what the environment sets, and what nobody knows; case does not count there."""
    by_variable = {setting.variable: name for name, setting in TABLE.items()}
    known = [*by_variable, CONFIG_VARIABLE, *OF_CLIENTS]
    found: dict[str, tuple[str, str]] = {}
    problems = []
    for name in sorted(environment):
        upper = name.upper()
        if setting := by_variable.get(upper):
            if environment[name]:
                found[setting] = (environment[name], name)
        elif upper.startswith(PREFIX) and upper not in known and not _FOREIGN.fullmatch(upper):
            problems.append(f"{name} is not a setting{_hint(upper, known)}")
    return found, problems


def _known_in_file(file: Path) -> tuple[dict[str, tuple[str, str]], list[str]]:
    found, problems = read_file(file)
    known = {}
    for name, (text, place) in found.items():
        if name in TABLE:
            known[name] = (text, place)
        else:
            problems.append(f"{place}: {name} is not a setting{_hint(name, TABLE)}")
    return known, problems


def _hint(name: str, known: Iterable[str]) -> str:
    """Name the nearest; the comparison is of what differs, not of what all begin with."""
    by_rest = {_rest(one): one for one in known}
    near = difflib.get_close_matches(_rest(name[:64]), by_rest, n=1)
    return f": did you mean {by_rest[near[0]]}?" if near else ""


def _rest(name: str) -> str:
    return name.removeprefix(PREFIX).removeprefix("--").replace("-", "_").lower()
