"""What the single values of a profile may be: each check answers None or what is allowed."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from typing import Final

_EPOCH_FORMATS: Final = ("epoch_seconds", "epoch_ms", "epoch_us")
_TEXT_MAX: Final = 1_000
# Codecs that turn bytes into text in ways that are no encoding of a feed.
_NO_ENCODINGS: Final = frozenset(
    {
        "idna",
        "punycode",
        "undefined",
        "unicode-escape",
        "raw-unicode-escape",
        "utf-7",
        "mbcs",
        "oem",
    }
)
_PROBE: Final = datetime(2026, 11, 27, 18, 4, 5, 6, tzinfo=UTC)


def a_text(text: str) -> str | None:
    """Check a text for people."""
    return None if 0 < len(text) <= _TEXT_MAX else f"must have 1 to {_TEXT_MAX} characters"


def a_delimiter(text: str) -> str | None:
    """Check what stands between cells."""
    single = len(text) == 1 and not text.isalnum() and text not in '" .\r\n\0'
    if single or text in {"auto", "tab"}:
        return None
    return "must be one character that is no letter, digit, blank, dot or quote; or tab, or auto"


def an_encoding(text: str) -> str | None:
    """Check the name of an encoding; auto is one."""
    try:
        if text == "auto" or _is_encoding(text):
            return None
    except (LookupError, ValueError):
        pass
    return "must be auto or a text encoding such as utf-8, windows-1252 or shift_jis"


def a_time_format(text: str) -> str | None:
    """Check how times are written."""
    if text in {"iso", *_EPOCH_FORMATS}:
        return None
    allowed = f"must be iso, {', '.join(_EPOCH_FORMATS)} or a format such as %d.%m.%Y %H:%M:%S"
    try:
        again = datetime.strptime(_PROBE.strftime(text), text)  # noqa: DTZ007 - only read back
    except ValueError:
        return allowed
    if (again.year, again.month, again.day, again.hour) != (2026, 11, 27, 18):
        return f"{allowed}, with year, month, day and hour"
    return None


def _is_encoding(text: str) -> bool:
    found = codecs.lookup(text)
    # Some codecs make bytes of bytes; encoding a text says so.
    return found.name.replace("_", "-") not in _NO_ENCODINGS and bool("a".encode(text))
