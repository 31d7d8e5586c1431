"""Names: every kind at its bounds, and the quick look at many SKUs agrees with the slow one."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sellable import names

NAMES = st.text(max_size=140) | st.text("aé€😀\x01\x7f\x85 ", max_size=140)


def allowed(text: str, bytes_max: int) -> bool:
    """Say in the plainest way whether a text may be a name."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= bytes_max and all(unicodedata.category(c) != "Cc" for c in text)


@given(NAMES)
@example("")
@example("x" * 128)
@example("x" * 129)
@example("é" * 64)
@example("é" * 65)
@example("\x01")
@example("\ud800")
def test_a_sku_is_up_to_128_bytes_without_control_characters(text: str) -> None:
    """Whatever else the text holds."""
    assert (names.sku_problem(text) is None) == allowed(text, 128)


@given(NAMES)
def test_an_identifier_is_up_to_64_bytes_without_control_characters(text: str) -> None:
    """Ids of reservations, lines, events, sources and requests, and item classes."""
    assert (names.identifier_problem(text) is None) == allowed(text, 64)
    assert (names.item_class_problem(text) is None) == allowed(text, 64)


@given(st.lists(NAMES, max_size=5))
@example([])
@example(["A", ""])
@example(["A", "x" * 129])
@example(["😀" * 33])
@example(["A", "\n"])
def test_plain_skus_are_all_good(skus: list[str]) -> None:
    """The quick look never lets a bad SKU pass."""
    if names.skus_are_plain(skus):
        assert [names.sku_problem(sku) for sku in skus] == [None] * len(skus)


def test_usual_skus_need_only_the_quick_look() -> None:
    """Article numbers with digits, letters and punctuation in any script are plain."""
    assert names.skus_are_plain(["85123A", "gift_0001_20", "ÄÖ-7/b", "商品-1", "A B"])


@pytest.mark.parametrize("location", ["DC-PARIS", "a", "0.9_x", "x" * 64])
def test_good_locations(location: str) -> None:
    """Letters, digits, dots, underscores and hyphens."""
    assert names.location_problem(location) is None


@pytest.mark.parametrize("location", ["", "x" * 65, "tag:dc", "a b", "é", "a\n", "a:b", "a/b"])
def test_bad_locations(location: str) -> None:
    """Nothing that could be taken for a tag, a key or a path."""
    assert names.location_problem(location) == (
        "must be 1 to 64 letters, digits, dots, underscores or hyphens, e.g. DC-PARIS"
    )


@pytest.mark.parametrize("channel", ["web", "0", "market-place_2", "x" * 32])
def test_good_channels(channel: str) -> None:
    """Lower case letters, digits, underscores and hyphens."""
    assert names.channel_problem(channel) is None


@pytest.mark.parametrize("channel", ["", "Web", "-web", "_web", "x" * 33, "web/FR", "web\n"])
def test_bad_channels(channel: str) -> None:
    """A channel can be told from the country in `channel/country`."""
    problem = names.channel_problem(channel)
    assert problem is not None
    assert problem.endswith("e.g. web")


def test_the_countries_are_those_of_iso_3166() -> None:
    """249 codes: officially assigned, neither reserved nor withdrawn nor for private use."""
    assert len(names.COUNTRIES) == 249
    assert {"FR", "GB", "SS", "TW", "AX", "CW"} <= names.COUNTRIES
    assert not {"UK", "EU", "XK", "AN", "CS", "ZZ", "AA", "SU"} & names.COUNTRIES


@pytest.mark.parametrize(
    ("country", "hint"),
    [
        ("fr", ": write FR"),
        ("UK", ": write GB"),
        ("uk", ": write GB"),
        ("EL", ": write GR"),
        ("FRA", ", e.g. FR"),
        ("XX", ", e.g. FR"),
        ("", ", e.g. FR"),
        ("FR ", ", e.g. FR"),
    ],
)
def test_a_wrong_country_is_answered_with_the_right_one(country: str, hint: str) -> None:
    """Where it can be told what was meant."""
    assert names.country_problem(country) == (
        f"must be an ISO 3166-1 alpha-2 code in upper case{hint}"
    )


@pytest.mark.parametrize(("code", "good"), [("EUR", True), ("eur", False), ("EU", False)])
def test_currencies_are_checked_by_form(code: str, *, good: bool) -> None:
    """Three upper case letters."""
    assert (names.currency_problem(code) is None) == good


@pytest.mark.parametrize("sku", ["capacity:", "capacity:DC:2026-03-01"])
def test_days_of_locations_are_no_skus_of_users(sku: str) -> None:
    """They are refused, and no quick look at many SKUs lets one through."""
    assert names.is_capacity(sku)
    assert "must not begin with capacity:" in (names.sku_problem(sku) or "")
    assert not names.skus_are_plain(["A", sku])


@pytest.mark.parametrize("sku", ["a capacity:", "Capacity:", "capacity"])
def test_other_skus_may_speak_of_capacity(sku: str) -> None:
    """Only the beginning counts."""
    assert not names.is_capacity(sku)
    assert names.sku_problem(sku) is None


def test_a_day_of_a_location_is_named_by_its_local_date() -> None:
    """A date and no moment: it is the location's own."""
    assert names.capacity_sku("DC", date(2026, 3, 1)) == "capacity:DC:2026-03-01"
