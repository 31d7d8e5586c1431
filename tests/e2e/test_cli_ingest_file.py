"""`sellable ingest file`: what comes into the store, what is refused, and how that is told."""

from __future__ import annotations

import csv
import gzip
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from support.command import SCRIPT, Command, environment
from support.edi import transaction, x12
from support.ingesting import Shop, ago, json_lines, shop_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER: Final = "sku,location,on_hand\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Serve one store for every test here; each takes SKUs and a source of its own."""
    with shop_served(tmp_path_factory.mktemp("files")) as served:
        yield served


def test_rows_come_in_and_bad_ones_are_told_by_line(shop: Shop, tmp_path: Path) -> None:
    """Good rows count; each bad one has its line and reason, in the summary and in the rejects."""
    path, rejects = tmp_path / "stock.csv", tmp_path / "bad.csv"
    path.write_text(f"{HEADER}F1-A,L1,5\n007,L2,3\nF1-B,L1,N/A\n,L1,1\nF1-C,NOWHERE,4\n")
    done = shop.file(path, "--rejects", str(rejects), source="f1")
    (told,) = done.value["files"]
    assert (1, "csv", True, 5) == (done.exit_code, told["format"], told["complete"], told["rows"])
    assert {"applied": 2, "rejected": 3} == told["outcomes"] == shop.outcomes("f1")
    assert (5, 3) == (shop.on_hand("F1-A", "L1"), shop.on_hand("007", "L2"))
    assert 3 == shop.letters("f1")
    with rejects.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [("4", "INVALID_FIELD"), ("5", "INVALID_FIELD"), ("6", "UNKNOWN_LOCATION")] == [
        (row["line"], row["reason"]) for row in rows
    ]
    assert ("F1-B,L1,N/A", str(path)) == (rows[0]["row"], rows[0]["file"])
    assert [] == list(tmp_path.glob(".*"))


def test_all_good_is_exit_code_0_and_a_table_for_people(shop: Shop, tmp_path: Path) -> None:
    """Nobody has to read anything where every row came in."""
    path = tmp_path / "good.csv"
    path.write_text(f"{HEADER}F2-A,L1,5\n")
    done = shop.command("ingest", "file", str(path), "--source", "f2")
    assert 0 == done.exit_code, done.err
    assert ["applied", "1"] in done.rows


def test_rejects_hold_no_formula(shop: Shop, tmp_path: Path) -> None:
    """A row that a spreadsheet would run has an apostrophe before it; others are as they came."""
    path, rejects = tmp_path / "a.csv", tmp_path / "bad.csv"
    path.write_text(f"{HEADER}=HYPERLINK(1),L1,x\n@SUM,L1,x\n-1,L1,x\n+1,L1,x\nF14,L1,x\n")
    assert {"rejected": 5} == shop.loaded(path, "--rejects", str(rejects), source="f14")["outcomes"]
    with rejects.open(newline="") as stream:
        rows = [row["row"] for row in csv.DictReader(stream)]
    assert ["'=HYPERLINK(1),L1,x", "'@SUM,L1,x", "'-1,L1,x", "'+1,L1,x", "F14,L1,x"] == rows


def test_lines_stand_beside_their_texts_in_80_columns(shop: Shop, tmp_path: Path) -> None:
    """A text that wraps does not push the next one away from its line; equal ones are one."""
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}F15,L1,n/a\n,L1,1\nF15,L8,1\nF15,L8,2\n")
    narrow = Command("", COLUMNS="80", **shop.variables)
    done = narrow("ingest", "file", str(path), "--source", "f15")
    (blank,) = (line for line in done.out.splitlines() if "sku is blank" in line)
    assert "3" == blank.split()[0]
    (unknown,) = (line for line in done.out.splitlines() if "L8 is not known" in line)
    assert "4, 5" in unknown
    assert "hint: `sellable network show` lists the locations" in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_file_that_is_not_there_is_one_line(shop: Shop) -> None:
    """A table of zeros would hide what is wrong."""
    done = shop.command("ingest", "file", "missing.csv", "--source", "f16")
    assert (2, "missing.csv: No such file or directory\n") == (done.exit_code, done.out)


def test_file_that_was_loaded_is_not_loaded_again(shop: Shop, tmp_path: Path) -> None:
    """The same content under another name is known; --again recognises every row."""
    first, copy = tmp_path / "a.csv", tmp_path / "copy.csv"
    first.write_text("sku,location,delta\nF3-A,L1,5\n")
    copy.write_bytes(first.read_bytes())
    assert 0 == shop.file(first, source="f3").exit_code
    done = shop.file(copy, source="f3")
    assert 1 == done.exit_code
    assert "was loaded before, with all of its 1 rows" in done.value["files"][0]["problem"]
    again = shop.loaded(copy, "--again", source="f3")
    assert {"duplicate": 1} == again["outcomes"]
    assert 5 == shop.on_hand("F3-A", "L1")


def test_same_file_with_a_mended_profile_is_another_load(shop: Shop, tmp_path: Path) -> None:
    """A profile that read the numbers wrong can be put right, and the file loaded again."""
    path, profile = tmp_path / "a.csv", tmp_path / "mended.yaml"
    path.write_text(f'{HEADER}F4-A,L1,"1.000"\n')
    assert {"applied": 1} == shop.loaded(path, source="f4")["outcomes"]
    assert 1 == shop.on_hand("F4-A", "L1")
    profile.write_text('extends: default\nthousands_separator: "."\ndecimal_separator: ","\n')
    told = shop.loaded(path, "--profile", str(profile), "--observed-at", ago(0), source="f4")
    assert "" == told["problem"]
    assert 1_000 == shop.on_hand("F4-A", "L1")


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(shop: Shop, *, packed: bool) -> None:
    """A pipe is read to its end and loaded as a file is, packed or not."""
    sku = f"F5-{packed}"
    rows = json_lines([{"sku": sku, "location": "L1", "delta_quantity": 4}])
    done = subprocess.run(
        [SCRIPT, "ingest", "file", "-", "--source", "f5"],
        input=gzip.compress(rows) if packed else rows,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(shop.variables),
    )
    assert 0 == done.returncode, done.stderr
    assert 4 == shop.on_hand(sku, "L1")


def test_dry_run_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    """What would happen is told, and the whole keyspace is as before."""
    before_file, path = tmp_path / "before.csv", tmp_path / "dry.csv"
    before_file.write_text(f"{HEADER}F6-A,L3,5\nF6-B,L3,5\nF6-C,L3,5\n")
    assert 0 == shop.file(before_file, source="f6").exit_code
    path.write_text(f"{HEADER}F6-A,L3,5\nF6-B,L3,9\nF6-D,L9,1\nF6-E,L3,-\n")
    before = shop.everything()
    told = shop.loaded(path, "--dry-run", "--observed-at", ago(0), source="f6")
    synced = shop.loaded(path, "--dry-run", "--sync", "--observed-at", ago(0), source="f6")
    assert before == shop.everything()
    assert {"applied": 1, "unchanged": 1, "rejected": 2} == told["outcomes"]
    assert "on hand would go up by 4 units and down by 0" in told["notes"]
    assert "location 'L9' is not known to the network: 1 rows" in told["notes"]
    assert "nothing would be counted as 0: 1 of its rows cannot be read" == synced["sync_problem"]


def test_dry_run_knows_what_a_later_count_has_seen(shop: Shop, tmp_path: Path) -> None:
    """A change from before the count is stale, as it is when it is loaded."""
    counted, path = tmp_path / "counted.csv", tmp_path / "late.csv"
    counted.write_text(f"{HEADER}F17-A,L1,5\n")
    path.write_text("sku,location,delta\nF17-A,L1,-2\n")
    assert 0 == shop.file(counted, "--observed-at", ago(1), source="f17").exit_code
    for dry in (("--dry-run",), ()):
        told = shop.loaded(path, *dry, "--observed-at", ago(2), source="f17")
        assert {"stale": 1} == told["outcomes"]


def test_truncated_gzip_gives_what_is_whole_and_is_no_success(shop: Shop, tmp_path: Path) -> None:
    """Rows before the cut are applied, the file is not complete, and the exit code says so."""
    rows = [{"sku": f"F7-{n}", "location": "L1", "on_hand_quantity": n} for n in range(5_000)]
    path = tmp_path / "cut.jsonl.gz"
    packed = gzip.compress(json_lines(rows))
    path.write_bytes(packed[: len(packed) * 2 // 3])
    done = shop.file(path, source="f7")
    (told,) = done.value["files"]
    assert (2, False) == (done.exit_code, told["complete"])
    assert "cut off" in told["problem"]
    assert 1_000 < told["outcomes"]["applied"] == shop.rows("f7") < 5_000
    path.write_bytes(packed)
    assert 5_000 == shop.loaded(path, source="f7")["rows"]


def test_old_facts_as_of_now(shop: Shop, tmp_path: Path) -> None:
    """Times move together, so that a replay is neither too old nor in another order."""
    path = tmp_path / "old.csv"
    lines = ["F8-A,L1,,3,2020-01-01T10:00:00Z", "F8-A,L1,10,,2020-01-01T09:00:00Z"]
    path.write_text("sku,location,on_hand,delta,observe_time\n" + "\n".join(lines) + "\n")
    assert {"rejected": 2} == shop.loaded(path, source="f8")["outcomes"]
    assert {"applied": 2} == shop.loaded(path, "--shift-time", source="f8")["outcomes"]
    assert 13 == shop.on_hand("F8-A", "L1")


def test_times_further_apart_than_the_retention_are_not_shifted(shop: Shop, tmp_path: Path) -> None:
    """The retention is not bent: such a file is refused before any row."""
    path = tmp_path / "wide.csv"
    times = ("2020-01-01T10:00:00Z", "2020-01-09T10:00:00Z")
    path.write_text(
        "sku,location,delta,observe_time\n" + "".join(f"F9-A,L1,1,{time}\n" for time in times)
    )
    done = shop.file(path, "--shift-time", source="f9")
    assert 2 == done.exit_code
    assert "its times span 8.0 days" in done.value["files"][0]["problem"]
    assert 0 == shop.rows("f9")


def test_edi_with_a_wrong_segment_count_needs_a_profile(shop: Shop, tmp_path: Path) -> None:
    """By default no row of it counts; the profile that relaxes it lets them all in."""
    path, profile = tmp_path / "stock.edi", tmp_path / "partner.yaml"
    item = ("LIN*1*SK*F10-A", "QTY*33*5", "LIN*2*SK*F10-B", "QTY*QA*6", "DTM*405*20200101")
    path.write_text(x12(transaction("BIA*00*DD*1*20261123", *item, count=3)))
    profile.write_text("extends: default\nsegment_count: warning\nedi: {times: ['137']}\n")
    strict = shop.loaded(path, "--location", "L1", source="f10")
    assert ("x12", {"rejected": 2}) == (strict["format"], strict["outcomes"])
    told = shop.loaded(path, "--location", "L1", "--profile", str(profile), source="f10")
    assert {"applied": 2} == told["outcomes"]
    assert "SE says 3" in told["notes"][0]
    assert (5, 6) == (shop.on_hand("F10-A", "L1"), shop.on_hand("F10-B", "L1"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"colour,size\nred,4\n", "sku"),
        (b'{"sku"', ""),
        (b"[1, 2]\n", ""),
    ],
)
def test_file_that_is_none_of_ours_changes_nothing(
    shop: Shop, tmp_path: Path, content: bytes, problem: str
) -> None:
    """It is named, with what is wrong, and the exit code is no success."""
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    done = shop.file(path, source="f11")
    assert done.exit_code in {1, 2}
    assert problem in str(done.value["files"][0])
    assert "applied" not in done.value["files"][0]["outcomes"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (("missing.csv",), 2, "No such file"),
        (("/",), 2, "directory"),
        (("a.csv", "--profile", "nonsense"), 2, "there is no profile"),
        (("a.csv", "--location", "not a place"), 2, "--location must be"),
        (("a.csv", "--encoding", "klingon"), 2, "--encoding must be"),
        (("a.csv", "--delimiter", "ab"), 2, "--delimiter must be one character"),
        (("a.csv", "--observed-at", "yesterday"), 2, "--observed-at"),
        (("a.csv", "--shift-time", "--resume"), 2, "--shift-time moves"),
        (("a.csv", "--shift-time", "--sync"), 2, "not for full counts"),
        (("a.csv", "--format", "xml"), 2, "xml"),
        (("a.csv", "--rejects", "/no/such/folder/r.csv"), 2, "cannot write"),
        (("a.csv", "--max-zeroed-fraction", "2"), 2, "max-zeroed-fraction"),
    ],
)
def test_what_is_typed_wrong_is_said(
    shop: Shop, arguments: tuple[str, ...], exit_code: int, text: str
) -> None:
    """Nothing is loaded where a word of the command is not as it must be."""
    done = shop.command("ingest", "file", *arguments, "--source", "f12")
    assert exit_code == done.exit_code
    assert text in done.out + done.err


def test_source_must_be_a_name(shop: Shop) -> None:
    """A source has 1 to 64 bytes."""
    done = shop.command("ingest", "file", "a.csv", "--source", "x" * 65)
    assert (2, True) == (done.exit_code, "--source must be 1 to 64 bytes" in done.err)


def test_one_bad_file_does_not_keep_the_others(shop: Shop, tmp_path: Path) -> None:
    """Of several files each is told by itself."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"{HEADER}F13-A,L1,5\n")
    bad.write_text("nothing\n")
    done = shop.command("ingest", "file", str(bad), str(good), "--source", "f13", "--json")
    first, second = done.value["files"]
    assert (2, False, True) == (done.exit_code, first["complete"], second["complete"])
    assert 5 == shop.on_hand("F13-A", "L1")


def test_without_a_service_it_says_what_to_do(tmp_path: Path) -> None:
    """A data folder on which nobody serves is never opened behind the service's back."""
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}A,L1,5\n")
    alone = Command("", SELLABLE_DATA=str(tmp_path / "data"))
    done = alone("ingest", "file", str(path), "--source", "erp", "--json")
    assert 3 == done.exit_code
    assert "start `sellable serve`" in done.error["message"]
