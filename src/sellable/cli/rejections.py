"""Why locations ship nothing: by reason, so that hundreds of them can be read, or each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from sellable.cli.show import number, table
from sellable.cli.sourcing_values import reason_word

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from sellable.v1.sourcing_pb2 import Rejection

_WORDS: Final = {
    "NO_STOCK": "no stock",
    "CAPACITY": "capacity is taken",
    "CUT_OFF": "ships too late",
    "DISTANCE": "too far away",
    "COUNTRY": "not in an allowed country",
    "CLOSED": "closed",
    "PROTECTED": "protected",
    "EXCLUDED": "excluded",
    "COSTLIER": "costlier",
    "NO_SERVICE": "no carrier",
}
_NAMED_MAX: Final = 3  # locations of a reason that are told with their detail


def words_of(rejection: Rejection) -> str:
    """Return a reason in words; one that only a newer service knows is its number."""
    word = reason_word(rejection)
    return _WORDS.get(word, word)


def by_reason(rejections: Sequence[Rejection]) -> dict[str, list[Rejection]]:
    """Group them; the reason of most locations comes last, as it tells least."""
    groups: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        groups.setdefault(words_of(rejection), []).append(rejection)
    return dict(sorted(groups.items(), key=lambda group: (len(group[1]), group[0])))


def rejections_view(rejections: Sequence[Rejection], *, each: bool) -> Iterator[RenderableType]:
    """Show a row a reason with some of its locations, or a row a location."""
    if rejections:
        yield Text("")
        yield _each(rejections) if each else _grouped(rejections)


def _each(rejections: Sequence[Rejection]) -> Table:
    made = table("ships nothing", "because", "detail")
    for rejection in rejections:
        made.add_row(rejection.location, words_of(rejection), rejection.detail)
    return made


def _grouped(rejections: Sequence[Rejection]) -> Table:
    made = table("ships nothing", ">locations", "which")
    for reason, group in by_reason(rejections).items():
        made.add_row(reason, number(len(group)), _which(group))
    return made


def _which(group: Sequence[Rejection]) -> str:
    details = {rejection.detail for rejection in group}
    if len(details) == 1 and len(group) > 1:
        # One detail for all is told once.
        names = [rejection.location for rejection in group[: 2 * _NAMED_MAX]]
        common = f": {detail}" if (detail := details.pop()) else ""
        return f"{', '.join(names)}{_others(len(group) - len(names))}{common}"
    named = [
        f"{rejection.location} ({rejection.detail})" if rejection.detail else rejection.location
        for rejection in group[:_NAMED_MAX]
    ]
    return f"{', '.join(named)}{_others(len(group) - len(named))}"


def _others(count: int) -> str:
    return f" and {number(count)} more (--all)" if count else ""
