"""EDIFACT INVRPT, the inventory report, of any directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.ingest.edi.envelope import EDIFACT_WORDS
from sellable.ingest.edi.items import Place, Quantity
from sellable.ingest.edi.moments import edifact_moment, moment
from sellable.ingest.edi.reports import Reports
from sellable.ingest.edi.segments import Delimiters, read_segments
from sellable.ingest.rows import FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from typing import BinaryIO

    from sellable.ingest.edi.items import Part
    from sellable.ingest.edi.moments import Moment
    from sellable.ingest.edi.segments import Segment
    from sellable.ingest.rows import ReadContext, Row

_UNA_BYTES: Final = 9
_LINES: Final = Delimiters(b"+", b":", b"\n", b"?")
_DEFAULTS: Final = Delimiters(b"+", b":", b"'", b"?")


def read_edifact(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    """Give the rows of every INVRPT of a stream.

    Raises:
        FileProblem: It is no EDIFACT, it ends early, or an outer envelope is not right.
    """
    encoding = context.encoding or context.profile.encoding or "utf-8"
    segments = read_segments(stream, delimiters_of, "UNZ", encoding)
    return Reports(_Edifact(), context).rows(segments)


def delimiters_of(head: bytes) -> tuple[Delimiters, int]:
    """Read the delimiters from UNA, or take the defaults.

    Without UNA, an interchange whose first line ends without the sign has a segment a line.
    """
    if head[:3] == b"UNA":
        return _from_una(head[:_UNA_BYTES]), _UNA_BYTES
    if head[:4] not in {b"UNB+", b"UNG+", b"UNH+"}:
        raise FileProblem("it does not begin with a UNA or UNB segment")
    first, newline, rest = head.partition(b"\n")
    by_line = newline and b"'" not in first and rest.lstrip()[:3] in {b"UNG", b"UNH", b"UNZ"}
    return _LINES if by_line else _DEFAULTS, 0


def _from_una(una: bytes) -> Delimiters:
    if len(una) < _UNA_BYTES:
        raise FileProblem("the UNA segment is shorter than 9 characters")
    signs = [una[at : at + 1] for at in range(3, _UNA_BYTES)]
    component, element, _, release, repetition, segment = signs
    segment = b"\n" if segment == b"\r" else segment
    used = [sign for sign in (component, element, release, segment) if sign != b" "]
    if len(set(used)) < len(used) or any(sign.isalnum() or sign >= b"\x7f" for sign in used):
        raise FileProblem(f"the signs of the UNA segment are not usable: {una!r}")
    if b" " in {component, element, segment}:
        raise FileProblem(f"the UNA segment leaves out a sign that is needed: {una!r}")
    return Delimiters(
        element, component, segment, release.strip(), repetition if repetition == b"*" else b""
    )


class _Edifact:
    words = EDIFACT_WORDS
    wanted = "INVRPT"

    def message_type(self, opener: Segment) -> str:
        return opener.components(2)[0]

    def outer(self, opener: Segment, zone: tzinfo) -> dict[str, Moment]:
        if opener.tag != "UNB":
            return {}
        date, time, *_ = [*opener.components(4), "", ""]
        return {"UNB": moment(date, time, zone)} if date else {}

    def read(self, segment: Segment, part: Part, zone: tzinfo) -> None:
        match segment.tag:
            case "LIN":
                _identify(part, segment.components(3))
            case "PIA":
                for at in range(2, len(segment.elements) + 1):
                    _identify(part, segment.components(at))
            case "QTY":
                qualifier, text, *_ = [*segment.components(1), ""]
                part.said.append(Quantity(qualifier, text))
            case "LOC" | "NAD":
                name = segment.components(2)[0]
                part.said.append(Place(f"{segment.tag} {segment.element(1)}", name))
            case "DTM":
                qualifier, text, form, *_ = [*segment.components(1), "", ""]
                part.times[qualifier] = edifact_moment(text, form, zone)


def _identify(part: Part, number: list[str]) -> None:
    """Note an item number with its qualifier; the first of a kind counts."""
    value, qualifier, *_ = [*number, ""]
    if value:
        part.ids.setdefault(qualifier, value)
