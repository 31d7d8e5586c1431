"""Fingerprints of requests: which field of a repeat differs, in 4 bytes a field.

A reservation keeps the fingerprint of the request that made it and of each partial operation, so
that the same id with other content is told apart from a repeat. 32 bits a field is enough to
catch a client's mistake; it protects nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS: Final = 8
_RECURRING: Final = frozenset({str, int, bool})


def fingerprint(fields: Mapping[str, object]) -> str:
    """Return eight hexadecimal digits a field, in order."""
    return "".join(
        [
            _common(value) if type(value) in _RECURRING else _digits(value)
            for value in fields.values()
        ]
    )


def _digits(value: object) -> str:
    return blake2b(msgspec.msgpack.encode(value), digest_size=_DIGITS // 2).hexdigest()


# Markets, times to live and fields that are not set are those of nearly every request.
_common: Final = lru_cache(maxsize=1_024, typed=True)(_digits)


def first_difference(fields: Mapping[str, object], known: str) -> str | None:
    """Name the first field whose fingerprint is not the known one; None if all are the same."""
    mine = fingerprint(fields)
    for position, name in enumerate(fields):
        part = slice(position * _DIGITS, (position + 1) * _DIGITS)
        if mine[part] != known[part]:
            return name
    return "lines" if mine != known else None
