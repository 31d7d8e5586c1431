"""The command line from the network to the shipped order, as people and as scripts read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command, Ended


def stocked(sellable: Command, sku: str, quantity: int = 10) -> str:
    """Count a SKU in Paris."""
    assert sellable("set", sku, "DC-PARIS", str(quantity)).exit_code == 0
    return sku


def states(ended: Ended) -> str:
    """Return the state that a command answered."""
    assert ended.exit_code == 0, ended.err
    state = ended.value["reservation"]["state"]
    assert isinstance(state, str)
    return state


def test_count_change_and_check_as_tables(sellable: Command) -> None:
    """A count and a change are told, and the tables have the numbers in columns."""
    counted = sellable.script("set", "S1", "DC-PARIS", "40", "--reason", "stocktake")
    assert (0, "S1 at DC-PARIS: 40 on hand  APPLIED\n") == counted[:2]
    assert "S1 at DC-PARIS: -3  APPLIED\n" == sellable("adjust", "S1", "DC-PARIS", "-3").out
    assert "S1 at DC-PARIS: +1,000  APPLIED\n" == sellable("adjust", "S1", "DC-PARIS", "+1000").out
    header, row, unknown = sellable.script("check", "web/FR", "S1", "nobody").rows
    assert ["SKU", "market", "sellable", "status", "expected", "oldest", "count"] == header
    assert ["S1", "web/FR", "1,037", "IN_STOCK"] == row[:4]
    assert ["nobody", "web/FR", "0", "UNKNOWN"] == unknown
    position = sellable("positions", "S1").rows[1]
    assert ["DC-PARIS", "1,037", "0", "0", "1,037"] == position[:5]
    assert "cli" == position[-1]


def test_check_and_positions_for_scripts(sellable: Command) -> None:
    """Numbers are numbers, words are single words, and what is not set is null."""
    stocked(sellable, "S2", 4)
    (item,) = sellable.script("check", "web/FR", "S2", "--json").value["items"]
    assert item.pop("oldest_observe_time").endswith("Z")
    assert {
        "sku": "S2",
        "channel": "web",
        "country": "FR",
        "sellable_quantity": 4,
        "status": "LOW_STOCK",
        "future_quantity": 0,
        "next_available_time": None,
    } == item
    (here,) = sellable("check", "web/FR", "S2", "--location", "STORE-LYON", "--json").value["items"]
    assert (0, "UNKNOWN", None) == (
        here["sellable_quantity"],
        here["status"],
        here["oldest_observe_time"],
    )
    (market,) = sellable("markets", "S2", "--json").value["items"]
    assert ("FR", 4) == (market["country"], market["sellable_quantity"])
    (position,) = sellable("positions", "S2", "--json").value["positions"]
    assert position.pop("observe_time").endswith("Z")
    assert {
        "location": "DC-PARIS",
        "on_hand_quantity": 4,
        "reserved_quantity": 0,
        "safety_stock_quantity": 0,
        "available_quantity": 4,
        "overcommitted_quantity": 0,
        "blocked": False,
        "source": "cli",
        "supply_id": "",
        "expect_time": None,
    } == position


def test_a_repeated_event_counts_once(sellable: Command) -> None:
    """The id of an event makes a repeat safe, and a script learns what became of it."""
    stocked(sellable, "S3")
    arguments = ("adjust", "S3", "DC-PARIS", "+5", "--event-id", "till-1", "--json")
    assert "APPLIED" == sellable(*arguments).value["outcome"]
    assert "DUPLICATE" == sellable(*arguments).value["outcome"]
    assert 15 == sellable("check", "web/FR", "S3", "--json").value["items"][0]["sellable_quantity"]


def test_an_order_from_hold_to_shipment(sellable: Command) -> None:
    """Reserve, extend, give one back, confirm and ship: each step shows the reservation."""
    sku = stocked(sellable, "S4")
    held = sellable.script("reserve", "web/FR", f"{sku}=3", "--id", "cart-4", "--order", "O-4")
    assert 0 == held.exit_code
    title, header, line = held.rows
    assert ["cart-4", "HELD", "web/FR", "order", "O-4", "expires"] == title[:6]
    assert ["line", "SKU", "wanted", "granted", "open", "shipped", "released", "from"] == header
    assert [sku, "3", "3", "3", "0", "0", "3", "at", "DC-PARIS"] == line
    again = sellable("reserve", "web/FR", f"{sku}=3", "--id", "cart-4", "--order", "O-4", "--json")
    assert again.value["replayed"] is True
    assert "HELD" == states(sellable("extend", "cart-4", "--ttl", "1h", "--json"))
    assert "HELD" == states(sellable("release", "cart-4", f"{sku}=1", "--json"))
    assert "CONFIRMED" == states(sellable("confirm", "cart-4", "--json"))
    assert "FULFILLED" == states(sellable("fulfil", "cart-4", "--json"))
    shown = sellable("show", "cart-4")
    assert ["cart-4", "FULFILLED", "web/FR", "order", "O-4"] == shown.rows[0]
    assert [sku, "3", "3", "0", "2", "1", "2", "shipped", "from", "DC-PARIS"] == shown.rows[2]


def test_a_hold_is_given_back(sellable: Command) -> None:
    """Everything open goes back to sale, and a repeat says the same."""
    sku = stocked(sellable, "S5")
    made = sellable("reserve", "web/FR", f"{sku}=10", "--ttl", "90s", "--json").value
    name = made["reservation"]["reservation_id"]
    assert 36 == len(name)  # a UUID of its own
    for _ in range(2):
        assert "RELEASED" == states(sellable("release", name, "--json"))
    assert 10 == sellable("check", "web/FR", sku, "--json").value["items"][0]["sellable_quantity"]


def test_units_of_a_line_are_named_by_sku_and_location(sellable: Command) -> None:
    """A line of a location takes there, and open units move to another location."""
    sku = stocked(sellable, "S=6@x")  # nothing in a SKU is ours
    assert 0 == sellable("set", sku, "STORE-LYON", "5").exit_code
    line = f"{sku}=2@STORE-LYON"
    assert "HELD" == states(sellable("reserve", "web/FR", line, "--id", "cart-6", "--json"))
    moved = sellable("transfer", "cart-6", f"{sku}=1@STORE-LYON", "--to", "DC-PARIS", "--json")
    assert "HELD" == states(moved)
    (answered,) = moved.value["reservation"]["lines"]
    assert {"STORE-LYON": 1, "DC-PARIS": 1} == {
        allocation["location"]: allocation["quantity"] for allocation in answered["allocations"]
    }
    shipped = sellable("fulfil", "cart-6", f"{sku}=1@DC-PARIS", "--json")
    assert "CONFIRMED" == states(shipped)
    left = sellable("release", "cart-6", f"{sku}=1", "--refusal", "not-found", "--json")
    assert "FULFILLED" == states(left)
    positions = sellable("positions", sku, "--json").value["positions"]
    assert [("DC-PARIS", 9), ("STORE-LYON", 4)] == [
        (position["location"], position["on_hand_quantity"]) for position in positions
    ]


def test_partial_and_replacing_holds(sellable: Command) -> None:
    """What there is can be taken instead of nothing, and a cart edit gives the old hold back."""
    sku = stocked(sellable, "S7", 2)
    first = sellable("reserve", "web/FR", f"{sku}=5", "--partial", "--id", "cart-7", "--json")
    assert 2 == first.value["reservation"]["lines"][0]["granted_quantity"]
    second = sellable(
        "reserve", "web/FR", f"{sku}=1", "--replaces", "cart-7", "--id", "cart-7b", "--json"
    )
    assert "HELD" == states(second)
    assert "RELEASED" == states(sellable("show", "cart-7", "--json"))


def test_list_by_filter_and_page(sellable: Command) -> None:
    """A list ends at its limit and goes on with its token; every match is there once."""
    sku = stocked(sellable, "S8")
    for name in ("cart-8a", "cart-8b", "cart-8c"):
        assert 0 == sellable("reserve", "web/FR", f"{sku}=1", "--id", name).exit_code
    table = sellable("reservations", "--sku", sku, "--state", "held")
    assert ["reservation", "state", "market", "order", "lines", "created", "expires"] == (
        table.rows[0]
    )
    assert {"cart-8a", "cart-8b", "cart-8c"} == {row[0] for row in table.rows[1:]}
    found, token = [], ""
    for _ in range(4):
        arguments = ("reservations", "--sku", sku, "--limit", "2", "--page-token", token, "--json")
        page = sellable(*arguments).value
        assert len(page["reservations"]) <= 2
        found += [reservation["reservation_id"] for reservation in page["reservations"]]
        token = page["next_page_token"]
        if not token:
            break
    assert ["cart-8a", "cart-8b", "cart-8c"] == sorted(found)
    assert (
        []
        == sellable("reservations", "--market", "web/DE", "--sku", sku, "--json").value[
            "reservations"
        ]
    )


def test_network_is_shown_to_the_letter(sellable: Command) -> None:
    """What is on standard output is the document as it was applied, and can be applied again."""
    answer = sellable("network", "show", "--json").value
    shown = sellable.script("network", "show")
    assert answer["document"] == shown.out
    assert shown.err.startswith(f"version {answer['version']}, applied 2")
    again = sellable("network", "apply", "-", stdin=shown.out)
    said = f"nothing but the wording differs: version {answer['version']} is in force\n"
    assert (0, said) == again[:2]


def test_network_change_is_told_tried_and_rolled_out(sellable: Command, tmp_path: Path) -> None:
    """A dry run changes nothing; the change is told line by line and waited for."""
    answer = sellable("network", "show", "--json").value
    version, document = answer["version"], answer["document"]
    file = tmp_path / "network.yaml"
    file.write_text(document.replace("low_stock_threshold: 5", "low_stock_threshold: 7"))
    change = "~ market web/FR: low_stock_threshold 5 -> 7\n"
    tried = sellable("network", "apply", str(file), "--dry-run")
    assert f"{change}dry run: version {version} stays in force\n" == tried.out
    arguments = ("network", "apply", str(file), "--expected-version", str(version))
    applied = sellable.script(*arguments, "--wait", "--author", "ana", "--comment", "warn early")
    assert f"{change}version {version + 1} is in force and rolled out\n" == applied.out
    file.write_text(document)
    refused = sellable(*arguments, "--json")
    assert (1, "NETWORK_VERSION_CONFLICT") == (refused.exit_code, refused.error["reason"])
    back = sellable("network", "apply", str(file), "--wait", "--json").value
    assert {
        "version": version + 2,
        "dry_run": False,
        "changes": ["market web/FR: low_stock_threshold 7 -> 5"],
        "rollout_fraction": 1.0,
    } == back


@pytest.mark.parametrize("sku", [(), ("S9",)])
def test_verify_of_a_right_store(sellable: Command, sku: tuple[str, ...]) -> None:
    """A store without differences says so, to people and to scripts."""
    stocked(sellable, "S9")
    told = sellable.script("verify", *sku)
    assert 0 == told.exit_code
    assert told.out.endswith("checked: every counter is right\n")
    value = sellable("verify", *sku, "--json").value
    assert [] == value["differences"]
    assert value["checked_sku_count"] >= 1
