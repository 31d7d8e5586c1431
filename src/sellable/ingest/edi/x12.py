"""X12 846, the inventory inquiry/advice, of any release that has an ISA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.ingest.edi.envelope import X12_WORDS
from sellable.ingest.edi.items import Place, Quantity
from sellable.ingest.edi.moments import moment
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

_ISA_ELEMENTS: Final = 16
_REPETITION_AT: Final = 11
_VERSION_AT: Final = 12
_REPETITION_SINCE: Final = b"00402"


def read_x12(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    """Give the rows of every 846 of a stream.

    Raises:
        FileProblem: It is no X12, it ends early, or an outer envelope is not right.
    """
    encoding = context.encoding or context.profile.encoding or "utf-8"
    segments = read_segments(stream, delimiters_of, "IEA", encoding)
    return Reports(_X12(), context).rows(segments)


def delimiters_of(head: bytes) -> tuple[Delimiters, int]:
    """Read the delimiters from an ISA, by its 16 elements.

    The standard says by its 106 characters, and partners exist who fill a field too far.
    """
    element = head[3:4]
    if head[:3].upper() != b"ISA" or element.isalnum() or not element or element >= b"\x7f":
        raise FileProblem("it does not begin with an ISA segment")
    parts = head.split(element, _ISA_ELEMENTS)
    last = parts[-1]
    if len(parts) <= _ISA_ELEMENTS or len(last) < len(b">~"):
        raise FileProblem(f"the ISA segment has fewer than {_ISA_ELEMENTS} elements")
    component, segment = last[:1], last[1:2]
    if segment == b"\r" and last[2:3] == b"\n":
        segment = b"\n"
    if len({element, component, segment}) < len("*:~") or segment.isalnum() or component.isalnum():
        raise FileProblem("the delimiters of the ISA segment are not three different signs")
    if max(component, segment) >= b"\x7f":
        raise FileProblem("a delimiter of the ISA segment is not an ASCII sign")
    repetition = parts[_REPETITION_AT]
    has = parts[_VERSION_AT] >= _REPETITION_SINCE and len(repetition) == 1
    return Delimiters(element, component, segment, b"", repetition if has else b""), 0


class _X12:
    words = X12_WORDS
    wanted = "846"

    def message_type(self, opener: Segment) -> str:
        return opener.element(1)

    def outer(self, opener: Segment, zone: tzinfo) -> dict[str, Moment]:
        date, time = (9, 10) if opener.tag == "ISA" else (4, 5)
        return _stated(opener.tag, opener.element(date), opener.element(time), zone)

    def read(self, segment: Segment, part: Part, zone: tzinfo) -> None:
        one = segment.element(1)
        match segment.tag:
            case "LIN":
                for at in range(2, len(segment.elements), 2):
                    part.ids.setdefault(segment.element(at), segment.element(at + 1))
            case "QTY":
                part.said.append(Quantity(one, segment.element(2)))
            case "N1":
                # The identification goes before the name, which is for people.
                name = segment.element(4) or segment.element(2)
                part.said.append(Place(f"N1 {one}", name))
            case "REF" | "LOC":
                part.said.append(Place(f"{segment.tag} {one}", segment.element(2)))
            case "DTM":
                part.times |= _stated(
                    one, segment.element(2), segment.element(3), zone, segment.element(4)
                )
            case "BIA":
                part.times |= _stated("BIA", segment.element(4), segment.element(5), zone)


def _stated(name: str, date: str, time: str, zone: tzinfo, code: str = "") -> dict[str, Moment]:
    return {name: moment(date, time, zone, code)} if date else {}
