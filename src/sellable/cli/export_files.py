"""The files of an export: rows as CSV, JSON lines or Parquet, written in bounded memory.

A SKU is data and is written as it is, also where it begins with `=`, `+`, `-` or `@` and a
spreadsheet would take it for a formula: whoever opens a CSV there imports that column as text.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from sellable.cli.failure import usage
from sellable.cli.values import status_word, time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO, TextIO

    from sellable.v1.availability_pb2 import Availability

COLUMNS: Final = (
    "sku",
    "channel",
    "country",
    "sellable_quantity",
    "status",
    "next_available_time",
    "future_quantity",
    "oldest_observe_time",
)
REVISION_KEY: Final = "sellable.revision"
_TIMES: Final = frozenset({"next_available_time", "oldest_observe_time"})
_ROWS_PER_GROUP: Final = 50_000


class Sheet(Protocol):
    """Takes the rows of an export, page by page."""

    def add(self, items: Sequence[Availability]) -> None:
        """Write a page."""

    def close(self) -> None:
        """Write what belongs to the end; the file itself is the caller's."""


class CsvSheet:
    """A line of names, then one line a row; lines end with a line feed."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def add(self, items: Sequence[Availability]) -> None:
        self._writer.writerows(map(_values, items))

    def close(self) -> None:
        """Nothing belongs to the end."""


class JsonLinesSheet:
    """One JSON object a line, with the columns as keys and null for what is not set."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def add(self, items: Sequence[Availability]) -> None:
        for item in items:
            row = dict(zip(COLUMNS, _values(item), strict=True))
            self._stream.write(orjson.dumps(row).decode() + "\n")

    def close(self) -> None:
        """Nothing belongs to the end."""


class ParquetSheet:
    """Row groups of 50,000 rows; the revision is in the metadata of the file."""

    def __init__(self, stream: BinaryIO, revision: str) -> None:
        """Begin the file of a revision."""
        self._arrow, parquet = require_parquet()
        self._schema = self._arrow.schema(
            [(name, self._kind(name)) for name in COLUMNS], {REVISION_KEY: revision}
        )
        self._writer = parquet.ParquetWriter(stream, self._schema)
        self._batches: list[Any] = []
        self._waiting = 0

    def add(self, items: Sequence[Availability]) -> None:
        columns = zip(*map(_typed_values, items), strict=True) if items else [[]] * len(COLUMNS)
        batch = self._arrow.record_batch(
            [
                self._arrow.array(list(column), field.type)
                for column, field in zip(columns, self._schema, strict=True)
            ],
            schema=self._schema,
        )
        self._batches.append(batch)
        self._waiting += len(items)
        if self._waiting >= _ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        table = self._arrow.Table.from_batches(self._batches, self._schema)
        self._writer.write_table(table, row_group_size=self._waiting)
        self._batches, self._waiting = [], 0

    def _kind(self, column: str) -> Any:
        if column in _TIMES:
            return self._arrow.timestamp("us", tz="UTC")
        return self._arrow.int64() if column.endswith("_quantity") else self._arrow.string()


def require_parquet() -> tuple[Any, Any]:
    """Return the libraries that write Parquet.

    Raises:
        Failure: They are not installed.
    """
    try:
        # Most people never write Parquet, and the library is larger than everything else.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise usage(
            "--format parquet needs pyarrow, which is not installed: "
            "pip install 'sellable[parquet]'"
        ) from error
    return pa, parquet


def _values(item: Availability) -> tuple[Any, ...]:
    return (
        item.sku,
        item.channel,
        item.country,
        item.sellable_quantity,
        status_word(item),
        time_text(item, "next_available_time"),
        item.future_quantity,
        time_text(item, "oldest_observe_time"),
    )


def _typed_values(item: Availability) -> Iterable[Any]:
    for name, value in zip(COLUMNS, _values(item), strict=True):
        if name in _TIMES and value is not None:
            yield getattr(item, name).ToMicroseconds()
        else:
            yield value
