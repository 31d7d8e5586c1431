"""A watched folder in trouble: no file stops those behind it, and none is moved unread."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.ingest.inbox import Inbox
from sellable.ingest.order import Order
from sellable.ingest.profiles import load_profile
from sellable.ingest.watch import Watch
from sellable.maintenance.verify import verify
from support.arena import network
from support.proxy import Proxy
from support.stocking import store_at
from support.views import calls
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sellable.ingest.order import Loaded
    from sellable.ingest.rows import Row
    from sellable.store.store import Store
    from support.server import ValkeyProcess

HEADER: Final = "sku,location,delta\n"


class Onlooker:
    """Looks on, and does something once the first rows are read."""

    def __init__(self, act: Any = None) -> None:
        self._act = act

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        del loaded, bytes_read
        if self._act is not None:
            self._act()

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        del row, reason, detail


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store that knows DC and STORE."""
    async with store_at(store_url) as opened:
        await opened.networks.apply(json.dumps(network()))
        yield opened


def watch(store: Store, folder: Path, onlooker: Onlooker | None = None, **more: Any) -> Watch:
    """Make a watcher that waits for nothing to settle."""
    order = Order(source="erp", profile=load_profile("default"), **more)
    return Watch(store, Inbox(folder, 0), order, onlooker or Onlooker())


def put(folder: Path, name: str, text: str, age_s: int = 0) -> Path:
    """Write a file that is so old: the oldest is taken first."""
    path = folder / name
    path.write_text(text)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def names(folder: Path) -> set[str]:
    """Return what a person sees in a folder."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


async def on_hand(store: Store, sku: str, location: str = "DC") -> int:
    """Return what there is of a SKU."""
    found, _ = await store.inventory.positions(sku)
    return {position.location: position.on_hand for position in found}[location]


async def test_rows_that_cannot_be_applied_stop_no_other_file(
    store: Store, valkey: ValkeyProcess, tmp_path: Path
) -> None:
    """A file on which the script fails goes to failed, and the one behind it is loaded."""
    put(tmp_path, "a.csv", f"{HEADER}A,DC,5\nBROKEN,DC,1\n", age_s=10)
    put(tmp_path, "b.csv", f"{HEADER}B,DC,5\n")
    with valkey.client() as client:
        client.set(store.runner.partition.sku("BROKEN"), "no hash")
    watcher = watch(store, tmp_path)
    assert await watcher.once()
    assert (1, 1) == (watcher.seen.failed, watcher.seen.done)
    assert {"a.csv", "a.csv.reason.txt"} == names(tmp_path / "failed")
    assert 5 == await on_hand(store, "B")


async def test_a_file_that_cannot_be_moved_stops_no_other(store: Store, tmp_path: Path) -> None:
    """It stays, is told of, and is recognised at the next look; those behind it are loaded."""
    long = "x" * 248 + ".csv"
    put(tmp_path, long, "colour\nred\n", age_s=10)
    put(tmp_path, "b.csv", f"{HEADER}B,DC,5\n")
    watcher = watch(store, tmp_path)
    assert await watcher.once()
    assert ([long], 1, 1) == (watcher.seen.left, watcher.seen.stuck, watcher.seen.done)
    assert {"b.csv"} == names(tmp_path / "done")


async def test_a_file_that_was_loaded_and_cannot_be_moved_is_known(
    store: Store, tmp_path: Path
) -> None:
    """With something in the place of the folder for what is done, nothing is loaded twice."""
    put(tmp_path, "a.csv", f"{HEADER}A,DC,5\n")
    inside = tmp_path / "done"

    def block() -> None:
        if inside.is_dir():
            inside.rmdir()
            inside.touch()

    watcher = watch(store, tmp_path, Onlooker(block))
    assert await watcher.once()
    assert ["a.csv"] == watcher.seen.left
    inside.unlink()
    again = watch(store, tmp_path)
    assert await again.once()
    assert 1 == again.seen.known
    assert {"a.csv"} == names(inside)
    assert 5 == await on_hand(store, "A")


async def test_a_count_that_was_taken_over_stops_no_other_location(
    store: Store, valkey: ValkeyProcess, tmp_path: Path
) -> None:
    """Another call goes on with the count of one location: it fails, the other one is counted."""
    rows = "".join(f"S{n},DC,5\n" for n in range(3_000))
    put(tmp_path, "a.csv", f"sku,location,quantity\nA,STORE,7\n{rows}")
    key = store.runner.partition.sync("DC")
    with valkey.client() as client:
        onlooker = Onlooker(lambda: client.exists(key) and client.hset(key, "token", "other"))
        watcher = watch(store, tmp_path, onlooker, sync=True)
        assert await watcher.once()
    assert 1 == watcher.seen.failed
    assert {"a.csv", "a.csv.reason.txt"} == names(tmp_path / "failed")
    assert 7 == await on_hand(store, "A", "STORE")
    assert [] == [d async for step in verify(store.runner) for d in step.differences]


async def test_a_file_that_takes_the_name_of_one_is_loaded_too(
    valkey: ValkeyProcess, tmp_path: Path
) -> None:
    """A sender replaces a file that is known, before it is moved: the new one is not moved."""
    async with Proxy(valkey.socket_path) as proxy, store_at(proxy.url) as store:
        await store.networks.apply(json.dumps(network()))
        put(tmp_path, "a.csv", f"{HEADER}A,DC,5\n", age_s=10)
        assert await watch(store, tmp_path).once()
        put(tmp_path, "a.csv", f"{HEADER}A,DC,5\n", age_s=10)
        with valkey.client() as client:
            client.config_resetstat()
            proxy.hold_replies()
            working = asyncio.ensure_future(watch(store, tmp_path).once())

            async def asked() -> bool:
                return calls(client, "hmget") > 0

            await eventually_async(asked)
            put(tmp_path, "new", f"{HEADER}A,DC,70\n").rename(tmp_path / "a.csv")
            proxy.heal()
            assert await working
        assert await watch(store, tmp_path).once()
        assert 75 == await on_hand(store, "A")
        assert {"a.csv", "a~2.csv"} == names(tmp_path / "done")


@pytest.mark.parametrize("sync", [False, True])
async def test_stock_that_is_again_what_it_was_is_counted(
    store: Store, tmp_path: Path, *, sync: bool
) -> None:
    """Counts without a time, the same as in an earlier file, are as of the later file."""
    watcher = watch(store, tmp_path, sync=sync)
    for age_s, quantity in ((30, 5), (20, 4), (10, 5)):
        put(tmp_path, "stock.csv", f"sku,location,quantity\nA,DC,{quantity}\n", age_s)
        assert await watcher.once()
        assert quantity == await on_hand(store, "A")
    assert 3 == watcher.seen.done
    path = tmp_path / "done" / "stock.csv"
    path.rename(tmp_path / "stock.csv")  # its time is that of the first load: it is known
    assert await watcher.once()
    assert 1 == watcher.seen.known
    assert [] == [d async for step in verify(store.runner) for d in step.differences]
