"""Purchase orders from the command line: expected, promised, received."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.command import Command


def test_goods_on_their_way(sellable: Command) -> None:
    """Announced, they are on backorder; who agrees to wait gets them, and stock when they come."""
    told = sellable("expect", "P1", "DC-PARIS", "3", "--supply", "PO-1", "--at", "5d")
    assert "P1 at DC-PARIS: 3 expected by PO-1  APPLIED\n" == told.out
    (item,) = sellable("check", "web/FR", "P1", "--json").value["items"]
    assert (0, "BACKORDER", 3) == (
        item["sellable_quantity"],
        item["status"],
        item["future_quantity"],
    )
    assert ["P1", "web/FR", "0", "BACKORDER", "3", "from"] == sellable(
        "check", "web/FR", "P1"
    ).rows[1][:6]
    assert 0 != sellable("reserve", "web/FR", "P1=2", "--id", "now").exit_code
    held = sellable("reserve", "web/FR", "P1=2", "--id", "later", "--backorder-until", "9d")
    assert "2 at DC-PARIS (waiting for PO-1" in " ".join(held.out.split())
    stock, supply = sellable("positions", "P1", "--json").value["positions"]
    assert ("", "PO-1", 2) == (
        stock["supply_id"],
        supply["supply_id"],
        supply["reserved_quantity"],
    )
    came = sellable("receive", "P1", "DC-PARIS", "2", "--supply", "PO-1", "--final")
    assert "P1 at DC-PARIS: 2 of PO-1 arrived  APPLIED\n" == came.out
    (line,) = sellable("show", "later", "--json").value["reservation"]["lines"]
    ((supply_id, quantity),) = [(a["supply_id"], a["quantity"]) for a in line["allocations"]]
    assert ("", 2) == (supply_id, quantity)
    assert "nothing more expected with PO-1" in " ".join(sellable("positions", "P1").out.split())


def test_bad_words_about_goods_are_refused(sellable: Command) -> None:
    """With what is right."""
    late = sellable("expect", "P1", "DC-PARIS", "3", "--supply", "PO-1", "--at", "soon")
    assert "'soon' is not a time like 2026-12-01" in " ".join(late.err.split())
    none = sellable("receive", "P1", "DC-PARIS", "0", "--supply", "PO-1")
    assert "'0' is not a whole number from 1" in " ".join(none.err.split())
