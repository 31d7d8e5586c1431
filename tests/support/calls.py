"""Calls of scripts as the tables write them: a verb, names, and options as `name=value`.

    network off=L1 buffer=2                   count A L0 5 at=-10 ; delta A L0 -1 id=e7
    reserve r1 FR A=3 B=1@L0:line1 partial    release r1 A=1@L0 req=q1 refusal=DAMAGED
    transfer r1 A=1@L0>L1 req=q1              list_reservations s:HELD 0 10
    future A L0 9 supply=P expect=60000       receipt A L0 5 supply=P final
    reserve r1 FR A=3 until=60000             release r1 A=1@L0+P req=q1

Markets are written without their channel, which is `web`; SKUs begin with a capital and options do
not; times are ms from now.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from sellable.store.runner import pack
from support.feed_calls import (
    FUTURE_TOLERANCE_MS,
    give_up_request,
    retry_request,
    rows_request,
)
from support.planned_calls import PLANNED, planned_call
from support.sync_calls import sync_call

TTL_MS: Final = 10_000

# What is written other than by the script's own name.
FACTS: Final = frozenset(
    {"count", "net", "delta", "shipment", "safety", "blocked", "future", "receipt", "refused"}
)
VERBS: Final = dict.fromkeys(FACTS, "apply_facts") | {"network": "commit_network"}
PLAIN: Final = frozenset({"expire", "list_positions", "delete_sku", "get_reservation"})
READERS: Final = frozenset(
    {
        "observe_at",
        "observe_future",
        "observe_pickup",
        "observe_sku",
        "observe_stock",
        "observe_times",
        "inspect_reservations",
        "read_limited",
        "list_feeds",
        "observe_sourcing",
        "observe_positions",
        "observe_capacities",
    }
)

_PART: Final = re.compile(r"([A-Z]\w*)=(-?\d+)(?:@([\w+]+))?(?:>(\w+))?(?::(\w+))?")


class Call(NamedTuple):
    """A script and the arguments that are its own."""

    script: str
    args: tuple[bytes | str | int, ...] = ()


def call_of(text: str, now_ms: int) -> Call:
    """Read a call of any script but commit_network."""
    verb, *words = text.split()
    if verb in FACTS or verb == "retry_letter":
        read = rows_request if verb in FACTS else retry_request
        return Call(VERBS.get(verb, verb), (pack(read(text, now_ms)),))
    if verb.startswith("sync_") or verb in PLANNED:
        read_call = planned_call if verb in PLANNED else sync_call
        return Call(*read_call(verb, words, now_ms))
    parts = [_part(found) for word in words if (found := _PART.fullmatch(word))]
    names = [word for word in words if "=" not in word]
    options = dict(word.split("=") for word in words if "=" in word and not _PART.fullmatch(word))
    if verb in PLAIN or verb in {"inspect_sku", "forget_consumers"}:
        return Call(verb, tuple(names) or (("",) if verb == "expire" else ()))
    if verb in READERS or verb in {"explain", "settle_supply"}:
        return _reader(verb, names, now_ms)
    if verb in {"purge", "give_up_entry"}:
        return Call(verb, (pack(give_up_request(names, options)) if names else 2,))
    if verb in {"list_reservations", "advance_rollout", "switch_network"}:
        return Call(verb, tuple("" if name == "-" else name for name in names))
    if verb in {"refresh", "put_items"}:
        return Call(verb, (pack(_skus(verb, names, options, now_ms)),))
    return Call(verb, (pack(_reservation(verb, names, options, parts, now_ms)),))


_NUMBERS: Final = frozenset({"at", "seq", "ttl", "work", "requests"})


def _skus(verb: str, names: list[str], options: dict[str, str], now_ms: int) -> dict[str, object]:
    request: dict[str, object] = {"work_max": int(options.get("work", 1_000))}
    if verb == "refresh":
        return request | {"skus": names}
    sku, item_class = names
    row = [sku, now_ms * 1_000 + int(options.get("at", 0)) * 1_000, item_class]
    items = [[*row, -1, -1, "", 0, 0]]
    return request | {"future_tolerance_ms": FUTURE_TOLERANCE_MS, "items": items}


def _is_number(word: str) -> bool:
    return "=" in word and word.split("=", maxsplit=1)[0] in _NUMBERS


def _reader(verb: str, names: list[str], now_ms: int) -> Call:
    if verb == "explain":
        return Call(verb, (f"web/{names[0]}", names[1]))
    if verb == "observe_future":
        return Call(verb, (now_ms, f"web/{names[0]}", pack(names[1:])))
    if verb == "settle_supply":
        return Call(verb, (*names, *(["0", "0"] if len(names) == 2 else [])))
    if verb == "observe_sku":
        return Call(verb, (*names, *(["0"] if len(names) == 1 else [])))
    if verb in {"inspect_reservations", "observe_stock", "list_feeds"}:
        return Call(verb, (pack(names),))
    if verb == "observe_pickup":
        return Call(verb, (pack(names[0].split(",")), pack(names[1:])))
    heads = 2 if verb == "observe_at" else 1
    market, *rest = names[:heads]
    begins = [0] if verb == "observe_times" else []
    return Call(verb, (f"web/{market}", *rest, pack(names[heads:]), *begins))


def _part(found: re.Match[str]) -> dict[str, Any]:
    sku, quantity, location, to_location, line_id = found.groups()
    return {
        "line_id": line_id or "",
        "sku": sku,
        "quantity": int(quantity),
        "location": location or "",
        "to_location": to_location or "",
        "refusal": "",
    }


def _reservation(
    verb: str, names: list[str], options: dict[str, str], parts: list[dict[str, Any]], now_ms: int
) -> dict[str, object]:
    refusal = options.get("refusal", "")
    request: dict[str, object] = {
        "reservation_id": names[0],
        "ttl_ms": int(options.get("ttl", TTL_MS)),
        "order_reference": options.get("order", ""),
        "fingerprint": "f",
        "allocations_max": 1_000,
    }
    if verb == "reserve":
        return request | {
            "market": f"web/{names[1]}",
            "lines": parts,
            "allow_partial": "partial" in names,
            "replaces_reservation_id": options.get("replaces", ""),
            "accept_backorder_until_ms": now_ms + int(options["until"])
            if "until" in options
            else 0,
        }
    at = options.get("at")
    return request | {
        "request_id": options.get("req", ""),
        "parts": [part | {"refusal": refusal if part["to_location"] else ""} for part in parts],
        "refusal": refusal,
        "observe_us": (now_ms + int(at)) * 1_000 if at else 0,
        "source": options.get("source", ""),
        "future_tolerance_ms": FUTURE_TOLERANCE_MS,
        "requests_max": int(options.get("requests", 1_000)),
    }
