"""Make the packaged sample: `python -m sellable.demo.sample FULL.csv.gz OUT.csv.gz`.

Customers are drawn by the CRC-32 of their number, so the draw is the same on every machine; every
invoice and cancellation of a drawn customer is kept whole, and rows stay in their order.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

from sellable.demo.invoices import COLUMNS, Cells, read_cells
from sellable.errors import SellableError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The countries that network.yaml sells to. Shares are set so that the small countries are seen
# beside the home market, and the file stays near 600 KB.
PERCENT_OF_CUSTOMERS: Final = {
    "United Kingdom": 7,
    "Germany": 50,
    "France": 50,
    "EIRE": 30,  # three customers, one of them with more rows than Spain and Italy together
    "Spain": 55,
    "Netherlands": 55,
    "Belgium": 65,
    "Switzerland": 55,
    "Portugal": 55,
    "Italy": 65,
    "Austria": 100,
    "Sweden": 100,
    "Norway": 100,
    "Finland": 100,
}
# Invoices without a customer are drawn one by one, and fewer: they are twice as long.
PERCENT_OF_GUEST_INVOICES: Final = 2
# Who ordered 74,215 jars and 80,995 paper birds, and cancelled within minutes.
ALWAYS: Final = frozenset({"12346", "16446"})


def in_sample(row: Cells) -> bool:
    """Answer whether the row's whole invoice, and all else of its customer, is in the sample."""
    if row.country not in PERCENT_OF_CUSTOMERS:
        return False
    if not row.customer:
        return crc32(row.invoice.encode()) % 100 < PERCENT_OF_GUEST_INVOICES
    percent = PERCENT_OF_CUSTOMERS[row.country]
    return row.customer in ALWAYS or crc32(row.customer.encode()) % 100 < percent


def sample(source: Path) -> Iterator[Cells]:
    """Read the rows of the sample out of the full file."""
    return filter(in_sample, read_cells(source))


def write_sample(source: Path, target: Path) -> int:
    """Write the sample, compressed, and answer its number of rows."""
    count = 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for count, row in enumerate(sample(source), start=1):  # noqa: B007 - the last one is answered
        writer.writerow(row[: len(COLUMNS)])
    # mtime=0: the same rows make the same bytes.
    target.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    return count


def main(arguments: list[str]) -> int:
    """Run as a command; answer its exit code."""
    if len(arguments) != len(("source", "target")):
        sys.stderr.write("usage: python -m sellable.demo.sample FULL.csv.gz OUT.csv.gz\n")
        return 2
    source, target = map(Path, arguments)
    try:
        count = write_sample(source, target)
    except SellableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{count} rows, {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
