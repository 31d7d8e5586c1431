"""The waterfall of an explanation, for terminals of every width."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from rich.console import Console

from sellable.cli.picture import draw_waterfall
from sellable.cli.waterfall import Step, Waterfall, ago, steps_of
from sellable.v1.availability_pb2 import ExplainAvailabilityResponse, TermKind

if TYPE_CHECKING:
    from pathlib import Path

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


def answer() -> ExplainAvailabilityResponse:
    """Return a number with terms of every sign, of a place and of the market."""
    response = ExplainAvailabilityResponse(sellable_quantity=0)
    terms = (
        (TermKind.TERM_KIND_ON_HAND, "DC-PARIS", 1_200, "", 0, "1195 counted, +5 since"),
        (TermKind.TERM_KIND_RESERVED, "DC-PARIS", -1_300, "", 0, ""),
        (TermKind.TERM_KIND_FLOOR_AT_ZERO, "DC-PARIS", 100, "", 0, ""),
        (TermKind.TERM_KIND_PROTECTION_BUFFER, "", -120, "peak season", 31, "10% of 1200 on hand"),
        (TermKind.TERM_KIND_FLOOR_AT_ZERO, "", 120, "", 0, ""),
        (TermKind.TERM_KIND_QUOTA, "", 0, "launch", 40, "200 in all, 15 taken"),
    )
    for kind, location, quantity, rule, line, detail in terms:
        response.terms.add(
            kind=kind, location=location, quantity=quantity, rule=rule, line=line, detail=detail
        )
    response.terms[0].observe_time.FromDatetime(NOW - timedelta(minutes=3, seconds=20))
    response.terms[0].source = "wms"
    return response


def drawn(width: int, *, terminal: bool = False, encoding: str = "utf-8") -> list[str]:
    """Draw it, and return the lines."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else "auto",
        markup=False,
    )
    console.print(Waterfall(steps_of(answer(), "web/FR", NOW)))
    stream.flush()
    return raw.getvalue().decode(encoding).splitlines()


@pytest.mark.parametrize("width", [30, 40, 60, 89, 90, 119, 120, 200, 10_000])
def test_nothing_is_lost_or_cut_in_any_width(width: int) -> None:
    """Whatever the terminal, every word and number is there, in lines that fit."""
    lines = drawn(width)
    assert all(len(line) <= width for line in lines)
    text = " ".join(" ".join(lines).split())
    for words in ("DC-PARIS", "web/FR", "+1,200", "-1,300", "+100", "on hand", "floor at zero"):
        assert words in text
    whole = "".join(" ".join(lines).split())
    for words in ("peakseason", "(line31)", "3minago", "200inall,15taken"):
        assert words in whole or width < 120


def test_a_wide_terminal_has_one_row_a_term() -> None:
    """What a term is, its units, the running total, a bar and the reason are in one line."""
    rows = [line.split() for line in drawn(140) if line.strip(" ─")]
    assert ["DC-PARIS", "on", "hand", "+1,200", "1,200"] == rows[1][:5]
    assert ["1195", "counted,", "+5", "since;", "wms,", "3", "min", "ago"] == rows[1][6:]
    assert ["reserved", "-1,300", "-100"] == rows[2][:3]
    assert ["web/FR", "protection", "buffer", "-120", "-120"] == rows[4][:5]
    assert ["quota", "0", "0", "200", "in", "all,", "15", "taken;", "launch", "(line", "40)"] == (
        rows[6]
    )
    assert ["can", "be", "sold", "0"] == rows[7]


def test_a_narrow_terminal_goes_down_instead() -> None:
    """Places are headings, and reasons stand below their terms."""
    lines = [line.rstrip() for line in drawn(60)]
    assert "DC-PARIS" == lines[0]
    assert lines[1].split()[:4] == ["on", "hand", "+1,200", "1,200"]
    assert "    1195 counted, +5 since; wms, 3 min ago" == lines[2]


def test_bars_begin_where_the_last_one_ended() -> None:
    """A bar spans what was before and what is after; below zero goes to the left."""
    steps = [Step("L", "on hand", 20, 0, 20), Step("L", "reserved", -30, 20, -10)]
    fall = Waterfall(steps)
    bars = [fall._bar(step, "#", 12, is_sum=False).plain for step in steps]
    assert ["    ########", "############"] == bars
    tiny = Waterfall(
        [Step("L", "on hand", 10**12, 0, 10**12), Step("L", "x", -1, 10**12, 10**12 - 1)]
    )
    assert "#" in tiny._bar(tiny._steps[1], "#", 12, is_sum=False).plain


def test_colour_only_for_a_terminal_and_letters_it_can_write() -> None:
    """A pipe gets no colour, and a terminal without Unicode gets plain signs."""
    assert "\x1b" not in "".join(drawn(140))
    assert "\x1b" in "".join(drawn(140, terminal=True))
    assert "█" not in "".join(drawn(140, encoding="ascii"))
    assert "####" in "".join(drawn(140, encoding="ascii"))


def test_ages_are_told_in_one_unit() -> None:
    """The largest unit is enough; a clock that is ahead is told as it is."""
    passed = (0, 59, 60, 3_599, 7_300, 90_000, 400 * 86_400)
    assert ["now", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "1 d ago", "400 d ago"] == [
        ago(NOW - timedelta(seconds=seconds), NOW) for seconds in passed
    ]
    assert "in 2 min" == ago(NOW + timedelta(seconds=130), NOW)


def test_a_kind_of_a_newer_service_is_its_number() -> None:
    """A term that this release does not know is drawn all the same."""
    response = ExplainAvailabilityResponse(sellable_quantity=2)
    response.terms.add(kind=99, location="L", quantity=2)
    assert "99" == steps_of(response, "web/FR", NOW)[0].what


def test_a_picture_of_thousands_of_locations_can_be_read(tmp_path: Path) -> None:
    """Beyond sixty rows the locations are drawn together, kind by kind."""
    response = ExplainAvailabilityResponse(sellable_quantity=3_900)
    for number in range(1_000):
        response.terms.add(kind=TermKind.TERM_KIND_ON_HAND, location=f"L{number}", quantity=5)
        response.terms.add(kind=TermKind.TERM_KIND_RESERVED, location=f"L{number}", quantity=-1)
    response.terms.add(kind=TermKind.TERM_KIND_CAP, quantity=-100)
    file = tmp_path / "why.svg"
    draw_waterfall(steps_of(response, "web/FR", NOW), "many", file)
    text = file.read_text()
    assert "1,000 locations  on hand" in text
    assert "L7" not in text
    assert len(text) < 100_000
