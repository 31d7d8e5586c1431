"""Why a line cannot come from a location, in the order in which it is looked at."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from sellable.sourcing.plan import RejectionReason


class Barrier(IntEnum):
    """What stands between a line and a location; the first in this order is told."""

    DISABLED = 1
    LEFT_OUT = 2  # by the request
    EXCLUDED = 3  # by the strategy
    TYPE = 4
    BOUND = 5  # the line must come from another location
    REFUSED = 6
    PROTECTED = 7
    COUNTRY = 8
    DISTANCE = 9
    NO_STOCK = 10
    SHORT = 11  # some units, but the line is kept whole
    APART = 12  # not all lines that ship together
    CLOSED = 13
    CUT_OFF = 14
    CAPACITY = 15
    NO_SERVICE = 16
    LATE = 17
    TOO_HEAVY = 18  # a unit is heavier than any parcel that may be sent
    NONE = 99  # the greatest, so that the least of several is the first


class Meaning(NamedTuple):
    """A barrier to the outside: its reason, the constraint behind it, and words for people."""

    reason: RejectionReason
    constraint: str
    words: str


MEANINGS: Final = {
    Barrier.DISABLED: Meaning(RejectionReason.EXCLUDED, "enabled", "disabled in the network"),
    Barrier.LEFT_OUT: Meaning(RejectionReason.EXCLUDED, "excluded", "excluded by the request"),
    Barrier.EXCLUDED: Meaning(RejectionReason.EXCLUDED, "excluded", "excluded by the strategy"),
    Barrier.TYPE: Meaning(RejectionReason.EXCLUDED, "excluded_types", "of an excluded type"),
    Barrier.BOUND: Meaning(
        RejectionReason.EXCLUDED, "location", "the line is bound to another location"
    ),
    Barrier.REFUSED: Meaning(RejectionReason.EXCLUDED, "refused", "refused the line before"),
    Barrier.PROTECTED: Meaning(RejectionReason.PROTECTED, "protected", "protected at this time"),
    Barrier.COUNTRY: Meaning(RejectionReason.COUNTRY, "countries", "in a country not allowed"),
    Barrier.DISTANCE: Meaning(RejectionReason.DISTANCE, "max_distance_km", "too far away"),
    Barrier.NO_STOCK: Meaning(RejectionReason.NO_STOCK, "stock", "without stock"),
    Barrier.SHORT: Meaning(
        RejectionReason.NO_STOCK, "split_lines", "with too few units of a line that is not split"
    ),
    Barrier.APART: Meaning(
        RejectionReason.NO_STOCK, "ship_together", "without all lines that ship together"
    ),
    Barrier.CLOSED: Meaning(RejectionReason.CLOSED, "opening_hours", "closed"),
    Barrier.CUT_OFF: Meaning(RejectionReason.CUT_OFF, "cut_off", "past the cut-off"),
    Barrier.CAPACITY: Meaning(RejectionReason.CAPACITY, "capacity", "without capacity left"),
    Barrier.NO_SERVICE: Meaning(
        RejectionReason.NO_SERVICE, "carriers", "without a service to the destination"
    ),
    Barrier.LATE: Meaning(
        RejectionReason.NO_SERVICE, "on_time", "without a service that arrives in time"
    ),
    Barrier.TOO_HEAVY: Meaning(
        RejectionReason.NO_SERVICE, "carriers", "without a service for parcels so heavy"
    ),
}
