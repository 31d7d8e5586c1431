"""After how long a feed counts as silent: `wms-paris=26h, pos-*=15m`, the first match wins."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from sellable.names import identifier_problem

SILENT_AFTER_MS_MIN: Final = 1_000
SILENT_AFTER_MS_MAX: Final = 366 * 86_400_000
_DURATION: Final = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WILD: Final = re.compile(r"[*?[]")


class SilencesRefused(ValueError):
    """The text does not say after how long which feeds are silent; its message says why."""


class Silence(NamedTuple):
    """Feeds by the pattern of their names, and after how many milliseconds they are silent."""

    pattern: str
    after_ms: int


class Silences:
    """When feeds count as silent.

    Args:
        text: `PATTERN=DURATION` with commas between; `*`, `?` and `[...]` are wild in a pattern.

    Raises:
        SilencesRefused: With the part that is wrong, and what it may be.
    """

    def __init__(self, text: str = "") -> None:
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        self._silences = tuple(map(_silence, parts))
        for at, silence in enumerate(self._silences):
            for before in self._silences[:at]:
                if "[" not in before.pattern and fnmatchcase(silence.pattern, before.pattern):
                    raise SilencesRefused(
                        f"{silence.pattern!r} comes behind {before.pattern!r}, which takes all "
                        "of its feeds: the first match wins"
                    )

    @property
    def named(self) -> tuple[str, ...]:
        """Feeds that are named in full: they are missed also if nothing ever came of them."""
        return tuple(s.pattern for s in self._silences if not _WILD.search(s.pattern))

    def after_ms(self, source: str) -> int:
        """Return after how long a feed is silent; 0: nothing is set for it."""
        return next((s.after_ms for s in self._silences if fnmatchcase(source, s.pattern)), 0)


def _silence(part: str) -> Silence:
    pattern, equals, duration = (word.strip() for word in part.rpartition("="))
    if not equals or identifier_problem(pattern):
        raise SilencesRefused(f"{part!r} is not PATTERN=DURATION, e.g. wms-paris=26h or pos-*=15m")
    match = _DURATION.fullmatch(duration)
    after_ms = int(match[1]) * _UNIT_MS[match[2]] if match else 0
    if not SILENT_AFTER_MS_MIN <= after_ms <= SILENT_AFTER_MS_MAX:
        raise SilencesRefused(
            f"the duration of {part!r} is not 1s to 366d, e.g. 90s, 15m, 26h or 7d"
        )
    return Silence(pattern, after_ms)
