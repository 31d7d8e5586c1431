"""Inventory reports out of segments: envelopes held against what was read, items as rows.

Rows of a message wait for its trailer, and if that does not agree with them, each of them is
refused. A profile that only warns of every such fault lets them pass at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo

from sellable.ingest.edi.envelope import Envelopes, Fault, Level, Words
from sellable.ingest.edi.items import Items, Part
from sellable.ingest.edi.rules import Strictness
from sellable.ingest.edi.segments import printable
from sellable.ingest.rows import ROWS_PER_BATCH, FileProblem, Row, refused
from sellable.stock import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from sellable.ingest.edi.moments import Moment
    from sellable.ingest.edi.segments import Segment
    from sellable.ingest.rows import ReadContext

# Rows that wait for one trailer; the standards themselves allow 10,000 items in a message.
MESSAGE_ROWS_MAX: Final = 100_000
_TEXTS_MAX: Final = 200  # segments of one item that are kept for whoever has to look at it


class Dialect(Protocol):
    """What one standard calls things."""

    words: Words
    wanted: str

    def message_type(self, opener: Segment) -> str:
        """Return what kind of message a header opens."""

    def outer(self, opener: Segment, zone: tzinfo) -> dict[str, Moment]:
        """Return the time that the header of an interchange or a group states."""

    def read(self, segment: Segment, part: Part, zone: tzinfo) -> None:
        """Add what a segment says to the head or to an item."""


class Reports:
    """Reads the reports of one file; rows come in its order."""

    def __init__(self, dialect: Dialect, context: ReadContext) -> None:
        rules, profile = context.profile.edi, context.profile
        self._dialect = dialect
        self._context = context
        self._envelopes = Envelopes(dialect.words, rules, profile.segment_count)
        self._items = Items(context, rules)
        self._zone = ZoneInfo(profile.time_zone or "UTC")
        relaxed = (profile.segment_count, rules.control_numbers, rules.missing_trailer)
        self._waits = Strictness.ERROR in relaxed
        self._outer: dict[str, Moment] = {}
        self._head: Part | None = None  # None while no report is open
        self._item: Part | None = None
        self._rows: list[tuple[Row, str]] = []
        self._faults: list[str] = []  # of envelopes around messages whose rows are applied
        self._reports = 0

    def rows(self, segments: Iterable[Segment]) -> Iterator[list[Row]]:
        """Give the rows of every report, at most 1,000 a list.

        Raises:
            FileProblem: Behind the rows: an outer envelope is not right, the file ends early, or
                it holds no report.
        """
        number = 0
        try:
            for segment in segments:
                number = segment.number
                self._context.notes.line = number
                yield from self._take(segment)
        except FileProblem as problem:
            yield from self._settle(self._envelopes.finish())
            self._note()
            raise problem from None
        yield from self._settle(self._envelopes.finish())
        self._note()
        if self._faults:
            more = f" ({len(self._faults) - 1} more)" if self._faults[1:] else ""
            raise FileProblem(self._faults[0] + more, line=number)
        if not self._reports:
            raise FileProblem(f"it holds no {self._dialect.wanted}")

    def _take(self, segment: Segment) -> Iterator[list[Row]]:
        words = self._dialect.words
        if segment.tag in words.openers:
            yield from self._settle(self._envelopes.begin(segment))
            self._open(segment)
        elif segment.tag in words.trailers:
            closes = words.trailers[segment.tag]
            yield from self._settle(self._envelopes.end(segment), closes)
        elif self._envelopes.in_message:
            self._envelopes.inside()
            if self._head is not None:
                yield from self._inside(segment)

    def _open(self, segment: Segment) -> None:
        level, _ = self._dialect.words.openers[segment.tag]
        if level is not Level.MESSAGE:
            stated = self._dialect.outer(segment, self._zone)
            self._outer = stated if level is Level.INTERCHANGE else self._outer | stated
            return
        found = self._dialect.message_type(segment)
        if found == self._dialect.wanted:
            self._reports += 1
            self._head = Part(segment.number)
        else:
            told = printable(f"{self._envelopes.control} is a {found}")
            self._context.notes.warn(f"message {told}, not a {self._dialect.wanted}: skipped")

    def _inside(self, segment: Segment) -> Iterator[list[Row]]:
        assert self._head is not None
        if segment.tag == "LIN":
            self._close_item()
            self._item = Part(segment.number)
            if not self._waits and len(self._rows) >= ROWS_PER_BATCH:
                yield from self._flush()
            if len(self._rows) > MESSAGE_ROWS_MAX:
                raise FileProblem(
                    f"a message has more than {MESSAGE_ROWS_MAX} rows; a profile that makes "
                    "segment_count, control_numbers and missing_trailer warnings allows any number",
                    line=segment.number,
                )
        part = self._item or self._head
        if self._item is not None and len(part.texts) < _TEXTS_MAX:
            part.texts.append(segment.text)
        self._dialect.read(segment, part, self._zone)

    def _close_item(self) -> None:
        if self._item is not None and self._head is not None:
            text = self._item.text()
            made = self._items.rows(self._item, self._head, self._outer)
            self._rows += [(row, text) for row in made]
        self._item = None

    def _settle(self, faults: Iterable[Fault], closes: Level | None = None) -> Iterator[list[Row]]:
        """Judge a message that ended, by its trailer or because something else began."""
        found = list(faults)
        errors = [fault for fault in found if fault.strictness is Strictness.ERROR]
        for fault in found:
            if fault.strictness is not Strictness.ERROR:
                self._context.notes.warn(printable(fault.text))
            elif fault.level is not Level.MESSAGE:
                self._faults.append(printable(fault.text))
        ended = closes is Level.MESSAGE or any(fault.level is Level.MESSAGE for fault in found)
        if self._head is None or not ended:
            return
        self._close_item()
        of_message = [fault.text for fault in errors if fault.level is Level.MESSAGE]
        if of_message:
            detail = printable("; ".join(of_message))
            self._rows = [
                ((row[0], refused(self._context, detail, text)), text)
                if isinstance(row[1], Fact)
                else (row, text)
                for row, text in self._rows
            ]
            if not self._rows:
                self._faults.append(detail)
        yield from self._flush()
        self._head = None

    def _flush(self) -> Iterator[list[Row]]:
        rows, self._rows = [row for row, _ in self._rows], []
        for at in range(0, len(rows), ROWS_PER_BATCH):
            yield rows[at : at + ROWS_PER_BATCH]

    def _note(self) -> None:
        """Name what was there and not used."""
        for qualifier, count in sorted(self._items.ignored.items()):
            self._context.notes.warn(
                f"QTY {printable(qualifier)} is not a count of the profile: {count} ignored"
            )
