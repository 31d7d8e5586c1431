"""Reads numbers as the document writes them, and writes them so."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from sellable.limits import QUANTITY_MAX
from sellable.network.values import Buffer

_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_FIXED: Final = re.compile(r"\+?(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?")
_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%(?: *, *at least +([0-9]+))?")
_DIGITS_MAX: Final = 19  # int() of a huge text takes quadratic time
_BASIS_POINTS_MAX: Final = 10_000
_BUFFER_FORMS: Final = 'must be units (3), a percentage (10%) or both ("10%, at least 5")'


def whole_of(text: str) -> int | None:
    """Read a whole number from 0 to 10^12; None if it is none."""
    if len(text) > _DIGITS_MAX or not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if 0 <= number <= QUANTITY_MAX else None


def decimal_of(text: str) -> float | None:
    """Read a number without an exponent; None if it is none."""
    return float(text) if _DECIMAL.fullmatch(text) else None


def fixed_of(text: str, decimals: int) -> int | None:
    """Read a number that is not negative as whole units of its last decimal; None if it is none."""
    match = _FIXED.fullmatch(text)
    if match is None:
        return None
    fraction = (match[2] or "").rstrip("0")
    digits = match[1].lstrip("0") + fraction.ljust(decimals, "0")
    return int(digits or "0") if len(fraction) <= decimals and len(digits) <= _DIGITS_MAX else None


def buffer_of(text: str) -> Buffer | str:
    """Answer the buffer, or what is wrong with it."""
    text = text.strip()
    too_many = f"must be at most {QUANTITY_MAX} units"
    if _WHOLE.fullmatch(text):
        units = whole_of(text)
        return Buffer(units=units) if units is not None else f"{too_many} and not negative"
    match = _PERCENT.fullmatch(text)
    if match is None:
        return f"{_BUFFER_FORMS}; percentages have at most two decimals"
    whole, fraction, floor_text = match.groups()
    basis_points = int(whole) * 100 + int((fraction or "").ljust(2, "0"))
    floor = whole_of(floor_text or "0")
    if basis_points > _BASIS_POINTS_MAX:
        return "must be at most 100%"
    return too_many if floor is None else Buffer(basis_points=basis_points, floor=floor)


def fixed_shown(number: int, decimals: int) -> str:
    """Write whole units of the last decimal as the number that they are."""
    whole, rest = divmod(number, 10**decimals)
    fraction = f"{rest:0{decimals}}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def number_shown(number: float) -> str:
    """Write a number without an exponent or a needless `.0`."""
    return format(Decimal(repr(number)), "f").removesuffix(".0")
