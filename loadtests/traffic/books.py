"""What the load did, in its own books: the audit holds the service's numbers against them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Confirmations without an answer that are kept by name; more of them make the audit fail.
DOUBTS_MAX: Final = 10_000

Lines = tuple[tuple[int, int], ...]  # the number of a SKU, and units of it


@dataclass(slots=True)
class Books:
    """The books of one process, or of all of them together.

    Attributes:
        confirmed: By the number of the SKU, units of orders whose confirmation was answered.
        received: By the number of the SKU, units that the feed brought and that were answered.
        doubts: Reservations whose confirmation was sent and not answered.
        counts: How often what happened: granted, refused, confirmed, released, abandoned, repeated,
            started, late, shed, unsettled (calls of which nobody knows what they did), bookless
            (workers that left without handing in their books).
        late_ms_max: How late a call was started after its planned moment though there was room: the
            load's own slowness.
    """

    confirmed: Counter[int] = field(default_factory=Counter)
    received: Counter[int] = field(default_factory=Counter)
    doubts: dict[str, Lines] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    late_ms_max: float = 0.0

    def asked_to_confirm(self, reservation_id: str, lines: Lines) -> None:
        """Note a confirmation before it is sent."""
        if len(self.doubts) < DOUBTS_MAX:
            self.doubts[reservation_id] = lines
        else:
            self.counts["unsettled"] += 1

    def settled(self, reservation_id: str, *, confirmed: bool) -> None:
        """Note the answer to a confirmation."""
        lines = self.doubts.pop(reservation_id, ())
        if confirmed:
            self.counts["confirmed"] += 1
            for sku, quantity in lines:
                self.confirmed[sku] += quantity

    def add(self, other: Books) -> None:
        """Take in the books of another process."""
        self.confirmed += other.confirmed
        self.received += other.received
        self.doubts |= other.doubts
        self.counts += other.counts
        self.late_ms_max = max(self.late_ms_max, other.late_ms_max)

    def written(self) -> dict[str, Any]:
        """Return what goes to another process: at most two numbers a SKU, and the doubts."""
        return {
            "confirmed": list(self.confirmed.items()),
            "received": list(self.received.items()),
            "doubts": list(self.doubts.items()),
            "counts": dict(self.counts),
            "late_ms_max": self.late_ms_max,
        }


def read(message: Mapping[str, Any]) -> Books:
    """Return the books that another process has written."""
    return Books(
        confirmed=Counter(dict(message["confirmed"])),
        received=Counter(dict(message["received"])),
        doubts={name: tuple(map(tuple, lines)) for name, lines in message["doubts"]},
        counts=Counter(message["counts"]),
        late_ms_max=message["late_ms_max"],
    )
