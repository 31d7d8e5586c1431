"""Encodings: found or told, and lines that do not fit are refused one by one."""

from __future__ import annotations

import codecs
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sellable.ingest.encodings import decoder, visible
from support.reading import read

TEXT: Final = "sku,location,quantity\nÄrmel,DC-1,1\nçava,DC-1,2\n"
COUNTS: Final = [("Ärmel", "DC-1", 1), ("çava", "DC-1", 2)]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
)
def test_unicode_is_found(content: bytes) -> None:
    """A byte order mark says it, and without one UTF-8 and UTF-16 are recognised; no warning."""
    found = read(content)
    assert (COUNTS, []) == (found.counts, found.notes.warnings)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("windows-1252", "windows-1252"),
        ("latin-1", "ISO-8859-1"),
        ("utf-16-le", "utf-16-le"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16"),
        ("utf-32-le", "utf-32"),
        ("cp850", "cp850"),
    ],
)
def test_an_encoding_can_be_told(encoding: str, told: str) -> None:
    """By the profile or by the caller, who goes before it; a byte order mark is no text."""
    content = TEXT.encode(encoding)
    by_profile = read(content, f"encoding: {told}")
    by_caller = read(content, "encoding: shift_jis", encoding=told)
    assert (COUNTS, COUNTS, []) == (by_profile.counts, by_caller.counts, by_caller.notes.warnings)


def test_an_encoding_that_is_guessed_is_reported() -> None:
    """Western and Cyrillic texts of a few rows are read right, with a warning that names it."""
    found = read(TEXT.encode("windows-1252"))
    assert COUNTS == found.counts
    [warning] = found.notes.warnings
    assert "the text is not UTF-8 and was read as cp1252: name its encoding" in warning
    words = ["красный", "рубашка", "зелёный", "складской", "большая", "пальто", "чёрное"]
    text = "sku,location,quantity\n" + "".join(f"{word} {word[::-1]},DC-1,1\n" for word in words)
    cyrillic = read(text.encode("cp1251"))
    assert words == [sku.split()[0] for sku, _, _ in cyrillic.counts]


def test_an_encoding_that_nobody_knows() -> None:
    """The caller's word is checked as the profile's is."""
    found = read(TEXT, encoding="klingon")
    assert "the encoding 'klingon' must be auto or a text encoding" in str(found.problem)
    assert COUNTS == read(TEXT, encoding="auto").counts


def test_lines_of_another_encoding_are_refused_alone() -> None:
    """A file that two programs wrote loses only the lines of the second, visibly."""
    content = TEXT.encode() + "Größe,DC-1,3\n".encode("cp1252") + b"Z,DC-1,26\n\xff\xfe,DC-1,1"
    found = read(content)
    assert [*COUNTS, ("Z", "DC-1", 26)] == found.counts
    assert [4, 6] == [line for line, _ in found.refused]
    row = found.refused[0][1]
    assert ("the line is not utf-8", r"Gr\xf6\xdfe,DC-1,3") == (row.detail, row.payload)


def test_a_bad_byte_far_behind_the_beginning() -> None:
    """What the beginning does not show is met line by line."""
    good = "".join(f"S-{i},DC-1,{i}\n" for i in range(40_000)).encode()
    content = b"sku,location,quantity\n" + good + b"\xe9,DC-1,1\n" + good
    found = read(content)
    assert [40_002] == [line for line, _ in found.refused]
    assert 80_000 == len(found.facts)


def test_a_bad_byte_in_a_cell_with_line_breaks() -> None:
    """The row is refused by its first line, as a whole."""
    content = b'sku,location,quantity,text\nA,DC-1,1,"a\n\xe9\nb"\nZ,DC-1,26,\n'
    found = read(content, encoding="utf-8")
    assert [2] == [line for line, _ in found.refused]
    assert [("Z", "DC-1", 26)] == found.counts


def test_a_character_that_is_cut_off() -> None:
    """A file that ends within a character has one bad line."""
    content = TEXT.encode()
    found = read(content[: content.index(b"\xa7")])
    assert [3] == [line for line, _ in found.refused]
    odd = TEXT.encode("utf-16")[:-1]
    found = read(odd, "encoding: utf-16")
    assert (COUNTS[:1], [3]) == (found.counts, [line for line, _ in found.refused])


def test_utf_8_with_one_bad_line_is_no_other_encoding() -> None:
    """Letters of several scripts stay what they are beside a line that is broken."""
    text = "sku,location,quantity\n" + "".join(f"Ä{i},DC-1,1\n" for i in range(10))
    found = read(text.encode() + b"\xe4,DC-1,1\n")
    assert (10, 1) == (len(found.facts), len(found.refused))
    assert found.notes.warnings == []


@given(
    st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16-le", "cp1252", "shift_jis", "big5"])
)
def test_decoding_never_fails(data: bytes, encoding: str) -> None:
    """Whatever the bytes are, there is a text, and it can be shown."""
    made = decoder(encoding)
    text = made.decode(data) + made.decode(b"", final=True)
    assert visible(text).encode() is not None
