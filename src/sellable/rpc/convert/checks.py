"""Collects what is wrong with a request, so that a caller learns everything at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidFields, Violation
from sellable.limits import MARKETS_MAX, QUANTITY_MAX
from sellable.names import channel_problem, country_problem, text_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sized


# Channel and country found good before, so that the hot path looks them up instead of checking
# them again. Bounded by what a network may have; names beyond that are checked each time.
_good_markets: Final[dict[tuple[str, str], str]] = {}


def known_market(channel: str, country: str) -> str | None:
    """Return the name of a market that was found good before."""
    return _good_markets.get((channel, country))


class Checks:
    """The violations of one request or one row, in the order in which its fields are checked."""

    __slots__ = ("violations",)

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def refuse(self, field: str, description: str) -> None:
        """Note a violation; the description completes "<field> ..."."""
        self.violations.append(Violation(field, description))

    def name(self, field: str, value: str, problem: Callable[[str], str | None]) -> None:
        """Check a required name by one of the functions of `names.py`."""
        if description := problem(value):
            self.refuse(field, description)

    def optional_name(self, field: str, value: str, problem: Callable[[str], str | None]) -> None:
        """Check a name that may be empty."""
        if value and (description := problem(value)):
            self.refuse(field, f"{description}, or empty")

    def optional_text(self, field: str, value: str, bytes_max: int) -> None:
        """Check a text that may be empty."""
        if value and (description := text_problem(value, bytes_max)):
            self.refuse(field, f"{description}, or empty")

    def market(self, channel: str, country: str) -> str:
        """Check a channel and a country; return the name of their market."""
        known = known_market(channel, country)
        if known is not None:
            return known
        before = len(self.violations)
        self.name("channel", channel, channel_problem)
        self.name("country", country, country_problem)
        market = f"{channel}/{country}"
        if len(self.violations) == before and len(_good_markets) < MARKETS_MAX:
            _good_markets[channel, country] = market
        return market

    def number(self, field: str, value: int, low: int, high: int) -> None:
        """Check a whole number, both bounds included."""
        if not low <= value <= high:
            self.refuse(field, f"must be {low} to {high}, is {value}")

    def quantity(self, field: str, value: int) -> None:
        """Check a number of units that cannot be none."""
        self.number(field, value, 1, QUANTITY_MAX)

    def degrees(self, field: str, value: float, bound: float) -> None:
        """Check degrees of a point on the globe."""
        if not -bound <= value <= bound:  # NaN is not either
            self.refuse(field, f"must be {-bound:g} to {bound:g} degrees, is {value:g}")

    def count(self, field: str, entries: Sized, low: int, high: int) -> bool:
        """Check how many entries a list has; entries of a list that is too long are not read."""
        if low <= len(entries) <= high:
            return True
        self.refuse(field, f"must have {low} to {high} entries, has {len(entries)}")
        return False

    def done(self) -> None:
        """Pass, if nothing was wrong.

        Raises:
            InvalidFields: With every violation.
        """
        if self.violations:
            raise InvalidFields(*self.violations)
