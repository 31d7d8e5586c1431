"""`sellable ingest watch`: files that arrive in a folder, each loaded once and moved."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING, Final

import pytest

from support.ingesting import Shop, json_lines, shop_served
from support.wait import eventually

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from support.command import Ended

HEADER: Final = "sku,location,delta\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Serve one store for every test here; each takes SKUs and a source of its own."""
    with shop_served(tmp_path_factory.mktemp("watch")) as served:
        yield served


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Make a folder in which files arrive."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def once(shop: Shop, inbox: Path, source: str, *options: str) -> Ended:
    """Work on what is there, as cron does."""
    settled = () if "--settle" in options else ("--settle", "0")
    return shop.command.script(
        "ingest", "watch", str(inbox), "--source", source, "--once", *settled, *options
    )


def names(folder: Path) -> set[str]:
    """Return what a person sees in a folder."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def stopped(process: subprocess.Popen[bytes]) -> bytes:
    """End a watcher as `kill` does, and return its log."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert 0 == process.returncode, log
    assert b"Traceback" not in log
    return log


def test_files_are_loaded_and_moved(shop: Shop, inbox: Path) -> None:
    """Good files go to done, bad ones to failed with the reason beside them, others stay."""
    (inbox / "good.csv").write_text(f"{HEADER}W1-A,L1,5\n")
    (inbox / "bad.csv").write_text("colour\nred\n")
    for name in (".hidden.csv", "half.csv.part", "half.tmp", "half.filepart"):
        (inbox / name).write_text(f"{HEADER}W1-B,L1,5\n")
    done = once(shop, inbox, "w1")
    assert 1 == done.exit_code
    assert {"good.csv"} == names(inbox / "done")
    assert {"bad.csv", "bad.csv.reason.txt"} == names(inbox / "failed")
    assert "sku" in (inbox / "failed" / "bad.csv.reason.txt").read_text()
    assert {"done", "failed", "half.csv.part", "half.tmp", "half.filepart"} == names(inbox)
    assert (5, None) == (shop.on_hand("W1-A", "L1"), shop.on_hand("W1-B", "L1"))


def test_content_is_loaded_once_whatever_it_is_called(shop: Shop, inbox: Path) -> None:
    """A copy under another name, or the same name again, is only moved."""
    text = f"{HEADER}W2-A,L1,5\n"
    for name in ("a.csv", "b.csv", "a.csv"):
        (inbox / name).write_text(text)
        done = once(shop, inbox, "w2")
        assert 0 == done.exit_code, done.err
    assert {"a.csv", "b.csv", "a~2.csv"} == names(inbox / "done")
    assert (5, 1) == (shop.on_hand("W2-A", "L1"), shop.rows("w2"))
    assert "file_known" in done.err


def test_refused_rows_are_told_by_the_exit_code(shop: Shop, inbox: Path) -> None:
    """A file with some bad rows is done with, and cron hears of it."""
    (inbox / "some.csv").write_text(f"{HEADER}W3-A,L1,5\nW3-B,L1,x\n")
    assert 1 == once(shop, inbox, "w3").exit_code
    assert {"some.csv"} == names(inbox / "done")
    assert 1 == shop.letters("w3")


def test_marker_says_that_a_file_is_complete(shop: Shop, inbox: Path) -> None:
    """With --marker a file waits for its marker, which goes with it."""
    (inbox / "a.csv").write_text(f"{HEADER}W4-A,L1,5\n")
    (inbox / "b.csv").write_text(f"{HEADER}W4-B,L1,5\n")
    (inbox / "a.csv.done").touch()
    (inbox / "c.csv.ok").touch()
    assert 0 == once(shop, inbox, "w4", "--marker").exit_code
    assert {"done", "failed", "b.csv", "c.csv.ok"} == names(inbox)
    assert {"a.csv"} == names(inbox / "done")


def test_full_counts_can_be_watched(shop: Shop, inbox: Path) -> None:
    """Each file is a full count; one that is too suspicious fails and changes nothing."""
    rows = "".join(f"W5-{n},L3,5\n" for n in range(10))
    (inbox / "a.csv").write_text(f"sku,location,quantity\n{rows}")
    assert 0 == once(shop, inbox, "w5", "--sync").exit_code
    (inbox / "b.csv").write_text("sku,location,quantity\nW5-1,L3,5\n")
    assert 1 == once(shop, inbox, "w5", "--sync").exit_code
    assert "9 of the 10" in (inbox / "failed" / "b.csv.reason.txt").read_text()
    assert 5 == shop.on_hand("W5-9", "L3")


def test_watcher_takes_files_as_they_come(shop: Shop, inbox: Path) -> None:
    """Each file is taken once it has its name and settled; the log tells of each once."""
    watcher = shop.start("watch", str(inbox), "--source", "w6", "--settle", "0.2")
    for number in range(4):
        part = inbox / f"{number}.csv.part"
        part.write_text(f"{HEADER}W6-{number},L1,1\n")
        part.rename(inbox / f"{number}.csv")
        eventually((inbox / "done" / f"{number}.csv").exists)
    log = stopped(watcher)
    assert {"applied": 4} == shop.outcomes("w6")
    assert 4 == log.count(b"file_loaded")


def test_killed_watcher_goes_on_where_it_was(shop: Shop, inbox: Path) -> None:
    """`kill -9` at any row: the next watcher takes the rest, and each row counts once."""
    chosen = random.Random(3)
    rows = [{"sku": f"W7-{n % 50}", "location": "L2", "delta_quantity": 1} for n in range(8_000)]
    (inbox / "big.jsonl").write_bytes(json_lines(rows))
    arguments = ("watch", str(inbox), "--source", "w7", "--settle", "0")
    cuts = sum(
        shop.killed_after(shop.rows("w7") + chosen.randrange(1, 1_500), "w7", *arguments)
        for _ in range(4)
    )
    assert cuts >= 2
    assert 0 == once(shop, inbox, "w7").exit_code
    assert {"big.jsonl"} == names(inbox / "done")
    assert {"applied": 8_000} == shop.outcomes("w7")
    assert [160] * 50 == [shop.on_hand(f"W7-{n}", "L2") for n in range(50)]


def test_two_watchers_do_no_file_twice(shop: Shop, inbox: Path) -> None:
    """One works, the other waits, and takes over when the first is gone."""
    arguments = ("watch", str(inbox), "--source", "w8", "--settle", "0")
    first, second = shop.start(*arguments), shop.start(*arguments)
    for number in range(10):
        (inbox / f".{number}").write_text(f"{HEADER}W8-A,L1,{number + 1}\n")
        (inbox / f".{number}").rename(inbox / f"{number}.csv")
    eventually(lambda: shop.rows("w8") == 10)
    assert 1 == once(shop, inbox, "w8").exit_code  # the folder is watched
    first.kill()
    first.communicate()
    (inbox / "last.csv").write_text(f"{HEADER}W8-B,L1,1\n")
    eventually((inbox / "done" / "last.csv").exists)
    stopped(second)
    assert ({"applied": 11}, 55) == (shop.outcomes("w8"), shop.on_hand("W8-A", "L1"))


def test_folder_must_be_there(shop: Shop, tmp_path: Path) -> None:
    """A folder is not made by looking for it."""
    done = shop.command("ingest", "watch", str(tmp_path / "nowhere"), "--source", "w9", "--once")
    assert 2 == done.exit_code
    assert not (tmp_path / "nowhere").exists()


def test_file_that_cannot_be_read_fails_with_its_reason(shop: Shop, inbox: Path) -> None:
    """What is no file is left; what is cut off fails, its whole rows applied."""
    (inbox / "folder.csv").mkdir()
    (inbox / "link.csv").symlink_to(inbox / "nowhere.csv")
    (inbox / "empty.csv").touch()
    assert 1 == once(shop, inbox, "w10").exit_code
    assert {"done", "failed", "folder.csv", "link.csv"} == names(inbox)
    assert "empty" in (inbox / "failed" / "empty.csv.reason.txt").read_text()
