"""JSON Lines: one JSON object a line, in the row format of events."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson

from sellable.ingest.events import EVENT_BYTES_MAX, decode, decode_object
from sellable.ingest.lines import read_block
from sellable.ingest.rows import ROWS_PER_BATCH, FileProblem, refused
from sellable.stock import Fact, FactKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.ingest.rows import ReadContext, Row
    from sellable.stock import Refused

_OTHER_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNITS: Final = frozenset({FactKind.COUNT, FactKind.NET_COUNT, FactKind.DELTA})


def read_json_lines(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    """Give the rows of a file of JSON Lines in UTF-8, at most 250 at a time.

    A row without event_id, sequence, observe_time or location gets what the context says.

    Raises:
        FileProblem: If it is another kind of JSON or another encoding, and where it ends early.
    """
    rows: list[Row] = []
    number = 0
    began = False
    try:
        for number, line in enumerate(_byte_lines(stream), 1):
            context.notes.line = number
            text = line.strip()
            if not text:
                continue
            if not began:
                _refuse_other_json(text, number)
                began = True
            rows.append((number, _row(text, number, context)))
            if len(rows) == ROWS_PER_BATCH:
                yield rows
                rows = []
    except FileProblem as problem:
        if rows:
            yield rows
        if problem.line or not number:
            raise
        raise FileProblem(problem.problem, line=number, after=True) from problem
    if rows:
        yield rows
    if not began:
        raise FileProblem("the file is empty: there is no row")


def _row(text: bytes, number: int, context: ReadContext) -> Fact | Refused:
    if len(text) > EVENT_BYTES_MAX:
        return decode(text, context.source)
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError:
        return decode(text, context.source)
    if type(row) is not dict:
        return decode(text, context.source)
    _complete(row, number, context)
    fact = decode_object(row, context.source, text)
    bound = context.profile.quantity_max
    if bound and isinstance(fact, Fact) and fact.kind in _UNITS and abs(fact.quantity) > bound:
        detail = f"{fact.quantity} is beyond {bound}, the quantity_max of the profile"
        return refused(context, detail, text.decode("utf-8", "backslashreplace"))
    return fact


def _complete(row: dict[str, Any], number: int, context: ReadContext) -> None:
    """Fill in what a row of a file need not say."""
    if row.get("event_id") is None:
        row["event_id"] = f"{context.log_id}:{number}"
    if row.get("sequence") is None:
        row["sequence"] = number
    if row.get("observe_time") is None:
        row["observe_time"] = context.observe_us
    location = row.get("location")
    if location is None and context.location:
        row["location"] = context.location
    elif isinstance(location, str) and context.profile.locations:
        row["location"] = context.profile.locations.get(location.strip().casefold(), location)


def _refuse_other_json(text: bytes, line: int) -> None:
    if text.startswith(b"["):
        raise FileProblem(
            "it is a JSON array; JSON Lines has one object a line: jq -c '.[]' FILE makes them",
            line=line,
        )
    if text == b"{":
        raise FileProblem(
            "the object goes over several lines; JSON Lines has one object a line: "
            "jq -c . FILE makes them",
            line=line,
        )


def _byte_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Give the lines without their ends; of one that is too long only the beginning."""
    rest = b""
    first, dropping = True, False
    while block := read_block(stream):
        if first:
            first = False
            if block.startswith(_OTHER_MARKS):
                raise FileProblem("it is UTF-16; JSON Lines is UTF-8")
            block = block.removeprefix(codecs.BOM_UTF8)
        *lines, last = block.split(b"\n")
        for line in lines:
            if not dropping:
                yield rest + line
            rest, dropping = b"", False
        if dropping:
            continue
        rest += last
        if len(rest) > EVENT_BYTES_MAX:
            yield rest
            rest, dropping = b"", True
    if rest:
        yield rest
