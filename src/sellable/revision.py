"""Revisions: opaque tokens that say how much of the ledger an answer includes.

Inside: format version, store id, engine epoch (another one after a failover), ledger position of
partition 0. A token of another store is refused, so that it cannot promise what it does not know.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from sellable.errors import InvalidFields, Violation

_PATTERN: Final = re.compile(r"1:([0-9a-f]{16}):(\d{1,9}):(\d{1,20}-\d{1,20})")
ENGINE_EPOCH: Final = 1


class Revisions:
    """Writes and reads the tokens of one store."""

    def __init__(self, store_id: str) -> None:
        self._prefix = f"1:{store_id}:{ENGINE_EPOCH}:"
        self._store_id = store_id
        self._last = ("", "")

    def encode(self, position: str) -> str:
        """Return the token of a ledger position, e.g. `1700000000000-0`."""
        last, token = self._last
        if position != last:
            token = base64.urlsafe_b64encode((self._prefix + position).encode()).decode()
            self._last = (position, token)
        return token

    def decode(self, token: str, field: str) -> tuple[int, int]:
        """Return the ledger position of a token: milliseconds and sequence.

        Raises:
            InvalidFields: It is no token of ours, or one of another store.
        """
        try:
            text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise InvalidFields(Violation(field, "a revision that this service answered"))
        if match[1] != self._store_id:
            raise InvalidFields(Violation(field, "a revision of this store, not of another one"))
        milliseconds, sequence = match[3].split("-")
        return int(milliseconds), int(sequence)
