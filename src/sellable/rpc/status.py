"""Refusals as gRPC statuses, and back: the only place where a reason meets a code.

The reasons are those of `sellable.v1.ErrorReason` without the prefix. Details that a client can
act on ride along as google.rpc messages, each type at most once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import quote

from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc_status import rpc_status

from sellable.errors import (
    BlockedLine,
    DurabilityNotReached,
    InsufficientStock,
    InvalidFields,
    InvalidNetwork,
    NoFeasiblePlan,
    Overloaded,
    SellableError,
    ShortLine,
    Violation,
)
from sellable.v1 import common_pb2, sourcing_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc
    from google.protobuf.message import Message

DOMAIN: Final = "sellable"

# In the order of precedence of errors.proto.
CODES: Final = {
    "OVERLOADED": StatusCode.RESOURCE_EXHAUSTED,
    "INVALID_FIELD": StatusCode.INVALID_ARGUMENT,
    "INVALID_NETWORK": StatusCode.INVALID_ARGUMENT,
    "UNKNOWN_MARKET": StatusCode.NOT_FOUND,
    "UNKNOWN_LOCATION": StatusCode.NOT_FOUND,
    "UNKNOWN_SKU": StatusCode.NOT_FOUND,
    "UNKNOWN_RESERVATION": StatusCode.NOT_FOUND,
    "UNKNOWN_PROFILE": StatusCode.NOT_FOUND,
    "UNKNOWN_VERSION": StatusCode.NOT_FOUND,
    "LOCATION_NOT_IN_MARKET": StatusCode.FAILED_PRECONDITION,
    "LOCATION_IN_USE": StatusCode.FAILED_PRECONDITION,
    "IDEMPOTENCY_CONFLICT": StatusCode.ALREADY_EXISTS,
    "RESERVATION_EXPIRED": StatusCode.FAILED_PRECONDITION,
    "RESERVATION_CLOSED": StatusCode.FAILED_PRECONDITION,
    "INSUFFICIENT_STOCK": StatusCode.FAILED_PRECONDITION,
    "NO_FEASIBLE_PLAN": StatusCode.FAILED_PRECONDITION,
    "NETWORK_VERSION_CONFLICT": StatusCode.ABORTED,
    "SYNC_IN_PROGRESS": StatusCode.ABORTED,
    "SYNC_SUSPICIOUS": StatusCode.FAILED_PRECONDITION,
    "STORE_UNAVAILABLE": StatusCode.UNAVAILABLE,
    "DURABILITY_NOT_REACHED": StatusCode.UNAVAILABLE,
    "INTERNAL": StatusCode.INTERNAL,
}
# Reasons that only ever refuse a row of a call, so that they have no code.
ROW_REASONS: Final = frozenset({"SKU_IN_USE", "TOO_OLD", "IN_FUTURE"})

# gRPC clients refuse more than 8 KiB of trailers by default. The message travels twice (in the
# details once more, as base64), and the other trailers need about 300 bytes.
TRAILER_BYTES_MAX: Final = 7_800
_TEXT_BYTES_MAX: Final = 300
# Beside its own size an entry costs the tag and length of the list, at most this much.
_ENTRY_FRAME_BYTES: Final = 4
# What base64 and percent-encoding leave of a printable ASCII character.
_GRPC_MESSAGE_SAFE: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

_Entry = TypeVar("_Entry", bound="Message")


def to_status(error: SellableError) -> status_pb2.Status:
    """Make the google.rpc.Status of a refusal: code, message, ErrorInfo and what helps."""
    status = status_pb2.Status(
        code=CODES[error.reason].value[0],
        message=_shortened(str(error)),
    )
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    room = _room_left(status, info)
    match error:
        case InvalidFields():
            entries = [_field_violation(v.field, v.description) for v in error.violations]
            kept = _fitting(entries, info, room)
            detail = error_details_pb2.BadRequest(field_violations=kept)
        case InvalidNetwork():
            entries = [
                _field_violation(f"document:{p.line}:{p.column} {p.field}", p.description)
                for p in error.problems
            ]
            kept = _fitting(entries, info, room)
            detail = error_details_pb2.BadRequest(field_violations=kept)
        case InsufficientStock():
            lines = _fitting([_short_line(line) for line in error.lines], info, room)
            detail = common_pb2.StockShortfall(lines=lines)
        case NoFeasiblePlan():
            blocked = _fitting([_blocked_line(line) for line in error.lines], info, room)
            detail = sourcing_pb2.PlanObstacles(lines=blocked)
        case Overloaded() | DurabilityNotReached():
            delay = Duration()
            delay.FromMilliseconds(error.retry_after_ms)
            detail = error_details_pb2.RetryInfo(retry_delay=delay)
        case _:
            detail = None
    status.details.add().Pack(info)
    if detail is not None:
        status.details.add().Pack(detail)
    return status


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCall:
    """What a client knows of a refused call; `reason` is empty if the service did not say it."""

    code: str
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    short_lines: tuple[ShortLine, ...] = ()
    blocked_lines: tuple[BlockedLine, ...] = ()
    retry_after_ms: int = 0


def error_from_rpc(error: grpc.RpcError) -> RefusedCall:
    """Read the refusal out of what a stub raised, synchronous or not."""
    code, message = error.code().name, error.details() or ""
    try:
        status = rpc_status.from_call(cast("grpc.Call", error))
    except ValueError:
        status = None  # details that contradict the call are nobody's: a proxy changed it
    if status is None:
        return RefusedCall(code=code, reason="", message=message)
    info = _unpacked(status, error_details_pb2.ErrorInfo())
    bad_request = _unpacked(status, error_details_pb2.BadRequest())
    retry = _unpacked(status, error_details_pb2.RetryInfo())
    shortfall = _unpacked(status, common_pb2.StockShortfall())
    obstacles = _unpacked(status, sourcing_pb2.PlanObstacles())
    return RefusedCall(
        code=code,
        reason=info.reason if info.domain == DOMAIN else "",
        message=message,
        metadata=dict(info.metadata),
        violations=tuple(Violation(v.field, v.description) for v in bad_request.field_violations),
        short_lines=tuple(
            ShortLine(v.line_id, v.sku, v.requested_quantity, v.sellable_quantity)
            for v in shortfall.lines
        ),
        blocked_lines=tuple(
            BlockedLine(line.line_id, line.sku, line.constraint, line.detail)
            for line in obstacles.lines
        ),
        retry_after_ms=retry.retry_delay.ToMilliseconds(),
    )


def _field_violation(path: str, description: str) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=_shortened(path), description=_shortened(description)
    )


def _short_line(line: ShortLine) -> common_pb2.StockShortfall.ShortLine:
    return common_pb2.StockShortfall.ShortLine(
        line_id=line.line_id,
        sku=line.sku,
        requested_quantity=line.requested_quantity,
        sellable_quantity=line.sellable_quantity,
    )


def _blocked_line(line: BlockedLine) -> sourcing_pb2.PlanObstacles.BlockedLine:
    return sourcing_pb2.PlanObstacles.BlockedLine(
        line_id=line.line_id,
        sku=line.sku,
        constraint=line.constraint,
        detail=_shortened(line.detail),
    )


def _shortened(text: str) -> str:
    encoded = text.encode(errors="replace")
    if len(encoded) <= _TEXT_BYTES_MAX:
        return encoded.decode()
    return encoded[: _TEXT_BYTES_MAX - 4].decode(errors="ignore") + " ..."


def _room_left(status: status_pb2.Status, info: error_details_pb2.ErrorInfo) -> int:
    """Count the bytes that the entries of one list may take in the details."""
    percent_encoded = len(quote(status.message, safe=_GRPC_MESSAGE_SAFE))
    details = (TRAILER_BYTES_MAX - percent_encoded) * 3 // 4
    type_urls = 150  # of the two details, with their frames and metadata.omitted_count
    taken: int = status.ByteSize() + info.ByteSize() + type_urls
    return details - taken


def _fitting(
    entries: Sequence[_Entry], info: error_details_pb2.ErrorInfo, room: int
) -> Sequence[_Entry]:
    """Keep the entries that fit, from the first on, and say in `info` how many do not."""
    for index, entry in enumerate(entries):
        room -= entry.ByteSize() + _ENTRY_FRAME_BYTES
        if room < 0:
            info.metadata["omitted_count"] = str(len(entries) - index)
            return entries[:index]
    return entries


_Detail = TypeVar("_Detail", bound="Message")


def _unpacked(status: status_pb2.Status, detail: _Detail) -> _Detail:
    """Fill `detail` from the status, or leave it empty if the status has none of its kind."""
    for packed in status.details:
        if packed.TypeName() == detail.DESCRIPTOR.full_name:
            packed.Unpack(detail)
    return detail
