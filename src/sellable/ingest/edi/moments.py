"""Dates and times of EDI: digits without punctuation, with the zone beside them or nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
DAY_US: Final = 24 * 3600 * 1_000_000
# EDIFACT 2379: how many digits of each form are the date; what follows is the time.
_FORMS: Final = {
    "101": (6, False),
    "102": (8, False),
    "201": (6, False),
    "202": (6, False),
    "203": (8, False),
    "204": (8, False),
    "301": (6, True),
    "302": (6, True),
    "303": (8, True),
    "304": (8, True),
}
# X12 623; a letter more for standard and daylight time, which the zone's own name covers.
_ZONES: Final = {
    "UT": "UTC",
    "GM": "UTC",
    "UTC": "UTC",
    "GMT": "UTC",
    "Z": "UTC",
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "AT": "America/Halifax",
    "NT": "America/St_Johns",
}
_OFFSETS: Final = {"ES": -5, "ED": -4, "CS": -6, "CD": -5, "MS": -7, "MD": -6, "PS": -8, "PD": -7}
_LOCAL: Final = frozenset({"", "LT"})
_SHORT_YEAR: Final = 6
_OFFSET_HOURS_MAX: Final = 14


class Moment(NamedTuple):
    """A time in microseconds since 1970; of a date alone, when that day begins.

    With a `problem` there is no time: it says what was there instead.
    """

    us: int
    date_only: bool = False
    problem: str = ""


def moment(date: str, time: str, zone: tzinfo, code: str = "") -> Moment:
    """Read CCYYMMDD or YYMMDD, and HHMM, HHMMSS or HHMMSS with decimals, or no time."""
    try:
        place = zone if code in _LOCAL else _zone(code)
        day = f"20{date}" if len(date) == _SHORT_YEAR else date
        clock = (time + "00" if len(time) == len("HHMM") else time).ljust(12, "0")
        if (
            not (day + clock).isascii()
            or not (day + clock).isdigit()
            or len(day) != len("CCYYMMDD")
        ):
            raise ValueError  # noqa: TRY301 - one answer for everything that is no time
        read = datetime.strptime(f"{day}{clock[:12]}", "%Y%m%d%H%M%S%f").replace(tzinfo=place)
    except (ValueError, OverflowError):
        shown = " ".join(filter(None, (date, time, code)))
        return Moment(0, problem=f"{shown!r} is no date and time")
    return Moment((read - _EPOCH) // _US, date_only=not time)


def edifact_moment(text: str, form: str, zone: tzinfo) -> Moment:
    """Read the text of a DTM by its format qualifier."""
    if form not in _FORMS:
        return Moment(0, problem=f"the format {form or '(none)'} of {text!r} is not known")
    length, has_zone = _FORMS[form]
    digits, code = text, ""
    if has_zone:
        digits = text[: next((at for at, c in enumerate(text) if not c.isdigit()), len(text))]
        code = text[len(digits) :].strip()
    return moment(digits[:length], digits[length:], zone, code)


def _zone(code: str) -> tzinfo:
    if code in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[code]))
    if code in _ZONES:
        return ZoneInfo(_ZONES[code])
    sign = {"+": 1, "-": -1, "P": 1, "M": -1}[code[0]] if code[0] in "+-PM" else 0
    hours, minutes = code[1:3], code[3:5] or "00"
    if not sign or not (hours + minutes).isdigit() or int(hours) > _OFFSET_HOURS_MAX:
        raise ValueError(code)
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
