"""The items of an inventory report: what the segments of one LIN say, as facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.ingest.edi.moments import DAY_US, Moment
from sellable.ingest.edi.rules import Counted
from sellable.ingest.edi.segments import printable, shown
from sellable.ingest.rows import Row, refused
from sellable.limits import QUANTITY_MAX
from sellable.names import location_problem, sku_problem
from sellable.stock import Fact, FactKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.ingest.edi.rules import EdiRules
    from sellable.ingest.rows import ReadContext

_KINDS: Final = {Counted.ON_HAND: FactKind.COUNT, Counted.NET_OF_RESERVED: FactKind.NET_COUNT}


class Place(NamedTuple):
    """A location that was named: `kind` is the tag and its qualifier, as in "N1 WH"."""

    kind: str
    value: str


class Quantity(NamedTuple):
    """A quantity that was stated."""

    qualifier: str
    text: str


@dataclass(slots=True)
class Part:
    """What the head of a report says, or one of its items; `said` keeps the order."""

    number: int
    ids: dict[str, str] = field(default_factory=dict)
    said: list[Place | Quantity] = field(default_factory=list)
    times: dict[str, Moment] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the item as it came."""
        return printable("\n".join(self.texts))


class _Unusable(Exception):
    """An item, or one place of it, that is no fact; the message says why."""


@dataclass(slots=True)
class Items:
    """Makes rows of items.

    Args:
        context: What rows of the file share.
        rules: What the profile says about EDI.
        ignored: Filled with the qualifiers of quantities that the rules do not name, counted.
    """

    context: ReadContext
    rules: EdiRules
    ignored: dict[str, int] = field(default_factory=dict)

    def rows(self, item: Part, head: Part, outer: dict[str, Moment]) -> Iterator[Row]:
        """Give one row a location of an item, or one that says what is wrong with the item."""
        try:
            sku = self._sku(item)
            observe_us = self._observe_us(item, head, outer)
            by_place = self._by_place(item, head)
        except _Unusable as problem:
            yield item.number, refused(self.context, str(problem), item.text())
            return
        for place, quantities in by_place.items():
            try:
                fact = self._fact(item, sku, place, quantities, observe_us)
            except _Unusable as problem:
                yield item.number, refused(self.context, str(problem), item.text())
            else:
                yield item.number, fact

    def _fact(
        self, item: Part, sku: str, place: str, quantities: Sequence[Quantity], observe_us: int
    ) -> Fact:
        kind, quantity = self._count(quantities)
        return Fact(
            kind=kind,
            event_id=f"{self.context.log_id}:{item.number}",
            source=self.context.source,
            sku=sku,
            location=self._location(place),
            observe_us=observe_us,
            sequence=item.number,
            quantity=quantity,
        )

    def _sku(self, item: Part) -> str:
        for qualifier in self.rules.sku_qualifiers:
            if sku := item.ids.get(qualifier):
                if problem := sku_problem(sku):
                    raise _Unusable(f"sku {shown(sku)} (qualifier {qualifier}) {problem}")
                return sku
        wanted, found = ", ".join(self.rules.sku_qualifiers), ", ".join(item.ids) or "none"
        raise _Unusable(f"has no item number of {wanted}; it has {printable(found)}")

    def _observe_us(self, item: Part, head: Part, outer: dict[str, Moment]) -> int:
        """Choose the best time that is stated; a date takes its time of day from a worse one."""
        stated = [
            found[name]
            for name in self.rules.times
            for found in (item.times, head.times, outer)
            if name in found
        ]
        if not stated:
            return self.context.observe_us
        best = stated[0]
        if best.problem:
            raise _Unusable(f"observe time: {best.problem}")
        if best.date_only:
            for other in stated:
                same_day = not other.problem and 0 <= other.us - best.us < DAY_US
                if same_day and not other.date_only:
                    return other.us
        return best.us

    def _by_place(self, item: Part, head: Part) -> dict[str, list[Quantity]]:
        """Return what was stated for each place, in the words of the file; "" is the caller's."""
        places = self._best_places(item) or self._best_places(head)[:1]
        quantities = [said for said in item.said if isinstance(said, Quantity)]
        names = {place.value for place in places}
        if len(names) <= 1:
            return {next(iter(names), ""): quantities}
        # A place stands either before all of its quantities or after them, the first one says.
        told = [said for said in item.said if isinstance(said, Quantity) or said in places]
        behind = isinstance(told[0], Quantity)
        by_place: dict[str, list[Quantity]] = {}
        waiting: list[Quantity] = []
        for said in reversed(told) if behind else told:
            if isinstance(said, Place):
                waiting = by_place.setdefault(said.value, [])
            else:
                waiting.insert(0, said) if behind else waiting.append(said)
        return by_place

    def _best_places(self, part: Part) -> list[Place]:
        for kind in self.rules.locations:
            found = [s for s in part.said if isinstance(s, Place) and s.kind == kind and s.value]
            if found:
                return found
        return []

    def _location(self, name: str) -> str:
        if not name:
            if not self.context.location:
                wanted = ", ".join(self.rules.locations)
                raise _Unusable(f"names no location in {wanted}, and no default was given")
            return self.context.location
        location = self.context.profile.locations.get(name.strip().casefold(), name)
        if problem := location_problem(location):
            raise _Unusable(f"location {shown(location)} {problem}")
        return location

    def _count(self, quantities: Sequence[Quantity]) -> tuple[FactKind, int]:
        by_qualifier: dict[str, set[str]] = {}
        for one in quantities:
            if one.qualifier in self.rules.quantities:
                by_qualifier.setdefault(one.qualifier, set()).add(one.text)
            else:
                self.ignored[one.qualifier] = self.ignored.get(one.qualifier, 0) + 1
        for qualifier, meaning in self.rules.quantities.items():
            texts = by_qualifier.get(qualifier, ())
            if len(texts) > 1:
                several = ", ".join(sorted(texts))
                raise _Unusable(f"quantity {qualifier} is stated as {printable(several)}")
            for text in texts:
                return _KINDS[meaning], self._units(qualifier, text)
        found = ", ".join(one.qualifier for one in quantities) or "none"
        wanted = ", ".join(self.rules.quantities)
        raise _Unusable(f"has no quantity of {wanted}; it has {printable(found)}")

    def _units(self, qualifier: str, text: str) -> int:
        """Read whole units: digits, with nothing but zeros behind a decimal mark."""
        whole, _, fraction = text.strip().removeprefix("+").partition(".")
        limit = self.context.profile.quantity_max or QUANTITY_MAX
        digits = whole.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or fraction.strip("0"):
            raise _Unusable(f"quantity {qualifier} is {shown(text)}, not a whole number")
        units = int(digits) if len(digits) <= len(str(QUANTITY_MAX)) else QUANTITY_MAX + 1
        if units and whole.startswith("-"):
            if self.context.profile.negative_counts == "zero":
                return 0
            raise _Unusable(f"quantity {qualifier} is {shown(text)}: a count is at least 0")
        if units > limit:
            raise _Unusable(f"quantity {qualifier} is {text}: at most {limit} is believed")
        return units
