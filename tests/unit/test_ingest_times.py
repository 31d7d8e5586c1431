"""Times as text: each form has its answer, in microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.ingest.profile import Profile
from sellable.ingest.times import Times

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = (datetime(2026, 11, 27, 12, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
HOUR = 3600 * 1_000_000


def times(zone: str = "", form: str = "iso") -> Times:
    """Make the times of a profile."""
    return Times(Profile(name="p", time_zone=zone, time_format=form))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-27T12:00:00Z", NOON),
        ("2026-11-27t12:00:00z", NOON),
        ("2026-11-27 12:00:00Z", NOON),
        (" 2026-11-27T12:00:00Z ", NOON),
        ("2026-11-27T12:00Z", NOON),
        ("2026-11-27T12:00:00 Z", NOON),
        ("2026-11-27T13:00:00+01:00", NOON),
        ("2026-11-27T13:00:00+0100", NOON),
        ("2026-11-27T06:30:00-05:30", NOON),
        ("2026-11-27T12:00:00.000001Z", NOON + 1),
        ("2026-11-27T12:00:00,5Z", NOON + 500_000),
        ("2026-11-27T12:00:00.123456789Z", NOON + 123_456),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_a_time_with_its_zone(text: str, expected: int) -> None:
    """RFC 3339 and its usual variations are exact to the microsecond; what is finer is cut off."""
    assert expected == times().read(text)


@pytest.mark.parametrize(
    ("zone", "form", "text", "expected"),
    [
        ("Europe/Paris", "iso", "2026-11-27T13:00:00", NOON),
        ("Europe/Paris", "iso", "2026-11-27T12:00:00Z", NOON),
        ("America/New_York", "iso", "2026-11-27 07:00:00", NOON),
        ("Europe/Paris", "%d.%m.%Y %H:%M", "27.11.2026 13:00", NOON),
        ("", "%d.%m.%Y %H:%M %z", "27.11.2026 13:00 +0100", NOON),
        ("", "epoch_seconds", "1795780800", NOON),
        ("", "epoch_seconds", "1795780800.25", NOON + 250_000),
        ("", "epoch_ms", "1795780800001", NOON + 1_000),
        ("", "epoch_us", "1795780800000001", NOON + 1),
        ("", "epoch_us", "1795780800000001.9", NOON + 1),
    ],
)
def test_forms_of_the_profile(zone: str, form: str, text: str, expected: int) -> None:
    """Zone and form come from the profile, an offset in the text goes before its zone."""
    assert expected == times(zone, form).read(text)


def test_a_time_that_occurs_twice_is_the_first() -> None:
    """When clocks go back, a local time is the one before that: too old harms less than too new."""
    first = times().read("2026-10-25T00:30:00Z")
    assert first == times("Europe/Paris").read("2026-10-25T02:30:00")


def test_a_time_that_does_not_exist_is_refused() -> None:
    """When clocks go ahead, a time that they skip is named, with the gap."""
    answer = times("Europe/Paris").read("2026-03-29T02:30:00")
    assert (
        "'2026-03-29T02:30:00' does not exist in Europe/Paris: clocks go from 02:00:00 to 03:00:00"
    ) == answer
    assert isinstance(times("Europe/Paris").read("2026-03-29T03:00:00"), int)


@pytest.mark.parametrize(
    ("zone", "form", "text", "said"),
    [
        ("", "iso", "2026-11-27T12:00:00", "has no time zone"),
        ("", "iso", "2026-11-27", "must have a time of day, e.g. 2026-11-27T18:00:00Z"),
        ("", "iso", "20261127T120000Z", "must be a time such as"),
        ("", "iso", "2026-W48-5T12:00:00Z", "must be a time such as"),
        ("", "iso", "27.11.2026 12:00", "other forms need time_format in the profile"),
        ("", "iso", "1795780800", "other forms need time_format"),
        ("", "iso", "2026-13-27T12:00:00Z", "is no time: month must be in 1..12"),
        ("", "iso", "2026-02-30T12:00:00Z", "is no time"),
        ("", "iso", "2026-11-27T25:00:00Z", "is no time"),
        ("", "iso", "2026-11-27T23:59:60Z", "is no time"),
        ("", "iso", "2026-11-27T12:00:00+25:00", "is no time"),
        ("", "iso", "now", "must be a time such as"),
        ("", "iso", "0001-01-01T00:00:00+10:00", "is not within the years 1 to 9999"),
        ("", "iso", "9999-12-31T23:00:00-10:00", "is not within the years 1 to 9999"),
        ("Asia/Tokyo", "iso", "0001-01-01T00:00:00", "is not within the years 1 to 9999"),
        ("", "iso", "٢٠٢٦-11-27T12:00:00Z", "must be a time such as"),
        ("", "iso", "2" * 100, "has 100 characters: it is no time"),
        ("", "epoch_seconds", "1795780800000", "is the profile's time_format right?"),
        ("", "epoch_ms", "1e12", "is no number of epoch_ms"),
        ("", "epoch_ms", "soon", "is no number of epoch_ms"),
        ("", "%d.%m.%Y %H:%M", "27.11.2026 12:00", "has no time zone"),
        ("", "%d.%m.%Y %H:%M %z", "2026-11-27T12:00:00Z", "is no time"),
    ],
)
def test_what_is_no_time(zone: str, form: str, text: str, said: str) -> None:
    """Each refusal says what is wrong, and what would be right."""
    answer = times(zone, form).read(text)
    assert isinstance(answer, str)
    assert said in answer


def test_the_remembered_text_is_not_mixed_up() -> None:
    """Times that alternate are each read anew, and a refusal is remembered as one."""
    reader = times()
    texts = ["2026-11-27T12:00:00Z", "2026-11-27T13:00:00Z", "x", "x", "2026-11-27T12:00:00Z"]
    answers = [reader.read(text) for text in texts]
    assert [NOON, NOON + HOUR] == answers[:2]
    assert isinstance(answers[2], str)
    assert answers[2] == answers[3]
    assert answers[4] == NOON


@given(
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.astimezone(UTC))
    | st.datetimes(timezones=st.just(UTC))
)
def test_any_time_is_exact(moment: datetime) -> None:
    """Every time of the calendar comes back to the microsecond."""
    assert (moment - EPOCH) // timedelta(microseconds=1) == times().read(moment.isoformat())


@given(st.text(), st.sampled_from(["iso", "epoch_seconds", "%d.%m.%Y %H:%M"]))
def test_any_text_is_answered(text: str, form: str) -> None:
    """No text raises."""
    assert isinstance(times("Europe/Paris", form).read(text), int | str)
