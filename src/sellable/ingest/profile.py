"""Profiles as values: what the columns and the numbers of one back end's files mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sellable.ingest.edi.rules import EdiRules, Strictness

COLUMNS: Final = {
    "sku": "the SKU, kept as text",
    "location": "the location; not needed if the caller names one, or in a wide file",
    "quantity": "units, in the sense of `count`",
    "on_hand_quantity": "units counted, reserved ones included",
    "net_quantity": "units counted without those that are reserved",
    "delta_quantity": "units that came or went",
    "safety_stock_quantity": "units the location keeps back",
    "blocked": "whether the position is recalled from sale",
    "observe_time": "when it was true; blank or missing: the time the caller gives",
    "event_id": "the id of the row; blank or missing: made of content and line",
    "sequence": "order at equal times; blank or missing: the line number",
    "reason": "a word for the record",
    "status": "compared with `status_is_zero`",
}
STOCK_COLUMNS: Final = ("quantity", "on_hand_quantity", "net_quantity", "delta_quantity")
FACT_COLUMNS: Final = (*STOCK_COLUMNS, "safety_stock_quantity", "blocked")


class CountMeaning(StrEnum):
    """What the column `quantity` holds."""

    ON_HAND = "on_hand"
    NET_OF_RESERVED = "net_of_reserved"
    DELTA = "delta"
    SOLD = "sold"


class Fractions(StrEnum):
    """What becomes of a quantity that is not whole."""

    REJECT = "reject"
    ROUND_DOWN = "round_down"


class Blank(StrEnum):
    """What becomes of a row without any quantity."""

    REJECT = "reject"
    SKIP = "skip"


class Negative(StrEnum):
    """What becomes of a count below 0."""

    REJECT = "reject"
    ZERO = "zero"


class Duplicates(StrEnum):
    """What becomes of a SKU that several rows of one full count name."""

    REJECT = "reject"
    SUM = "sum"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a profile, for the reference."""

    allowed: str
    default: str
    meaning: str


KEYS: Final[dict[str, Key]] = {
    "name": Key("a text", "the file's name", "how the profile is called"),
    "extends": Key("a shipped profile", "none", "what holds where this profile is silent"),
    "description": Key("a text", "none", "for people"),
    "delimiter": Key("one character, `tab` or `auto`", "auto", "between the cells of a line"),
    "encoding": Key(
        "a text encoding or `auto`",
        "auto",
        "of text files; auto: a byte order mark, UTF-8, a guess",
    ),
    "decimal_separator": Key("`.` or `,`", ".", "before the fraction of a quantity"),
    "thousands_separator": Key(
        "one of `,` `.` `'` `_`, or `space`", "none", "between the thousands of a quantity"
    ),
    "columns": Key(
        "a mapping of columns to a header or a list",
        "those of the profile default",
        "which column is what",
    ),
    "count": Key(
        "on_hand, net_of_reserved, delta or sold",
        "on_hand",
        "what the column quantity holds; sold: units that went, so 2 is a delta of -2",
    ),
    "time_zone": Key("an IANA time zone", "none", "of times without one; none: those are rejected"),
    "time_format": Key(
        "iso, epoch_seconds, epoch_ms, epoch_us or a strptime format",
        "iso",
        "how times are written",
    ),
    "quantity_max": Key(
        "a whole number", "10^12", "a row beyond it is rejected as a place-holder, such as 999999"
    ),
    "fractions": Key("reject or round_down", "reject", "a quantity that is not whole"),
    "blank_quantity": Key("reject or skip", "reject", "a row whose quantities are all blank"),
    "negative_counts": Key("reject or zero", "reject", "a count below 0"),
    "not_a_position": Key(
        "a text or a list",
        "none",
        "words for a quantity that say: not held there; such rows are skipped",
    ),
    "status_is_zero": Key(
        "a text or a list", "none", "values of the column status with which a count is 0"
    ),
    "locations": Key(
        "a mapping of names to location ids", "none", "what the file calls a location"
    ),
    "wide": Key("true or false", "false", "one column a location, named in the header"),
    "not_locations": Key(
        "a text or a list", "none", "in a wide file, columns that are no locations"
    ),
    "duplicates": Key(
        "reject, sum or last", "reject", "a SKU that several rows of a full count name"
    ),
    "segment_count": Key("error or warning", "error", "EDI: a wrong count of segments"),
    "edi": Key("a mapping", "846 and INVRPT", "EDI: which segments and qualifiers are read"),
    "silent_after": Key(
        "a duration such as 90m or 26h", "none", "without rows for longer, the feed is silent"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one kind of file means; the keys are described in KEYS.

    `delimiter` and `encoding` are "" for auto, `quantity_max` and `silent_after_ms` 0 for none.
    Columns hold the headers in the order in which they are looked for.
    """

    name: str
    description: str = ""
    delimiter: str = ""
    encoding: str = ""
    decimal_separator: str = "."
    thousands_separator: str = ""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    count: CountMeaning = CountMeaning.ON_HAND
    time_zone: str = ""
    time_format: str = "iso"
    quantity_max: int = 0
    fractions: Fractions = Fractions.REJECT
    blank_quantity: Blank = Blank.REJECT
    negative_counts: Negative = Negative.REJECT
    not_a_position: frozenset[str] = frozenset()
    status_is_zero: frozenset[str] = frozenset()
    locations: dict[str, str] = field(default_factory=dict)
    wide: bool = False
    not_locations: frozenset[str] = frozenset()
    duplicates: Duplicates = Duplicates.REJECT
    segment_count: Strictness = Strictness.ERROR
    edi: EdiRules = field(default_factory=EdiRules)
    silent_after_ms: int = 0


def folded(text: str) -> str:
    """Return a header or a word as it is compared: without case, outer blanks, or "_" and "-"."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


def reference() -> str:
    """Return the tables of README.md: the keys of a profile and its columns."""
    lines = ["| key | allowed | default | meaning |", "|---|---|---|---|"]
    lines += [f"| `{n}` | {k.allowed} | {k.default} | {k.meaning} |" for n, k in KEYS.items()]
    lines += ["", "| column | holds |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items()]
    return "\n".join(lines) + "\n"
