"""After how long a feed counts as silent: patterns, durations, and every mistake in words."""

from __future__ import annotations

import pytest

from sellable.errors import SettingsRefused
from sellable.settings import Silences, load_settings
from sellable.settings.silences import SilencesRefused

DAY_MS = 86_400_000


def test_the_first_match_wins() -> None:
    """A source has the duration of the first pattern that is like its name."""
    silences = Silences("pos-lyon=5m, pos-*=15m ,wms?=26h,[ab]=7d, erp=1s")
    assert [300_000, 900_000, 26 * 3_600_000, 7 * DAY_MS, 7 * DAY_MS, 1_000, 0, 0, 0] == [
        silences.after_ms(name)
        for name in ("pos-lyon", "pos-paris", "wms1", "a", "b", "erp", "wms", "POS-paris", "")
    ]


def test_feeds_named_in_full_are_expected() -> None:
    """Only a name without anything wild says that there is such a source."""
    assert ("wms", "a=b") == Silences("wms=1h, pos-*=1h, x?=1h, [y]=1h, a=b=1h").named
    assert () == Silences().named


def test_nothing_set_is_never_silent() -> None:
    """Without the setting no feed is reported."""
    assert 0 == Silences("").after_ms("wms")
    assert None is load_settings().feed_silent_after


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wms", "'wms' is not PATTERN=DURATION, e.g. wms-paris=26h or pos-*=15m"),
        ("=15m", "'=15m' is not PATTERN=DURATION"),
        ("wms=1h,", "'' is not PATTERN=DURATION"),
        ("wms=1h,,pos=1h", "'' is not PATTERN=DURATION"),
        (f"{'x' * 65}=1h", "is not PATTERN=DURATION"),
        ("a\x07=1h", "is not PATTERN=DURATION"),
        ("wms=", "the duration of 'wms=' is not 1s to 366d, e.g. 90s, 15m, 26h or 7d"),
        ("wms=15", "the duration of 'wms=15' is not"),
        ("wms=1.5h", "the duration of 'wms=1.5h' is not"),
        ("wms=-1h", "the duration of 'wms=-1h' is not"),
        ("wms=0s", "the duration of 'wms=0s' is not"),
        ("wms=999ms", "the duration of 'wms=999ms' is not"),
        ("wms=367d", "the duration of 'wms=367d' is not"),
        ("wms=9999999999999999999d", "is not 1s to 366d"),
        ("wms=\u0661h", "is not 1s to 366d"),  # a digit, but not one of ours
        ("*=1h, wms=2h", "'wms' comes behind '*', which takes all of its feeds"),
        ("wms=1h, wms=1h", "'wms' comes behind 'wms'"),
        ("pos-*=1h, pos-1*=2h", "'pos-1*' comes behind 'pos-*'"),
    ],
)
def test_a_text_that_cannot_be_is_refused(text: str, words: str) -> None:
    """The part that is wrong is named with what is allowed; nothing is started on a guess."""
    with pytest.raises(SilencesRefused) as caught:
        Silences(text)
    assert words in str(caught.value)
    with pytest.raises(SettingsRefused) as refused:
        load_settings(feed_silent_after=text)
    (problem,) = refused.value.problems
    assert problem.startswith("feed_silent_after: ")
    assert words in problem
    assert problem.endswith("(feed_silent_after from --feed-silent-after)")


def test_a_pattern_with_a_set_hides_nothing_by_its_looks() -> None:
    """A set before a wider pattern is no mistake."""
    assert 2_000 == Silences("a[*]b=1s, a*b=2s").after_ms("axb")


def test_the_environment_may_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has no flags."""
    monkeypatch.setenv("SELLABLE_FEED_SILENT_AFTER", "wms=1h")
    assert "wms=1h" == load_settings().feed_silent_after
