"""`sellable sourcing` against the real service: from a postal code to the location that refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from support.command import Command
from support.planned import order_json
from support.service import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETWORK: Final = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR, latitude: 48.98, longitude: 2.62}
  - {id: STORE-LYON, type: store, country: FR, latitude: 45.77, longitude: 4.86}
  - {id: STORE-LILLE, type: store, country: FR, latitude: 50.63, longitude: 3.06}
  - {id: DC-LONDON, type: warehouse, country: GB, latitude: 51.50, longitude: -0.12}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON, STORE-LILLE, DC-LONDON]}
sourcing:
  currency: EUR
  default: standard
  carriers:
    - id: post
      zones: [{name: all}]
      services:
        - id: standard
          lanes: [{zone: all, transit_days: 2, rates: [{per_parcel: 5, per_km: 0.01}]}]
  profiles:
    - name: standard
      strategies:
        - name: everyday
          weights: {shipping_cost: 1, parcels: 0.5}
          constraints: {countries: [FR], split_lines: false}
    - name: near
      strategies:
        - {name: near, weights: {distance: 1}, constraints: {max_distance_km: 10}}
"""
# Two rows are one code; the last is none.
CODES: Final = """country,postal_code,latitude,longitude
FR,21000,47.30,5.02
FR,21000,47.34,5.06
FR,21100,north,5
"""


@pytest.fixture(scope="module")
def sellable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Run `sellable` against a service with a table of postal codes, a network and stock."""
    folder = tmp_path_factory.mktemp("sourcing")
    codes = folder / "codes.csv"
    codes.write_text(CODES)
    service = ServiceProcess(data=folder / "data", postal_codes=codes)
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            command = Command(service.address)
            applied = command("network", "apply", "-", stdin=NETWORK)
            assert applied.exit_code == 0, applied.err
            for sku, location, quantity in (
                ("85123A", "DC-PARIS", "9"),
                ("85123A", "STORE-LYON", "1"),
                ("85123A", "STORE-LILLE", "9"),
                ("22423", "DC-PARIS", "9"),
                ("22423", "STORE-LILLE", "9"),
                ("22423", "DC-LONDON", "9"),
            ):
                assert command("set", sku, location, quantity).exit_code == 0
            yield command
        finally:
            runner.run(service.__aexit__(None, None, None))


@pytest.fixture
def order(tmp_path: Path) -> str:
    """Return the file of an order that names a postal code alone."""
    file = tmp_path / "order.json"
    file.write_text(order_of("21 000"))
    return str(file)


def order_of(postal_code: str) -> str:
    """Return an order that goes to this postal code of France."""
    return order_json(destination={"country": "FR", "postal_code": postal_code})


def test_postal_code_is_planned_and_drawn(sellable: Command, order: str, tmp_path: Path) -> None:
    """Paris ships both lines; terms add up, others have their reasons, and there is a map."""
    picture = tmp_path / "plan.svg"
    asked = ("sourcing", "plan", order, "--explain", "--alternatives", "2", "--map", str(picture))
    value = sellable(*asked, "--json").value
    plan = value["plan"]
    assert {"DC-PARIS"} == {part["location"] for part in plan["assignments"]}
    assert plan["optimal"]
    assert plan["objective"] == pytest.approx(sum(t["weighted"] for t in plan["cost_terms"]))
    assert {"latitude": 47.32, "longitude": 5.04} == value["destination_point"]
    reasons = {said["location"]: said["reason"] for said in value["rejections"]}
    assert {"DC-LONDON": "COUNTRY", "STORE-LILLE": "COSTLIER"}.items() <= reasons.items()
    assert {"STORE-LYON", "STORE-LILLE", "DC-LONDON"} == set(reasons)
    ended = sellable(*asked)
    assert (0, f"drawn into {picture}\n") == (ended.exit_code, ended.err)
    assert ended.out.startswith("4711: 2 lines with 3 units, from 1 location in 1 parcel\n")
    assert "\nDC-PARIS  post/standard, 1 parcel, " in ended.out
    assert "<!-- destination -->" in picture.read_text()


def test_plan_is_held_and_a_refusal_moves_it(sellable: Command, order: str) -> None:
    """What is planned is held; what Paris does not find is sourced elsewhere, once."""
    hold = ("sourcing", "plan", order, "--reserve", "cart-1", "--ttl", "10m")
    assert {"DC-PARIS"} == locations(sellable(*hold, "--json").value)
    before = on_hand(sellable)
    refused = ("sourcing", "reservation", "cart-1", "--refuse", "a@DC-PARIS=2:not-found")
    for replayed in (False, True):
        moved = sellable(*refused, "--request-id", "r1", "--json").value
        assert replayed == moved["replayed"]
        assert "DC-PARIS" not in locations(moved, "85123A")
        assert before - 2 == on_hand(sellable)
    assert "known already" in sellable(*hold).out


def locations(value: dict[str, Any], sku: str = "") -> set[str]:
    """Return where the units of a reservation are."""
    return {
        allocation["location"]
        for line in value["reservation"]["lines"]
        for allocation in line["allocations"]
        if allocation["quantity"] and sku in {"", line["sku"]}
    }


def on_hand(sellable: Command) -> int:
    """Return how many of the first SKU Paris has."""
    positions = sellable("positions", "85123A", "--json").value["positions"]
    return sum(one["on_hand_quantity"] for one in positions if one["location"] == "DC-PARIS")


def test_ways_of_delivery_are_listed(sellable: Command, order: str) -> None:
    """The carrier's service is there, with its date and cost."""
    (option,) = sellable("sourcing", "options", order, "--json").value["options"]
    assert ("post/standard", True, "EUR") == (
        option["service"],
        option["complete"],
        option["cost"]["currency_code"],
    )
    assert option["order_by_time"] < option["arrive_time"]
    assert "post/standard" in sellable("sourcing", "options", order).out


@pytest.mark.parametrize(
    ("order_text", "arguments", "exit_code", "said"),
    [
        (
            order_of("99999"),
            (),
            2,
            "order.destination.postal_code: '99999' is no known postal code of FR: correct it, or",
        ),
        (
            order_of(""),
            (),
            2,
            "order.destination.postal_code: is required where point is unset",
        ),
        (
            order_json(destination={"country": "FR", "point": {"latitude": 0, "longitude": 0}}),
            (),
            2,
            "order.destination.point: latitude 0, longitude 0 is at sea, more than 20 km from any",
        ),
        (
            order_json(lines=[{"sku": "85123A", "quantity": -1}]),
            (),
            2,
            "order.lines[0].quantity: must be 1 to 1000000000000, is -1",
        ),
        (
            order_json(lines=[{"sku": "85123A", "quantity": 1}] * 101),
            (),
            2,
            "order.lines: ",
        ),
        (order_json(lines=[{"sku": "new", "quantity": 1}]), (), 1, "sku 'new' is not known"),
        (order_json(), ("--profile", "none"), 1, "profile 'none' is not known"),
        (order_json(channel="till"), (), 1, "order: market 'till/FR' is not known"),
        (order_json(), ("--profile", "near"), 1, "85123A (line a): max_distance_km: "),
        (order_json(), ("--profile", "near"), 1, "\n  strategies tried: near"),
    ],
)
def test_order_that_cannot_be_planned_is_told_why(
    sellable: Command, order_text: str, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    """Every fault has its path, and every blocked line the constraint that binds."""
    ended = sellable("sourcing", "plan", "-", *arguments, stdin=order_text)
    assert (exit_code, "") == ended[:2]
    assert said in ended.err


def test_reservation_that_goes_nowhere_yet_is_told_how_to_say_where(sellable: Command) -> None:
    """The service names a field of its request, which is an option here."""
    made = sellable("reserve", "web/FR", "85123A=1", "--id", "nowhere")
    assert 0 == made.exit_code, made.err
    ended = sellable("sourcing", "reservation", "nowhere")
    assert 2 == ended.exit_code
    assert "error: destination: is required" in ended.err
    assert "hint: --order ORDER.json says where it goes" in ended.err
    assert 0 == sellable("release", "nowhere").exit_code


def test_service_without_its_table_does_not_start(tmp_path: Path) -> None:
    """A table that cannot be read is refused at the start, by the name of its setting."""
    file = tmp_path / "codes.csv"
    file.write_text("country;postal_code\n")
    ended = Command("")(
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        str(tmp_path / "d"),
        "--postal-codes",
        str(file),
    )
    assert (2, "") == ended[:2]
    assert f"error: postal_codes: {file}: line 1: it must be GeoNames' 12 columns" in ended.err
