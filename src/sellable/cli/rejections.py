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
_TOLD_MAX: Final = 3  # details of a reason, and locations of a detail, that are told


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
    """Return some locations of a reason with the details that most of them have."""
    names: dict[str, list[str]] = {}
    for rejection in group:
        names.setdefault(rejection.detail, []).append(rejection.location)
    told = sorted(names.items(), key=lambda item: -len(item[1]))[:_TOLD_MAX]
    parts = []
    for detail, some in told:
        more = len(some) - _TOLD_MAX
        text = ", ".join(some[:_TOLD_MAX]) + (f" and {number(more)} more" if more > 0 else "")
        parts.append(f"{text}: {detail}" if detail else text)
    if rest := len(group) - sum(len(some) for _, some in told):
        parts.append(f"{number(rest)} other{'' if rest == 1 else 's'} (--all)")
    return "; ".join(parts)
