"""InventoryService: facts, positions and master data.

A row that is not as it must be becomes its own answer, `REJECTED`; the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.limits import (
    EVENTS_PER_CALL_MAX,
    NAME_BYTES_MAX,
    QUANTITY_MAX,
    REASON_BYTES_MAX,
    SEQUENCE_MAX,
)
from sellable.names import (
    currency_problem,
    identifier_problem,
    item_class_problem,
    location_problem,
    sku_problem,
    supply_problem,
)
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.times import observe_us, time_of_ms, time_of_us
from sellable.stock import FACT_FIELDS, Fact, FactResult, Item, Outcome, Refused, parts_of_place
from sellable.v1 import errors_pb2, inventory_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.stock import Position

_REJECTED_REASON: Final = "INVALID_FIELD"
_NANOS_MAX: Final = 999_999_999

_OF_SUPPLY: Final = frozenset({"future_supply", "supply_receipt"})


def apply_inventory(
    request: inventory_pb2.ApplyInventoryRequest,
) -> list[Fact | Refused | FactResult]:
    """Turn each event into a fact, or into the answer that refuses it."""
    checks = Checks()
    checks.count("events", request.events, 1, EVENTS_PER_CALL_MAX)
    checks.done()
    return [_row(event) for event in request.events]


def stream_inventory(
    request: inventory_pb2.StreamInventoryRequest,
) -> list[Fact | Refused | FactResult]:
    """Turn each event of one request of a stream into a fact, or into its refusal."""
    checks = Checks()
    checks.count("events", request.events, 1, EVENTS_PER_CALL_MAX)
    checks.optional_text("batch_id", request.batch_id, NAME_BYTES_MAX)
    checks.done()
    return [_row(event) for event in request.events]


def fact(event: inventory_pb2.InventoryEvent) -> Fact | FactResult:
    """Turn one event into a fact, or into the answer that refuses it."""
    checks = Checks()
    checks.name("event_id", event.event_id, identifier_problem)
    checks.name("source", event.source, identifier_problem)
    checks.name("sku", event.sku, sku_problem)
    checks.name("location", event.location, location_problem)
    time = 0
    if event.HasField("observe_time"):
        time = observe_us(checks, "observe_time", event.observe_time)
    else:
        checks.refuse("observe_time", "is required")
    checks.number("sequence", event.sequence, 0, SEQUENCE_MAX)
    kind = event.WhichOneof("fact")
    quantity, expect_ms = 0, 0
    if kind is None:
        checks.refuse("fact", f"is required: one of {', '.join(FACT_FIELDS)}")
    else:
        quantity = _quantity(checks, event, kind)
        expect_ms = _expect_ms(checks, event) if kind == "future_supply" else 0
    checks.optional_text("reason", event.reason, REASON_BYTES_MAX)
    if kind is None or checks.violations:
        return _rejected(checks)
    return Fact(
        kind=FACT_FIELDS[kind],
        event_id=event.event_id,
        source=event.source,
        sku=event.sku,
        location=event.location,
        observe_us=time,
        sequence=event.sequence,
        quantity=quantity,
        # Reading an absent message creates one, which counts and deltas do not pay for.
        reservation_id=event.shipment.reservation_id if kind == "shipment" else "",
        line_id=event.shipment.line_id if kind == "shipment" else "",
        reason=event.reason,
        supply_id=getattr(event, kind).supply_id if kind in _OF_SUPPLY else "",
        expect_ms=expect_ms,
        final=kind == "supply_receipt" and event.supply_receipt.final,
    )


def list_positions(request: inventory_pb2.ListPositionsRequest) -> str:
    """Check which SKU is asked for."""
    checks = Checks()
    checks.name("sku", request.sku, sku_problem)
    checks.done()
    return request.sku


def put_items(request: inventory_pb2.PutItemsRequest) -> list[Item | FactResult]:
    """Turn each item into a value, or into the answer that refuses it."""
    checks = Checks()
    checks.count("items", request.items, 1, EVENTS_PER_CALL_MAX)
    checks.done()
    return [item(row) for row in request.items]


def item(row: inventory_pb2.Item) -> Item | FactResult:
    """Turn one item into a value, or into the answer that refuses it."""
    checks = Checks()
    checks.name("sku", row.sku, sku_problem)
    checks.optional_name("item_class", row.item_class, item_class_problem)
    if row.HasField("weight_grams"):
        checks.number("weight_grams", row.weight_grams, 0, QUANTITY_MAX)
    if row.HasField("volume_cm3"):
        checks.number("volume_cm3", row.volume_cm3, 0, QUANTITY_MAX)
    if row.HasField("value"):
        checks.name("value.currency_code", row.value.currency_code, currency_problem)
        checks.number("value.units", row.value.units, 0, QUANTITY_MAX)
        checks.number("value.nanos", row.value.nanos, 0, _NANOS_MAX)
    time = 0
    if row.HasField("update_time"):
        time = observe_us(checks, "update_time", row.update_time)
    else:
        checks.refuse("update_time", "is required")
    if checks.violations:
        return _rejected(checks)
    return Item(
        sku=row.sku,
        update_us=time,
        item_class=row.item_class,
        weight_grams=row.weight_grams if row.HasField("weight_grams") else -1,
        volume_cm3=row.volume_cm3 if row.HasField("volume_cm3") else -1,
        value_currency=row.value.currency_code,
        value_units=row.value.units,
        value_nanos=row.value.nanos,
    )


def delete_skus(request: inventory_pb2.DeleteSkusRequest) -> list[str | FactResult]:
    """Keep each good SKU, and answer each other one."""
    checks = Checks()
    checks.count("skus", request.skus, 1, EVENTS_PER_CALL_MAX)
    checks.done()
    return [_sku(sku) for sku in request.skus]


def apply_inventory_response(
    results: Iterable[FactResult], revision: str
) -> inventory_pb2.ApplyInventoryResponse:
    """Answer each fact, in order."""
    return inventory_pb2.ApplyInventoryResponse(
        results=map(event_result, results), revision=revision
    )


def stream_inventory_response(
    results: Iterable[FactResult], revision: str, batch_id: str
) -> inventory_pb2.StreamInventoryResponse:
    """Answer each fact of one request of a stream, in order."""
    return inventory_pb2.StreamInventoryResponse(
        results=map(event_result, results), revision=revision, batch_id=batch_id
    )


def put_items_response(results: Iterable[FactResult]) -> inventory_pb2.PutItemsResponse:
    """Answer each item, in order."""
    return inventory_pb2.PutItemsResponse(results=map(event_result, results))


def delete_skus_response(results: Iterable[FactResult]) -> inventory_pb2.DeleteSkusResponse:
    """Answer each SKU, in order."""
    return inventory_pb2.DeleteSkusResponse(results=map(event_result, results))


def list_positions_response(
    positions: Iterable[Position], revision: str
) -> inventory_pb2.ListPositionsResponse:
    """Answer the positions of a SKU, by location; what is expected there comes after its stock."""
    ordered = sorted(positions, key=lambda position: parts_of_place(position.location))
    return inventory_pb2.ListPositionsResponse(
        positions=map(position_message, ordered), revision=revision
    )


def event_result(result: FactResult) -> inventory_pb2.EventResult:
    """Answer one row."""
    reason = f"ERROR_REASON_{result.reason}" if result.reason else "ERROR_REASON_UNSPECIFIED"
    return inventory_pb2.EventResult(
        outcome=inventory_pb2.Outcome.Value(f"OUTCOME_{result.outcome.name}"),
        reason=errors_pb2.ErrorReason.Value(reason),
        detail=result.detail,
    )


def position_message(value: Position) -> inventory_pb2.Position:
    """Answer one position."""
    location, supply_id = parts_of_place(value.location)
    return inventory_pb2.Position(
        location=location,
        on_hand_quantity=value.on_hand,
        reserved_quantity=value.reserved,
        safety_stock_quantity=value.safety_stock,
        available_quantity=value.available,
        observe_time=time_of_us(value.observe_us),
        source=value.source,
        overcommitted_quantity=value.overcommitted,
        blocked=value.blocked,
        supply_id=supply_id,
        expect_time=time_of_ms(value.expect_ms),
    )


def _quantity(checks: Checks, event: inventory_pb2.InventoryEvent, kind: str) -> int:
    """Check what a fact says and return it as one number."""
    match kind:
        case "on_hand_quantity":
            checks.number(kind, event.on_hand_quantity, 0, QUANTITY_MAX)
            return event.on_hand_quantity
        case "delta_quantity":
            if not event.delta_quantity:
                checks.refuse(kind, "must not be 0")
            checks.number(kind, event.delta_quantity, -QUANTITY_MAX, QUANTITY_MAX)
            return event.delta_quantity
        case "shipment":
            shipment = event.shipment
            checks.name("shipment.reservation_id", shipment.reservation_id, identifier_problem)
            checks.optional_name("shipment.line_id", shipment.line_id, identifier_problem)
            checks.quantity("shipment.quantity", shipment.quantity)
            return shipment.quantity
        case "future_supply":
            supply = event.future_supply
            checks.name("future_supply.supply_id", supply.supply_id, supply_problem)
            checks.number("future_supply.quantity", supply.quantity, 0, QUANTITY_MAX)
            return supply.quantity
        case "supply_receipt":
            receipt = event.supply_receipt
            checks.name("supply_receipt.supply_id", receipt.supply_id, supply_problem)
            low = 0 if receipt.final else 1
            checks.number("supply_receipt.quantity", receipt.quantity, low, QUANTITY_MAX)
            return receipt.quantity
        case "net_quantity":
            checks.number(kind, event.net_quantity, 0, QUANTITY_MAX)
            return event.net_quantity
        case "safety_stock_quantity":
            checks.number(kind, event.safety_stock_quantity, 0, QUANTITY_MAX)
            return event.safety_stock_quantity
    return int(event.blocked)


def _expect_ms(checks: Checks, event: inventory_pb2.InventoryEvent) -> int:
    field = "future_supply.expect_time"
    if not event.future_supply.HasField("expect_time"):
        checks.refuse(field, "is required")
        return 0
    return observe_us(checks, field, event.future_supply.expect_time) // 1_000


def _row(event: inventory_pb2.InventoryEvent) -> Fact | Refused | FactResult:
    """Turn one event into what the store is told; what is refused is counted for its source."""
    told = fact(event)
    if isinstance(told, Fact) or identifier_problem(event.source):
        return told
    return Refused(source=event.source, reason=told.reason, detail=told.detail, payload="")


def _sku(sku: str) -> str | FactResult:
    problem = sku_problem(sku)
    return FactResult(Outcome.REJECTED, _REJECTED_REASON, f"sku {problem}") if problem else sku


def _rejected(checks: Checks) -> FactResult:
    detail = "; ".join(f"{v.field} {v.description}" for v in checks.violations)
    return FactResult(Outcome.REJECTED, _REJECTED_REASON, detail)
