"""X12 846 and EDIFACT INVRPT: what their segments say, as facts."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from sellable.ingest.edi.rules import Counted, EdiRules
from sellable.stock import FactKind
from support.edi import GS, ISA, OBSERVED_US, edifact, message, read, transaction, x12

ITEM: Final = ("LIN*1*SK*A-1", "QTY*33*12*EA", "N1*WH*Main*92*DC-PARIS")
SAMPLES: Final = Path("/work/shared/data/edi")


def us(*moment: int) -> int:
    """Return a UTC time in microseconds."""
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1_000_000)  # type: ignore[misc,arg-type]


def test_item_is_a_count_with_the_number_of_its_segment() -> None:
    """SKU, location, units and the time of the group; the segment orders it within the file."""
    (fact,) = read(x12(transaction(*ITEM))).facts
    assert (FactKind.COUNT, "A-1", "DC-PARIS", 12) == (
        fact.kind,
        fact.sku,
        fact.location,
        fact.quantity,
    )
    assert ("0123456789abcdef:4", 4, "3pl") == (fact.event_id, fact.sequence, fact.source)
    assert us(2026, 11, 23, 14, 30) == fact.observe_us


@pytest.mark.parametrize("signs", ["*>~", "|:\n", "~^?", "^*'", "\x1d\x1f\x1c", "+:\r"])
def test_delimiters_are_those_of_the_isa(signs: str) -> None:
    """Whatever three signs a partner uses, the same file says the same."""
    plain = x12(transaction(*ITEM)).replace("*^*00501", "*U*00401")
    swapped = plain.translate(str.maketrans("*>~", signs))
    assert {("A-1", "DC-PARIS"): ("count", 12)} == read(swapped).units


def test_line_breaks_between_segments_and_a_wide_isa_are_no_fault() -> None:
    """Editors break lines, and some partners fill the fields of the ISA too far."""
    text = x12(transaction(*ITEM)).replace("~", "~\r\n").replace("SENDER   ", "SENDER     ")
    found = read(text)
    assert ("", [12]) == (found.problem, [fact.quantity for fact in found.facts])


@pytest.mark.parametrize(
    ("quantities", "expected"),
    [
        (("QTY*33*7",), ("count", 7)),
        (("QTY*1*250", "QTY*QA*198"), ("net", 198)),
        (("QTY*17*3", "QTY*33*5"), ("count", 5)),
        (("QTY*33*5.000",), ("count", 5)),
        (("QTY*33*0",), ("count", 0)),
    ],
)
def test_best_quantity_is_taken(quantities: tuple[str, ...], expected: tuple[str, int]) -> None:
    """Of several quantities the first that the profile lists counts, in its meaning."""
    found = read(x12(transaction("LIN*1*SK*A", *quantities, "REF*ZZ*L1")))
    assert {("A", "L1"): expected} == found.units


def test_quantities_that_are_no_count_are_named_in_a_warning() -> None:
    """What is ignored is said, with how often."""
    found = read(x12(transaction("LIN*1*SK*A", "QTY*02*9", "QTY*33*1", "QTY*02*8")), location="L1")
    assert ["QTY 02 is not a count of the profile: 2 ignored"] == found.warnings


def test_profile_chooses_numbers_quantities_places_and_times() -> None:
    """Every table of the section `edi` decides."""
    rules = EdiRules(
        sku_qualifiers=("UP", "SK"),
        quantities={"02": Counted.NET_OF_RESERVED},
        locations=("REF 11",),
        times=("405",),
    )
    item = ("LIN*1*SK*A*UP*4711", "QTY*33*1", "QTY*02*6", "REF*11*L7", "DTM*405*20261122*0915")
    (fact,) = read(x12(transaction(*item)), edi=rules).facts
    assert ("4711", "L7", FactKind.NET_COUNT, 6) == (
        fact.sku,
        fact.location,
        fact.kind,
        fact.quantity,
    )
    assert us(2026, 11, 22, 9, 15) == fact.observe_us


@pytest.mark.parametrize(
    "item",
    [
        ("N1*WH**92*L1", "QTY*33*5", "N1*WH**92*L2", "QTY*33*6"),
        ("QTY*33*5", "N1*WH**92*L1", "QTY*33*6", "N1*WH**92*L2"),
    ],
)
def test_one_item_may_have_several_locations(item: tuple[str, ...]) -> None:
    """Each quantity belongs to the location before it, or behind it where quantities come first."""
    found = read(x12(transaction("LIN*1*SK*A", *item)))
    assert {("A", "L1"): ("count", 5), ("A", "L2"): ("count", 6)} == found.units


def test_location_comes_from_item_then_head_then_caller_and_by_the_map() -> None:
    """The nearest name counts, and the profile translates it."""
    own = ("LIN*1*SK*A", "QTY*33*1", "N1*WH**92*Lager 03")
    bare = ("LIN*2*SK*B", "QTY*33*2")
    places = {"lager 03": "DC-3"}
    assert {("A", "DC-3"), ("B", "HEAD")} == set(
        read(x12(transaction("N1*WH*HEAD", *own, *bare)), locations=places).units
    )
    assert {("B", "DC-9")} == set(read(x12(transaction(*bare)), location="DC-9").units)


@pytest.mark.parametrize(
    ("head", "zone", "expected"),
    [
        (("BIA*00*SR*1*20261120*0815",), "", us(2026, 11, 20, 8, 15)),
        (("BIA*00*SR*1*20261120*0815",), "Europe/Paris", us(2026, 11, 20, 7, 15)),
        (("BIA*00*SR*1*20261123",), "", us(2026, 11, 23, 14, 30)),  # the day of the group: its time
        (("BIA*00*SR*1*20261120",), "", us(2026, 11, 20)),
        (("BIA*00*SR*1*20261120", "DTM*097*20261121*101112*ET"), "", us(2026, 11, 21, 15, 11, 12)),
        (("DTM*007*20261121*1011*P02",), "", us(2026, 11, 21, 8, 11)),
    ],
)
def test_observe_time_is_the_best_that_is_stated(
    head: tuple[str, ...], zone: str, expected: int
) -> None:
    """DTM before BIA before the envelopes; local times are of the profile's zone, else UTC."""
    (fact,) = read(x12(transaction(*head, *ITEM)), time_zone=zone).facts
    assert expected == fact.observe_us


def test_several_transactions_and_interchanges_are_one_file() -> None:
    """Interchanges may follow each other, each with delimiters of its own."""
    first = x12(transaction(*ITEM), transaction("LIN*1*SK*B", "QTY*33*2", control="0002"))
    second = x12(transaction("LIN*1*SK*C", "QTY*33*3")).translate(str.maketrans("*~", "|\n"))
    found = read(first + "\r\n" + second, location="L0")
    assert ("", ["A-1", "B", "C"]) == (found.problem, [fact.sku for fact in found.facts])


def test_other_transactions_are_left_out_and_named() -> None:
    """A file may hold orders besides; they are no rows."""
    order = "ST*850*0009~BEG*00*SA*1~SE*3*0009~"
    found = read(x12(order, transaction(*ITEM)))
    assert 1 == len(found.facts)
    assert ["message 0009 is a 850, not a 846: skipped"] == found.warnings


def test_edifact_with_and_without_una_and_by_line() -> None:
    """Delimiters come from UNA, are the defaults, or are line breaks where nothing else ends."""
    items = message("DTM+137:202611230915:203", "LIN+1++A?+1:SA", "LOC+14+L1", "QTY+17:5:PCE")
    plain = edifact(items)
    spaced = edifact(items, una="UNA:+.? '\r\n")
    other = plain.replace("?+", "+").translate(str.maketrans(":+'", "|;~")).replace("A;1", "A+1")
    for text in (plain, spaced, f"UNA|;.? ~{other}", plain.replace("'", "\n")):
        (fact,) = read(text).facts
        assert ("A+1", "L1", 5) == (fact.sku, fact.location, fact.quantity)
        assert us(2026, 11, 23, 9, 15) == fact.observe_us


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("DTM+137:20261121:102", us(2026, 11, 21)),
        ("DTM+179:20261121101112:204", us(2026, 11, 21, 10, 11, 12)),
        ("DTM+91:2611211011:201", us(2026, 11, 21, 10, 11)),
        ("DTM+137:202611211011UTC:303", us(2026, 11, 21, 10, 11)),
        ("DTM+137:202611211011?+02:303", us(2026, 11, 21, 8, 11)),
        ("DTM+36:20301231:102", us(2026, 11, 23, 14, 30)),  # best before: not when it was observed
    ],
)
def test_dates_by_their_format(segment: str, expected: int) -> None:
    """Formats 102, 201, 203, 204 and 303; a date that says something else is not taken."""
    (fact,) = read(edifact(message(segment, "LIN+1++A:SA", "QTY+17:5")), location="L1").facts
    assert expected == fact.observe_us


def test_additional_numbers_and_released_characters() -> None:
    """PIA has more numbers of an item; a released sign is text, a released release sign too."""
    item = ("LIN+1++4006381333931:EN", "PIA+5+A?'B??C:SA", "QTY+145:4", "NAD+WH+L?:1")
    found = read(edifact(message(*item)), locations={"l:1": "L1"})
    assert {("A'B?C", "L1"): ("count", 4)} == found.units


def test_file_without_any_time_takes_the_callers() -> None:
    """Rows of a file that states no time were observed when the caller says."""
    rules = EdiRules(times=("137",))
    (fact,) = read(x12(transaction(*ITEM)), edi=rules).facts
    assert OBSERVED_US == fact.observe_us


def test_rows_are_the_same_however_the_bytes_arrive() -> None:
    """A file much larger than a block is read to the row, releases at every border."""
    chosen = random.Random(4)
    skus = [f"SKU?+{n}" + "?'" * chosen.randrange(90) for n in range(4_000)]
    items = [text for sku in skus for text in (f"LIN+1++{sku}:SA", "QTY+17:3")]
    found = read(edifact(message(*items)), location="L1")
    assert "" == found.problem
    expected = [sku.replace("?+", "+").replace("?'", "'") for sku in skus]
    assert expected == [fact.sku for fact in found.facts]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of partners are not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "x12_846_snapshot_5010.edi",
            {
                ("10012345678901", "WH-NORTH"): ("net", 198),
                ("5901234123457", "WH-NORTH"): ("net", 0),
            },
        ),
        (
            "x12_846_star_tilde_2items.edi",
            {("012345678901", "WH001"): ("count", 500), ("098765432109", "L1"): ("count", 250)},
        ),
        ("x12_846_tilde_element_question_segment.edi", {("111", "03"): ("count", 1)}),
        (
            "edifact_invrpt_d97a_newline_terminated.edi",
            {("STFR5000800", "2030SG01"): ("count", 2)},
        ),
    ],
)
def test_files_of_partners(name: str, expected: dict[tuple[str, str], tuple[str, int]]) -> None:
    """Files as partners send them, with a wrong count of segments forgiven."""
    found = read((SAMPLES / name).read_bytes(), location="L1", relaxed=True)
    assert ("", [], expected) == (found.problem, found.refusals, found.units)


def test_fixture_is_an_isa_as_the_standard_says() -> None:
    """The test's own ISA has the 106 characters of the standard."""
    assert 106 == len(ISA)
    assert GS.startswith("GS*IB")
