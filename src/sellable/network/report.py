"""Collects every fault of a document before it is refused.

Reading goes on after a fault, but not for ever: what a document may cost is bounded, so a limit on
its size is refused at once, together with what was found before.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from sellable.errors import InvalidNetwork, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROBLEMS_MAX: Final = 1_000
# Comparing a word with every known name costs milliseconds: a document of nothing but unknown
# names must not keep a service busy, and nobody reads the fifty-first hint.
_HINTS_MAX: Final = 50
_WORD_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the document, 1-based."""

    line: int
    column: int


class Report:
    """The problems found so far."""

    def __init__(self) -> None:
        """Begin without any."""
        self._problems: list[Problem] = []
        self._hint_count = 0

    def add(self, mark: Mark, field: str, description: str) -> None:
        """Note one problem; the one that is too many ends the reading."""
        if len(self._problems) == _PROBLEMS_MAX:
            text = f"more than {_PROBLEMS_MAX} problems: not checked any further"
            self.refuse(mark, "document", text)
        self._problems.append(Problem(mark.line, mark.column, field, description))

    def refuse(self, mark: Mark, field: str, description: str) -> NoReturn:
        """Note the problem that ends the reading, and raise all."""
        self._problems.append(Problem(mark.line, mark.column, field, description))
        raise InvalidNetwork(*self._ordered())

    def hint(self, word: str, known: Iterable[str]) -> str:
        """Answer "; did you mean X?" for the nearest known name, or nothing."""
        if self._hint_count >= _HINTS_MAX or len(word) > _WORD_LENGTH_MAX:
            return ""
        self._hint_count += 1
        by_lower = {name.lower(): name for name in known}
        nearest = get_close_matches(word.lower(), by_lower, n=1)
        return f"; did you mean {by_lower[nearest[0]]}?" if nearest else ""

    def refuse_if_any(self) -> None:
        """Raise every problem at once, if there are any."""
        if self._problems:
            raise InvalidNetwork(*self._ordered())

    def _ordered(self) -> list[Problem]:
        return sorted(self._problems, key=lambda problem: (problem.line, problem.column))


def quoted(text: str) -> str:
    """Quote a text for a message, cut where it is too long to help."""
    return repr(text if len(text) <= _WORD_LENGTH_MAX else text[:_WORD_LENGTH_MAX] + "...")
