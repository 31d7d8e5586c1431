"""Loads of files that are killed at any row, and files that change under them."""

from __future__ import annotations

import asyncio
import random
import signal
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.ingest.content import content_of
from sellable.ingest.loading import load
from sellable.ingest.opening import open_ingest_store
from sellable.ingest.order import Order
from sellable.ingest.profiles import load_profile
from sellable.settings import Settings
from support.ingesting import Shop, ago, json_lines, shop_served
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sellable.ingest.order import Loaded
    from sellable.ingest.rows import Row

ROWS: Final = 12_000
KILLS: Final = 8
PLACES: Final = ("L1", "L2", "L3")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Serve an empty store."""
    with shop_served(tmp_path) as served:
        yield served


def mixed_rows(chosen: random.Random) -> tuple[list[dict[str, Any]], dict[tuple[str, str], int]]:
    """Make counts and changes with some bad rows, and what every position must hold then."""
    counted, changed = ago(3), ago(2)
    keys = [(f"SKU-{n}", place) for n in range(100) for place in PLACES]
    expected = {key: chosen.randrange(50) for key in keys}
    rows: list[dict[str, Any]] = [
        {"sku": sku, "location": place, "on_hand_quantity": units, "observe_time": counted}
        for (sku, place), units in expected.items()
    ]
    while len(rows) < ROWS:
        sku, place = key = chosen.choice(keys)
        units = chosen.choice((-2, -1, 1, 2, 3))
        row = {"sku": sku, "location": place, "delta_quantity": units, "observe_time": changed}
        if chosen.random() < 0.01:
            row["delta_quantity"] = "N/A"
        else:
            expected[key] += units
        rows.append(row)
    chosen.shuffle(rows)
    return rows, expected


def test_load_that_is_killed_again_and_again_counts_each_row_once(
    shop: Shop, tmp_path: Path
) -> None:
    """After every `kill -9` --resume goes on; outcomes add up to the rows, positions are exact."""
    chosen = random.Random(7)
    rows, expected = mixed_rows(chosen)
    path = tmp_path / "night.jsonl"
    path.write_bytes(json_lines(rows))
    arguments = ("file", str(path), "--source", "wms", "--resume")
    cuts = sum(
        shop.killed_after(shop.rows("wms") + chosen.randrange(1, ROWS // KILLS), "wms", *arguments)
        for _ in range(KILLS)
    )
    assert cuts >= KILLS // 2
    told = shop.loaded(path, "--resume", source="wms") if shop.rows("wms") < ROWS else {}
    outcomes = shop.outcomes("wms")
    assert ROWS == sum(outcomes.values())
    assert shop.letters("wms") == outcomes["rejected"]
    assert not told or (told["complete"] and told["outcomes"] == outcomes)
    assert expected == {key: shop.on_hand(*key) for key in expected}


def test_load_without_resume_reads_from_the_start_and_recognises_rows(
    shop: Shop, tmp_path: Path
) -> None:
    """Rows that a killed load had applied come again as DUPLICATE, and count nothing twice."""
    rows, expected = mixed_rows(random.Random(8))
    path = tmp_path / "night.jsonl"
    path.write_bytes(json_lines(rows))
    assert shop.killed_after(ROWS // 3, "wms", "file", str(path), "--source", "wms")
    told = shop.loaded(path, source="wms")
    assert (True, ROWS) == (told["complete"], told["rows"])
    assert any("were applied before" in note for note in told["notes"])
    assert told["outcomes"]["duplicate"] > 0
    assert expected == {key: shop.on_hand(*key) for key in expected}


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(shop: Shop, tmp_path: Path) -> None:
    """What was applied stays, the exit code is that of Ctrl-C, and the hint names --resume."""
    rows, expected = mixed_rows(random.Random(9))
    path, rejects = tmp_path / "night.jsonl", tmp_path / "bad.csv"
    path.write_bytes(json_lines(rows))
    process = shop.start("file", str(path), "--source", "wms", "--rejects", str(rejects))
    while shop.rows("wms") < 500 and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert 130 == process.returncode
    assert b"--resume" in err
    assert b"Traceback" not in err
    assert rejects.exists()
    assert shop.loaded(path, "--resume", source="wms")["complete"]
    assert expected == {key: shop.on_hand(*key) for key in expected}


class _Writer:
    """Somebody who goes on writing to a file while it is loaded."""

    def __init__(self, path: Path, more: str) -> None:
        self._path = path
        self._more = more

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        if self._more:
            with self._path.open("a") as file:
                file.write(self._more)
        self._more = ""

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        """Nobody is interested."""


def test_file_that_grows_while_it_is_read_is_not_taken_for_complete(
    shop: Shop, tmp_path: Path
) -> None:
    """What was there at the start is applied; the whole file counts each row once afterwards."""
    path = tmp_path / "grows.csv"
    lines = "".join(f"G-{n},L1,delta-{n},1\n" for n in range(3_000))
    path.write_text(f"sku,location,event_id,delta\n{lines}")
    order = Order(source="wms", profile=load_profile("default"))
    assert shop.service.data is not None
    settings = Settings(data=shop.service.data)

    async def main() -> Loaded:
        content = content_of(path)
        async with open_ingest_store(settings) as store:
            return await load(store, content, order, _Writer(path, "LATE,L1,late,1\n"))

    cut = asyncio.run(main())
    assert (False, True, 3_000) == (cut.complete, cut.changing, cut.rows)
    assert "grew or shrank while it was read" in cut.problem
    assert None is shop.on_hand("LATE", "L1")
    told = shop.loaded(path, source="wms")
    assert {"applied": 1, "duplicate": 3_000} == told["outcomes"]
    assert (1, 1) == (shop.on_hand("G-17", "L1"), shop.on_hand("LATE", "L1"))


def test_two_loads_of_one_file_at_once_count_each_row_once(shop: Shop, tmp_path: Path) -> None:
    """Whoever is behind is told so by the store; no row has two outcomes."""
    rows, expected = mixed_rows(random.Random(10))
    path = tmp_path / "night.jsonl"
    path.write_bytes(json_lines(rows))
    both = [shop.start("file", str(path), "--source", "wms", "--resume") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=60)
        # One is told that the other loads it, or that it is done.
        assert process.returncode in {0, 1}, err
    while shop.rows("wms") < ROWS:
        shop.loaded(path, "--resume", source="wms")
    assert ROWS == shop.rows("wms")
    assert expected == {key: shop.on_hand(*key) for key in expected}


def test_store_that_is_lost_on_the_way_says_how_to_go_on(shop: Shop, tmp_path: Path) -> None:
    """It ends as a store that does not answer, names --resume, and --resume comes to the end."""
    rows, expected = mixed_rows(random.Random(11))
    path, rejects = tmp_path / "night.jsonl", tmp_path / "bad.csv"
    path.write_bytes(json_lines(rows))
    process = shop.start("file", str(path), "--source", "wms", "--rejects", str(rejects))
    eventually(lambda: shop.rows("wms") >= 500 or process.poll() is not None)
    shop.service.kill()
    shop.service.kill_embedded_store()
    _, err = process.communicate(timeout=60)
    assert 3 == process.returncode, err
    assert b"night.jsonl was cut off, what was applied stays" in err
    assert b"--resume" in err
    assert rejects.exists()
    asyncio.run(shop.service.start())
    assert shop.loaded(path, "--resume", source="wms")["complete"]
    assert ROWS == shop.rows("wms")
    assert expected == {key: shop.on_hand(*key) for key in expected}
