"""Delimited texts: what good and nearly good ones give."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from sellable.ingest.profiles import load_profile
from sellable.stock import Fact, FactKind
from support.reading import LOG, OBSERVED, profile_of, read

EDI_DATA: Final = Path(__file__).parents[3] / "shared/data/edi"
HEADER: Final = "sku,location,quantity\n"


def test_a_row_is_a_fact() -> None:
    """What a row does not say comes from the file: id and order from its line, its time."""
    found = read(HEADER + "0042,DC-1,7\n")
    assert [
        (
            2,
            Fact(
                kind=FactKind.COUNT,
                event_id=f"{LOG}:2",
                source="wms",
                sku="0042",
                location="DC-1",
                observe_us=OBSERVED,
                sequence=2,
                quantity=7,
            ),
        )
    ] == found.rows
    assert found.problem is None


def test_a_row_may_say_everything() -> None:
    """Every column is read, whatever their order, and columns that nobody asked for are left."""
    found = read(
        "reason,SEQ,colour,Event-ID,Observed At,Qty,Warehouse,SKU\n"
        "stocktake,5,red,e-1,2026-11-27T12:00:00Z,3,DC-1,A\n"
    )
    [(line, fact)] = found.facts
    assert (2, "stocktake", 5, "e-1", 3) == (
        line,
        fact.reason,
        fact.sequence,
        fact.event_id,
        fact.quantity,
    )
    assert 1_795_780_800_000_000 == fact.observe_us


@pytest.mark.parametrize(
    ("header", "yaml", "kind"),
    [
        ("quantity", "", FactKind.COUNT),
        ("quantity", "count: net_of_reserved", FactKind.NET_COUNT),
        ("quantity", "count: delta", FactKind.DELTA),
        ("on_hand", "count: delta", FactKind.COUNT),
        ("available", "", FactKind.NET_COUNT),
        ("delta", "", FactKind.DELTA),
        ("safety_stock", "", FactKind.SAFETY_STOCK),
    ],
)
def test_what_a_quantity_means(header: str, yaml: str, kind: FactKind) -> None:
    """The profile says it of the column `quantity`; other columns say it themselves."""
    [(_, fact)] = read(f"sku,location,{header}\nA,DC-1,3\n", yaml).facts
    assert (kind, 3) == (fact.kind, fact.quantity)


def test_deltas_are_signed() -> None:
    """A sale is negative, and one of 0 says nothing and is refused."""
    found = read("sku,location,delta\nA,DC-1,-3\nA,DC-1,+2\nA,DC-1,0\nA,DC-1,-0\n")
    assert [-3, 2] == [fact.quantity for _, fact in found.facts]
    assert [4, 5] == [line for line, _ in found.refused]
    assert "delta must not be 0" in found.refused[0][1].detail


def test_what_was_sold_is_gone() -> None:
    """A till counts what it sells upwards, and what comes back downwards."""
    found = read(f"{HEADER}A,DC-1,2\nB,DC-1,-1\nC,DC-1,0\nD,DC-1,1.0\n", "count: sold")
    assert [("A", "DC-1", -2), ("B", "DC-1", 1), ("D", "DC-1", -1)] == found.counts
    assert all(fact.kind is FactKind.DELTA for _, fact in found.facts)
    assert [4] == [line for line, _ in found.refused]
    rounded = read(f"{HEADER}A,DC-1,1.5\nB,DC-1,-1.5\n", "count: sold\nfractions: round_down")
    assert [("A", "DC-1", -2), ("B", "DC-1", 1)] == rounded.counts
    mixed = read("sku,location,quantity,delta\nA,DC-1,,2\nB,DC-1,2,\n", "count: sold")
    assert [("A", "DC-1", 2), ("B", "DC-1", -2)] == mixed.counts


def test_a_row_may_state_several_facts() -> None:
    """Safety stock and recall beside a count are facts of their own, with ids of their own."""
    found = read(
        "sku,location,quantity,safety_stock,blocked\nA,DC-1,7,2,no\nB,DC-1,,,TRUE\nC,DC-1,,5,\n"
    )
    assert [
        (2, FactKind.COUNT, f"{LOG}:2", 7),
        (2, FactKind.SAFETY_STOCK, f"{LOG}:2:safety", 2),
        (2, FactKind.BLOCKED, f"{LOG}:2:blocked", 0),
        (3, FactKind.BLOCKED, f"{LOG}:3:blocked", 1),
        (4, FactKind.SAFETY_STOCK, f"{LOG}:4:safety", 5),
    ] == [(line, fact.kind, fact.event_id, fact.quantity) for line, fact in found.facts]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end(delimiter: str, end: str) -> None:
    """Both are found in the text, also where a cell has another delimiter."""
    lines = [["sku", "location", "quantity"], ["A,B;C", "DC-1", "5"], ["0", "DC-2", "6"]]
    lines[1][0] = f'"{lines[1][0]}"'
    found = read(end.join(delimiter.join(line) for line in lines))
    assert [("A,B;C", "DC-1", 5), ("0", "DC-2", 6)] == found.counts
    assert [2, 3] == [line for line, _ in found.rows]


def test_the_delimiter_can_be_told() -> None:
    """The profile's goes before what Excel writes, and that before what is found."""
    text = "sku;location;quantity\nA;DC-1;5\n"
    assert read(text, "delimiter: ';'").counts == read("SEP=;\r\n" + text).counts
    assert [3] == [line for line, _ in read("sep=;\n" + text).facts]
    assert read(text, "delimiter: tab").problem is not None


def test_quoted_cells_may_have_line_breaks() -> None:
    """A row has the number of its first line, and the rows after it keep theirs."""
    found = read(
        'title,sku,location,quantity\n"two\nlines",A,DC-1,1\n"say ""hi""",B,DC-1,2\n'
        '"a\r\nb\n\nc",C,DC-1,3\nd,D,DC-1,4\n'
    )
    assert [(2, "A"), (4, "B"), (5, "C"), (9, "D")] == [(line, f.sku) for line, f in found.facts]


def test_a_header_may_have_line_breaks() -> None:
    """The numbers of the lines go on after them."""
    columns = "columns: {sku: sku (ours), location: location, quantity: quantity}"
    found = read('"sku\n(ours)",location,quantity\nA,DC-1,1\n', columns)
    assert [(3, "A")] == [(line, fact.sku) for line, fact in found.facts]


def test_blank_lines_are_no_rows() -> None:
    """They are passed over, lines of blank cells are skipped, and lines keep their numbers."""
    found = read(f"\n\n{HEADER}\n\nA,DC-1,1\n,,\n  , ,\n\nB,DC-1,2")
    assert [6, 10] == [line for line, _ in found.rows]
    assert 2 == found.notes.skipped
    assert 10 == found.notes.line


def test_a_header_without_rows_is_an_empty_feed() -> None:
    """It says that there is nothing to say."""
    for text in (HEADER, HEADER.strip(), HEADER + "\n\n"):
        found = read(text)
        assert ([], None) == (found.rows, found.problem)


def test_blank_cells_at_the_end_are_none() -> None:
    """Some programs end every line with a delimiter."""
    assert [("A", "DC-1", 1)] == read(HEADER + "A,DC-1,1,,\n").counts


def test_texts_stay_texts() -> None:
    """Leading zeros, what looks like a number or a date, and any script are kept; blanks go."""
    skus = ["007", "1.23E+11", "2026-11-27", "true", "Ärmel/42", "零", "=1+1", "-5", "a b"]
    found = read(HEADER + "".join(f" {sku} ,DC-1,1\n" for sku in skus))
    assert skus == [sku for sku, _, _ in found.counts]


def test_locations_by_their_names() -> None:
    """A name of the profile is an id; what is blank is the location of the whole file."""
    profile = profile_of("locations: {Main Warehouse: DC-1}")
    text = HEADER + "A,main warehouse ,1\nB,DC-2,2\nC,,3\nD,Shed 5,4\n"
    found = read(text, profile, location="DC-9")
    assert ["DC-1", "DC-2", "DC-9"] == [location for _, location, _ in found.counts]
    assert "'Shed 5' must be 1 to 64 letters" in found.refused[0][1].detail
    assert "location is blank" in read(text, profile).refused[0][1].detail
    assert [("A", "DC-9", 1)] == read("sku,quantity\nA,1\n", location="DC-9").counts


def test_what_is_no_fact_is_skipped() -> None:
    """Words of the profile, and blanks where it says so, are no rows and have no outcome."""
    text = HEADER + "A,DC-1,Not  Stocked\nB,DC-1,\nC,DC-1,0\n"
    found = read(text, "not_a_position: not stocked\nblank_quantity: skip")
    assert (2, [("C", "DC-1", 0)]) == (found.notes.skipped, found.counts)
    strict = read(text)
    assert (0, 2) == (strict.notes.skipped, len(strict.refused))
    assert "quantity: blank" in strict.refused[1][1].detail


def test_place_holders_are_refused() -> None:
    """999999 means 'enough' in many systems, and must not be sold."""
    found = read(HEADER + "A,DC-1,999999\nB,DC-1,99999\nC,DC-1,1e6\n", "quantity_max: 99999")
    assert [("B", "DC-1", 99_999)] == found.counts
    assert [2, 4] == [line for line, _ in found.refused]
    assert "beyond 99999, the quantity_max of the profile test" in found.refused[0][1].detail


def test_counts_below_zero() -> None:
    """They are refused, or count as 0 where the profile says so; deltas keep their sign."""
    text = "sku,location,quantity,safety_stock\nA,DC-1,-5,\nB,DC-1,,-5\n"
    assert [2, 3] == [line for line, _ in read(text).refused]
    lenient = read(text, "negative_counts: zero")
    assert ([("A", "DC-1", 0)], [3]) == (lenient.counts, [line for line, _ in lenient.refused])


def test_stock_sources_of_adobe_commerce() -> None:
    """Fractions are cut off, and a source whose status is out of stock sells nothing."""
    text = "source_code,sku,status,quantity\ndefault,a,1,10.10\ndefault,b,0,7.0000\nweb,c,1,x\n"
    found = read(text, load_profile("adobe-commerce"))
    assert [("a", "default", 10), ("b", "default", 0)] == found.counts
    assert [4] == [line for line, _ in found.refused]


def test_long_layouts_of_shopify() -> None:
    """On hand is read, not what is available, and not what is to be imported."""
    text = (
        'Handle,Title,SKU,Location,Available,On hand\nh,"T, ""x""",A,L-1,3,5\n'
        "h,T,B,L-1,not stocked,not stocked\nh,T,C,L-1,-2,-2\n"
    )
    found = read(text, load_profile("shopify-2024-long"))
    assert ([("A", "L-1", 5), ("C", "L-1", 0)], 1) == (found.counts, found.notes.skipped)
    newest = text.replace(",On hand\n", ",On hand (current)\n").replace(
        "Available", "On hand (new)"
    )
    assert found.counts == read(newest, load_profile("shopify-2025-long")).counts


def test_the_wide_layout_of_shopify() -> None:
    """Each location's column is a row of its own; what is wrong in one leaves the others."""
    profile = profile_of("extends: shopify-2023-wide\nlocations: {Main Street: S-1}")
    text = "Handle,SKU,HS Code,Main Street,S-2,S-3\nh,A,,3,not stocked,x\nh,B,,,,\nh,,,1,2,3\n"
    found = read(text, profile)
    [(line, fact)] = found.facts
    assert (2, FactKind.NET_COUNT, "A", "S-1", 3) == (
        line,
        fact.kind,
        fact.sku,
        fact.location,
        fact.quantity,
    )
    assert [2, 4] == [line for line, _ in found.refused]
    assert "S-3 'x' is not a number" in found.refused[0][1].detail
    assert "sku is blank" in found.refused[1][1].detail
    assert 1 == found.notes.skipped


@pytest.mark.skipif(not EDI_DATA.exists(), reason="the samples are not beside the checkout")
def test_the_samples_of_real_systems() -> None:
    """The published sample of Adobe Commerce and the headers of Shopify are understood."""
    stock = EDI_DATA / "adobe_commerce_stock_sources_sample.csv"
    found = read(stock.read_bytes(), load_profile("adobe-commerce"))
    assert [10, 10, 10, 15] == [quantity for _, _, quantity in found.counts]
    assert not found.refused
    layouts = (EDI_DATA / "shopify_inventory_layouts.csv.txt").read_text().splitlines()
    names = {"2023 wide": "wide", "2024 long": "long", "2025 long": "long"}
    for layout in layouts[1:4]:
        name, _, header = layout.partition(":")
        profile = load_profile(f"shopify-{name.strip().replace(' ', '-')}")
        assert names[name.strip()] in profile.name
        header = header.replace("<one column per location name>", "S-1,S-2").strip()
        assert read(header + "\n", profile).problem is None
