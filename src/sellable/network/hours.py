"""Reads when a location is open: days of the week, hours of the day, and dates it is closed."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from sellable.limits import CLOSED_DATES_MAX, WINDOW_YEAR_MAX, WINDOW_YEAR_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network.entry import Entry
    from sellable.network.report import Report

# Minutes of the local day, from and until; None: closed.
Hours: TypeAlias = tuple[int, int] | None

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSED: Final = "closed"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HOURS: Final = re.compile(r"(\d\d):([0-5]\d) ?- ?(\d\d):([0-5]\d)", re.ASCII)
_MINUTES_PER_DAY: Final = 24 * 60


def read_opening_hours(entry: Entry, report: Report) -> tuple[Hours, ...]:
    """Read the hours of all seven days; nothing if they are left out or wrong."""
    listed = entry.entry("opening_hours")
    if listed is None:
        return ()
    hours: dict[int, Hours] = {}
    written: dict[int, str] = {}
    closed = 0
    for key in listed.keys():  # noqa: SIM118 - an Entry is no mapping
        days = days_of(key, report)
        text = listed.text(key, _hours_problem)
        listed.require(key)
        closed += text == _CLOSED
        if isinstance(days, str):
            listed.key_problem(key, days)
            continue
        for day in days:
            if day in written:
                listed.key_problem(key, f"speaks of {DAYS[day]} again, after {written[day]}")
                break
            written[day] = key
            hours[day] = None if text is None or _hours_problem(text) else _hours(text)
    if listed.readable and closed == len(listed.keys()):
        entry.problem("opening_hours", "is open on no day: write enabled: false instead")
    return tuple(hours.get(day) for day in range(len(DAYS)))


def read_closed_dates(entry: Entry, report: Report) -> tuple[date, ...]:
    """Read local dates, in ascending order."""
    found = []
    dates = entry.texts("closed", may_be_empty=True)
    if len(dates) > CLOSED_DATES_MAX:
        entry.problem("closed", f"has {len(dates)} dates, allowed are {CLOSED_DATES_MAX}")
    for text, mark, path in dates:
        day = _date(text)
        if isinstance(day, str):
            report.add(mark, path, day)
        else:
            found.append(day)
    return tuple(sorted(found))


def read_days(entry: Entry, key: str, report: Report) -> tuple[int, ...]:
    """Read days of the week, 0 is Monday; all of them if it is left out."""
    found: set[int] = set()
    for text, mark, path in entry.texts(key):
        days = days_of(text, report)
        if isinstance(days, str):
            report.add(mark, path, days)
        else:
            found.update(days)
    return tuple(sorted(found)) or tuple(range(len(DAYS)))


def days_of(text: str, report: Report) -> range | str:
    """Answer the days of `sat` or `mon-fri`, or what is wrong with the text."""
    first, dash, last = text.partition("-")
    for word in (first, last) if dash else (first,):
        if word not in DAYS:
            hint = report.hint(word, DAYS)
            return f"must be a day such as sat, or days such as mon-fri{hint}"
    start, end = DAYS.index(first), DAYS.index(last if dash else first)
    if start > end:
        return f"must go forward in the week, which begins with mon: {first} is after {last}"
    return range(start, end + 1)


def days_shown(days: Sequence[int]) -> str:
    """Write ascending days of the week as the document does, runs of them as ranges."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs
    )


def hours_shown(week: Sequence[Hours]) -> str:
    """Write opening hours in one line; `always` without any."""
    by_hours: dict[tuple[int, int], list[int]] = {}
    for day, hours in enumerate(week):
        if hours is not None:
            by_hours.setdefault(hours, []).append(day)
    words = [
        f"{days_shown(days)} {_clock(start)}-{_clock(end)}"
        for (start, end), days in by_hours.items()
    ]
    return ", ".join(words) or "always"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _hours_problem(text: str) -> str | None:
    if text == _CLOSED:
        return None
    match = _HOURS.fullmatch(text)
    if match is None or _hours(text) is None:
        return 'must be hours of the day such as "08:00-18:00", or closed'
    start, end = _hours(text) or (0, 0)
    if end <= start:
        return "must end later than it begins, at 24:00 at the latest"
    return None


def _hours(text: str) -> Hours:
    match = _HOURS.fullmatch(text)
    if match is None:
        return None
    start, end = (int(match[at]) * 60 + int(match[at + 1]) for at in (1, 3))
    return (start, end) if max(start, end) <= _MINUTES_PER_DAY else None


def _date(text: str) -> date | str:
    if not _DATE.fullmatch(text):
        return "must be a date such as 2026-12-25"
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        return f"is no date: {error}"
    if not WINDOW_YEAR_MIN <= day.year <= WINDOW_YEAR_MAX:
        return f"must be in the years {WINDOW_YEAR_MIN} to {WINDOW_YEAR_MAX}"
    return day
