"""The export of a market: all of it, nothing stale, whatever goes on beside it."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

import grpc
import pytest

from sellable.errors import Overloaded, UnknownMarket
from sellable.limits import EXPORT_PAGE_ITEMS_MAX, EXPORTS_AT_ONCE_MAX
from sellable.store.export import Exports
from sellable.v1 import availability_pb2, availability_pb2_grpc, inventory_pb2
from support.client import event, refusal_of
from support.service import service
from support.stocking import count_all, store_at
from support.views import calls
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.export import Page
    from sellable.store.store import Store
    from support.client import Client
    from support.server import ValkeyProcess
    from support.service import Service

TRANSPORTS: Final = pytest.mark.parametrize("transport", ["native", "grpcio"])
FR: Final = "web/FR"
# A client whose library takes no more than it was asked for, but for 64 KiB.
NO_READ_AHEAD: Final = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))


def network(*members: str, **markets: list[str]) -> dict[str, object]:
    """Make a network of DC, LYON and BERLIN; web/FR sells from the members."""
    named = {"FR": list(members), "DE": ["BERLIN"], **markets}
    return {
        "locations": [
            {"id": name, "type": "warehouse", "country": "FR"} for name in ("DC", "LYON", "BERLIN")
        ],
        "markets": [
            {"channel": "web", "country": country, "locations": names, "low_stock_threshold": 5}
            for country, names in named.items()
            if names
        ],
    }


def export(
    client: Client, country: str = "FR"
) -> grpc.aio.UnaryStreamCall[
    availability_pb2.ExportAvailabilityRequest, availability_pb2.ExportAvailabilityResponse
]:
    """Ask for all of a market."""
    request = availability_pb2.ExportAvailabilityRequest(channel="web", country=country)
    return client.availability.ExportAvailability(request, timeout=60)


@pytest.fixture
async def served(store_url: str, transport: str) -> AsyncIterator[Service]:
    """Serve a network without stock."""
    async with service(store_url, transport=transport) as started:
        await started.client.apply_network(network("DC", "LYON"))
        yield started


@TRANSPORTS
async def test_market_without_stock_is_one_page(served: Service) -> None:
    """A market without a SKU answers one page without items, with a revision."""
    (page,) = [page async for page in export(served.client)]
    assert [] == list(page.items)
    assert 1.0 == page.fraction
    assert page.revision


@TRANSPORTS
async def test_unknown_market_is_refused_before_any_page(served: Service) -> None:
    """A market that is not known is NOT_FOUND, and no page comes before that."""
    assert "UNKNOWN_MARKET" == (await refusal_of(export(served.client, "IT").read())).reason


@TRANSPORTS
async def test_pages_have_every_item_as_a_check_answers_it(served: Service) -> None:
    """Pages are full but for the last, of one revision, and their items are those of a check."""
    names = [f"S{at}" for at in range(2_500)]
    await count_all(served.store, names, "DC", lambda at: at % 9)
    await count_all(served.store, ["elsewhere"], "BERLIN", lambda _: 1)
    pages = [page async for page in export(served.client)]
    assert [1_000, 1_000] == [len(page.items) for page in pages[:-1]]
    assert 1 == len({page.revision for page in pages})
    fractions = [page.fraction for page in pages]
    assert sorted(fractions) == fractions
    assert 1.0 == fractions[-1]
    found = {item.sku: item for page in pages for item in page.items}
    assert set(names) == set(found)
    asked = names[:1_000]
    request = availability_pb2.CheckAvailabilityRequest(channel="web", country="FR", skus=asked)
    answer = await served.client.availability.CheckAvailability(request)
    assert list(answer.items) == [found[sku] for sku in asked]


class Write(NamedTuple):
    """One acknowledged write: these SKUs have this number at this revision."""

    revision: str
    number: int
    skus: list[str]


async def write_on(client: Client, names: list[str], written: list[Write]) -> NoReturn:
    """Raise the numbers of random SKUs for ever, and note each write."""
    chosen = random.Random(7)
    for number in itertools.count(2):
        some = chosen.sample(names, 50)
        request = inventory_pb2.ApplyInventoryRequest(
            events=[event(sku, "DC", on_hand_quantity=number) for sku in some]
        )
        answer = await client.inventory.ApplyInventory(request)
        written.append(Write(answer.revision, number, some))
    raise AssertionError("numbers end never")


@TRANSPORTS
async def test_no_item_is_older_than_the_revision(served: Service) -> None:
    """While numbers only grow, each item has at least what was written up to the revision."""
    names = [f"S{at}" for at in range(3_000)]
    await count_all(served.store, names, "DC", lambda _: 1)
    written: list[Write] = []
    writer = asyncio.ensure_future(write_on(served.client, names, written))

    async def begun() -> bool:
        return len(written) > 5

    await eventually_async(begun)
    pages = [page async for page in export(served.client)]
    writer.cancel()
    decode = served.store.revisions.decode
    revision = decode(pages[0].revision, "revision")
    before = [write for write in written if decode(write.revision, "revision") <= revision]
    least = dict.fromkeys(names, 1)
    for write in before:
        least.update(dict.fromkeys(write.skus, write.number))
    found = [(item.sku, item.sellable_quantity) for page in pages for item in page.items]
    assert set(names) == {sku for sku, _ in found}
    assert [] == [(sku, number) for sku, number in found if number < least[sku]]
    assert 5 < len(before) < len(written), "nothing was written during the export"


@TRANSPORTS
async def test_walk_waits_for_its_client_and_ends_with_it(
    served: Service, valkey: ValkeyProcess
) -> None:
    """A client that does not read on stops the walk; one that leaves gives its place back."""
    long = "x" * 100  # so that the buffers on the way hold few pages
    await count_all(served.store, (f"{at}{long}" for at in range(15_000)), "DC", lambda _: 1)
    with valkey.client() as client:
        client.config_resetstat()
    async with grpc.aio.insecure_channel(served.server.address, NO_READ_AHEAD) as channel:
        stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
        request = availability_pb2.ExportAvailabilityRequest(channel="web", country="FR")
        slow = [stub.ExportAvailability(request) for _ in range(EXPORTS_AT_ONCE_MAX)]
        for call in slow:
            assert await call.read()
        with valkey.client() as client:
            seen = [calls(client, "hscan")]

            async def stands_still() -> bool:
                await asyncio.gather(*(served.client.sellable(FR, "0") for _ in range(200)))
                seen.append(calls(client, "hscan"))
                return seen[-1] == seen[-2]

            await eventually_async(stands_still)
            whole = 15_000 // 400 * EXPORTS_AT_ONCE_MAX
            assert seen[-1] < whole // 2, "the walk went on without a reader"
        assert "OVERLOADED" == (await refusal_of(export(served.client).read())).reason
        for call in slow:
            call.cancel()

    async def has_a_place() -> bool:
        try:
            pages = [page async for page in export(served.client)]
        except grpc.aio.AioRpcError:
            return False
        return 15_000 == sum(len(page.items) for page in pages)

    await eventually_async(has_a_place)


async def all_of(pages: AsyncIterator[Page]) -> list[str]:
    """Return every SKU of an export."""
    return [item.sku async for page in pages for item in page.items]


async def numbers_of(pages: AsyncIterator[Page]) -> dict[str, int]:
    """Return the number of every SKU of an export."""
    return {item.sku: item.sellable async for page in pages for item in page.items}


async def prepared(store: Store) -> None:
    """Apply a network without BERLIN in web/FR, and stock everywhere."""
    await store.networks.apply(json.dumps(network("DC")))
    await count_all(store, ["A", "B"], "DC", lambda _: 1)
    await count_all(store, [f"N{at}" for at in range(600)], "BERLIN", lambda _: 2)


async def test_location_that_has_just_joined_is_exported(store_url: str) -> None:
    """SKUs of a location that joined are there before any roll-out, and those that left are not."""
    async with store_at(store_url) as store:
        await prepared(store)
        await store.networks.apply(json.dumps(network("BERLIN")))
        found = await all_of(Exports(store.runner, store.availability).pages(FR))
        assert {f"N{at}" for at in range(600)} == set(found)


async def test_rules_of_freshness_hold_in_an_export(store_url: str) -> None:
    """A switch that is due and the rest of a quota are in the items without any roll-out."""
    async with store_at(store_url) as store:
        document = network("DC", "LYON")
        await store.networks.apply(json.dumps(document))
        for sku in ("A", "B"):
            await count_all(store, [sku], "DC", lambda _: 9)
        switch_ms = (time.time_ns() // 1_000_000_000 + 60) * 1_000
        moment = datetime.fromtimestamp(switch_ms / 1_000, UTC).isoformat()
        document["quotas"] = [{"market": FR, "sku": "B", "units": 4}]
        document["protections"] = [{"sku": "A", "blocked": True, "from": moment}]
        await store.networks.apply(json.dumps(document))
        exports = Exports(store.runner, store.availability)
        assert {"A": 9, "B": 4} == await numbers_of(exports.pages(FR))
        store.runner.clock = lambda: switch_ms
        assert {"A": 0, "B": 4} == await numbers_of(exports.pages(FR))


async def test_market_that_leaves_ends_its_export(store_url: str) -> None:
    """An export whose market leaves the network fails instead of ending early."""
    async with store_at(store_url) as store:
        await prepared(store)
        await count_all(store, (f"S{at}" for at in range(3_000)), "DC", lambda _: 1)
        async with aclosing(Exports(store.runner, store.availability).pages(FR)) as pages:
            assert EXPORT_PAGE_ITEMS_MAX == len((await anext(pages)).items)
            await store.networks.apply(json.dumps(network()))
            with pytest.raises(UnknownMarket):
                await all_of(pages)


async def test_exports_at_once_are_bounded(store_url: str) -> None:
    """One export too many is refused, and has its place once another one ends."""
    async with store_at(store_url) as store:
        await prepared(store)
        exports = Exports(store.runner, store.availability)
        running = [exports.pages(FR) for _ in range(EXPORTS_AT_ONCE_MAX)]
        for pages in running:
            await anext(pages)
        with pytest.raises(Overloaded):
            await anext(exports.pages(FR))
        await running[0].aclose()
        assert {"A", "B"} == set(await all_of(exports.pages(FR)))
        for pages in running:
            await pages.aclose()
