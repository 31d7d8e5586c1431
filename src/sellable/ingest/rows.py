"""What every reader of a file takes and gives: rows by their line, and what stops a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from sellable.errors import SellableError
from sellable.stock import Fact, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.ingest.profile import Profile

ROWS_PER_BATCH: Final = 250
# A record of more bytes is refused as one row, and never held in memory as a whole.
RECORD_BYTES_MAX: Final = 1024 * 1024
PAYLOAD_CHARACTERS_MAX: Final = 4_096
WARNINGS_MAX: Final = 100
INVALID_FIELD: Final = "INVALID_FIELD"

# The 1-based line (of Parquet and EDI: the record or segment) where the row begins, and the row.
# A line that states several facts gives several rows with its number.
Row: TypeAlias = tuple[int, Fact | Refused]


class FileProblem(SellableError):
    """What stops the reading of a file; every row before it was delivered.

    `line` is the 1-based line where it was found, or with `after` the last one that could be read;
    0 if the problem is one of the whole file. `problem` is the message without the line.
    """

    reason = INVALID_FIELD

    def __init__(self, problem: str, *, line: int = 0, after: bool = False) -> None:
        shown = f"{problem}, after line {line}" if after else f"line {line}: {problem}"
        super().__init__(shown if line else problem)
        self.problem = problem
        self.line = line

    @property
    def metadata(self) -> dict[str, str]:
        return {"line": str(self.line)} if self.line else {}


@dataclass(slots=True)
class Notes:
    """What a reader found besides rows, as far as it has read.

    `skipped` counts what the profile says is no fact: it is no row and has no outcome. `line` is
    the last line that was looked at.
    """

    skipped: int = 0
    line: int = 0
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Keep a warning, once, and at most 100 of them."""
        if text not in self.warnings and len(self.warnings) < WARNINGS_MAX:
            self.warnings.append(text)


@dataclass(slots=True, kw_only=True)
class ReadContext:
    """What rows of one file share.

    Args:
        source: The back end whose facts these are.
        profile: What the columns and the numbers mean.
        log_id: 12 to 16 hexadecimal digits of the content's SHA-256. A row without an event id
            gets `<log_id>:<line>`.
        location: Of rows that name none; "" if each must name its own.
        observe_us: Of rows without a time, in microseconds since 1970.
        encoding: What the caller says of the text; None: the profile, else what is found.
        notes: Filled while reading.
    """

    source: str
    profile: Profile
    log_id: str
    location: str = ""
    observe_us: int = 0
    encoding: str | None = None
    notes: Notes = field(default_factory=Notes)


class Reader(Protocol):
    """One file being read.

    `bytes_total` is None where it is not known, as of standard input. Both count bytes as they
    lie in the file, before any decompression.
    """

    name: str
    notes: Notes
    bytes_total: int | None

    @property
    def bytes_read(self) -> int: ...

    def rows(self) -> Iterator[list[Row]]:
        """Give the rows in order, at most 250 a list; raise FileProblem at the first stop."""
        ...


def refused(
    context: ReadContext, detail: str, payload: str, reason: str = INVALID_FIELD
) -> Refused:
    """Make the row that says why there is no fact; a long payload is cut."""
    if len(payload) > PAYLOAD_CHARACTERS_MAX:
        payload = payload[:PAYLOAD_CHARACTERS_MAX] + "..."
    return Refused(source=context.source, reason=reason, detail=detail, payload=payload)
