"""`sellable sourcing simulate`: from files to figures, with the solver that the service has."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from sellable.geo import Point, distance_km
from support.command import Command
from support.simulated import DOCUMENT

if TYPE_CHECKING:
    from support.command import Ended

NOBODY: Final = Command("127.0.0.1:1")
# Nearer to SOUTH; NORTH is first in the list of the market.
HOME: Final = Point(46.5, 3.0)
SOUTH_KM: Final = distance_km(Point(44, 3), HOME)
NORTH_KM: Final = distance_km(Point(50, 3), HOME)
HEADER: Final = (
    "order,time,channel,country,destination_country,postal_code,latitude,longitude,sku,quantity\n"
)
PEAK: Final = """    - name: peak
      strategies:
        - name: flagship
          priority: 1
          from: 2026-11-23T00:00:00
          until: 2026-12-27T00:00:00
          order: [distance]
          constraints: {protected: [SOUTH]}
        - {name: usual, order: [distance]}
"""


def row(order: str, moment: str, sku: str = "S1", units: int = 1, country: str = "FR") -> str:
    """Return a row of an order."""
    return f"{order},{moment},web,{country},FR,03000,46.5,3.0,{sku},{units}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a network and stock: two units here, five there, one kept back."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.yaml").write_text(DOCUMENT + PEAK)
    (tmp_path / "s.csv").write_text(
        "sku,location,on_hand_quantity,daily_outflow\nS1,NORTH,5,0\nS1,SOUTH,3,1\nS2,NORTH,5,0\n"
    )
    return tmp_path


def simulate(*arguments: str, orders: str = "o.csv", stdin: str = "") -> Ended:
    """Run the command over the files of the folder."""
    files = ("--orders", orders, "--stock", "s.csv", "--network", "n.yaml")
    return NOBODY("sourcing", "simulate", *files, *arguments, stdin=stdin)


def write(*rows: str, name: str = "o.csv") -> None:
    """Write a file of orders."""
    Path(name).write_text(HEADER + "".join(rows))


def figures(*arguments: str, **given: Any) -> dict[str, Any]:
    """Return the figures of every profile."""
    ended = simulate("--json", *arguments, **given)
    assert 0 == ended.exit_code, ended.err
    profiles: dict[str, Any] = ended.value["profiles"]
    return profiles


def test_figures_are_those_of_hand() -> None:
    """Three orders of one unit: the near shop has two to give, the list begins with the other."""
    write(*(row(str(at), f"2026-03-02T1{at}:00:00Z") for at in range(3)))
    Path("s.csv").write_text(Path("s.csv").read_text().replace("NORTH,5", "NORTH,30"))
    found = figures("--profile", "near", "--profile", "listed")
    near, listed = found["near"], found["listed"]
    assert pytest.approx((2 * SOUTH_KM + NORTH_KM) / 3) == near["distance_km_per_order"]
    assert pytest.approx(NORTH_KM) == listed["distance_km_per_order"]
    for profile in found.values():
        assert (3, 1.0, 0.0, 12.0, 0) == (
            profile["orders"],
            profile["parcels_per_order"],
            profile["split_share"],
            profile["cost"],
            profile["short_orders"],
        )
    grams = 3 * 100 + 2 * SOUTH_KM + NORTH_KM
    assert pytest.approx(grams / 1_000, abs=1e-3) == near["carbon_kg"]
    # Nobody buys in NORTH: what leaves it is slow. SOUTH would have sold its units by itself.
    assert (1, 3) == (near["slow_units"], listed["slow_units"])
    assert (1.0, {"near": 3}) == (near["proven_share"], near["strategies"])


def test_what_is_not_there_is_short() -> None:
    """Four units are left nowhere near, and an order of nothing known is short as well."""
    write(
        row("A", "2026-03-02T10:00:00Z", units=7),
        row("B", "2026-03-02T11:00:00Z"),
        row("C", "2026-03-02T12:00:00Z", sku="S9"),
    )
    near = figures("--profile", "near")["near"]
    assert (1, 1.0, 2, 2) == (
        near["shipped_orders"],
        near["split_share"],
        near["short_orders"],
        near["unfilled_units"],
    )
    assert {"stock": 1, "unknown SKU": 1} == near["short_because"]


def test_a_window_goes_by_the_time_of_each_order() -> None:
    """Protected from midnight to midnight in Paris, whenever the simulation is run."""
    moments = (
        "2026-11-22T22:59:59",
        "2026-11-22T23:00:00",
        "2026-12-26T22:59:59",
        "2026-12-26T23:00:00",
    )
    write(*(row(str(at), f"{moment}Z") for at, moment in enumerate(moments)))
    peak = figures("--profile", "peak")["peak"]
    assert {"flagship": 2, "usual": 2} == peak["strategies"]
    assert pytest.approx((2 * SOUTH_KM + 2 * NORTH_KM) / 4) == peak["distance_km_per_order"]


def test_orders_of_other_times_take_nothing() -> None:
    """From is included, until is not; only what is between consumes stock."""
    write(*(row(str(day), f"2026-03-0{day}T00:00:00Z") for day in range(1, 6)))
    ended = simulate("--json", "--from", "2026-03-02", "--until", "2026-03-04", "--profile", "near")
    value = ended.value
    assert (2, 3) == (value["profiles"]["near"]["orders"], value["left_out_orders"])
    assert pytest.approx(SOUTH_KM) == value["profiles"]["near"]["distance_km_per_order"]


def test_bad_rows_end_the_command_unless_they_are_skipped() -> None:
    """Each with file and line: a value, a time out of order, a market that nobody has."""
    write(
        row("A", "2026-03-02T10:00:00Z"),
        row("B", "2026-03-02T11:00:00Z", units=0),
        row("C", "2026-03-01T11:00:00Z"),
        row("D", "2026-03-03T11:00:00Z", country="DE"),
    )
    Path("s.csv").write_text(Path("s.csv").read_text() + "S1,EAST,1,0\n")
    ended = simulate("--json")
    assert (2, "INVALID_ROWS") == (ended.exit_code, ended.error["reason"])
    assert [("s.csv", 5)] == [(one["file"], one["line"]) for one in ended.error["bad_rows"]]
    Path("s.csv").write_text(Path("s.csv").read_text().replace("S1,EAST,1,0\n", ""))
    ended = simulate()
    assert 2 == ended.exit_code
    assert "o.csv:3: quantity: 0 is not a whole number from 1" in ended.err
    assert "o.csv:4: is placed before the order above it: sort the file by time" in ended.err
    assert "hint: --skip-bad leaves them out" in ended.err
    ended = simulate("--skip-bad", "--json")
    assert (0, 3, 1) == (
        ended.exit_code,
        ended.value["bad_row_count"],
        ended.value["profiles"]["near"]["orders"],
    )
    assert "o.csv:5: " in simulate("--skip-bad").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "far"), "the network has no profile 'far'; it has near, listed, peak"),
        (("--plot", "a.gif"), "a.gif: a picture is a file that ends in .png, .svg, .pdf"),
        (("--from", "soon"), "'soon' is not a time like"),
    ],
)
def test_what_is_asked_wrongly_is_said_at_once(arguments: tuple[str, ...], message: str) -> None:
    """Before a file is read to its end."""
    write(row("A", "2026-03-02T10:00:00Z"))
    ended = simulate(*arguments)
    assert 2 == ended.exit_code
    assert message in ended.err


def test_files_that_hold_nothing_are_refused() -> None:
    """No orders, no such file, a network without profiles, bytes that are packed wrongly."""
    write()
    assert "o.csv has no order" in simulate().err
    assert "cannot read p.csv: No such file" in simulate(orders="p.csv").err
    Path("o.csv").write_bytes(gzip.compress(HEADER.encode())[:-9])
    assert "o.csv: the gzip data ends too early" in simulate().err
    Path("n.yaml").write_text(DOCUMENT.partition("sourcing:")[0])
    ended = simulate()
    assert (2, True) == (ended.exit_code, "the network has no sourcing profile" in ended.err)


def test_packed_files_and_standard_input_give_the_same() -> None:
    """JSON Lines or CSV, plain or packed: the figures are those of the orders."""
    moment = "2026-03-02T10:00:00Z"
    write(row("A", moment))
    Path("o.csv.gz").write_bytes(gzip.compress(Path("o.csv").read_bytes()))
    line = {
        "order_reference": "A",
        "time": moment,
        "channel": "web",
        "country": "FR",
        "destination": {"country": "FR", "point": {"latitude": 46.5, "longitude": 3.0}},
        "lines": [{"sku": "S1", "quantity": 1}],
    }
    found = [
        figures(),
        figures(orders="o.csv.gz"),
        figures(orders="-", stdin=orjson.dumps(line).decode()),
    ]
    for profiles in found:
        for profile in profiles.values():
            del profile["decide_ms_p50"], profile["decide_ms_p99"]
    assert found[0] == found[1] == found[2]


def test_a_person_sees_a_table_and_a_picture() -> None:
    """The first profile as it is, the others with what differs."""
    write(*(row(str(at), f"2026-03-02T1{at}:00:00Z") for at in range(3)))
    ended = simulate("--profile", "near", "--profile", "listed", "--plot", "p.svg")
    assert 0 == ended.exit_code
    change = 100 * (NORTH_KM / ((2 * SOUTH_KM + NORTH_KM) / 3) - 1)
    assert f"({change:+.1f} %)" in ended.out
    assert "3 orders under 2 profiles" in ended.out
    assert "picture in p.svg" in ended.out
    assert "<svg" in Path("p.svg").read_text()


def test_a_postal_code_is_looked_up() -> None:
    """In the table that is named; without one, or at sea, the row is bad."""
    write(row("A", "2026-03-02T10:00:00Z").replace("46.5,3.0", ","))
    assert "o.csv:2: destination: has no point; --postal-codes FILE" in simulate().err
    Path("c.csv").write_text("country,postal_code,latitude,longitude\nFR,03000,46.5,3\n")
    found = figures("--postal-codes", "c.csv", "--profile", "near")
    assert pytest.approx(SOUTH_KM) == found["near"]["distance_km_per_order"]
    write(row("A", "2026-03-02T10:00:00Z").replace("46.5,3.0", "0,0"))
    assert "o.csv:2: destination.point: latitude 0, longitude 0 is at sea" in simulate().err


def test_items_weigh() -> None:
    """A heavier tier costs more: the weight comes from the file of items."""
    priced = DOCUMENT.replace(
        "[{per_parcel: 4}]", "[{up_to_kg: 1, per_parcel: 4}, {up_to_kg: 30, per_parcel: 7}]"
    )
    Path("n.yaml").write_text(priced)
    write(row("A", "2026-03-02T10:00:00Z"))
    Path("i.csv").write_text("sku,weight_grams\nS1,1500\n")
    assert 4.0 == figures()["near"]["cost"]
    assert 7.0 == figures("--items", "i.csv")["near"]["cost"]
    Path("i.csv").write_text("sku,weight_grams\nS1,heavy\n")
    ended = simulate("--items", "i.csv")
    assert (2, True) == (ended.exit_code, "i.csv:2: weight_grams: 'heavy'" in ended.err)


def test_an_order_that_cannot_be_costed_is_a_bad_row() -> None:
    """It counts under no profile, and the file goes on with --skip-bad."""
    write(row("A", "2026-03-02T10:00:00Z", units=10**12), row("B", "2026-03-02T11:00:00Z"))
    dear = DOCUMENT.replace("order: [distance]", "weights: {shipping_cost: 1}, unfilled: 10000000")
    Path("n.yaml").write_text(dear)
    ended = simulate("--skip-bad", "--json")
    assert 0 == ended.exit_code, ended.err
    told = ended.value
    assert [2] == [one["line"] for one in told["bad_rows"]]
    assert [1, 1] == [profile["orders"] for profile in told["profiles"].values()]
