"""Profiles as YAML: those that are shipped and those of a user, refused with line and column."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sellable.errors import InvalidNetwork, SellableError
from sellable.ingest.edi.rule_file import read_edi_rules
from sellable.ingest.edi.rules import Strictness
from sellable.ingest.profile import (
    COLUMNS,
    FACT_COLUMNS,
    KEYS,
    Blank,
    CountMeaning,
    Duplicates,
    Fractions,
    Negative,
    Profile,
    folded,
)
from sellable.ingest.profile_checks import a_delimiter, a_text, a_time_format, an_encoding
from sellable.names import location_problem
from sellable.network.dating import read_duration
from sellable.network.entry import Entry
from sellable.network.report import Report, quoted
from sellable.network.tree import Mapping, Scalar, join, read_tree
from sellable.network.zones import time_zones

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from sellable.network.tree import Node

__all__ = [
    "InvalidProfile",
    "Profile",
    "load_profile",
    "parse_profile",
    "shipped_profiles",
]

_BYTES_MAX: Final = 256 * 1024
DEFAULT: Final = "default"
_SHIPPED: Final = files("sellable.ingest").joinpath("shipped")
_SILENT_LEAST_MS: Final = 1_000
_SILENT_MOST_MS: Final = 366 * 24 * 3600 * 1000


class InvalidProfile(SellableError):
    """A profile cannot be used; the message has every problem with `file:line:column`."""

    reason = "INVALID_FIELD"


def shipped_profiles() -> list[str]:
    """Name the profiles that come with the product, in order."""
    names = (entry.name for entry in _SHIPPED.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """Load a shipped profile by its name, or any by its path.

    Raises:
        InvalidProfile: If there is none, or something in it is not as it must be.
    """
    if isinstance(name_or_path, str) and name_or_path in shipped_profiles():
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise InvalidProfile(
            f"there is no profile {str(name_or_path)!r}: name a file, or one of "
            f"{', '.join(shipped_profiles())}"
        )
    return _read(path, str(path), path.stem)


@cache
def _shipped(name: str) -> Profile:
    return _read(_SHIPPED.joinpath(f"{name}.yaml"), f"{name}.yaml", name)


def _read(file: Path | Traversable, shown: str, name: str) -> Profile:
    try:
        content = file.read_bytes()
        document = content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidProfile(f"cannot read {shown}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidProfile(f"{shown}:{line}: not UTF-8 at byte {error.start}") from error
    if len(content) > _BYTES_MAX:
        raise InvalidProfile(f"{shown} has more than {_BYTES_MAX} bytes: it is no profile")
    try:
        return parse_profile(document, name)
    except InvalidNetwork as error:
        problems = (
            f"{shown}:{p.line}:{p.column}: "
            + (p.description if p.field == "document" else f"{p.field}: {p.description}")
            for p in error.problems
        )
        raise InvalidProfile("\n".join(problems)) from error


def parse_profile(document: str, name: str) -> Profile:
    """Answer the profile that a YAML document describes; raise InvalidNetwork with all problems."""
    report = Report()
    root = read_tree(document, report)
    _refuse_unknown_keys(root, "", KEYS, report)
    entry = Entry(root, "", report)
    own = _plain_keys(entry) | _separators(entry) | _times(entry)
    for key, choices in _CHOICES.items():
        if entry.has(key) and (choice := entry.choice(key, choices, None)) is not None:
            own[key] = choice
    for key in ("not_a_position", "status_is_zero", "not_locations"):
        if entry.has(key):
            own[key] = frozenset(folded(text) for text, _, _ in entry.texts(key))
    _mappings(root, report, own)
    base = _base(entry)
    if base is not None and "columns" in own:
        own["columns"] = base.columns | own["columns"]
    profile = replace(base or Profile(name=name), **{"name": name, **own})
    if not profile.columns and name != DEFAULT:
        known = _shipped(DEFAULT).columns
        profile = replace(profile, columns={"sku": known["sku"]} if profile.wide else known)
    _check_together(profile, entry)
    report.refuse_if_any()
    return profile


_CHOICES: Final[dict[str, Any]] = {
    "count": CountMeaning,
    "fractions": Fractions,
    "blank_quantity": Blank,
    "negative_counts": Negative,
    "duplicates": Duplicates,
    "segment_count": Strictness,
}


def _refuse_unknown_keys(node: Node, path: str, known: object, report: Report) -> None:
    names = list(known) if isinstance(known, dict) else []
    for key, (mark, _) in node.entries.items() if isinstance(node, Mapping) else ():
        if key not in names:
            hint = report.hint(key, names)
            allowed = f"allowed are {', '.join(names)}"
            report.add(mark, join(path, key), f"unknown key {quoted(key)}{hint}; {allowed}")


def _base(entry: Entry) -> Profile | None:
    shipped = shipped_profiles()
    name = entry.text(
        "extends", lambda text: None if text in shipped else f"must be one of {', '.join(shipped)}"
    )
    return _shipped(name) if name in shipped else None


def _plain_keys(entry: Entry) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for key in ("name", "description"):
        if text := entry.text(key, a_text):
            own[key] = text
    if entry.has("quantity_max"):
        own["quantity_max"] = entry.whole("quantity_max", 0)
    if entry.has("wide"):
        own["wide"] = entry.flag("wide", default=False)
    if entry.has("silent_after"):
        own["silent_after_ms"] = read_duration(
            entry, "silent_after", _SILENT_LEAST_MS, _SILENT_MOST_MS
        )
    encoding = entry.text("encoding", an_encoding)
    if encoding is not None:
        own["encoding"] = "" if encoding == "auto" else encoding
    return own


def _separators(entry: Entry) -> dict[str, Any]:
    own: dict[str, Any] = {}
    delimiter = entry.text("delimiter", a_delimiter)
    if delimiter is not None:
        own["delimiter"] = {"auto": "", "tab": "\t"}.get(delimiter, delimiter)
    decimal = entry.text(
        "decimal_separator", lambda t: None if t in {".", ","} else "must be . or ,"
    )
    if decimal is not None:
        own["decimal_separator"] = decimal
    allowed = {",": ",", ".": ".", "'": "'", "_": "_", "space": " "}
    thousands = entry.text(
        "thousands_separator",
        lambda text: None if text in allowed else f"must be one of {' '.join(allowed)}",
    )
    if thousands is not None:
        own["thousands_separator"] = allowed.get(thousands, "")
    return own


def _times(entry: Entry) -> dict[str, Any]:
    own: dict[str, Any] = {}
    zone = entry.text(
        "time_zone",
        lambda text: (
            None if text in time_zones() else "must be an IANA time zone, e.g. Europe/Paris"
        ),
    )
    if zone is not None:
        own["time_zone"] = zone
    time_format = entry.text("time_format", a_time_format)
    if time_format is not None:
        own["time_format"] = time_format
    return own


def _mappings(root: Node, report: Report, own: dict[str, Any]) -> None:
    """Read the keys whose values are mappings."""
    entries = root.entries if isinstance(root, Mapping) else {}
    if "edi" in entries:
        own["edi"] = read_edi_rules(entries["edi"][1], "edi", report)
    for key in ("columns", "locations"):
        _, node = entries.get(key, (None, None))
        if node is None or (isinstance(node, Scalar) and node.empty):
            continue
        inner = Entry(node, key, report)
        names = node.entries if isinstance(node, Mapping) else {}
        if key == "columns":
            _refuse_unknown_keys(node, key, COLUMNS, report)
            own[key] = {
                name: tuple(text for text, _, _ in inner.texts(name))
                for name in names
                if name in COLUMNS
            }
        else:
            texts = {name: inner.text(name, location_problem) or "" for name in names}
            own[key] = {name.strip().casefold(): text for name, text in texts.items()}


def _check_together(profile: Profile, entry: Entry) -> None:
    if not profile.columns.get("sku"):
        entry.problem("columns", "must say which column is the sku")
    if not profile.wide and not any(profile.columns.get(name) for name in FACT_COLUMNS):
        entry.problem("columns", f"must have at least one of {', '.join(FACT_COLUMNS)}")
    taken = [name for name in ("location", *FACT_COLUMNS) if profile.columns.get(name)]
    if profile.wide and taken:
        entry.problem("columns", f"in a wide file there is no column {taken[0]}")
    if profile.thousands_separator == profile.decimal_separator:
        entry.problem("thousands_separator", "must not be the decimal separator")
