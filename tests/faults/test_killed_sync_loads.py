"""Full counts from a file that are killed: while rows are staged, while they are applied."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.keys import Partition
from support.ingesting import Shop, ago, shop_served
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS: Final = 20_000
BEFORE: Final = 3_000
SYNC: Final = Partition("0").sync("L1")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Serve a store with 3,000 SKUs at L1, 5 of each, that no count below names."""
    with shop_served(tmp_path) as served:
        path = tmp_path / "before.csv"
        lines = "".join(f"OLD-{n},L1,5\n" for n in range(BEFORE))
        path.write_text(f"sku,location,quantity\n{lines}")
        assert 0 == served.file(path, "--observed-at", ago(2), source="before").exit_code
        yield served


def staged(shop: Shop, name: str) -> int:
    """Return a number of the full count of L1."""
    return int(shop.client.hget(SYNC, name) or 0)


@pytest.mark.parametrize("at", ["rows", "applied", "zeroed"])
def test_killed_full_count_is_finished_by_resume(shop: Shop, tmp_path: Path, at: str) -> None:
    """`kill -9` among the staged rows, the applied ones or the rest: exact after --resume, once."""
    path = tmp_path / "full.csv"
    path.write_text("sku,location,quantity\n" + "".join(f"N-{n},L1,{n % 7}\n" for n in range(ROWS)))
    arguments = (str(path), "--sync", "--max-zeroed-fraction", "1", "--source", "erp")
    process = shop.start("file", *arguments)
    eventually(lambda: process.poll() is not None or staged(shop, at) >= 400, 60)
    assert process.poll() is None, "it came to its end before the kill"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    if at == "rows":
        assert ROWS > staged(shop, "rows") >= 400
        assert (5, None) == (shop.on_hand("OLD-7", "L1"), shop.on_hand("N-7", "L1"))
    told = shop.loaded(path, *arguments[1:-2], "--resume", source="erp")
    counted = told["locations"]["L1"]
    assert (True, ROWS, BEFORE) == (told["complete"], counted["applied"], counted["zeroed"])
    assert {"applied": ROWS} == shop.outcomes("erp")
    assert [n % 7 for n in range(ROWS)] == [shop.on_hand(f"N-{n}", "L1") for n in range(ROWS)]
    assert {0} == {shop.on_hand(f"OLD-{n}", "L1") for n in range(BEFORE)}
    verified = shop.command("verify", "--json")
    assert 0 == verified.exit_code, verified.out + verified.err
    again = shop.file(path, *arguments[1:-2], "--resume", source="erp")
    assert 1 == again.exit_code
    assert {"applied": ROWS} == shop.outcomes("erp")
