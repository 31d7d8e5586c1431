"""The row format of streams, JSON Lines and dead letters: one fact as one JSON object.

A row has the field names and the bounds of `InventoryEvent` of the contract, and is refused in its
words; a test holds both together. Whatever the bytes are, the answer is a fact or a refusal.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from sellable.ingest.rows import INVALID_FIELD, PAYLOAD_CHARACTERS_MAX
from sellable.limits import QUANTITY_MAX, REASON_BYTES_MAX, SEQUENCE_MAX
from sellable.names import (
    identifier_problem,
    location_problem,
    sku_problem,
    supply_problem,
    text_problem,
)
from sellable.stock import FACT_FIELDS, Fact, FactKind, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

EVENT_BYTES_MAX: Final = 64 * 1024  # a good row has at most about 6 KiB, however it is escaped

_FIELD_OF: Final = {kind: name for name, kind in FACT_FIELDS.items()}
_IDENTITY: Final = ("event_id", "source", "sku", "location", "observe_time", "sequence")
_FIELDS: Final = frozenset((*_IDENTITY, *FACT_FIELDS, "reason"))
_INNER: Final = {
    "shipment": ("reservation_id", "line_id", "quantity"),
    "future_supply": ("supply_id", "quantity", "expect_time"),
    "supply_receipt": ("supply_id", "quantity", "final"),
}

_reason_problem: Final = partial(text_problem, bytes_max=REASON_BYTES_MAX)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_US_MIN: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _US
_US_MAX: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _US
_TIME_RULE: Final = (
    "must be a time with a zone, e.g. 2026-11-23T08:00:00Z, or microseconds since 1970"
)
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}")
_EXACT_MAX: Final = 2.0**53
_SHOWN_CHARACTERS_MAX: Final = 64
_UNKNOWN_SHOWN_MAX: Final = 5


def decode(payload: bytes, source: str) -> Fact | Refused:
    """Read one row of a source; a row that names no source of its own is of this one.

    Args:
        payload: One JSON object, at most 64 KiB.
        source: A good source id.
    """
    if len(payload) > EVENT_BYTES_MAX:
        detail = f"must have at most {EVENT_BYTES_MAX} bytes, has {len(payload)}"
        return refused(source, detail, payload)
    try:
        row = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return refused(source, f"is not JSON: {error.msg}, at character {error.pos + 1}", payload)
    if type(row) is not dict:
        return refused(source, f"must be one JSON object, got {_shown(row)}", payload)
    return decode_object(row, source, payload)


def decode_object(row: Mapping[str, Any], source: str, payload: bytes) -> Fact | Refused:
    """Check a row that was parsed; `payload` is what it was parsed from."""
    problems: list[str] = []
    if not row.keys() <= _FIELDS:
        _refuse_unknown(problems, "", row, _FIELDS)
    event_id = _text(problems, "event_id", row.get("event_id"), identifier_problem)
    named = row.get("source")
    if named is not None and named != source:
        problems.append(f"source must be {source} as the feed's, or left out, got {_shown(named)}")
    sku = _text(problems, "sku", row.get("sku"), sku_problem)
    location = _text(problems, "location", row.get("location"), location_problem)
    observe_us = _time(problems, "observe_time", row.get("observe_time"))
    told = row.get("sequence")
    sequence = 0 if told is None else _whole(problems, "sequence", told, 0, SEQUENCE_MAX)
    fields = [name for name in row.keys() & FACT_FIELDS.keys() if row[name] is not None]
    more: dict[str, Any] = {}
    field = fields[0] if len(fields) == 1 else ""
    if field in _INNER:
        more = _inner(problems, field, row[field])
    elif field == "blocked":
        more = {"quantity": int(_flag(problems, field, row[field]))}
    elif field:
        more = {"quantity": _units(problems, field, row[field])}
    elif fields:
        problems.append(f"fact must be only one, got {' and '.join(sorted(fields))}")
    else:
        problems.append(f"fact is required: one of {', '.join(FACT_FIELDS)}")
    reason = _optional(problems, "reason", row.get("reason"), _reason_problem)
    if problems:
        return refused(source, "; ".join(problems), payload)
    return Fact(
        kind=FACT_FIELDS[field],
        event_id=event_id,
        source=source,
        sku=sku,
        location=location,
        observe_us=observe_us,
        sequence=sequence,
        reason=reason,
        **more,
    )


def refused(source: str, detail: str, payload: bytes) -> Refused:
    """Make the row that says why there is no fact; a long payload is cut."""
    # Bytes are cut first: escapes only make a text longer.
    text = payload[: 4 * PAYLOAD_CHARACTERS_MAX].decode("utf-8", "backslashreplace")
    if len(payload) > len(text.encode()) or len(text) > PAYLOAD_CHARACTERS_MAX:
        text = text[:PAYLOAD_CHARACTERS_MAX] + "..."
    return Refused(source=source, reason=INVALID_FIELD, detail=detail, payload=text)


def encode(fact: Fact) -> bytes:
    """Write a fact as a row; reading it again gives the same fact."""
    row: dict[str, Any] = {
        "event_id": fact.event_id,
        "source": fact.source,
        "sku": fact.sku,
        "location": fact.location,
        "observe_time": _time_text(fact.observe_us),
    }
    if fact.sequence:
        row["sequence"] = fact.sequence
    field = _FIELD_OF[fact.kind]
    match fact.kind:
        case FactKind.SHIPMENT:
            row[field] = {"reservation_id": fact.reservation_id, "quantity": fact.quantity}
            if fact.line_id:
                row[field]["line_id"] = fact.line_id
        case FactKind.FUTURE_SUPPLY:
            row[field] = {"supply_id": fact.supply_id, "quantity": fact.quantity}
            row[field]["expect_time"] = _time_text(fact.expect_ms * 1_000)
        case FactKind.SUPPLY_RECEIPT:
            row[field] = {"supply_id": fact.supply_id, "quantity": fact.quantity}
            row[field]["final"] = fact.final
        case FactKind.BLOCKED:
            row[field] = bool(fact.quantity)
        case _:
            row[field] = fact.quantity
    if fact.reason:
        row["reason"] = fact.reason
    return orjson.dumps(row)


def _inner(problems: list[str], field: str, value: Any) -> dict[str, Any]:
    """Check a fact that has fields of its own; return them by the names of `Fact`."""
    if type(value) is not dict:
        problems.append(f"{field} must be an object, got {_shown(value)}")
        return {}
    if not value.keys() <= set(_INNER[field]):
        _refuse_unknown(problems, f"{field}.", value, _INNER[field])
    told: dict[str, Any] = {}
    low = 0
    if field == "shipment":
        name = value.get("reservation_id")
        told["reservation_id"] = _text(
            problems, f"{field}.reservation_id", name, identifier_problem
        )
        line_id = value.get("line_id")
        told["line_id"] = _optional(problems, f"{field}.line_id", line_id, identifier_problem)
        low = 1
    else:
        supply_id = value.get("supply_id")
        told["supply_id"] = _text(problems, f"{field}.supply_id", supply_id, supply_problem)
    if field == "supply_receipt":
        final = value.get("final")
        told["final"] = final is not None and _flag(problems, f"{field}.final", final)
        low = 0 if told["final"] else 1
    quantity = value.get("quantity")
    told["quantity"] = _whole(
        problems, f"{field}.quantity", 0 if quantity is None else quantity, low, QUANTITY_MAX
    )
    if field == "future_supply":
        path = f"{field}.expect_time"
        told["expect_ms"] = _time(problems, path, value.get("expect_time")) // 1_000
    return told


def _text(problems: list[str], path: str, value: Any, problem: Callable[[str], str | None]) -> str:
    if type(value) is not str:
        if value is not None:
            problems.append(f"{path} must be a text in quotes, got {_shown(value)}")
            return ""
        value = ""
    if description := problem(value):
        problems.append(f"{path} {description}")
    return str(value)


def _optional(
    problems: list[str], path: str, value: Any, problem: Callable[[str], str | None]
) -> str:
    if value is None or value == "":
        return ""
    if type(value) is not str:
        problems.append(f"{path} must be a text in quotes, got {_shown(value)}")
    elif description := problem(value):
        problems.append(f"{path} {description}, or empty")
    else:
        return str(value)
    return ""


def _whole(problems: list[str], path: str, value: Any, low: int, high: int) -> int:
    """Check a whole number: as such, as a float without a fraction, or as digits in quotes."""
    if type(value) is not int:
        found = _as_whole(value)
        if found is None:
            problems.append(
                f"{path} must be a whole number from {low} to {high}, got {_shown(value)}"
            )
            return 0
        value = found
    if low <= value <= high:
        return int(value)
    problems.append(f"{path} must be {low} to {high}, is {value}")
    return 0


def _units(problems: list[str], field: str, value: Any) -> int:
    """Check what a count, a change or a safety stock says."""
    known, low = len(problems), -QUANTITY_MAX if field == "delta_quantity" else 0
    quantity = _whole(problems, field, value, low, QUANTITY_MAX)
    if low and not quantity and len(problems) == known:
        problems.append(f"{field} must not be 0")
    return quantity


def _as_whole(value: Any) -> int | None:
    if type(value) is str and _DIGITS.fullmatch(value):
        return int(value)
    if type(value) is float and value.is_integer() and abs(value) <= _EXACT_MAX:
        return int(value)
    return None


def _flag(problems: list[str], path: str, value: Any) -> bool:
    if type(value) is bool:
        return value
    problems.append(f"{path} must be true or false, got {_shown(value)}")
    return False


def _time(problems: list[str], path: str, value: Any) -> int:
    """Return a time in microseconds since 1970; what is finer is cut off."""
    if value is None:
        problems.append(f"{path} is required")
        return 0
    us = None
    if type(value) is int:
        us = value
    elif type(value) is str:
        us = int(value) if _DIGITS.fullmatch(value) else _us_of(value)
    if us is not None and _US_MIN <= us <= _US_MAX:
        return us
    problems.append(f"{path} {_TIME_RULE}, got {_shown(value)}")
    return 0


def _us_of(text: str) -> int | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None else (time - _EPOCH) // _US


def _time_text(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")


def _refuse_unknown(
    problems: list[str], path: str, row: Mapping[str, Any], known: Collection[str]
) -> None:
    unknown = sorted(row.keys() - set(known))
    shown = [path + name[:_SHOWN_CHARACTERS_MAX] for name in unknown[:_UNKNOWN_SHOWN_MAX]]
    if len(unknown) > _UNKNOWN_SHOWN_MAX:
        shown.append(f"{len(unknown) - _UNKNOWN_SHOWN_MAX} more")
    problems.append(f"{', '.join(shown)} {'is' if len(unknown) == 1 else 'are'} not known")


def _shown(value: Any) -> str:
    """Show what was found, short enough for a message."""
    text = value if type(value) is str else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS_MAX else f"{text[:_SHOWN_CHARACTERS_MAX]}..."
