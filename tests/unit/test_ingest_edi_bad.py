"""EDI that is not as it should be: what is refused, how much of it, and what still counts."""

from __future__ import annotations

from typing import Final

import pytest

from sellable.ingest.edi.rules import EdiRules, Strictness
from support.edi import GS, ISA, edifact, message, read, transaction, x12

ITEM: Final = ("LIN*1*SK*A", "QTY*33*5", "REF*ZZ*L1")
GOOD: Final = {("A", "L1"): ("count", 5)}
RELAXED: Final = EdiRules(control_numbers=Strictness.WARNING, missing_trailer=Strictness.WARNING)


@pytest.mark.parametrize("told", [2, 99, 0])
def test_wrong_segment_count_refuses_every_row_of_its_transaction(told: int) -> None:
    """Nothing of a transaction that may be cut is applied; the one behind it is."""
    bad = transaction("LIN*1*SK*X", "QTY*33*5", "LIN*2*SK*Y", "QTY*33*6", count=told)
    found = read(x12(bad, transaction(*ITEM, control="0002")), location="L0")
    assert ("", GOOD) == (found.problem, found.units)
    detail = (
        f"transaction 0001: SE says {told}, 6 segments were read; "
        "a profile with segment_count: warning lets it pass"
    )
    assert [(4, detail), (6, detail)] == found.refusals


def test_profile_relaxes_a_wrong_segment_count_to_a_warning() -> None:
    """With `segment_count: warning` the rows count, and the warning says what was wrong."""
    found = read(x12(transaction(*ITEM, count=77)), relaxed=True)
    assert GOOD == found.units
    assert ["transaction 0001: SE says 77, 5 segments were read"] == found.warnings


def test_other_control_number_refuses_the_transaction() -> None:
    """A trailer of another transaction does not vouch for this one."""
    text = x12(transaction(*ITEM)).replace("SE*5*0001", "SE*5*0002")
    found = read(text)
    assert ({}, [(4, "transaction 0001: SE has the control number 0002")]) == (
        found.units,
        found.refusals,
    )
    assert GOOD == read(text, edi=RELAXED).units


def test_missing_trailer_refuses_the_transaction() -> None:
    """A transaction that the next one interrupts was cut; the next one counts."""
    cut = "ST*846*0001~LIN*1*SK*X~QTY*33*1~"
    whole = transaction(*ITEM, control="0002")
    found = read(f"{ISA}{GS}{cut}{whole}GE*2*7~IEA*1*000000042~", location="L9")
    assert GOOD == found.units
    assert [(4, "transaction 0001: its trailer SE is missing")] == found.refusals


@pytest.mark.parametrize(
    ("trailers", "problem"),
    [
        ("GE*2*7~IEA*1*000000042~", "group 7: GE says 2, 1 parts were read"),
        ("GE*1*8~IEA*1*000000042~", "group 7: GE has the control number 8"),
        ("GE*1*7~IEA*3*000000042~", "interchange 000000042: IEA says 3, 1 parts were read"),
        ("GE*1*7~IEA*1*000000041~", "interchange 000000042: IEA has the control number 000000041"),
        ("GE*1*7~", "interchange 000000042: its trailer IEA is missing"),
        ("", "interchange 000000042: its trailer IEA is missing"),
        ("GE*1*7~IEA*x*000000042~", "interchange 000000042: IEA says x, 1 parts were read"),
    ],
)
def test_wrong_outer_envelope_fails_the_file_behind_its_rows(trailers: str, problem: str) -> None:
    """Transactions that are whole count; the file is not taken for complete."""
    found = read(f"{ISA}{GS}{transaction(*ITEM)}{trailers}")
    assert GOOD == found.units
    assert problem in found.problem or "trailer GE is missing" in found.problem


@pytest.mark.parametrize("cut", [40, 105, 170, 190, 200, 215])
def test_file_that_is_cut_anywhere_says_so_and_applies_nothing_unproven(cut: int) -> None:
    """Whatever is missing at the end, no row of the open transaction counts."""
    whole = x12(transaction(*ITEM, "LIN*2*SK*B", "QTY*33*6"))
    found = read(whole[:cut], location="L9")
    assert found.problem
    assert {} == found.units


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        (("LIN*1*ZZ*A", "QTY*33*5"), "has no item number of"),
        (("LIN*1*SK*", "QTY*33*5"), "has no item number of"),
        ((f"LIN*1*SK*{'x' * 129}", "QTY*33*5"), "must be 1 to 128 bytes"),
        (("LIN*1*SK*X",), "has no quantity of"),
        (("LIN*1*SK*X", "QTY*02*5"), "it has 02"),
        (("LIN*1*SK*X", "QTY*33*N/A"), "'N/A', not a whole number"),
        (("LIN*1*SK*X", "QTY*33*1e3"), "'1e3', not a whole number"),
        (("LIN*1*SK*X", "QTY*33*12.5"), "'12.5', not a whole number"),
        (("LIN*1*SK*X", "QTY*33*1,000"), "'1,000', not a whole number"),
        (("LIN*1*SK*X", "QTY*33*-3"), "a count is at least 0"),
        (("LIN*1*SK*X", "QTY*33*"), "'', not a whole number"),
        (("LIN*1*SK*X", "QTY*33*٣"), "not a whole number"),
        (("LIN*1*SK*X", "QTY*33*1000000000001"), "at most 1000000000000 is believed"),
        (("LIN*1*SK*X", f"QTY*33*{'9' * 5_000}"), "is believed"),
        (("LIN*1*SK*X", "QTY*33*5", "QTY*33*6"), "quantity 33 is stated as 5, 6"),
        (("LIN*1*SK*X", "QTY*33*5", "REF*ZZ*no such place!"), "must be 1 to 64 letters"),
        (("LIN*1*SK*X", "QTY*33*5", "DTM*097*20261301*1200"), "'20261301 1200' is no date"),
        (("LIN*1*SK*X", "QTY*33*5", "DTM*097*20261123*1200*QQ"), "is no date and time"),
        (("LIN*1*SK*X", "QTY*33*5", "DTM*097*2026112*1200"), "is no date and time"),
    ],
)
def test_bad_item_is_one_refused_row_and_the_others_go_on(
    item: tuple[str, ...], detail: str
) -> None:
    """Each item that is no fact is refused with its segment and why; nothing else is lost."""
    found = read(x12(transaction(*item, *ITEM)), location="L9")
    assert GOOD == {key: value for key, value in found.units.items() if key[0] == "A"}
    ((segment, told),) = found.refusals
    assert 4 == segment
    assert detail in told


def test_item_without_any_location_is_refused() -> None:
    """Without a location in the item, the head or from the caller there is no position."""
    found = read(x12(transaction("LIN*1*SK*A", "QTY*33*5")))
    ((_, detail),) = found.refusals
    assert detail.startswith("names no location in N1 WH")


def test_bytes_of_another_encoding_refuse_their_item_only() -> None:
    """A SKU that is not UTF-8 is refused, readable; with the encoding named it is good."""
    text = x12(transaction("LIN*1*SK*K-\xe9", "QTY*33*1", *ITEM)).encode("latin-1")
    found = read(text, location="L1")
    assert GOOD == found.units
    ((_, detail),) = found.refusals
    assert r"K-\xe9" in detail
    named = read(text, location="L1", encoding="latin-1")
    assert {("K-é", "L1"), ("A", "L1")} == set(named.units)


@pytest.mark.parametrize(
    "text",
    [
        b"ISA*00*short~",
        b"ISAx" + b"x*" * 20,
        b"ISA****************",
        ISA.replace(">~", "**").encode() + b"GS*IB~",
        b"ISA" + b"*1" * 16,
    ],
)
def test_isa_without_delimiters_is_refused(text: bytes) -> None:
    """Nothing is guessed where the ISA does not say how the file is parted."""
    found = read(text)
    assert [] == found.rows
    assert "ISA" in found.problem


@pytest.mark.parametrize("una", ["UNA:+.?", "UNA::.? '", "UNAaa.? '", "UNA:+.?  ", "UNA+++++++"])
def test_una_that_cannot_be_is_refused(una: str) -> None:
    """Signs that are letters, alike or missing part nothing."""
    found = read(f"{una}\n" if len(una) < 9 else edifact(message(), una=una))
    assert [] == found.rows
    assert found.problem


def test_endless_segment_is_refused_in_bounded_memory() -> None:
    """A file whose terminator never comes is not read into memory as one segment."""
    found = read(ISA.encode() + b"GS*" + b"x" * 3_000_000)
    assert "longer than 1048576 bytes" in found.problem


def test_file_without_a_report_is_refused() -> None:
    """An interchange of other messages only is most likely the wrong file."""
    found = read(x12("ST*850*0009~SE*2*0009~"))
    assert "it holds no 846" == found.problem


def test_wrong_count_of_an_edifact_message() -> None:
    """UNT and UNZ are held against what was read as SE and IEA are."""
    item = ("LIN+1++A:SA", "QTY+17:5", "LOC+14+L1")
    found = read(edifact(message(*item, count=9), message(*item, control="2")))
    assert GOOD == found.units
    ((line, detail),) = found.refusals
    assert (3, True) == (line, detail.startswith("message 1: UNT says 9, 5 segments were read; "))
    wrong = read(edifact(message(*item), control="40"))
    assert "interchange 39: UNZ has the control number 40" == wrong.problem.partition(": ")[2]


def test_date_in_an_unknown_format_refuses_the_rows_it_is_for() -> None:
    """A time that cannot be read is not replaced by another one."""
    item = ("LIN+1++A:SA", "QTY+17:5", "LOC+14+L1")
    found = read(edifact(message("DTM+137:2026-11-23:999", *item)))
    assert ({}, 1) == (found.units, len(found.refusals))


def test_profile_bounds_place_holders_and_lifts_negative_counts() -> None:
    """`quantity_max` refuses 99999; `negative_counts: zero` makes 0 of what is below it."""
    found = read(x12(transaction("LIN*1*SK*X", "QTY*33*99999", *ITEM)), quantity_max=9_999)
    assert GOOD == found.units
    lifted = x12(transaction("LIN*1*SK*X", "QTY*33*-4"))
    assert {("X", "L1"): ("count", 0)} == read(lifted, location="L1", negative_counts="zero").units
