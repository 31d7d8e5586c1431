"""Parquet: the same columns as in a delimited text, read batch by batch.

Every column is written out as text first, so that quantities, times and flags mean what they mean
in any other file; pyarrow does that in C.
"""

from __future__ import annotations

import csv
import io
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sellable.ingest.columns import read_header
from sellable.ingest.facts import RowMaker
from sellable.ingest.lines import read_block
from sellable.ingest.rows import ROWS_PER_BATCH, FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.ingest.columns import Layout
    from sellable.ingest.rows import ReadContext, Row

_BATCH_ROWS: Final = 2_000  # what stops the loop for some milliseconds
_BUFFER_BYTES: Final = 1024 * 1024
_MEANT_FOR: Final = ("sku", "location", "event_id")


def read_parquet(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    """Give the rows of a Parquet file, at most 250 at a time; lines are numbers of records.

    A stream that cannot seek is written to a temporary file first.

    Raises:
        FileProblem: If pyarrow is missing, a column is, or it is of a type that means nothing here,
            and where the file is damaged.
    """
    _library()  # before anything is written
    if stream.seekable():
        yield from _read(stream, context)
        return
    with _spooled(stream) as spool:
        yield from _read(spool, context)


def _read(stream: BinaryIO, context: ReadContext) -> Iterator[list[Row]]:
    pa, pq = _library()
    try:
        file = pq.ParquetFile(
            pa.PythonFile(stream, mode="r"), pre_buffer=False, buffer_size=_BUFFER_BYTES
        )
    except (pa.ArrowException, OSError) as error:
        raise FileProblem(f"it is no Parquet file: {_first_line(error)}") from error
    schema = file.schema_arrow
    layout = read_header(schema.names, context, 0)
    used = sorted({place for place in (*layout.at.values(), *_places(layout)) if place >= 0})
    for place in used:
        _check_type(pa, schema.field(place), layout.at, place)
    maker = RowMaker(layout, context)
    number = 0
    try:
        for batch in file.iter_batches(
            _BATCH_ROWS, columns=[schema.names[place] for place in used], use_threads=False
        ):
            names = batch.schema.names
            texts = {
                used_at: _texts(pa, batch.column(names.index(schema.names[used_at])))
                for used_at in used
            }
            blank = [""] * batch.num_rows
            columns = [texts.get(place, blank) for place in range(layout.width)]
            yield from _rows(maker, columns, number)
            number += batch.num_rows
            context.notes.line = number
    except (pa.ArrowException, OSError) as error:
        text = f"it is damaged: {_first_line(error)}"
        raise FileProblem(text, line=number, after=True) from error


def _rows(maker: RowMaker, columns: list[list[str]], number: int) -> Iterator[list[Row]]:
    rows: list[Row] = []
    for number_now, cells in enumerate(map(list, zip(*columns, strict=True)), number + 1):
        fact = maker.fast(number_now, cells)
        if fact is not None:
            rows.append((number_now, fact))
        else:
            rows += maker.slow(number_now, cells, partial(_payload, cells))
        if len(rows) >= ROWS_PER_BATCH:
            yield rows[:ROWS_PER_BATCH]
            rows = rows[ROWS_PER_BATCH:]
    while rows:
        yield rows[:ROWS_PER_BATCH]
        rows = rows[ROWS_PER_BATCH:]


def _payload(cells: list[str]) -> str:
    """Write a record as a person reads one: its cells as in a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _texts(pa: Any, column: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[str] = column.cast(pa.string()).fill_null("").to_pylist()
    return texts


def _check_type(pa: Any, field: Any, at: dict[str, int], place: int) -> None:
    """Refuse what has no text of its own, or what lost what a name needs."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    types = pa.types
    named = next((name for name in _MEANT_FOR if at[name] == place), "")
    whole_or_text = types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)
    readable = (
        whole_or_text
        or types.is_string_view(kind)
        or types.is_null(kind)
        or (
            not named
            and (
                types.is_floating(kind)
                or types.is_decimal(kind)
                or types.is_boolean(kind)
                or types.is_timestamp(kind)
            )
        )
    )
    if not readable:
        wanted = "text or whole numbers" if named else "text, numbers, flags or times"
        raise FileProblem(f"column {field.name!r} is {field.type}: it must be {wanted}")


def _places(layout: Layout) -> list[int]:
    return [column.at for column in layout.facts]


def _spooled(stream: BinaryIO) -> BinaryIO:
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    while block := read_block(stream):
        spool.write(block)
    spool.seek(0)
    return spool


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _library() -> tuple[Any, Any]:
    try:
        # Most people never read Parquet, and the library is larger than everything else.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise FileProblem(
            "Parquet needs pyarrow, which is not installed: pip install 'sellable[parquet]'"
        ) from error
    return pa, parquet
