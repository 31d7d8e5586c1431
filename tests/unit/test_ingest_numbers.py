"""Quantities as text: each form has its answer, and the documented table is what the code does."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.ingest.numbers import Quantities
from sellable.ingest.profile import Fractions, Profile
from support.reading import read
from support.sources import ROOT

PLAIN: Final = Quantities(Profile(name="p"))
ROUNDING: Final = Quantities(Profile(name="p", fractions=Fractions.ROUND_DOWN))
ENGLISH: Final = Quantities(Profile(name="p", thousands_separator=","))
FRENCH: Final = Quantities(Profile(name="p", thousands_separator=" ", decimal_separator=","))
GERMAN: Final = Quantities(Profile(name="p", thousands_separator=".", decimal_separator=","))
PAGE: Final = (ROOT / "src" / "sellable" / "ingest" / "PROFILES.md").read_text()
TABLE: Final = re.findall(
    r"^\| `(.*?)` \| (\d+|refused) \|", PAGE.partition("## Quantities")[2], re.MULTILINE
)


def test_the_documented_table_is_there() -> None:
    """The page has the forms that people ask about."""
    written = {text for text, _ in TABLE}
    assert {"1e3", "12.0", "-0", " 7 ", "N/A", "1,234", "1.234,5", "+5", "٣", "0x10"} <= written
    assert {"1_000", "NaN", "inf", "1000000000001", ""} <= written


@pytest.mark.parametrize(("text", "answer"), TABLE)
def test_the_documented_table_holds(text: str, answer: str) -> None:
    """A table of the default profile reads every form as the page says."""
    found = read(f'sku,location,quantity\na,DC-1,"{text}"\n')
    if answer == "refused":
        assert not found.facts
        assert [2] == [line for line, _ in found.refused]
    else:
        assert [("a", "DC-1", int(answer))] == found.counts


@pytest.mark.parametrize(
    ("quantities", "text", "expected"),
    [
        (ROUNDING, "10.10", 10),
        (ROUNDING, "0.999999", 0),
        (ROUNDING, "-1.5", -2),
        (ROUNDING, "1e-3", 0),
        (ENGLISH, "1,234", 1_234),
        (ENGLISH, "-1,234,567", -1_234_567),
        (ENGLISH, "1,234.0", 1_234),
        (FRENCH, "1 234", 1_234),
        (FRENCH, "1\u202f234", 1_234),
        (FRENCH, "1\xa0234,0", 1_234),
        (FRENCH, "12,0", 12),
        (GERMAN, "1.234,0", 1_234),
        (GERMAN, "1.234", 1_234),
        (GERMAN, "12", 12),
    ],
)
def test_separators_of_the_profile(quantities: Quantities, text: str, expected: int) -> None:
    """A separator means something only where the profile names it."""
    assert expected == quantities.read(text)


@pytest.mark.parametrize(
    ("quantities", "text", "said"),
    [
        (PLAIN, "1,234", "has a thousands separator that the profile does not name"),
        (PLAIN, "1.234,5", "has a thousands separator that the profile does not name"),
        (PLAIN, "1 234", "has a thousands separator that the profile does not name"),
        (PLAIN, "1,5", "has a comma; if it begins a fraction, set decimal_separator"),
        (PLAIN, "1.5", "is not a whole number; a profile with fractions: round_down"),
        (PLAIN, "N/A", "list it in not_a_position"),
        (PLAIN, "nan", "is not a number"),
        (PLAIN, "-inf", "is not a number"),
        (PLAIN, "٣", "only the digits 0 to 9 are read"),
        (PLAIN, "½", "is not a number"),
        (PLAIN, "²", "is not a number"),
        (PLAIN, "1_000", "thousands separator"),
        (PLAIN, "0b1", "is not a number"),
        (PLAIN, "--5", "is not a number"),
        (PLAIN, "+", "is not a number"),
        (PLAIN, ".", "is not a number"),
        (PLAIN, "1e", "is not a number"),
        (PLAIN, "1e9999", "is not a number"),
        (PLAIN, "1e999", "is beyond 1000000000000"),
        (PLAIN, "-1000000000001", "is beyond 1000000000000"),
        (PLAIN, "9" * 64, "is beyond 1000000000000"),
        (PLAIN, "9" * 100_000, "has 100000 characters: it is no quantity"),
        (PLAIN, "1e-999", "is not a whole number"),
        (PLAIN, "1" * 40 + ".5", "is not a whole number"),
        (PLAIN, "1" * 40 + ".0", "is beyond 1000000000000"),
        (PLAIN, "5\x00", "is not a number"),
        (ENGLISH, "12,34", "has a comma"),
        (ENGLISH, "1,234,5", "is not a number"),
        (ENGLISH, ",234", "is not a number"),
        (GERMAN, "1.5", "is not a number"),
        (GERMAN, "1.234.5", "is not a number"),
        (FRENCH, "1  234", "is not a number"),
    ],
)
def test_what_is_no_quantity(quantities: Quantities, text: str, said: str) -> None:
    """Each refusal says what the text may have been meant as."""
    answer = quantities.read(text)
    assert isinstance(answer, str)
    assert said in answer
    assert len(answer) < 300


@given(st.text(alphabet="0123456789+-.,eE _' xNaif", max_size=12) | st.text())
def test_any_text_is_answered_exactly(text: str) -> None:
    """Every text gives a number that is exactly the text's, or a reason, whatever the profile."""
    for quantities in (PLAIN, ROUNDING, ENGLISH, FRENCH, GERMAN):
        answer = quantities.read(text)
        assert isinstance(answer, str) or abs(answer) <= 10**12
    plain = PLAIN.read(text)
    if isinstance(plain, int):
        assert plain == Decimal(text.strip())
