"""What is to be loaded and how, and what became of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from sellable.ingest.detect import FileReader, form_of
from sellable.ingest.forms import Form
from sellable.ingest.rows import ReadContext
from sellable.limits import MAX_ZEROED_FRACTION_DEFAULT

if TYPE_CHECKING:
    from sellable.ingest.content import Content
    from sellable.ingest.profile import Profile
    from sellable.ingest.rows import Row
    from sellable.store.syncs import SyncResult

_LOG_NAME_DIGITS: Final = 32
_LOG_ID_DIGITS: Final = 16
_EXAMPLES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a file is to be loaded.

    Args:
        source: The back end whose facts these are.
        profile: What columns, segments and numbers mean.
        form: What kind of file.
        location: Of rows that name none.
        encoding: Of text; None: the profile, else what is found.
        observe_us: Of rows without a time, in microseconds since 1970; None: when the file was
            last written. With `sync` it is the time of the count, whatever rows say.
        sync: Whether the file is a full count of each location that it names.
        max_zeroed_fraction: The brake of a full count, 0 to 1.
        resume: Go on where an earlier load of the same content was cut off.
        again: Load content once more that was loaded to its end.
        shift: Move all times by one span, so that the newest is now.
    """

    source: str
    profile: Profile
    form: Form = Form.AUTO
    location: str = ""
    encoding: str | None = None
    observe_us: int | None = None
    sync: bool = False
    max_zeroed_fraction: float = MAX_ZEROED_FRACTION_DEFAULT
    resume: bool = False
    again: bool = False
    shift: bool = False

    def log_name(self, content: Content) -> str:
        """Name the log of a content: what it holds, and what else its rows come from.

        So a load goes on only where it left off with the same profile, and a profile that was
        mended is a new load.
        """
        packed = msgspec.json.encode(
            [
                content.digest,
                repr(self.profile),
                self.location,
                self.encoding or "",
                self.form,
                self.sync,
                self.shift,
            ]
        )
        return hashlib.sha256(packed).hexdigest()[:_LOG_NAME_DIGITS]

    def reader(self, content: Content) -> FileReader:
        """Open a content for reading; raise FileProblem if it cannot be told what it is."""
        form = form_of(content) if self.form is Form.AUTO else self.form
        observe_us = content.modified_us if self.observe_us is None else self.observe_us
        context = ReadContext(
            source=self.source,
            profile=self.profile,
            log_id=content.digest[:_LOG_ID_DIGITS],
            location=self.location,
            observe_us=observe_us,
            encoding=self.encoding,
        )
        return FileReader(content, form, context)


@dataclass(slots=True)
class Reason:
    """Why rows were refused: how many, and the first of them with their lines."""

    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, detail: str) -> None:
        """Count a row."""
        self.count += 1
        if len(self.examples) < _EXAMPLES_MAX:
            self.examples.append((line, detail))


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What became of a file.

    Args:
        name: As a person named it.
        log: The name of its log in the store.
        form: What kind of file it was.
        bytes_total: How large it is.
        outcomes: Of its rows, by name; those of earlier runs that this one went on with, too.
        earlier: Rows that earlier runs had applied.
        reasons: Why rows were refused, in this run.
        counts: Of a full count, what became of each location, or why nothing did.
        sync_problem: Why a full count took nothing to 0; empty if it did, or is none.
        notes: What a person should know.
        skipped: Lines that the profile says are no facts.
        problem: What stopped it; empty if it was loaded to its end.
        changing: Whether that is that somebody still writes it.
        known: Whether that is that it was loaded before, or is being loaded.
        complete: Whether every row of it has its outcome.
        seconds: How long it took.
    """

    name: str
    log: str = ""
    form: str = ""
    bytes_total: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    earlier: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    counts: dict[str, SyncResult | str] = field(default_factory=dict)
    sync_problem: str = ""
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
    problem: str = ""
    changing: bool = False
    known: bool = False
    complete: bool = False
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self.outcomes.total()

    @property
    def refused(self) -> int:
        """Rows that were refused."""
        return self.outcomes["rejected"]

    def as_data(self) -> dict[str, Any]:
        """Return it as one value for scripts."""
        return {
            "file": self.name,
            "log": self.log,
            "format": self.form,
            "bytes": self.bytes_total,
            "complete": self.complete,
            "problem": self.problem,
            "sync_problem": self.sync_problem,
            "loaded_before": self.known,
            "rows": self.rows,
            "earlier_rows": self.earlier,
            "outcomes": dict(self.outcomes),
            "skipped": self.skipped,
            "rejected": [
                {
                    "reason": name,
                    "count": reason.count,
                    "examples": [{"line": n, "detail": text} for n, text in reason.examples],
                }
                for name, reason in self.reasons.items()
            ],
            "locations": {
                name: {"problem": result} if isinstance(result, str) else _counted(result)
                for name, result in self.counts.items()
            },
            "notes": self.notes,
            "seconds": round(self.seconds, 3),
        }


def _counted(result: SyncResult) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(result)
    return data


class Watcher(Protocol):
    """Whoever looks on while a file is loaded."""

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        """Be told every few thousand rows."""

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        """Be told of each row that was refused, in order."""
