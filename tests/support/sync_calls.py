"""Calls on full counts as the tables write them.

Rows are `A=5`, refused ones `A=-`, and `-` is one without a SKU.

    sync_begin S1 L0 at=-5 sum net resume     sync_add L0 0 A=5 B=- -
    sync_check L0 0                           sync_commit L0 3
    sync_rows L0                              sync_rest L0

The token is `t`, unless `token=` says otherwise.
"""

from __future__ import annotations

from typing import Final

from sellable.store.runner import pack
from sellable.store.syncs import REFUSED

QUIET_MS: Final = 6_000
STAGED_MS: Final = 30_000
QUANTITY_MAX: Final = 100
_POLICIES: Final = ("reject", "sum", "last")


def sync_call(
    verb: str, words: list[str], now_ms: int
) -> tuple[str, tuple[bytes | str | int, ...]]:
    """Read a call on a full count: its script and the arguments that are its own."""
    names = [word for word in words if "=" not in word]
    options = dict(word.split("=") for word in words if "=" in word and word[0].islower())
    token = options.get("token", "t")
    match verb:
        case "sync_begin":
            request: dict[str, object] = {
                "location": names[1],
                "source": options.get("source", "wms"),
                "sync_id": names[0],
                "token": token,
                "observe_us": (now_ms + int(options.get("at", 0))) * 1_000,
                "net": "net" in names,
                "duplicates": next((name for name in names if name in _POLICIES), "reject"),
                "resume": "resume" in names,
                "future_tolerance_ms": 5_000,
                "quiet_ms": QUIET_MS,
                "staged_ms": STAGED_MS,
            }
            return verb, (pack(request),)
        case "sync_add":
            request = {
                "location": names[0],
                "token": token,
                "first_row": int(names[1]),
                "staged_ms": STAGED_MS,
                "quantity_max": QUANTITY_MAX,
                "rows": [_row(word) for word in words if word == "-" or word[0].isupper()][1:],
            }
            return verb, (pack(request),)
        case "sync_rows" | "sync_rest":
            return verb, (names[0], options.get("work", "1000"))
    return verb, (names[0], token, names[1])


def _row(word: str) -> tuple[str, int]:
    sku, _, quantity = word.partition("=")
    if sku == "-":
        return "", REFUSED
    return sku, REFUSED if quantity == "-" else int(quantity or 0)
