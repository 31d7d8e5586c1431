"""What the log of a valkey-server says about a start that failed or dropped something; pure."""

from __future__ import annotations

import re
from typing import Final

MANIFEST: Final = "appendonly.aof.manifest"

# What valkey-server writes when it will not load its files; the group names the file.
_DAMAGE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"Bad file format reading the append only file (\S+):",
        r"Unexpected end of file reading the append only file (\S+)\. ",
        r"Unrecoverable error reading the append only file (\S+):",
        r"Unable to obtain the AOF file (\S+) length",
        r"The AOF file (\S+) doesn't exist",
        r"Checking RDB file (\S+)",
    )
)
_DAMAGED_MANIFEST: Final = "FATAL AOF MANIFEST FILE ERROR"
# "1:M 22 Nov 2026 18:36:02.236 # text": the mark is the level warning, the highest there is.
_WARNING: Final = re.compile(r"^\d+:\w .{20,30} # (?!WARNING )(.*\S.*)$", re.MULTILINE)
_ADVICE: Final = re.compile(r"[.:] (?:make a backup|You can: ).*")
_DROPPED_TAIL: Final = re.compile(r"Truncating the AOF (\S+) at offset (\d+)")


def reason_in(log: str) -> str:
    """Return the last complaint, without the server's advice; empty if there is none."""
    lines = _WARNING.findall(log) or [line for line in log.splitlines() if line.strip()]
    return _ADVICE.sub("", lines[-1].strip()) if lines else ""


def damaged_file_in(log: str) -> str | None:
    """Return the name of the file that could not be loaded; None if the reason is another."""
    for pattern in _DAMAGE:
        found = pattern.search(log)
        if found:
            return found[1]
    return MANIFEST if _DAMAGED_MANIFEST in log else None


def dropped_tail_in(log: str) -> tuple[str, int] | None:
    """Return the AOF file that was cut because its last write was incomplete, and the offset."""
    found = _DROPPED_TAIL.search(log)
    return (found[1], int(found[2])) if found else None
