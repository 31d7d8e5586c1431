"""Quantities as text: what of it is a whole number of units, and why the rest is not."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from sellable.limits import QUANTITY_MAX
from sellable.network.report import quoted

if TYPE_CHECKING:
    from sellable.ingest.profile import Profile

_LENGTH_MAX: Final = 64  # what is longer is no quantity, and slow to convert
_PLAIN: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[., '\u202f\xa0_][0-9]{3})+(?:[.,][0-9]*)?")
_COMMA: Final = re.compile(r"[+-]?[0-9]+,[0-9]*")
_NOT_A_NUMBER: Final = frozenset(
    {"nan", "inf", "infinity", "n/a", "na", "#n/a", "null", "none", "nil", "-", "--", "?"}
)


class Quantities:
    """Reads quantities as one profile writes them."""

    def __init__(self, profile: Profile) -> None:
        """Prepare the patterns."""
        self._round_down = profile.fractions == "round_down"
        self._point = profile.decimal_separator
        self._thousands = profile.thousands_separator
        self._grouped: re.Pattern[str] | None = None
        if self._thousands:
            group, point = re.escape(self._thousands), re.escape(self._point)
            self._grouped = re.compile(
                rf"[+-]?[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?:{point}[0-9]*)?"
            )

    def read(self, text: str, *, up: bool = False) -> int | str:
        """Return the whole units of a text that is not blank, or what is wrong with it.

        A fraction that may be dropped counts as a whole unit if `up`.
        """
        text = text.strip()
        if len(text) > _LENGTH_MAX:
            return f"has {len(text)} characters: it is no quantity"
        # A narrow or a hard blank is what programs write where a person sees a blank.
        if self._thousands == " ":
            text = text.replace("\u202f", " ").replace("\xa0", " ")
        if self._grouped is not None and self._grouped.fullmatch(text):
            text = text.replace(self._thousands, "")
        if not _PLAIN.fullmatch(text):
            return self._read_decimal(text, ROUND_CEILING if up else ROUND_FLOOR)
        return _within(int(text), text)

    def _read_decimal(self, text: str, rounding: str) -> int | str:
        plain = text.replace(self._point, ".") if "." not in text or self._point == "." else ""
        if not _DECIMAL.fullmatch(plain):
            return self._why_not(text)
        number = Decimal(plain)
        whole = number.to_integral_value(rounding)
        if whole != number and not self._round_down:
            return (
                f"{quoted(text)} is not a whole number; a profile with fractions: round_down cuts "
                "the fraction off"
            )
        return _within(int(whole), text)

    def _why_not(self, text: str) -> str:
        """Say what a text that is no number may have been meant as."""
        shown = quoted(text)
        if text.casefold() in _NOT_A_NUMBER:
            return (
                f"{shown} is not a number; if it says that the SKU is not held there, list it in "
                "not_a_position of the profile"
            )
        if any(ch.isdecimal() and not ch.isascii() for ch in text):
            return f"{shown} is not a number: only the digits 0 to 9 are read"
        if not self._thousands and _GROUPED.fullmatch(text):
            return (
                f"{shown} has a thousands separator that the profile does not name: set "
                "thousands_separator and decimal_separator"
            )
        if _COMMA.fullmatch(text):
            return f"{shown} has a comma; if it begins a fraction, set decimal_separator"
        return f"{shown} is not a number"


def _within(number: int, text: str) -> int | str:
    return number if -QUANTITY_MAX <= number <= QUANTITY_MAX else _beyond(text)


def _beyond(text: str) -> str:
    return f"{quoted(text)} is beyond {QUANTITY_MAX}"
