"""Rows of feeds as the tables write them: facts with `;` between, and what they are rows of.

    count A L0 5 at=-10 ; delta A L0 -1 id=e7      refused - - 0 ; count A L0 5
    count A L0 5 log=f1:0                          count A L0 5 entry=5-0 ; count B L0 1 entry=5-0
    count A L0 5 entry=5-0 left=1 more             give_up_entry 5-0 rows=2 max=1
    retry_letter 5-0 count A L0 5                  retry_letter 5-0 refused - - 0

`log=f1:0` is the log and how many rows come before, `entry=` the entry of the source's stream that
a row is of, `left=` how many rows of it were left out and `more` that some still come; `letters=`
is how many dead letters are kept.
"""

from __future__ import annotations

from typing import Any, Final

FUTURE_TOLERANCE_MS: Final = 5_000
LOG_KEEP_MS: Final = 90_000
REFUSED: Final = ["refused", "erp", "INVALID_FIELD", "quantity must be digits", "A;L0;x"]


def rows_request(text: str, now_ms: int) -> dict[str, object]:
    """Read rows, and make the request of them."""
    request: dict[str, Any] = {
        "future_tolerance_ms": FUTURE_TOLERANCE_MS,
        "work_max": 1_000,
        "requests_max": 2,
        "supplies_max": 2,
        "letters_max": 0,
        "rows": [],
    }
    for one in text.split(";"):
        words = one.split()[4:]
        options = dict(word.split("=") for word in words if "=" in word)
        request["work_max"] = int(options.get("work", request["work_max"]))
        request["letters_max"] = int(options.get("letters", request["letters_max"]))
        request["rows"].append(_row(one.split(), options, now_ms))
        source = options.get("source", "erp")
        if "log" in options:
            name, first = options["log"].split(":")
            log = {"source": source, "name": name, "first": int(first), "keep_ms": LOG_KEEP_MS}
            request["log"] = log
        if "entry" in options:
            _queue(request, source, options, more="more" in words)
    return request


def give_up_request(names: list[str], options: dict[str, str]) -> dict[str, object]:
    """Make the request that gives up an entry."""
    return {
        "source": "erp",
        "id": names[0],
        "detail": "no worker could apply it",
        "rows_max": int(options.get("max", 1_000)),
        "letters_max": 10,
        "rows": [REFUSED] * int(options["rows"]),
    }


def retry_request(text: str, now_ms: int) -> dict[str, object]:
    """Make the request that applies a row of a dead letter again."""
    _, letter, row = text.split(maxsplit=2)
    request: dict[str, Any] = rows_request(row, now_ms)
    (told,) = request.pop("rows")
    request |= {"source": "erp", "id": letter}
    if told[0] == "refused":
        return request | {"reason": told[2], "detail": told[3]}
    return request | {"fact": told}


def _queue(request: dict[str, Any], source: str, options: dict[str, str], *, more: bool) -> None:
    queue = request.setdefault("queue", {"source": source, "entries": []})
    entries = queue["entries"]
    if not entries or entries[-1][0] != options["entry"]:
        entries.append([options["entry"], int(options.get("left", 0)), 0, False])
    entries[-1][2] += 1
    entries[-1][3] = entries[-1][3] or more


def _row(words: list[str], options: dict[str, str], now_ms: int) -> list[object]:
    kind, sku, location, quantity, *rest = words
    if kind == "refused":
        return [*REFUSED]
    told = [word for word in words if word.split("=")[0] not in {"log", "entry", "left", "letters"}]
    return [
        kind,
        options.get("id", "".join(told)),
        options.get("source", "erp"),
        sku,
        location,
        (now_ms + int(options.get("at", 0))) * 1_000,
        int(options.get("seq", 0)),
        int(quantity),
        next((word for word in rest if "=" not in word), ""),
        options.get("line", ""),
        "",
        options.get("supply", ""),
        now_ms + int(options.get("expect", 60_000)) if kind == "future" else 0,
        "final" in words,
    ]
