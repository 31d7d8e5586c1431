"""Calls of the scripts of sourcing as the tables write them.

    reserve_planned r1 FR A=2@L0 A=1@L1 B=1@L0 days=L0:14     of A:5 where 5 were wanted: want=A:5
    rebind_planned r1 A=3@L1 seen=A:L0:3 req=q1 refused=A:L0:2:NOT_FOUND drops=A:L0:1
    observe_sourcing FR A,B r1      observe_positions L0,L1 A r1      observe_capacities L0:14 r1
    escalate r1 LATE                follow_ledger me - 5-0

A line is named by its SKU, in a move by its letter: A is the first one. Days are of November 2023.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sellable.reservation import Line, Refusal
from sellable.store.planned import DayCapacity, RefusedUnits, Units, Wanted, packed_capacities
from sellable.store.runner import pack, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

PLANNED: Final = frozenset(
    {
        "reserve_planned",
        "rebind_planned",
        "observe_sourcing",
        "observe_positions",
        "observe_capacities",
        "escalate",
        "follow_ledger",
    }
)
WANTED: Final = Wanted(country="FR", latitude=48.9, longitude=2.4)


def planned_call(
    verb: str, words: Sequence[str], now_ms: int
) -> tuple[str, tuple[bytes | str | int, ...]]:
    """Read a call of a script of sourcing."""
    names = [word for word in words if "=" not in word]
    if verb == "escalate":
        name, cause = names
        causes = {"cause": cause, "detail": "", "causes_max": 2}
        return verb, (pack({"reservation_id": name, **causes}),)
    if verb == "follow_ledger":
        return verb, tuple("" if name == "-" else name for name in names)
    if verb.startswith("observe_"):
        return verb, _read(verb, names, now_ms)
    options = dict(word.split("=") for word in words if "=" in word and not _is_part(word))
    parts = [_part(word) for word in words if _is_part(word)]
    request: dict[str, object] = {
        "reservation_id": names[0],
        "fingerprint": "f",
        "capacities": packed_capacities(_days(options.get("days", ""))),
        "wanted": raw(pack(WANTED)),
        "plan": raw(b"plan"),
        "ship_by_ms": now_ms + int(options.get("ship_by", 5_000)),
    }
    if verb == "reserve_planned":
        return verb, (pack(request | _hold(names, parts, options)),)
    return verb, (pack(request | _move(parts, options)),)


def _hold(
    names: Sequence[str], parts: Sequence[tuple[str, str, int]], options: dict[str, str]
) -> dict[str, object]:
    skus = list(dict.fromkeys(sku for sku, _, _ in parts))
    wanted = {sku: sum(n for name, _, n in parts if name == sku) for sku in skus}
    for sku, quantity in _fields(options.get("want", "")):
        wanted[sku] = int(quantity)
    return {
        "market": f"web/{names[1]}",
        "lines": [Line(sku=sku, quantity=quantity) for sku, quantity in wanted.items()],
        "ttl_ms": int(options.get("ttl", 10_000)),
        "order_reference": options.get("order", ""),
        "units": [Units(list(wanted).index(sku), place, n) for sku, place, n in parts],
    }


def _move(parts: Sequence[tuple[str, str, int]], options: dict[str, str]) -> dict[str, object]:
    return {
        "request_id": options.get("req", "q1"),
        "requests_max": int(options.get("requests", 1_000)),
        "refused_max": 100,
        "units": [Units(_line(sku), place, n) for sku, place, n in parts],
        "seen": [_units(*fields) for fields in _fields(options.get("seen", ""))],
        "drops": [_units(*fields) for fields in _fields(options.get("drops", ""))],
        "refusals": [
            RefusedUnits(_line(sku), place, int(n), Refusal(reason))
            for sku, place, n, reason in _fields(options.get("refused", ""))
        ],
    }


def _read(verb: str, names: Sequence[str], now_ms: int) -> tuple[bytes | str | int, ...]:
    first, *rest = names
    if verb == "observe_capacities":
        flat = [text for sku, place, _ in packed_capacities(_days(first)) for text in (place, sku)]
        return now_ms, pack(flat), *(rest or [""])
    second, *rest = rest
    if verb == "observe_sourcing":
        return now_ms, f"web/{first}", pack(second.split(",")), *(rest or [""])
    return now_ms, pack(second.split(",")), pack(first.split(",")), *(rest or [""])


def _days(text: str) -> list[DayCapacity]:
    return [DayCapacity(place, date(2023, 11, int(day))) for place, day in _fields(text)]


def _fields(text: str) -> list[list[str]]:
    return [word.split(":") for word in text.split(",") if word]


def _units(sku: str, place: str, quantity: str) -> Units:
    return Units(_line(sku), place, int(quantity))


def _line(sku: str) -> int:
    return ord(sku) - ord("A")


def _is_part(word: str) -> bool:
    return "@" in word


def _part(word: str) -> tuple[str, str, int]:
    sku, _, rest = word.partition("=")
    quantity, _, place = rest.partition("@")
    return sku, place, int(quantity)
