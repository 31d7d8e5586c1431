"""EDI files for tests: interchanges put together from the segments of their items."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sellable.ingest.edi.edifact import read_edifact
from sellable.ingest.edi.rules import Strictness
from sellable.ingest.edi.x12 import read_x12
from sellable.ingest.profiles import load_profile
from sellable.ingest.rows import FileProblem, ReadContext
from sellable.stock import Fact

if TYPE_CHECKING:
    from sellable.ingest.edi.rules import EdiRules
    from sellable.ingest.rows import Row

ISA = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    "*261123*1430*^*00501*000000042*0*P*>~"
)
GS = "GS*IB*SENDER*RECEIVER*20261123*1430*7*X*005010~"
OBSERVED_US = 1_795_392_000_000_000


class Read(NamedTuple):
    """What reading a file gave: rows, what stopped it, and what was warned of."""

    rows: list[Row]
    problem: str
    warnings: list[str]

    @property
    def facts(self) -> list[Fact]:
        """The rows that are facts."""
        return [row for _, row in self.rows if isinstance(row, Fact)]

    @property
    def refusals(self) -> list[tuple[int, str]]:
        """The rows that are none, by segment."""
        return [(line, row.detail) for line, row in self.rows if not isinstance(row, Fact)]

    @property
    def units(self) -> dict[tuple[str, str], tuple[str, int]]:
        """Kind and quantity of each fact, by SKU and location."""
        return {(f.sku, f.location): (str(f.kind), f.quantity) for f in self.facts}


def transaction(*segments: str, count: int | None = None, control: str = "0001") -> str:
    """Put an 846 around segments, each without its terminator."""
    told = len(segments) + 2 if count is None else count
    return "".join(f"{text}~" for text in (f"ST*846*{control}", *segments, f"SE*{told}*{control}"))


def x12(*transactions: str, groups: int = 1, interchange: str = "000000042") -> str:
    """Put an interchange with one group around transactions."""
    inside = "".join(transactions)
    return f"{ISA}{GS}{inside}GE*{len(transactions)}*7~IEA*{groups}*{interchange}~"


def message(*segments: str, count: int | None = None, control: str = "1") -> str:
    """Put an INVRPT around segments."""
    told = len(segments) + 2 if count is None else count
    head, tail = f"UNH+{control}+INVRPT:D:97A:UN", f"UNT+{told}+{control}"
    return "".join(f"{text}'" for text in (head, *segments, tail))


def edifact(*messages: str, una: str = "", control: str = "39") -> str:
    """Put an interchange around messages."""
    head = "UNB+UNOA:2+SENDER:ZZ+RECEIVER:ZZ+261123:1430+39++INVRPT'"
    return f"{una}{head}{''.join(messages)}UNZ+{len(messages)}+{control}'"


def read(
    text: str | bytes,
    *,
    location: str = "",
    edi: EdiRules | None = None,
    relaxed: bool = False,
    **profile: Any,
) -> Read:
    """Read a file of either standard with the default profile, and what of it is named."""
    chosen = replace(load_profile("default"), **profile)
    if edi is not None:
        chosen = replace(chosen, edi=edi)
    if relaxed:
        chosen = replace(chosen, segment_count=Strictness.WARNING)
    context = ReadContext(
        source="3pl",
        profile=chosen,
        log_id="0123456789abcdef",
        location=location,
        observe_us=OBSERVED_US,
    )
    content = text.encode() if isinstance(text, str) else text
    reads = read_x12 if content[:3] == b"ISA" else read_edifact
    rows: list[Row] = []
    problem = ""
    try:
        for some in reads(io.BytesIO(content), context):
            assert len(some) <= 1_000
            rows += some
    except FileProblem as stopped:
        problem = str(stopped)
    return Read(rows, problem, context.notes.warnings)
