"""What a profile says about EDI files: the section `edi`, with defaults for 846 and INVRPT."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct, field


class Strictness(StrEnum):
    """How a fault of an envelope is taken."""

    ERROR = "error"
    WARNING = "warning"


class Counted(StrEnum):
    """What the quantity of a qualifier counts."""

    ON_HAND = "on_hand"
    NET_OF_RESERVED = "net_of_reserved"


# The seller's own number first, then what the world knows it by.
_SKU_QUALIFIERS: Final = (
    ("SK", "VP", "VN", "SA", "UP", "EN", "SRV", "UK", "UI", "IN", "BP", "MG", "MF")
)  # fmt: skip
# QA is what may still be sold, with what is promised taken off; the others are what is there.
_QUANTITIES: Final[dict[str, Counted]] = {
    "QA": Counted.NET_OF_RESERVED,
    "33": Counted.ON_HAND,
    "17": Counted.ON_HAND,
    "145": Counted.ON_HAND,
    "1": Counted.ON_HAND,
    "01": Counted.ON_HAND,
}
_LOCATIONS: Final = ("N1 WH", "REF WS", "REF ZZ", "LOC 14", "LOC 18", "NAD WH")
_TIMES: Final = ("097", "007", "179", "137", "91", "BIA", "GS", "ISA", "UNB")


class EdiRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the segments of an inventory report are read.

    Args:
        sku_qualifiers: Of the item numbers of a LIN or PIA, best first: the first that an item
            has is its SKU.
        quantities: The qualifiers of a QTY that are counts, best first, and what each counts.
            The first that an item has is taken; others are named in a warning.
        locations: Where the location stands, best first: a tag and its qualifier.
        times: Where the observation time stands, best first: the qualifier of a DTM, or the
            segment of the head that has a date.
        control_numbers: What a trailer is that names another number than its header, as the
            profile's `segment_count` is of one that names another count. An error refuses every
            row of its transaction; of an outer trailer it fails the file behind its rows.
        missing_trailer: The same for a trailer that is not there.
    """

    sku_qualifiers: tuple[str, ...] = _SKU_QUALIFIERS
    quantities: dict[str, Counted] = field(default_factory=_QUANTITIES.copy)
    locations: tuple[str, ...] = _LOCATIONS
    times: tuple[str, ...] = _TIMES
    control_numbers: Strictness = Strictness.ERROR
    missing_trailer: Strictness = Strictness.ERROR
