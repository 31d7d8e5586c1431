"""Profiles: those that are shipped, and every way in which one of a user is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from sellable.ingest.profile import COLUMNS, KEYS, CountMeaning, Fractions, folded, reference
from sellable.ingest.profiles import InvalidProfile, load_profile, shipped_profiles
from support.reading import profile_of, refusals
from support.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "src" / "sellable" / "ingest" / "PROFILES.md").read_text()


def test_the_reference_of_profiles_is_the_code() -> None:
    """The page has the keys and the columns that the reader knows, to the letter."""
    written = PAGE.partition("## Reference\n\n")[2].partition("\nA skipped row has")[0]
    assert reference() == written


def test_the_shipped_profiles_are_on_the_page() -> None:
    """Whoever looks for a profile finds all of them, and each can be loaded."""
    table = PAGE.partition("## Reference")[0]
    assert shipped_profiles() == sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE))
    for name in shipped_profiles():
        assert name == load_profile(name).name


def test_the_examples_of_the_pages_are_profiles() -> None:
    """What a reader copies from a page is accepted as it stands."""
    pages = (PAGE, (ROOT / "src" / "sellable" / "ingest" / "README.md").read_text())
    examples = [
        text for page in pages for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    ]
    assert 2 == len(examples)
    for text in examples:
        assert "test" == profile_of(text).name


def test_what_shipped_profiles_mean() -> None:
    """Counts of Shopify's wide layout leave reserved units out; fractions of Adobe are cut."""
    assert CountMeaning.NET_OF_RESERVED is load_profile("shopify-2023-wide").count
    assert CountMeaning.ON_HAND is load_profile("shopify-2024-long").count
    assert ("On hand (current)",) == load_profile("shopify-2025-long").columns["quantity"]
    assert Fractions.ROUND_DOWN is load_profile("adobe-commerce").fractions


def test_every_key_can_be_written() -> None:
    """A profile with everything in it is read as it says."""
    profile = profile_of(
        "name: all\nextends: shopify-2024-long\ndescription: x\ndelimiter: tab\n"
        "encoding: Windows-1252\ndecimal_separator: ','\nthousands_separator: space\n"
        "columns: {sku: [A, B], quantity: C}\ncount: delta\ntime_zone: Europe/Paris\n"
        "time_format: '%d.%m.%y %H:%M'\nquantity_max: 99999\nfractions: round_down\n"
        "blank_quantity: skip\nnegative_counts: zero\nnot_a_position: [n/a, Not_Stocked]\n"
        "status_is_zero: 0\nlocations: {' Main Warehouse': DC-1}\nwide: false\n"
        "not_locations: x\nduplicates: last\nsegment_count: warning\nsilent_after: 26h\n"
    )
    assert ("all", "\t", "Windows-1252", ",", " ") == (
        profile.name,
        profile.delimiter,
        profile.encoding,
        profile.decimal_separator,
        profile.thousands_separator,
    )
    assert profile.columns == {"sku": ("A", "B"), "location": ("Location",), "quantity": ("C",)}
    assert {"main warehouse": "DC-1"} == profile.locations
    assert frozenset({"n/a", "not stocked"}) == profile.not_a_position
    assert 26 * 3600 * 1000 == profile.silent_after_ms
    assert 99_999 == profile.quantity_max


def test_what_is_extended_holds_where_the_profile_is_silent() -> None:
    """A profile of three lines changes only what it names."""
    base = load_profile("shopify-2025-long")
    profile = profile_of("extends: shopify-2025-long\nlocations: {Main: DC-1}\n")
    assert base.columns == profile.columns
    assert base.not_a_position == profile.not_a_position
    assert {"main": "DC-1"} == profile.locations
    own = profile_of("extends: shopify-2025-long\ncolumns: {sku: Barcode, location: }\n")
    assert own.columns == base.columns | {"sku": ("Barcode",), "location": ()}


def test_columns_left_out_are_those_of_the_default() -> None:
    """A profile may say only how numbers are written."""
    assert load_profile("default").columns == profile_of("decimal_separator: ','").columns
    assert ["sku"] == list(profile_of("wide: true").columns)


def test_headers_are_compared_leniently() -> None:
    """Case, outer blanks, underscores and hyphens make no difference; other signs do."""
    assert folded(" On_Hand  ") == folded("on-hand") == "on hand"
    assert folded("on hand (new)") != folded("on hand")


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("column: {sku: a}", "line 1, column 1: column: unknown key 'column'; did you mean"),
        ("columns: {skuu: a}", "line 1, column 11: columns.skuu: unknown key 'skuu'; did you"),
        ("columns: {quantity: a}", "columns: must say which column is the sku"),
        ("columns: {sku: a}", "columns: must have at least one of quantity, on_hand_quantity"),
        ("columns: [a]", "line 1, column 10: columns: must be a mapping"),
        ("columns: {sku: {a: b}, quantity: c}", "columns.sku: must be a text"),
        ("columns: {sku: [], quantity: c}", "columns.sku: must not be an empty list"),
        ("wide: true\ncolumns: {sku: a, quantity: b}", "in a wide file there is no column quant"),
        ("wide: true\ncolumns: {sku: a, location: b}", "in a wide file there is no column loca"),
        ("wide: perhaps", "wide: must be true or false"),
        ("count: gone", "count: must be one of on_hand, net_of_reserved, delta, sold"),
        ("fractions: up", "fractions: must be one of reject, round_down"),
        ("blank_quantity: zero", "blank_quantity: must be one of reject, skip"),
        ("negative_counts: skip", "negative_counts: must be one of reject, zero"),
        ("duplicates: first", "duplicates: must be one of reject, sum, last"),
        ("segment_count: ignore", "segment_count: must be one of error, warning"),
        ("delimiter: ab", "delimiter: must be one character that is no letter"),
        ("delimiter: a", "delimiter: must be one character that is no letter"),
        ("delimiter: '\"'", "delimiter: must be one character that is no letter"),
        ("encoding: klingon", "encoding: must be auto or a text encoding such as utf-8"),
        ("encoding: base64", "encoding: must be auto or a text encoding"),
        ("encoding: utf-7", "encoding: must be auto or a text encoding"),
        ("encoding: unicode_escape", "encoding: must be auto or a text encoding"),
        ("encoding: 'a\\0b'", "encoding: must be auto or a text encoding"),
        ("decimal_separator: ;", "decimal_separator: must be . or ,"),
        ("thousands_separator: x", "thousands_separator: must be one of , . ' _ space"),
        ("thousands_separator: .", "thousands_separator: must not be the decimal separator"),
        ("time_zone: Paris", "time_zone: must be an IANA time zone, e.g. Europe/Paris"),
        ("time_format: rfc3339", "time_format: must be iso, epoch_seconds, epoch_ms, epoch_us or"),
        ("time_format: '%d.%m.%Y'", "time_format: must be iso"),
        ("time_format: '%Q'", "time_format: must be iso"),
        ("quantity_max: many", "quantity_max: must be a whole number from 0 to 1000000000000"),
        ("quantity_max: -1", "quantity_max: must be a whole number from 0 to 1000000000000"),
        ("silent_after: 26", "silent_after: must be a duration such as 90s, 30m, 6h or 2d"),
        ("silent_after: 9999d", "silent_after: must be a duration such as 90s"),
        ("locations: {Main: 'D C'}", "locations.Main: must be 1 to 64 letters, digits, dots"),
        ("locations: [DC-1]", "locations: must be a mapping"),
        ("extends: magento", "extends: must be one of adobe-commerce, default, shopify"),
        ("- a", "line 1, column 1: document: must be a mapping"),
        ("", "line 1, column 1: document: is empty"),
        ("a: &b c", "anchors are not supported"),
        ("count: delta\ncount: on_hand", "line 2, column 1: count: duplicate key 'count'"),
        ("count: [", "document: not YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(yaml: str, problem: str) -> None:
    """Each fault is refused with line, column, and what is allowed."""
    found = refusals(yaml)
    assert any(problem in one for one in found), found
    assert all(one.startswith("line ") for one in found)


def test_unknown_keys_name_those_that_are_known() -> None:
    """Whoever mistyped a key sees all that there are."""
    assert refusals("x: 1")[0].endswith(f"allowed are {', '.join(KEYS)}")
    assert refusals("columns: {x: 1}")[-1].endswith(f"allowed are {', '.join(COLUMNS)}")


def test_all_problems_come_at_once() -> None:
    """A person corrects a profile in one go."""
    assert 4 == len(refusals("count: x\nwide: x\nfractions: x\nnew: x"))


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    """A profile of a user is named by its file, with a byte order mark or without."""
    path = tmp_path / "paris.yaml"
    path.write_bytes(b"\xef\xbb\xbfcount: delta\n")
    assert ("paris", CountMeaning.DELTA) == (load_profile(path).name, load_profile(str(path)).count)


def test_a_file_that_cannot_be_used_says_where(tmp_path: Path) -> None:
    """The message begins with file, line and column, as compilers write them."""
    path = tmp_path / "bad.yaml"
    path.write_text("count: on_hand\nwide: x\n")
    with pytest.raises(InvalidProfile, match=rf"^{re.escape(str(path))}:2:7: wide: must be"):
        load_profile(path)
    path.write_bytes(b"count: on_hand\n# \xff\n")
    with pytest.raises(InvalidProfile, match=r"bad\.yaml:2: not UTF-8 at byte 17"):
        load_profile(path)
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(InvalidProfile, match="has more than 262144 bytes: it is no profile"):
        load_profile(path)


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    """The message names the shipped ones."""
    with pytest.raises(InvalidProfile, match=r"there is no profile 'magento': .*adobe-commerce"):
        load_profile("magento")
    with pytest.raises(InvalidProfile, match="there is no profile"):
        load_profile(tmp_path)
