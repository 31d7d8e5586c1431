"""What a process has counted, and the sum over processes that live and that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.metrics.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.tally import Histogram


class Series(NamedTuple):
    """One metric under one set of labels.

    Args:
        family: Its name in `FAMILIES`.
        values: A number; of a histogram how many are in each bucket, and then their sum.
        labels: The values of the labels, in order.
    """

    family: str
    values: list[float]
    labels: tuple[str, ...] = ()


def of_histogram(family: str, histogram: Histogram, *labels: str) -> Series:
    """Return the series of a histogram as it is now."""
    return Series(family, [*histogram.counts, histogram.total], labels)


class Totals:
    """Series of several processes, added up by metric and labels."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, tuple[str, ...]], list[float]] = {}

    def add(self, series: Iterable[Series]) -> None:
        """Add what a process has counted."""
        for family, values, labels in series:
            known = self._sums.get((family, labels))
            self._sums[family, labels] = (
                list(values)
                if known is None
                else [a + b for a, b in zip(known, values, strict=True)]
            )

    def keep(self, series: Iterable[Series]) -> None:
        """Add what a process that is gone has counted: all but what was true while it lived."""
        self.add(one for one in series if FAMILIES[one.family].kind != "gauge")

    def series(self) -> list[Series]:
        """Return the sums."""
        return [Series(family, values, labels) for (family, labels), values in self._sums.items()]
