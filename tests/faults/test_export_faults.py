"""A store that is lost in the middle of an export."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.errors import Overloaded, StoreUnavailable
from sellable.store.export import Exports
from sellable.v1.availability_pb2 import ExportAvailabilityRequest
from support.client import refusal_of
from support.command import Command
from support.proxy import Proxy
from support.service import service
from support.stocking import count_all, store_at
from support.wait import eventually_async

if TYPE_CHECKING:
    from pathlib import Path

    from support.server import ValkeyProcess

NETWORK: Final = {
    "locations": [{"id": "DC", "type": "warehouse", "country": "FR"}],
    "markets": [{"channel": "web", "country": "FR", "locations": ["DC"]}],
}
SKUS: Final = 5_000
# Enough replies of the store for two pages of five; each SKU costs some 60 bytes.
_REPLY_BYTES: Final = 130_000


async def fill(url: str) -> None:
    """Stock the market."""
    async with store_at(url) as store:
        await store.networks.apply(json.dumps(NETWORK))
        await count_all(store, (f"SKU-{at:05}" for at in range(SKUS)), "DC", lambda at: at % 7)


def contents(folder: Path) -> dict[str, str]:
    """Return what every file of a folder holds."""
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("transport", ["native", "grpcio"])
async def test_lost_store_breaks_the_stream_and_leaves_no_file(
    valkey: ValkeyProcess, store_url: str, transport: str, tmp_path: Path
) -> None:
    """A stream that has begun ends UNAVAILABLE, and the command keeps the file that was there."""
    await fill(store_url)
    file = tmp_path / "feed.csv"
    file.write_text("old")
    async with (
        Proxy(valkey.socket_path) as proxy,
        service(proxy.url, transport=transport, health_interval_ms=60_000) as served,
    ):
        command = Command(served.server.address)
        arguments = ("export-market", "web/FR", "--out", str(file))
        proxy.reply_bytes_left = _REPLY_BYTES
        broken = await asyncio.to_thread(command, *arguments, "--json")
        assert 3 == broken.exit_code
        assert '"reason":"STORE_UNAVAILABLE"' in broken.err
        assert {file.name: "old"} == contents(tmp_path)

        async def found_again() -> bool:
            whole = await asyncio.to_thread(command, *arguments)
            return whole.exit_code == 0

        await eventually_async(found_again)
        assert SKUS + 1 == len(contents(tmp_path)[file.name].splitlines())


@pytest.mark.parametrize("transport", ["native", "grpcio"])
async def test_pages_before_the_fault_are_answered(
    valkey: ValkeyProcess, store_url: str, transport: str
) -> None:
    """The client has what came before the store was lost, and then a refusal that says so."""
    await fill(store_url)
    async with (
        Proxy(valkey.socket_path) as proxy,
        service(proxy.url, transport=transport, health_interval_ms=60_000) as served,
    ):
        request = ExportAvailabilityRequest(channel="web", country="FR")
        proxy.reply_bytes_left = _REPLY_BYTES
        call = served.client.availability.ExportAvailability(request, timeout=30)
        pages = 0

        async def read_all() -> None:
            nonlocal pages
            async for page in call:
                assert page.items
                pages += 1

        refused = await refusal_of(read_all())
        assert ("UNAVAILABLE", "STORE_UNAVAILABLE") == (refused.code, refused.reason)
        assert 0 < pages < SKUS // 1_000


async def test_walk_does_not_go_on_at_a_store_that_was_lost_and_found(
    valkey: ValkeyProcess, store_url: str
) -> None:
    """A store that was started again would skip SKUs at an old cursor: the export ends instead."""
    await fill(store_url)
    async with Proxy(valkey.socket_path) as proxy, store_at(proxy.url) as store:
        exports = Exports(store.runner, store.availability)
        async with aclosing(exports.pages("web/FR")) as pages:
            await anext(pages)
            proxy.cut()

            async def found_again() -> bool:
                traffic = store.runner.connection.traffic
                return store.runner.connection.connected and traffic.reconnects > 0

            await eventually_async(found_again)
            with pytest.raises(StoreUnavailable, match="lost during the export"):
                await anext(pages)


async def test_full_queue_delays_an_export_and_does_not_break_it(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others have every place in the queue of reads, the export waits for its own."""
    await fill(store_url)
    async with store_at(store_url) as store:
        refused: list[Overloaded] = []
        ask = store.reads._ask

        def noted(*arguments: Any) -> Any:
            try:
                return ask(*arguments)
            except Overloaded as error:
                refused.append(error)
                raise

        monkeypatch.setattr(store.reads, "_ask", noted)
        exports = Exports(store.runner, store.availability)
        async with aclosing(exports.pages("web/FR")) as pages:
            await anext(pages)
            room, store.reads.admission.requests_max = store.reads.admission.requests_max, 0
            second = asyncio.ensure_future(anext(pages))

            async def was_refused() -> bool:
                return bool(refused)

            await eventually_async(was_refused)
            store.reads.admission.requests_max = room
            assert 1_000 == len((await second).items)
