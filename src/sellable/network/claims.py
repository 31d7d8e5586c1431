"""Who decides what, and when: no two entries may decide one thing at one moment."""

from __future__ import annotations

from bisect import bisect_left, insort
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sellable.network.windows import Instants

Owner = TypeVar("Owner")

_EARLIEST: Final = -(2**62)  # stands for no bound; far beyond every year that is allowed
_LATEST: Final = 2**62
_start: Final = itemgetter(0)


class Claims(Generic[Owner]):
    """Keeps, for each thing, the spans of time in which somebody decides it; none overlap."""

    def __init__(self) -> None:
        """Begin with nothing decided."""
        self._spans: dict[Hashable, list[tuple[int, int, Owner]]] = {}

    def claim(self, thing: Hashable, span: Instants, owner: Owner) -> tuple[Owner, Instants] | None:
        """Take a thing for a span of time; answer who has it at some of that time, and when."""
        start = _EARLIEST if span[0] is None else span[0]
        end = _LATEST if span[1] is None else span[1]
        taken = self._spans.setdefault(thing, [])
        after = bisect_left(taken, start, key=_start)
        for other_start, other_end, other in taken[max(0, after - 1) : after + 1]:
            if other_start < end and start < other_end:
                return other, _instants(max(start, other_start), min(end, other_end))
        insort(taken, (start, end, owner), key=_start)
        return None


def _instants(start: int, end: int) -> Instants:
    return (None if start == _EARLIEST else start, None if end == _LATEST else end)
