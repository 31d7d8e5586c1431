"""How much to read at once, so that what is in memory stays bounded whatever a source sends."""

from __future__ import annotations

from typing import Final

BATCH_BYTES_MAX: Final = 4 * 1024 * 1024


class Sizing:
    """How many entries the next read may ask for: few at first, more as they prove small.

    A read is bounded only by this number: where entries are suddenly larger than all of the read
    before, one read holds so many of them.
    """

    def __init__(self, rows_max: int) -> None:
        self.count = 1
        self._rows_max = rows_max

    def note(self, rows: int, size: int) -> None:
        """Note the most rows and bytes that an entry of the last read had."""
        fitting = min(self._rows_max // max(rows, 1), BATCH_BYTES_MAX // max(size, 1))
        self.count = max(1, min(2 * self.count, fitting))
