"""Answers of the service as plain values: the keys and types that `--json` promises.

Names are those of the contract, numbers are numbers, states are single words, times are RFC 3339
in UTC, and what is not set is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sellable.v1 import availability_pb2, inventory_pb2, reservations_pb2

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper as EnumType
    from google.protobuf.message import Message


def status_word(item: availability_pb2.Availability) -> str:
    """Return `IN_STOCK`, `LOW_STOCK`, `BACKORDER`, `OUT_OF_STOCK` or `UNKNOWN`."""
    return word_of(availability_pb2.StockStatus, "STOCK_STATUS_", item.status)


def state_word(reservation: reservations_pb2.Reservation) -> str:
    """Return `HELD`, `CONFIRMED`, `FULFILLED`, `RELEASED` or `EXPIRED`."""
    prefix = "RESERVATION_STATE_"
    return word_of(reservations_pb2.ReservationState, prefix, reservation.state)


def outcome_word(result: inventory_pb2.EventResult) -> str:
    """Return `APPLIED`, `UNCHANGED`, `STALE`, `DUPLICATE` or `REJECTED`."""
    return word_of(inventory_pb2.Outcome, "OUTCOME_", result.outcome)


def term_word(term: availability_pb2.ExplainAvailabilityResponse.Term) -> str:
    """Return `ON_HAND`, `RESERVED` and so on."""
    return word_of(availability_pb2.TermKind, "TERM_KIND_", term.kind)


def time_text(message: Message, field: str) -> str | None:
    """Return a time of a message as RFC 3339, or None if it is not set."""
    if not message.HasField(field):
        return None
    text: str = getattr(message, field).ToJsonString()
    return text


def availability_value(item: availability_pb2.Availability) -> dict[str, Any]:
    """Return one SKU in one market."""
    return {
        "sku": item.sku,
        "channel": item.channel,
        "country": item.country,
        "sellable_quantity": item.sellable_quantity,
        "status": status_word(item),
        "oldest_observe_time": time_text(item, "oldest_observe_time"),
        "future_quantity": item.future_quantity,
        "next_available_time": time_text(item, "next_available_time"),
    }


def explanation_value(
    answer: availability_pb2.ExplainAvailabilityResponse,
) -> dict[str, Any]:
    """Return a number with its terms."""
    return {
        "sellable_quantity": answer.sellable_quantity,
        "future_quantity": answer.future_quantity,
        "network_version": answer.network_version,
        "next_switch_time": time_text(answer, "next_switch_time"),
        "terms": [
            {
                "kind": term_word(term),
                "location": term.location,
                "quantity": term.quantity,
                "rule": term.rule,
                "line": term.line,
                "observe_time": time_text(term, "observe_time"),
                "source": term.source,
                "detail": term.detail,
            }
            for term in answer.terms
        ],
        "revision": answer.revision,
    }


def position_value(position: inventory_pb2.Position) -> dict[str, Any]:
    """Return one SKU at one location."""
    return {
        "location": position.location,
        "on_hand_quantity": position.on_hand_quantity,
        "reserved_quantity": position.reserved_quantity,
        "safety_stock_quantity": position.safety_stock_quantity,
        "available_quantity": position.available_quantity,
        "overcommitted_quantity": position.overcommitted_quantity,
        "blocked": position.blocked,
        "observe_time": time_text(position, "observe_time"),
        "source": position.source,
        "supply_id": position.supply_id,
        "expect_time": time_text(position, "expect_time"),
    }


def reservation_value(reservation: reservations_pb2.Reservation) -> dict[str, Any]:
    """Return a reservation with its lines and where their units are."""
    return {
        "reservation_id": reservation.reservation_id,
        "channel": reservation.channel,
        "country": reservation.country,
        "state": state_word(reservation),
        "order_reference": reservation.order_reference,
        "create_time": time_text(reservation, "create_time"),
        "expire_time": time_text(reservation, "expire_time"),
        "confirm_time": time_text(reservation, "confirm_time"),
        "update_time": time_text(reservation, "update_time"),
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "requested_quantity": line.requested_quantity,
                "granted_quantity": line.granted_quantity,
                "open_quantity": line.open_quantity,
                "fulfilled_quantity": line.fulfilled_quantity,
                "released_quantity": line.released_quantity,
                "allocations": [
                    {
                        "location": allocation.location,
                        "quantity": allocation.quantity,
                        "fulfilled_quantity": allocation.fulfilled_quantity,
                        "short_quantity": allocation.short_quantity,
                        "supply_id": allocation.supply_id,
                        "expect_time": time_text(allocation, "expect_time"),
                    }
                    for allocation in line.allocations
                ],
            }
            for line in reservation.lines
        ],
    }


def word_of(kind: EnumType[Any], prefix: str, number: int) -> str:
    """Return the name of a value; one that a newer service knows and we do not is its number."""
    if number not in kind.values():
        return str(number)
    return kind.Name(number).removeprefix(prefix)
