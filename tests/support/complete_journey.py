"""The till lines of the Complete Journey data, where they lie beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from support.tills import Sale

FOLDER: Final = Path(__file__).parents[3] / "shared/data/complete_journey"
# Fuel, by the gallon and the cent, and what is sold by weight: their numbers are no units.
_NO_UNITS: Final = ("FUEL", "MISCELLANEOUS")


def lines(folder: Path = FOLDER, rows: int | None = None) -> pa.Table:
    """Return lines of goods that are sold by the unit: every n-th, to about so many.

    Returns:
        Columns store_id, product_id, quantity and transaction_timestamp.
    """
    columns = ["store_id", "product_id", "quantity", "transaction_timestamp"]
    sold = pq.read_table(folder / "transactions_trim.parquet", columns=columns)
    goods = pq.read_table(folder / "products.parquet", columns=["product_id", "department"])
    joined = sold.join(goods, "product_id")
    department = pc.fill_null(joined["department"].cast(pa.string()), "")
    left_out = pc.is_in(department, value_set=pa.array(_NO_UNITS))
    kept = joined.filter(pc.and_(pc.invert(left_out), pc.not_equal(joined["quantity"], 0)))
    # A join gives its rows in any order; a sample is to be the same each time.
    kept = kept.select(columns).sort_by([(name, "ascending") for name in reversed(columns)])
    step = 1 if rows is None else max(1, kept.num_rows // rows)
    return kept.take(pa.array(range(0, kept.num_rows, step))).slice(0, rows)


def sales(table: pa.Table) -> list[Sale]:
    """Return lines as the tills of stores wrote them, by their seconds."""
    moments = pc.divide(table["transaction_timestamp"].cast(pa.int64()), 1_000_000_000)
    columns = (table["store_id"], table["product_id"], table["quantity"], moments)
    return [
        Sale(store, str(product), quantity, moment)
        for store, product, quantity, moment in zip(
            *(column.to_pylist() for column in columns), strict=True
        )
    ]
