"""`sellable explain` as people and as scripts read it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


def stocked(sellable: Command, sku: str) -> str:
    """Count a SKU in Paris and in Berlin, and hold some of it."""
    for place, quantity in (("DC-PARIS", "40"), ("DC-BERLIN", "7")):
        assert sellable("set", sku, place, quantity).exit_code == 0
    assert sellable("adjust", sku, "DC-PARIS", "+2").exit_code == 0
    assert sellable("reserve", "web/FR", f"{sku}=5").exit_code == 0
    return sku


def test_a_number_is_drawn_as_what_it_is_made_of(sellable: Command) -> None:
    """One row a term with a bar, the running total, where it comes from, and how old that is."""
    sku = stocked(sellable, "E1")
    ended = sellable.script("explain", "web/FR", sku)
    assert 0 == ended.exit_code
    assert "\x1b" not in ended.out  # no colour for a pipe
    title, header, counted, held, total, version = ended.rows
    assert [sku, "in", "web/FR:", "37", "can", "be", "sold"] == title
    assert ["units", "total", "because"] == header
    assert ["DC-PARIS", "on", "hand", "+42", "42"] == counted[:5]
    assert ["40", "counted,", "+2", "since;", "cli,"] == counted[6:11]
    assert "ago" in counted or "now" in counted
    assert ["reserved", "-5", "37"] == held[:3]
    assert ["web/FR", "can", "be", "sold", "37"] == total[:5]
    assert set("█") == set(counted[5]) == set(held[3]) == set(total[5])
    assert ["network", "version"] == version[:2]
    (buffer,) = (row for row in sellable("explain", "web/DE", sku).rows if "buffer" in row)
    assert ["web/DE", "protection", "buffer", "-1", "6"] == buffer[:5]
    assert ["market", "web/DE", "(line", "9)"] == buffer[-4:]


def test_an_explanation_for_scripts(sellable: Command) -> None:
    """Every field of the contract by its name, kinds as single words, what is not set as null."""
    sku = stocked(sellable, "E2")
    value = sellable.script("explain", "web/DE", sku, "--json").value
    counted, buffer = value.pop("terms")
    assert counted.pop("observe_time").endswith("Z")
    assert {
        "kind": "ON_HAND",
        "location": "DC-BERLIN",
        "quantity": 7,
        "rule": "",
        "line": 0,
        "source": "cli",
        "detail": "",
    } == counted
    assert {
        "kind": "PROTECTION_BUFFER",
        "location": "",
        "quantity": -1,
        "rule": "market web/DE",
        "line": 9,
        "observe_time": None,
        "source": "",
        "detail": "",
    } == buffer
    assert value.pop("revision")
    assert value.pop("network_version") >= 1
    assert {
        "sku": sku,
        "channel": "web",
        "country": "DE",
        "sellable_quantity": 6,
        "future_quantity": 0,
        "next_switch_time": None,
    } == value


def test_nothing_to_explain(sellable: Command) -> None:
    """A SKU that is nowhere in the market is told so; one that nobody knows is refused."""
    assert 0 == sellable("set", "E3", "DC-BERLIN", "7").exit_code
    said = "E3 has no position at any location of web/FR: none can be sold\n"
    assert (0, said) == sellable.script("explain", "web/FR", "E3")[:2]
    refused = sellable("explain", "web/FR", "nobody")
    assert 1 == refused.exit_code
    assert "'nobody'" in refused.err
    refused = sellable("explain", "web/NO", "E3", "--json")
    assert (1, "UNKNOWN_MARKET") == (refused.exit_code, refused.error["reason"])


def test_a_picture_of_it(sellable: Command, tmp_path: Path) -> None:
    """The waterfall as a picture of the format that the file's name says."""
    sku = stocked(sellable, "E$4_$")
    for name, begins in (("why.png", b"\x89PNG"), ("why.svg", b"<?xml"), ("WHY.PDF", b"%PDF")):
        file = tmp_path / name
        ended = sellable("explain", "web/FR", sku, "--plot", str(file))
        assert (0, "") == (ended.exit_code, ended.err)
        assert ended.out.endswith(f"drawn into {file}\n")
        assert file.read_bytes().startswith(begins)
    value = sellable("explain", "web/FR", sku, "--plot", str(file), "--json").value
    assert str(file) == value["plot"]


def test_a_picture_that_cannot_be_drawn(sellable: Command, tmp_path: Path) -> None:
    """Another format, a folder that is not there, no matplotlib: each is told with what helps."""
    sku = stocked(sellable, "E5")
    wrong = sellable("explain", "web/FR", sku, "--plot", str(tmp_path / "why.gif"))
    assert (2, "") == wrong[:2]
    assert "a picture is a file that ends in .png, .svg, .pdf" in wrong.err
    lost = sellable("explain", "web/FR", sku, "--plot", str(tmp_path / "none" / "why.png"))
    assert (2, "") == lost[:2]
    assert "No such file or directory" in lost.err
    with mock.patch.dict(sys.modules, {"matplotlib.figure": None}):
        bare = sellable("explain", "web/FR", sku, "--plot", str(tmp_path / "why.png"))
    assert (2, "") == bare[:2]
    assert "error: pictures need matplotlib, which is not installed" in bare.err
    assert "hint: pip install 'sellable[plot]'" in bare.err
    assert [] == list(tmp_path.iterdir())
