"""Outcomes of rows by the words of a feed's counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.stock import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.stock import FactResult

DEAD: Final = "dead"
_WORDS: Final = {outcome: outcome.name.lower() for outcome in Outcome}


def words(results: Iterable[FactResult]) -> list[str]:
    """Return the counter that each row counts in."""
    return [_WORDS[result.outcome] for result in results]
