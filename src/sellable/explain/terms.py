"""The summands of a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final


class TermKind(IntEnum):
    """What a term stands for; the numbers are those of the contract."""

    ON_HAND = 1
    RESERVED = 2
    SAFETY_STOCK = 3
    BLOCKED = 4
    OVERCOMMITTED = 5
    FLOOR_AT_ZERO = 6
    PROTECTION_BUFFER = 7
    CAP = 8
    QUOTA = 9
    STALE_FEED = 10
    MARKET_CLOSED = 11


# These say something also where they take nothing away.
_SHOWN_AT_ZERO: Final = frozenset({TermKind.ON_HAND, TermKind.QUOTA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A signed number of units, with the rule or the back end that it comes from.

    `line` is 0 and `rule` empty where no rule of the network is behind it; `observe_us` is 0 and
    `source` empty where no back end is.
    """

    kind: TermKind
    quantity: int
    location: str = ""
    rule: str = ""
    line: int = 0
    observe_us: int = 0
    source: str = ""
    detail: str = ""


@dataclass(slots=True)
class Sum:
    """Terms in order, and what they come to."""

    location: str = ""
    terms: list[Term] = field(default_factory=list)
    total: int = 0

    def add(self, kind: TermKind, quantity: int, **more: Any) -> None:
        """Add a term; one of nothing is left out, unless it says something all the same."""
        if quantity or kind in _SHOWN_AT_ZERO:
            self.terms.append(Term(kind=kind, quantity=quantity, location=self.location, **more))
            self.total += quantity

    def floor(self) -> None:
        """Add back what would make it negative."""
        self.add(TermKind.FLOOR_AT_ZERO, max(0, -self.total))
