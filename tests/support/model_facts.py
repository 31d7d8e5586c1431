"""What the reference model was told about a position; nothing is added up before it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sellable.stock import FactKind


@dataclass(frozen=True, kw_only=True)
class Told:
    """One fact about a position; a greater rank wins over a smaller one."""

    quantity: int = 0
    observe_us: int = 0
    sequence: int = 0
    event_id: str = ""
    source: str = ""

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """What decides which of two counts, or of two settings, holds."""
        return self.observe_us, self.sequence, self.event_id, self.source

    def follows(self, base: Told) -> bool:
        """Tell whether a change was observed after a count, so that the count cannot know it."""
        if self.observe_us != base.observe_us:
            return self.observe_us > base.observe_us
        return not (self.source == base.source and 0 < self.sequence < base.sequence)


@dataclass
class Facts:
    """All that was ever told about one position."""

    counts: list[Told] = field(default_factory=list)
    changes: dict[object, Told] = field(default_factory=dict)
    settings: dict[FactKind, list[Told]] = field(default_factory=dict)

    @property
    def base(self) -> Told:
        """The count that holds; without any, the empty one."""
        return max(self.counts, key=lambda told: told.rank, default=Told())

    @property
    def on_hand(self) -> int:
        """The base, and all that was observed after it."""
        later = [told.quantity for told in self.changes.values() if told.follows(self.base)]
        return self.base.quantity + sum(later)

    def knows(self, key: object) -> bool:
        """Tell whether a change is remembered: not those that the base knew before it."""
        known = self.changes.get(key)
        return known is not None and known.observe_us >= self.base.observe_us

    def add(self, key: object, told: Told) -> None:
        """Note a change, once."""
        if not self.knows(key):
            self.changes[key] = told

    def setting(self, kind: FactKind) -> Told | None:
        """Return the safety stock or the recall that holds."""
        return max(self.settings.get(kind, ()), key=lambda told: told.rank, default=None)
