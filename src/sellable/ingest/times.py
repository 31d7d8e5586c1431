"""Times as text: microseconds since 1970, or why a text is no time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sellable.network.report import quoted
from sellable.network.zones import gap_around

if TYPE_CHECKING:
    from sellable.ingest.profile import Profile

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r" ?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,9})?")
_US_PER_UNIT: Final = {"epoch_seconds": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_US_MIN: Final = -62_135_596_800 * 1_000_000  # 0001-01-01T00:00:00Z
_US_MAX: Final = 253_402_300_799_999_999  # just before the year 10000
_LENGTH_MAX: Final = 64


class Times:
    """Reads times as one profile writes them.

    The last text is remembered: nearly all rows of a count share their time.
    """

    def __init__(self, profile: Profile) -> None:
        """Begin without having read any."""
        self._format = profile.time_format
        self._zone = profile.time_zone
        self._place = ZoneInfo(profile.time_zone) if profile.time_zone else None
        self._last_text = ""
        self._last: int | str = "is blank"

    def read(self, text: str) -> int | str:
        """Return the microseconds of a text that is not blank, or what is wrong with it."""
        if text == self._last_text:
            return self._last
        self._last_text = text
        self._last = self._read(text.strip())
        return self._last

    def _read(self, text: str) -> int | str:
        if len(text) > _LENGTH_MAX:
            return f"has {len(text)} characters: it is no time"
        if unit := _US_PER_UNIT.get(self._format):
            return _of_number(text, unit, self._format)
        try:
            moment = self._moment(text)
            return moment if isinstance(moment, str) else self._instant(moment, text)
        except OverflowError:
            return f"{quoted(text)} is not within the years 1 to 9999"

    def _moment(self, text: str) -> datetime | str:
        try:
            if self._format != "iso":
                return datetime.strptime(text, self._format)  # noqa: DTZ007 - the zone comes next
            if _ISO.fullmatch(text):
                return datetime.fromisoformat(text.upper().replace(" Z", "Z").replace(" +", "+"))
        except ValueError as error:
            return f"{quoted(text)} is no time: {error}"
        if _DATE.fullmatch(text):
            return f"{quoted(text)} must have a time of day, e.g. {text}T18:00:00Z"
        allowed = "must be a time such as 2026-11-27T08:00:00Z"
        return f"{quoted(text)} {allowed}; other forms need time_format in the profile"

    def _instant(self, moment: datetime, text: str) -> int | str:
        if moment.tzinfo is None:
            if self._place is None:
                return (
                    f"{quoted(text)} has no time zone: write an offset, or set time_zone in the "
                    "profile"
                )
            if (gap := gap_around(moment, self._zone)) is not None:
                before, after = (clock.time().isoformat() for clock in gap)
                return (
                    f"{quoted(text)} does not exist in {self._zone}: clocks go from {before} to "
                    f"{after}"
                )
            # Of a time that occurs twice it is the first: a count taken for too old can only be
            # late, one taken for too new would undo facts that came after it.
            moment = moment.replace(tzinfo=self._place, fold=0)
        # The difference of two times of one zone would be that of their clocks.
        return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _of_number(text: str, unit: int, name: str) -> int | str:
    if not _NUMBER.fullmatch(text):
        return f"{quoted(text)} is no number of {name}"
    microseconds = int(Decimal(text) * unit // 1)
    if not _US_MIN <= microseconds <= _US_MAX:
        return (
            f"{quoted(text)} is not within the years 1 to 9999: is the profile's time_format right?"
        )
    return microseconds
