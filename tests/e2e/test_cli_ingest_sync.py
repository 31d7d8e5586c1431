"""`sellable ingest file --sync`: a file as a full count of the locations that it names."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

import pytest

from support.ingesting import Shop, ago, shop_served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Serve a store with A to E, 5 of each, at L1 and at L2."""
    with shop_served(tmp_path) as served:
        rows = [f"{sku},{place},5" for sku in "ABCDE" for place in ("L1", "L2")]
        path = written(tmp_path, "before", rows)
        assert 0 == served.file(path, "--observed-at", ago(2), source="before").exit_code
        yield served


def written(
    folder: Path, name: str, rows: list[str], header: str = "sku,location,quantity"
) -> Path:
    """Write a file of rows."""
    path = folder / f"{name}.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def at(shop: Shop, location: str) -> Mapping[str, int | None]:
    """Return what is on hand of each SKU."""
    return {sku: shop.on_hand(sku, location) for sku in "ABCDE"}


def test_what_the_file_leaves_out_is_zero_at_its_locations_only(shop: Shop, tmp_path: Path) -> None:
    """Each location that the file names is counted in full; others stay."""
    path = written(tmp_path, "full", ["A,L1,1", "B,L1,2", "C,L1,3", "D,L1,4"])
    done = shop.file(path, "--sync", source="erp")
    (told,) = done.value["files"]
    assert (0, True, {"applied": 4}) == (done.exit_code, told["complete"], counts(told))
    assert 1 == told["locations"]["L1"]["zeroed"]
    assert {"A": 1, "B": 2, "C": 3, "D": 4, "E": 0} == at(shop, "L1")
    assert dict.fromkeys("ABCDE", 5) == at(shop, "L2")


def counts(told: dict[str, dict[str, int]]) -> dict[str, int]:
    """Return the outcomes that there were."""
    return {name: count for name, count in told["outcomes"].items() if count}


def test_brake_holds_one_location_and_not_the_other(shop: Shop, tmp_path: Path) -> None:
    """A count that would empty a location changes nothing there; the sound one is done."""
    rows = ["A,L1,1", *(f"{sku},L2,7" for sku in "ABCDE")]
    path = written(tmp_path, "half", rows)
    done = shop.file(path, "--sync", source="erp")
    (told,) = done.value["files"]
    assert (1, False) == (done.exit_code, told["complete"])
    assert "4 of the 5 positions" in told["locations"]["L1"]["problem"]
    assert dict.fromkeys("ABCDE", 5) == at(shop, "L1")
    assert dict.fromkeys("ABCDE", 7) == at(shop, "L2")
    loose = shop.loaded(path, "--sync", "--max-zeroed-fraction", "1", source="erp")
    assert {"A": 1, "B": 0, "C": 0, "D": 0, "E": 0} == at(shop, "L1")
    assert loose["complete"]


@pytest.mark.parametrize(("rule", "expected"), [("reject", 5), ("sum", 9), ("last", 1)])
def test_duplicates_are_what_the_profile_says(
    shop: Shop, tmp_path: Path, rule: str, expected: int
) -> None:
    """Rejected both, added up, or the last of them; the position is never taken for left out."""
    profile = tmp_path / "rule.yaml"
    profile.write_text(f"extends: default\nduplicates: {rule}\n")
    rows = ["A,L1,8", "A,L1,1", "B,L1,2", "C,L1,2", "D,L1,2", "E,L1,2"]
    path = written(tmp_path, "twice", rows)
    told = shop.loaded(path, "--sync", "--profile", str(profile), source="erp")
    assert {"A": expected, "B": 2, "C": 2, "D": 2, "E": 2} == at(shop, "L1")
    assert 6 == told["rows"]


def test_row_that_cannot_be_read_keeps_everything_else_from_zero(
    shop: Shop, tmp_path: Path
) -> None:
    """Nobody knows which position a bad row was about: what is named is counted, no more."""
    path = written(tmp_path, "bad", ["A,L1,1", "B,L1,N/A"])
    done = shop.file(path, "--sync", "--max-zeroed-fraction", "1", source="erp")
    (told,) = done.value["files"]
    assert (1, {"applied": 1, "rejected": 1}) == (done.exit_code, counts(told))
    assert {"A": 1, "B": 5, "C": 5, "D": 5, "E": 5} == at(shop, "L1")
    assert "1 of its rows could not be read" in told["sync_problem"]
    shown = shop.command("ingest", "file", str(path), "--source", "again", "--sync")
    assert "no full count: nothing that the file leaves out was counted as 0" in shown.out


@pytest.mark.parametrize(("rule", "expected"), [("reject", 5), ("sum", 5), ("last", 1)])
def test_duplicates_of_a_count_that_is_not_whole(
    shop: Shop, tmp_path: Path, rule: str, expected: int
) -> None:
    """A bad row elsewhere does not make the last of two contradicting rows the truth."""
    profile = tmp_path / "rule.yaml"
    profile.write_text(f"extends: default\nduplicates: {rule}\n")
    path = written(tmp_path, "both", ["A,L1,8", "B,L1,2", "A,L1,1", "C,L1,N/A"])
    for dry in ("--dry-run", "--again"):
        told = shop.loaded(path, "--sync", dry, "--profile", str(profile), source="erp")
        assert (3 if expected == 5 else 1) == told["outcomes"]["rejected"]
        assert "counted as 0" in told["sync_problem"]
    assert {"A": expected, "B": 2, "C": 5, "D": 5, "E": 5} == at(shop, "L1")


@pytest.mark.parametrize(
    ("header", "rows", "problem"),
    [
        ("sku,location,delta", ["A,L1,1"], "counts only"),
        (
            "sku,location,quantity,observe_time",
            [f"A,L1,1,{ago(1)}", f"B,L1,1,{ago(0.5)}"],
            "--observed-at",
        ),
        ("sku,location,quantity", [], "no rows"),
    ],
)
def test_file_that_is_no_full_count_changes_nothing(
    shop: Shop, tmp_path: Path, header: str, rows: list[str], problem: str
) -> None:
    """Changes, several times, or no row at all: refused before anything is staged."""
    path = written(tmp_path, "odd", rows, header)
    done = shop.file(path, "--sync", "--max-zeroed-fraction", "1", source="erp")
    assert 2 == done.exit_code
    assert problem in done.value["files"][0]["problem"]
    assert dict.fromkeys("ABCDE", 5) == at(shop, "L1")
    if rows and "observe_time" in header:
        told = shop.loaded(path, "--sync", "--observed-at", ago(0), source="erp")
        assert "SYNC_SUSPICIOUS" == told["rejected"][0]["reason"]


def test_truncated_full_count_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    """What a cut file does not name is not missing from the location."""
    path = tmp_path / "cut.csv.gz"
    text = "sku,location,quantity\n" + "".join(f"{n:05d},L1,1\n" for n in range(20_000))
    packed = gzip.compress(text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    done = shop.file(path, "--sync", "--max-zeroed-fraction", "1", source="erp")
    assert (2, 0) == (done.exit_code, shop.rows("erp"))
    assert dict.fromkeys("ABCDE", 5) == at(shop, "L1")


def test_unknown_location_is_refused_and_the_known_one_counted(shop: Shop, tmp_path: Path) -> None:
    """A location that the network does not have keeps no other from being counted."""
    rows = ["A,L9,1", *(f"{sku},L1,6" for sku in "ABCDE")]
    told = shop.loaded(written(tmp_path, "some", rows), "--sync", source="erp")
    assert {"applied": 5, "rejected": 1} == counts(told)
    assert dict.fromkeys("ABCDE", 6) == at(shop, "L1")


def test_every_row_that_a_full_count_refuses_is_told_by_its_line(
    shop: Shop, tmp_path: Path
) -> None:
    """Named twice, at no location of the network, or held by the brake: each with line and SKU."""
    rejects = tmp_path / "bad.csv"
    rows = ["A,L1,8", "X,L9,1", *(f"{sku},L1,6" for sku in "BCDE"), "A,L1,1", "A,L2,1"]
    path = written(tmp_path, "some", rows)
    told = shop.loaded(path, "--sync", "--rejects", str(rejects), source="erp")
    with rejects.open(newline="") as stream:
        found = [(row["line"], row["reason"], row["row"]) for row in csv.DictReader(stream)]
    assert [
        ("2", "INVALID_FIELD"),
        ("3", "UNKNOWN_LOCATION"),
        ("8", "INVALID_FIELD"),
        ("9", "SYNC_SUSPICIOUS"),
    ] == [(line, reason) for line, reason, _ in found]
    assert ["A", "X", "A", "A"] == [row.split('"sku":"')[1][0] for _, _, row in found]
    assert 4 == told["outcomes"]["rejected"] == sum(one["count"] for one in told["rejected"])
    (twice,) = (one for one in told["rejected"] if one["reason"] == "INVALID_FIELD")
    assert "A at L1: the full count names it more than once" == twice["examples"][0]["detail"]


def test_count_that_is_done_in_part_says_what_was_done_before(shop: Shop, tmp_path: Path) -> None:
    """The location that was counted is not counted again unasked, and --again does count it."""
    rows = ["X,L9,1", *(f"{sku},L1,6" for sku in "ABCDE")]
    path = written(tmp_path, "some", rows)
    assert [] == shop.loaded(path, "--sync", source="erp")["notes"]
    changed = written(tmp_path, "later", [f"{sku},L1,2" for sku in "ABCDE"])
    assert 0 == shop.file(changed, "--observed-at", ago(0), source="other").exit_code
    told = shop.loaded(path, "--sync", "--resume", source="erp")
    assert "L1 was counted by an earlier run" in told["notes"][0]
    assert dict.fromkeys("ABCDE", 2) == at(shop, "L1")
    told = shop.loaded(path, "--sync", "--again", "--observed-at", ago(0), source="erp")
    assert ([], 5) == (told["notes"], told["outcomes"]["applied"])
    assert dict.fromkeys("ABCDE", 6) == at(shop, "L1")


def test_same_stock_counted_later_is_another_count(shop: Shop, tmp_path: Path) -> None:
    """Every night may give the same file: its later time makes it a count of its own."""
    path = written(tmp_path, "night", [f"{sku},L1,6" for sku in "ABCDE"])
    assert 0 == shop.file(path, "--sync", "--observed-at", ago(1), source="erp").exit_code
    changed = written(tmp_path, "between", [f"{sku},L1,2" for sku in "ABCDE"])
    assert 0 == shop.file(changed, "--observed-at", ago(0.5), source="other").exit_code
    told = shop.loaded(path, "--sync", "--observed-at", ago(0), source="erp")
    assert (True, {"applied": 5}) == (told["complete"], counts(told))
    assert dict.fromkeys("ABCDE", 6) == at(shop, "L1")


def test_dry_run_of_a_full_count_says_what_would_hold_it(shop: Shop, tmp_path: Path) -> None:
    """The brake, rows named twice, and what is no full count at all: as the load would say it."""
    path = written(tmp_path, "few", ["A,L1,1", "B,L1,2", "B,L1,3"])
    told = shop.loaded(path, "--sync", "--dry-run", source="erp")
    assert {"applied": 1, "rejected": 2} == counts(told)
    held = "3 of 5 positions with stock at L1 would be counted as 0: more than 0.2 of them"
    assert any(note.startswith(held) for note in told["notes"])
    told = shop.loaded(path, "--sync", "--dry-run", "--observed-at", ago(3), source="erp")
    assert "0 of 5 positions with stock at L1 would be counted as 0" in told["notes"]
    changes = written(tmp_path, "changes", ["A,L1,1"], "sku,location,delta")
    done = shop.file(changes, "--sync", "--dry-run", source="erp")
    assert (2, True) == (done.exit_code, "counts only" in done.value["files"][0]["problem"])
    assert dict.fromkeys("ABCDE", 5) == at(shop, "L1")


def test_same_count_again_is_known(shop: Shop, tmp_path: Path) -> None:
    """A full count that was committed is not done twice, and --again is a count of its own."""
    rows = [f"{sku},L1,6" for sku in "ABCDE"]
    path = written(tmp_path, "twice", rows)
    assert 0 == shop.file(path, "--sync", source="erp").exit_code
    assert "was loaded before" in shop.loaded(path, "--sync", source="erp")["problem"]
    later = written(tmp_path, "later", [f"{sku},L1,2" for sku in "ABCDE"])
    assert 0 == shop.file(later, "--observed-at", ago(0), source="other").exit_code
    again = shop.loaded(path, "--sync", "--again", "--observed-at", ago(0), source="erp")
    assert {"applied": 5} == counts(again)
    assert dict.fromkeys("ABCDE", 6) == at(shop, "L1")
