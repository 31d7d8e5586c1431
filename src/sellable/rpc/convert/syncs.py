"""SyncInventory: the parts of a full count.

A row that is not as it must be is refused and the others go on; anything else that is wrong ends
the count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidFields, Violation
from sellable.limits import (
    MAX_ZEROED_FRACTION_DEFAULT,
    QUANTITY_MAX,
    SYNC_ROWS_MAX,
    SYNC_ROWS_PER_CALL_MAX,
)
from sellable.names import identifier_problem, location_problem, sku_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.times import observe_us
from sellable.store.syncs import REFUSED, DuplicateSkus, SyncHeader
from sellable.v1 import inventory_pb2

if TYPE_CHECKING:
    from sellable.store.syncs import SyncResult, SyncRow

_POLICIES: Final = {
    inventory_pb2.DUPLICATE_SKUS_UNSPECIFIED: DuplicateSkus.REJECT,
    inventory_pb2.DUPLICATE_SKUS_REJECT: DuplicateSkus.REJECT,
    inventory_pb2.DUPLICATE_SKUS_SUM: DuplicateSkus.SUM,
    inventory_pb2.DUPLICATE_SKUS_LAST: DuplicateSkus.LAST,
}


def out_of_order(rule: str) -> InvalidFields:
    """Refuse a part that comes when it must not, or that is missing."""
    return InvalidFields(Violation("part", rule))


def header(message: inventory_pb2.SyncInventoryRequest.Header) -> SyncHeader:
    """Check what is counted."""
    checks = Checks()
    checks.name("header.sync_id", message.sync_id, identifier_problem)
    checks.name("header.source", message.source, identifier_problem)
    checks.name("header.location", message.location, location_problem)
    time = 0
    if message.HasField("observe_time"):
        time = observe_us(checks, "header.observe_time", message.observe_time)
    else:
        checks.refuse("header.observe_time", "is required")
    fraction = MAX_ZEROED_FRACTION_DEFAULT
    if message.HasField("max_zeroed_fraction"):
        fraction = message.max_zeroed_fraction
        if not 0 <= fraction <= 1:
            checks.refuse("header.max_zeroed_fraction", f"must be 0 to 1, is {fraction}")
    duplicates = _POLICIES.get(message.duplicate_skus)
    if duplicates is None:
        known = ", ".join(inventory_pb2.DuplicateSkus.keys()[1:])
        rule = f"must be one of {known}, is {message.duplicate_skus}"
        checks.refuse("header.duplicate_skus", rule)
    checks.done()
    return SyncHeader(
        sync_id=message.sync_id,
        source=message.source,
        location=message.location,
        observe_us=time,
        max_zeroed_fraction=fraction,
        net=message.net_of_reserved,
        duplicates=duplicates or DuplicateSkus.REJECT,
    )


def rows(message: inventory_pb2.SyncInventoryRequest.Rows) -> list[SyncRow]:
    """Turn each row into what is staged of it; one that cannot be is marked as refused."""
    checks = Checks()
    skus, quantities = message.skus, message.on_hand_quantities
    checks.count("rows.skus", skus, 1, SYNC_ROWS_PER_CALL_MAX)
    if len(skus) != len(quantities):
        rule = f"must have as many entries as rows.skus, {len(skus)}, has {len(quantities)}"
        checks.refuse("rows.on_hand_quantities", rule)
    checks.done()
    return list(map(_row, skus, quantities))


def commit(message: inventory_pb2.SyncInventoryRequest.Commit) -> int:
    """Check how many rows the count is said to have."""
    checks = Checks()
    checks.number("commit.row_count", message.row_count, 0, SYNC_ROWS_MAX)
    checks.done()
    return message.row_count


def sync_inventory_response(
    result: SyncResult, revision: str
) -> inventory_pb2.SyncInventoryResponse:
    """Answer what became of the count."""
    return inventory_pb2.SyncInventoryResponse(
        applied_count=result.applied,
        unchanged_count=result.unchanged,
        stale_count=result.stale,
        rejected_count=result.rejected,
        zeroed_count=result.zeroed,
        rejected_skus=result.rejected_skus,
        revision=revision,
        merged_count=result.merged,
        replayed=result.replayed,
    )


def _row(sku: str, quantity: int) -> SyncRow:
    if sku_problem(sku):
        return "", REFUSED
    return sku, quantity if 0 <= quantity <= QUANTITY_MAX else REFUSED
