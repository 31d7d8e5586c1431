"""What a network document may cost is bounded: sizes, counts, aliases, and what is echoed back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sellable import limits
from sellable.errors import InvalidNetwork
from sellable.network import parse
from support.network_problems import problems_of

LOCATION = "locations:\n  - {id: A, type: store, country: FR"
MARKETS = LOCATION + "}\nmarkets:\n  - {channel: web, country: FR, locations: [A]}\n"


def many(entry: str, count: int) -> str:
    """Write a block list of entries, `#` being the number of each."""
    return "".join(f"  - {{{entry.replace('#', str(index))}}}\n" for index in range(count))


PLACES = "locations:\n" + many("id: L#, type: store, country: FR, tags: t", 200)
OVERSIZED = {
    "bytes": ("#" * (limits.NETWORK_DOCUMENT_BYTES_MAX + 1), "allowed are 3145728"),
    "values": ("[" + "1," * 500_001 + "]", "has more than 500000 values"),
    "aliases": ("a: &a [x]\nb: [" + "*a ," * 2_000 + "]", "more than 1000 problems"),
    "problems": ("markets: []\nlocations:\n" + many("", 500), "more than 1000 problems"),
    "tags": (
        f"{LOCATION}, tags: [{','.join(map(str, range(65)))}]}}",
        "has 65 tags, allowed are 64",
    ),
    "markets": (
        PLACES + "markets:\n" + many("channel: c#, country: FR, locations: L0", 501),
        "more than 500 markets",
    ),
    "memberships": (
        PLACES + "markets:\n" + many("channel: c#, country: FR, locations: tag:t", 251),
        "together have more than 50000 locations",
    ),
    "locations": (
        "locations:\n"
        + many("id: L#, type: store, country: FR, tags: t", 4_097)
        + "markets:\n"
        + many("channel: c, country: FR, locations: tag:t", 1),
        "has 4097 locations, allowed are 4096",
    ),
    "rules": (
        MARKETS + "protections:\n" + many("sku: S#, cap: 1", 10_001),
        "more than 10000 rules",
    ),
    "rule targets": (
        PLACES + "markets: []\nprotections:\n" + many("sku: S#, safety_stock: 1", 501),
        "decide more than 100000 numbers",
    ),
    "quotas": (
        MARKETS + "quotas:\n" + many("market: web/FR, sku: S#, units: 1", 1_001),
        "more than 1000 quotas",
    ),
    "quota counters": (
        PLACES
        + "markets:\n"
        + many("channel: c#, country: FR, locations: L0", 101)
        + f"quotas:\n  - {{market: [{', '.join(f'c{at}/FR' for at in range(101))}], units: 1, "
        + f"sku: [{', '.join(f'S{at}' for at in range(100))}]}}\n",
        "together have more than 10000 counters",
    ),
}


@pytest.mark.parametrize("case", OVERSIZED)
def test_size_is_bounded(case: str) -> None:
    """Whatever is beyond a limit is refused, and the limit is named."""
    document, description = OVERSIZED[case]
    assert any(description in problem.description for problem in problems_of(document))


def test_long_texts_are_cut_in_messages() -> None:
    """A megabyte of key is not echoed back."""
    (problem,) = problems_of(f"locations: []\nmarkets: []\n? {'k' * 1_000_000}\n: 1\n")
    assert len(str(problem)) < 300


@settings(deadline=None)  # a busy machine is no fault
@given(st.data())
def test_no_text_escapes_the_refusal(data: st.DataObject) -> None:
    """A document with anything pasted into it, or cut short, parses or is refused as invalid."""
    document = MARKETS + "protections:\n  - {sku: S, cap: 1}\n"
    start = data.draw(st.integers(0, len(document)))
    end = data.draw(st.integers(start, len(document)))
    pasted = data.draw(
        st.text(st.sampled_from("aA1-:{}[]&*!%|>'\"#?,@ \t\r\n\0\ufeff\x85é😀"), max_size=8)
    )
    with contextlib.suppress(InvalidNetwork):
        parse(document[:start] + pasted + document[end:])
