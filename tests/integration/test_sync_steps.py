"""Full counts step by step: bounded, resumable, finished by anybody, and every row counted once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.errors import InvalidFields, SyncInProgress
from sellable.limits import SYNC_ROWS_MAX
from sellable.stock import Fact, FactKind
from sellable.store.syncs import REFUSED, STILL_MS, SyncHeader, Syncs
from support.arena import network
from support.stocking import count_all, store_at
from support.views import calls
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sellable.store.store import Store
    from support.server import ValkeyProcess

# So many that the engine no longer keeps them in one piece, which a walk would see all at once.
SKUS: Final = [f"S{at}" for at in range(1_400)]
COUNTED: Final = [(sku, 7) for sku in SKUS[:700]]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with 5 units of every SKU at DC, without any background work."""
    async with store_at(store_url) as opened:
        await opened.networks.apply(json.dumps(network()))
        await count_all(opened, SKUS, "DC", lambda _: 5)
        yield opened


async def header(store: Store, sync_id: str = "S1", **said: Any) -> SyncHeader:
    """Say what is counted: DC by `wms`, as of now, whatever that takes to 0."""
    values: dict[str, Any] = {
        "observe_us": await store.runner.now_ms() * 1_000,
        "max_zeroed_fraction": 1.0,
    }
    return SyncHeader(sync_id=sync_id, source="wms", location="DC", **values | said)


async def on_hand(store: Store, skus: Iterable[str]) -> list[int]:
    """Return what is at DC of every SKU."""
    found = [await store.inventory.positions(sku) for sku in skus]
    return [position.on_hand for (position,), _ in found]


async def test_steps_of_one_row_come_to_the_same(store: Store, valkey: ValkeyProcess) -> None:
    """However little a script may do, every row and every other position is seen to once."""
    syncs = Syncs(store.runner, work_max=1)
    state = await syncs.begin(await header(store))
    state = await syncs.add(state, 0, COUNTED)
    with valkey.client() as client:
        client.config_resetstat()
        result = await syncs.commit(state, 700)
        assert calls(client, "evalsha") > 1_400
    assert (700, 700) == (result.applied, result.zeroed)
    assert [7] * 700 + [0] * 700 == await on_hand(store, SKUS)


async def test_two_processes_at_once_come_to_the_same(store: Store, store_url: str) -> None:
    """One that takes a count for left while it goes on does steps of it, and nothing twice."""
    async with store_at(store_url) as other:
        late = Syncs(other.runner, work_max=1)
        now_ms = await store.runner.now_ms()
        other.runner.clock = lambda: now_ms + 10 * STILL_MS
        syncs = Syncs(store.runner, work_max=1)
        state = await syncs.add(await syncs.begin(await header(store)), 0, COUNTED)

        helping = eventually_async(late.settle)
        result, _ = await asyncio.gather(syncs.commit(state, 700), helping)
        assert (700, 700) == (result.applied, result.zeroed)
        assert [7] * 700 + [0] * 700 == await on_hand(store, SKUS)


async def test_a_count_that_goes_on_is_left_alone(store: Store, valkey: ValkeyProcess) -> None:
    """The finisher takes a committed count only once it has stood still for a while."""
    state = await store.syncs.add(await store.syncs.begin(await header(store)), 0, COUNTED)
    await store.runner.run("sync_commit", "DC", state.token, 700, keeps=False)
    assert 0 == await store.syncs.settle()
    assert [5] == await on_hand(store, SKUS[:1])
    now_ms = await store.runner.now_ms()
    store.runner.clock = lambda: now_ms + STILL_MS
    assert 1 == await store.syncs.settle()
    assert 0 == await store.syncs.settle()
    assert [7] * 700 + [0] * 700 == await on_hand(store, SKUS)
    with valkey.client() as client:
        partition = store.runner.partition
        assert not client.exists(partition.applying, partition.sync_rows("DC"))
        assert 0 < client.pttl(partition.sync("DC")) <= store.runner.retention.retention_ms


async def test_the_same_count_finishes_what_was_left(store: Store) -> None:
    """The same count again finishes it and has its answer; another one waits until then."""
    said = await header(store)
    state = await store.syncs.add(await store.syncs.begin(said), 0, COUNTED)
    await store.runner.run("sync_commit", "DC", state.token, 700, keeps=False)
    with pytest.raises(SyncInProgress):
        await store.syncs.begin(await header(store, "S2"))
    again = await store.syncs.begin(said, resume=True)
    assert again.result is not None
    assert (700, 700, True) == (again.result.applied, again.result.zeroed, again.result.replayed)
    assert 0 == (await store.syncs.begin(await header(store, "S2"))).row_count


async def test_rows_are_staged_once(store: Store) -> None:
    """An add that is repeated after a lost answer, or that skips rows, says where to go on."""
    state = await store.syncs.begin(await header(store))
    state = await store.syncs.add(state, 0, COUNTED)
    assert 700 == (await store.syncs.add(state, 0, COUNTED)).row_count
    assert 700 == (await store.syncs.add(state, 900, COUNTED)).row_count
    result = await store.syncs.commit(state, 700)
    assert (700, 0) == (result.applied, result.merged)


async def test_a_killed_loader_goes_on(store: Store) -> None:
    """With the same header the staged rows are there; the first loader is out of it."""
    said = await header(store)
    first = await store.syncs.add(await store.syncs.begin(said), 0, COUNTED[:300])
    second = await store.syncs.begin(said, resume=True)
    assert 300 == second.row_count
    with pytest.raises(SyncInProgress):
        await store.syncs.add(first, 300, COUNTED[300:])
    with pytest.raises(SyncInProgress):
        await store.syncs.commit(first, 300)
    second = await store.syncs.add(second, 300, COUNTED[300:])
    assert 700 == (await store.syncs.commit(second, 700)).applied


async def test_a_dropped_count_is_gone(store: Store) -> None:
    """What was dropped takes no rows and no commit, and leaves nothing."""
    state = await store.syncs.add(await store.syncs.begin(await header(store)), 0, COUNTED)
    await store.syncs.drop(state)
    with pytest.raises(SyncInProgress):
        await store.syncs.commit(state, 700)
    partition = store.runner.partition
    keys = partition.sync("DC"), partition.sync_rows("DC")
    assert 0 == await store.runner.connection.execute("EXISTS", *keys)


async def test_staged_rows_go_away_by_themselves(store: Store) -> None:
    """A count that nobody ends does not stay."""
    await store.syncs.add(await store.syncs.begin(await header(store)), 0, COUNTED)
    partition, connection = store.runner.partition, store.runner.connection
    for key in (partition.sync("DC"), partition.sync_rows("DC")):
        assert 0 < await connection.execute("PTTL", key) <= 3_600_000


async def test_a_count_is_bounded(store: Store) -> None:
    """One row more than a count may have is refused before it is staged."""
    state = await store.syncs.begin(await header(store))
    with pytest.raises(InvalidFields) as caught:
        await store.syncs.add(state, SYNC_ROWS_MAX, [("A", 1)])
    assert ["rows"] == [violation.field for violation in caught.value.violations]


async def test_the_first_hundred_refused_are_named(store: Store) -> None:
    """All refused rows are counted, and their positions stay, however many there are."""
    state = await store.syncs.begin(await header(store))
    refused = [(sku, REFUSED) for sku in SKUS[:150]]
    state = await store.syncs.add(state, 0, [*refused, ("", REFUSED)])
    result = await store.syncs.commit(state, 151)
    assert (151, 1_250) == (result.rejected, result.zeroed)
    assert tuple(SKUS[:100]) == result.rejected_skus
    assert [5] * 150 + [0] * 10 == await on_hand(store, SKUS[:160])


async def test_facts_between_the_steps_count_as_their_time_says(store: Store) -> None:
    """While a count is applied, later sales are added and older ones are in it, everywhere."""
    said = await header(store)
    syncs = Syncs(store.runner, work_max=1)
    state = await syncs.add(await syncs.begin(said), 0, COUNTED)

    def sale(sku: str, after_us: int) -> Fact:
        return Fact(
            kind=FactKind.DELTA,
            event_id=f"{sku}{after_us}",
            source="pos",
            sku=sku,
            location="DC",
            observe_us=said.observe_us + after_us,
            quantity=-1,
        )

    async def sell() -> None:
        for sku in (*SKUS, *(f"N{at}" for at in range(200))):
            await store.inventory.apply([sale(sku, -1), sale(sku, 1)])

    await asyncio.gather(syncs.commit(state, 700), sell())
    assert [6] * 700 + [-1] * 700 == await on_hand(store, SKUS)
    assert [-1] * 200 == await on_hand(store, [f"N{at}" for at in range(200)])
