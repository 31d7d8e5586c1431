"""`sellable export-market` and `sellable pickup`, as people and as scripts use them."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Final

import orjson
import pytest
from pyarrow import parquet

from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.command import Command

COLUMNS: Final = [
    "sku",
    "channel",
    "country",
    "sellable_quantity",
    "status",
    "next_available_time",
    "future_quantity",
    "oldest_observe_time",
]
# What CSV, spreadsheets and shells read something into.
ODD: Final = ('comma, "quoted"', "=1+1", "+1", "-1", "@SUM(A1)", "'x'", "日本\u2028語")
NETWORK: Final = """
locations:
  - {id: STORE-LILLE, type: store, country: FR, latitude: 50.63, longitude: 3.06, pickup: true}
  - {id: STORE-PARIS, type: store, country: FR, latitude: 48.86, longitude: 2.35, pickup: true}
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: DC-EMPTY, type: warehouse, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-PARIS, STORE-LILLE]}
  - {channel: web, country: BE, locations: [STORE-LILLE]}
  - {channel: app, country: FR, locations: [DC-EMPTY]}
"""


@pytest.fixture(scope="module")
def shop(sellable: Command) -> Iterator[Command]:
    """Stock odd SKUs in Lille, and give the other tests their network back in the end."""
    before = sellable("network", "show").out
    assert 0 == sellable("network", "apply", "-", stdin=NETWORK).exit_code
    for at, sku in enumerate(ODD):
        assert 0 == sellable("set", "--", sku, "STORE-LILLE", str(at)).exit_code
    yield sellable
    assert 0 == sellable("network", "apply", "-", stdin=before).exit_code


def rows_of(text: str) -> dict[str, dict[str, str]]:
    """Read CSV by SKU."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return {row["sku"]: row for row in rows}


def test_csv_on_standard_output_has_every_sku_as_it_is(shop: Command) -> None:
    """Each SKU comes back to the letter, and the last line said is the revision."""
    done = shop.script("export-market", "web/BE")
    assert 0 == done.exit_code, done.err
    assert COLUMNS == done.out.partition("\n")[0].split(",")
    rows = rows_of(done.out)
    assert set(ODD) == set(rows)
    odd = rows["=1+1"]
    assert ("web", "BE", "1", "IN_STOCK") == (
        odd["channel"],
        odd["country"],
        odd["sellable_quantity"],
        odd["status"],
    )
    assert ("", "0") == (odd["next_available_time"], odd["future_quantity"])
    assert odd["oldest_observe_time"].endswith("Z")
    assert "OUT_OF_STOCK" == rows[ODD[0]]["status"]
    (said,) = done.err.splitlines()
    assert said.startswith(f"exported {len(ODD)} SKUs, ")
    assert " revision " in said


def test_json_lines_have_types(shop: Command) -> None:
    """Every line is an object of its own: numbers are numbers, and null is what is not set."""
    done = shop("export-market", "web/BE", "--format", "jsonl")
    rows = {row["sku"]: row for row in map(orjson.loads, done.out.split("\n")[:-1])}
    assert set(ODD) == set(rows)
    row = rows["@SUM(A1)"]
    assert COLUMNS == list(row)
    assert (4, "IN_STOCK", None, 0) == (
        row["sellable_quantity"],
        row["status"],
        row["next_available_time"],
        row["future_quantity"],
    )


def test_parquet_has_types_and_the_revision(shop: Command, tmp_path: Path) -> None:
    """The file has typed columns, and its metadata names the revision that was said."""
    file = tmp_path / "export.parquet"
    done = shop("export-market", "web/BE", "--format", "parquet", "--out", str(file), "--json")
    assert 0 == done.exit_code, done.err
    table = parquet.read_table(file)
    assert COLUMNS == table.schema.names
    assert ["string", "int64", "timestamp[us, tz=UTC]"] == [
        str(table.schema.field(name).type)
        for name in ("sku", "sellable_quantity", "oldest_observe_time")
    ]
    assert set(ODD) == set(table["sku"].to_pylist())
    assert len(ODD) == table["oldest_observe_time"].drop_null().length()
    value = done.value
    assert table.schema.metadata[b"sellable.revision"].decode() == value["revision"]
    assert {"file": str(file), "format": "parquet", "sku_count": len(ODD)} == {
        key: value[key] for key in ("file", "format", "sku_count")
    }


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_market_without_a_sku_is_a_file_without_rows(
    shop: Command, tmp_path: Path, form: str
) -> None:
    """An empty market makes a good file: names, no rows."""
    file = tmp_path / "empty"
    done = shop("export-market", "app/FR", "--format", form, "--out", str(file))
    assert (0, f"0 SKUs in {file}\n") == done[:2]
    if form == "parquet":
        assert 0 == parquet.read_table(file).num_rows
    else:
        assert ({"csv": ",".join(COLUMNS) + "\n", "jsonl": ""})[form] == file.read_text()


def test_file_takes_its_place_when_it_is_complete(shop: Command, tmp_path: Path) -> None:
    """What was there before is replaced, also behind a link, and nothing is left beside it."""
    file, link = tmp_path / "feed.csv", tmp_path / "link.csv"
    file.write_text("old")
    link.symlink_to(file)
    assert 0 == shop("export-market", "web/BE", "--out", str(link)).exit_code
    assert set(ODD) == set(rows_of(file.read_text()))
    assert link.is_symlink()
    assert {file, link} == set(tmp_path.iterdir())


def test_refused_export_leaves_what_was_there(shop: Command, tmp_path: Path) -> None:
    """A market that is not known leaves the old file and nothing beside it."""
    file = tmp_path / "feed.csv"
    file.write_text("old")
    done = shop("export-market", "web/IT", "--out", str(file), "--json")
    assert (1, "UNKNOWN_MARKET") == (done.exit_code, done.error["reason"])
    assert "old" == file.read_text()
    assert [file] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "parquet"), "--format parquet needs --out FILE"),
        (("--json",), "--json needs --out FILE"),
        (("--out", "/dev/null"), "cannot write /dev/null: it is not a file"),
        (("--out", "/"), "cannot write /: it is not a file"),
        (("--out", "/no/such/folder/x"), "No such file or directory"),
        (("--format", "xml"), "xml"),
    ],
)
def test_what_cannot_be_written_is_said(
    shop: Command, arguments: tuple[str, ...], words: str
) -> None:
    """Where nothing can be written, the command says why before it asks for anything."""
    done = shop("export-market", "web/BE", *arguments)
    assert (2, "") == done[:2]
    assert words in done.err


def test_parquet_without_its_library_names_the_extra(
    shop: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without pyarrow, the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = tmp_path / "x.parquet"
    done = shop("export-market", "web/BE", "--format", "parquet", "--out", str(file))
    assert 2 == done.exit_code
    assert "pip install 'sellable[parquet]'" in done.err
    assert not file.exists()


def test_closed_standard_output_is_one_line(shop: Command) -> None:
    """Whoever stops reading ends the export, which is not a success and not a traceback."""
    process = shop.start("export-market", "web/BE")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    eventually(lambda: process.poll() is not None)
    said = process.stderr.read()
    process.stderr.close()
    assert 1 == process.returncode
    assert said.endswith("error: standard output was closed before the export was complete\n")


def test_pickup_as_a_table_and_for_scripts(shop: Command) -> None:
    """The nearest location that has all of it, with its distance and what is there."""
    shop("set", "K1", "STORE-LILLE", "4")
    shop("set", "K1", "STORE-PARIS", "1")
    asked = ("pickup", "web/FR", "K1=2", "--near", "48.85,2.35")
    assert "no location within reach has all of it\n" == shop(*asked).out
    done = shop.script(*asked, "--radius", "300")
    assert ["location", "km", "available", "complete"] == done.rows[0]
    assert ["STORE-LILLE", "204.4", "K1=4", "yes"] == done.rows[1]
    nearest = shop(*asked, "--radius", "300", "--all", "--limit", "1", "--json").value
    (found,) = nearest["locations"]
    assert 0 < found.pop("distance_km") < 2
    assert {"location": "STORE-PARIS", "available_quantities": [1], "complete": False} == found
    assert nearest["revision"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("P1=1",), "--near"),
        (("P1=1", "--near", "Paris"), "'Paris' is not LATITUDE,LONGITUDE"),
        (("P1=1", "--near", "91,0"), "'91,0' is not LATITUDE,LONGITUDE"),
        (("P1=1", "--near", "0,nan"), "'0,nan' is not LATITUDE,LONGITUDE"),
        (("P1=1@STORE-PARIS", "--near", "0,0"), "names a location"),
        (("P1", "--near", "0,0"), "'P1' is not SKU=QTY"),
        (("P1=1", "--near", "0,0", "--radius", "0"), "radius_km: must be more than 0"),
        (("P1=1", "--near", "0,0", "--limit", "101"), "limit: must be 0 to 100, is 101"),
    ],
)
def test_bad_questions_are_refused(shop: Command, arguments: tuple[str, ...], words: str) -> None:
    """What was typed wrong is repeated, with what is right."""
    done = shop("pickup", "web/FR", *arguments)
    assert (2, "") == done[:2]
    assert words in done.err


def test_south_and_west_are_negative(shop: Command) -> None:
    """A latitude that begins with a minus is a value and no option."""
    done = shop("pickup", "web/FR", "P1=1", "--near", "-33.87,-70.5", "--json")
    assert (0, []) == (done.exit_code, done.value["locations"])
