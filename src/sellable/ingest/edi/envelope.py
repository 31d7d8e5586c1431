"""The envelopes of EDI: interchange, group and message, each with a header and a trailer.

X12 and EDIFACT agree on what a trailer has: how many of the next smaller unit there were, and the
control number of its header.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.ingest.edi.rules import EdiRules, Strictness
    from sellable.ingest.edi.segments import Segment


class Level(IntEnum):
    """What an envelope is around."""

    INTERCHANGE = 0
    GROUP = 1
    MESSAGE = 2


class Words(NamedTuple):
    """How one standard writes its envelopes.

    `openers` say where the control number stands; a trailer has its count in element 1 and the
    control number in element 2.
    """

    openers: Mapping[str, tuple[Level, int]]
    trailers: Mapping[str, Level]
    names: tuple[str, str, str]


X12_WORDS: Final = Words(
    {"ISA": (Level.INTERCHANGE, 13), "GS": (Level.GROUP, 6), "ST": (Level.MESSAGE, 2)},
    {"IEA": Level.INTERCHANGE, "GE": Level.GROUP, "SE": Level.MESSAGE},
    ("interchange", "group", "transaction"),
)
EDIFACT_WORDS: Final = Words(
    {"UNB": (Level.INTERCHANGE, 5), "UNG": (Level.GROUP, 5), "UNH": (Level.MESSAGE, 1)},
    {"UNZ": Level.INTERCHANGE, "UNE": Level.GROUP, "UNT": Level.MESSAGE},
    ("interchange", "group", "message"),
)


class Fault(NamedTuple):
    """What is wrong with an envelope, and how much that matters."""

    level: Level
    text: str
    strictness: Strictness


@dataclass(slots=True)
class _Open:
    level: Level
    tag: str
    control: str
    count: int = 0  # of units inside, or of a message its segments
    groups: int = 0


@dataclass(slots=True)
class Envelopes:
    """The envelopes that are open; told of each segment, answers what ended and what is wrong."""

    words: Words
    rules: EdiRules
    segment_count: Strictness
    _stack: list[_Open] = field(default_factory=list)

    @property
    def in_message(self) -> bool:
        """Whether the segment stands between the header and the trailer of a message."""
        return bool(self._stack) and self._stack[-1].level is Level.MESSAGE

    @property
    def control(self) -> str:
        """The control number of the innermost envelope."""
        return self._stack[-1].control if self._stack else ""

    def begin(self, segment: Segment) -> Iterator[Fault]:
        """Open an envelope; whatever it cannot stand in has lost its trailer."""
        level, at = self.words.openers[segment.tag]
        yield from self._abandon(level)
        for outer in self._stack:
            if outer.level is Level.INTERCHANGE and level is Level.GROUP:
                outer.groups += 1
        if level is Level.MESSAGE and self._stack:
            for outer in self._stack:
                outer.count += 1
        self._stack.append(_Open(level, segment.tag, segment.element(at)))
        if level is Level.MESSAGE:
            self._stack[-1].count = 1

    def inside(self) -> None:
        """Count one segment of a message."""
        self._stack[-1].count += 1

    def end(self, segment: Segment) -> Iterator[Fault]:
        """Close an envelope by its trailer."""
        level = self.words.trailers[segment.tag]
        if not any(one.level is level for one in self._stack):
            text = f"{segment.tag} (segment {segment.number}) ends what never began"
            yield Fault(Level.INTERCHANGE, text, self.rules.missing_trailer)
            return
        yield from self._abandon(Level(level + 1)) if level < Level.MESSAGE else ()
        one = self._stack.pop()
        counted = one.count + 1 if level is Level.MESSAGE else one.groups or one.count
        told, control = segment.element(1), segment.element(2)
        name = f"{self.words.names[level]} {one.control}"
        if not (told.isascii() and told.isdigit()) or int(told) != counted:
            what = "segments" if level is Level.MESSAGE else "parts"
            text = f"{name}: {segment.tag} says {told or 'nothing'}, {counted} {what} were read"
            if self.segment_count == "error":
                text += "; a profile with segment_count: warning lets it pass"
            yield Fault(level, text, self.segment_count)
        if not _same(control, one.control):
            text = f"{name}: {segment.tag} has the control number {control or '(none)'}"
            yield Fault(level, text, self.rules.control_numbers)

    def finish(self) -> Iterator[Fault]:
        """Close what is open at the end of the file."""
        yield from self._abandon(Level.INTERCHANGE)

    def _abandon(self, outermost: Level) -> Iterator[Fault]:
        while self._stack and self._stack[-1].level >= outermost:
            one = self._stack.pop()
            trailer = next(tag for tag, level in self.words.trailers.items() if level is one.level)
            text = f"{self.words.names[one.level]} {one.control}: its trailer {trailer} is missing"
            yield Fault(one.level, text, self.rules.missing_trailer)


def _same(one: str, other: str) -> bool:
    """Compare control numbers: zeros in front are filling."""
    return one == other or one.lstrip("0") == other.lstrip("0") != ""
