"""One worker in trouble: poison, stops, a lost store, strange keys; every row has one outcome."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.ingest.events import encode
from sellable.limits import EVENTS_PER_CALL_MAX
from support.feed_rows import SOURCE, delta, on_hand, store_of_workers
from support.server import ValkeyProcess
from support.views import calls
from support.wait import eventually_async
from support.workers import PARTITION, letters, outcomes, push, waiting, workers

if TYPE_CHECKING:
    import redis

    from sellable.store.store import Store

LONG_S: Final = 30.0


async def drained(client: redis.Redis, *sources: str) -> None:
    """Wait until nothing waits any more."""

    async def empty() -> bool:
        return not waiting(client, sources or (SOURCE,))

    await eventually_async(empty, LONG_S)


async def test_poison_is_given_up_and_stops_nothing(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """An entry that makes the script fail goes to the dead letters after its tries, whole."""
    with valkey.client() as client:
        client.set(PARTITION.sku("POISON"), "planted")
        good = [[delta(number)] for number in range(50)]
        push(client, SOURCE, *good[:25], [delta(100, "POISON"), delta(101, "POISON")], *good[25:])
        async with workers(store_url, 1, ingest_claim_after_ms=60_000):

            async def rest_applied() -> bool:
                return (
                    outcomes(client, SOURCE) == {"applied": 50} and waiting(client, [SOURCE]) == 1
                )

            await eventually_async(rest_applied)  # long before the entry is tried again
        async with workers(store_url, 1, ingest_tries_max=3) as (worker,):
            await drained(client)
            assert 2 == len(worker.logged("rows_not_applied")[:2])
            assert 0 == await worker.terminate()
        assert {"applied": 50, "dead": 2} == outcomes(client, SOURCE)
        assert 50 == await on_hand(store)
        found = letters(client, SOURCE)
        assert ["dead", "dead"] == [was for *_, was in found]
        assert {"could not be applied in 3 tries"} == {letter[2] for letter in found}
        assert ["e100", "e101"] == [letter[0][1] for letter in found]
        assert 0 == client.xpending(PARTITION.waiting(SOURCE), "sellable")["pending"]


async def test_an_entry_that_ended_its_workers_is_given_up(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """What was delivered as often as allowed and never finished is not tried once more."""
    with valkey.client() as client:
        push(client, SOURCE, [delta(1)])
        stream = PARTITION.waiting(SOURCE)
        client.xgroup_create(stream, "sellable", "0")
        ((_, ((entry, _),)),) = _told(client, "dead-1")
        for number in range(2, 6):
            client.xclaim(stream, "sellable", f"dead-{number}", 0, [entry])
        push(client, SOURCE, [delta(2)])
        async with workers(store_url):
            await drained(client)
        assert {"applied": 1, "dead": 1} == outcomes(client, SOURCE)
        assert "ended or stopped its worker in 5 tries" == letters(client, SOURCE)[0][2]


async def test_the_entries_of_a_dead_worker_are_taken_over(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """What another consumer read and never finished is applied, once it may be claimed."""
    with valkey.client() as client:
        push(client, SOURCE, *([delta(number)] for number in range(250)))
        client.xgroup_create(PARTITION.waiting(SOURCE), "sellable", "0")
        assert 250 == len(_told(client, "dead")[0][1])
        async with workers(store_url, ingest_claim_after_ms=50):

            async def forgotten() -> bool:
                consumers = client.xinfo_consumers(PARTITION.waiting(SOURCE), "sellable")
                return b"dead" not in {consumer["name"] for consumer in consumers}

            await drained(client)
            await eventually_async(forgotten)  # and its name goes after a while
        assert {"applied": 250} == outcomes(client, SOURCE)


async def test_a_store_that_is_full_costs_no_entry_its_tries(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """While nothing can be applied nobody claims, however often: what waits is applied then."""
    stream = PARTITION.waiting(SOURCE)
    with valkey.client() as client:
        client.xgroup_create(stream, "sellable", "0", mkstream=True)
        async with workers(store_url, 1, ingest_claim_after_ms=50, ingest_tries_max=2) as (worker,):

            async def begun() -> bool:
                return bool(worker.logged("source_found"))

            await eventually_async(begun, LONG_S)
            with client.pipeline(transaction=True) as pipe:
                pipe.xadd(stream, {"event": encode(delta(1))})
                pipe.xreadgroup("sellable", "dead", {stream: ">"})
                pipe.execute_command("CONFIG", "SET", "maxmemory", "1")
                pipe.execute()
            client.config_resetstat()

            async def looked() -> bool:
                return calls(client, "xpending") >= 10

            await eventually_async(looked, LONG_S)
            (pending,) = client.xpending_range(stream, "sellable", "-", "+", 10)
            assert 1 == pending["times_delivered"]
            client.config_set("maxmemory", "0")
            await drained(client)
        assert {"applied": 1} == outcomes(client, SOURCE)


def _told(client: redis.Redis, consumer: str) -> Any:
    """Read everything as another consumer."""
    found: Any = client.xreadgroup("sellable", consumer, {PARTITION.waiting(SOURCE): ">"})
    return found if isinstance(found, list) else [(k, v[0]) for k, v in found.items()]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_in_the_middle_of_a_backlog(
    valkey: ValkeyProcess, store_url: str, store: Store, stop: signal.Signals
) -> None:
    """A worker that is asked to end loses nothing, leaves nothing in hand, and exits with 0."""
    with valkey.client() as client:
        push(client, SOURCE, *([delta(n), delta(n + 5_000)] for n in range(3_000)))
        async with workers(store_url, ingest_batch_rows_max=20) as (worker,):

            async def begun() -> bool:
                return sum(outcomes(client, SOURCE).values()) > 100

            await eventually_async(begun, LONG_S)
            assert 0 == await worker.terminate(stop)
            done = outcomes(client, SOURCE)["applied"]
            assert 100 < done < 6_000
            assert 0 == client.xpending(PARTITION.waiting(SOURCE), "sellable")["pending"]
            assert 6_000 == done + 2 * waiting(client, [SOURCE])
            assert done == worker.logged("worker_stopped")[0]["applied"]
        async with workers(store_url):
            await drained(client)
        assert {"applied": 6_000} == outcomes(client, SOURCE)
        assert 6_000 == await on_hand(store)


async def test_the_store_is_started_again_under_a_worker() -> None:
    """A worker waits for its store, and what was pending is applied once when it is back."""
    with ValkeyProcess("--appendonly", "yes", "--appendfsync", "always") as valkey:
        url = valkey.url
        async with store_of_workers(url):
            pass
        with valkey.client() as client:
            push(client, SOURCE, *([delta(number)] for number in range(2_000)))
            async with workers(url, 1, ingest_batch_rows_max=20) as (worker,):
                for enough in (50, 500):

                    async def begun(enough: int = enough) -> bool:
                        return sum(outcomes(client, SOURCE).values()) > enough

                    await eventually_async(begun, LONG_S)
                    valkey.kill()
                    client.connection_pool.disconnect()
                    valkey.start()
                await drained(client)
                assert [] == worker.logged("rows_not_applied")  # an outage is no failure of rows
                assert 0 == await worker.terminate()
            assert {"applied": 2_000} == outcomes(client, SOURCE)
        async with store_of_workers(url) as store:
            assert 2_000 == await on_hand(store)


async def test_a_key_that_is_no_stream_stops_nothing(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """A key of another type, or of no possible source, is told once; streams beside it are read."""
    with valkey.client() as client:
        client.set(PARTITION.waiting("odd"), "planted")
        client.xadd(PARTITION.waiting("x" * 65), {"event": "{}"})
        push(client, SOURCE, [delta(1)])
        async with workers(store_url) as (worker,):
            await drained(client)
            client.delete(PARTITION.waiting(SOURCE))  # a stream may go, and come again
            client.delete(PARTITION.waiting("odd"))
            push(client, "odd", [delta(2, source="odd")])
            push(client, SOURCE, [delta(3)])
            await drained(client, SOURCE, "odd")
            assert 1 == len(worker.logged("source_is_no_stream"))
            assert 1 == len(worker.logged("stream_of_no_source"))
            assert 0 == await worker.terminate()
        assert [{"applied": 2}, {"applied": 1}] == [outcomes(client, s) for s in (SOURCE, "odd")]


async def test_only_the_named_sources_are_read(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """A name is a name, and a pattern is matched; what fits none waits."""
    sources = ("till-1", "till-2", "erp", "pos")
    with valkey.client() as client:
        for source in sources:
            push(client, source, [delta(1, source=source)])
        async with workers(store_url, 1, "--source", "till-*", "--source", "erp"):
            await drained(client, *sources[:3])
        assert 1 == waiting(client, ["pos"])


async def test_odd_entries_are_refused_rows(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """No event field, too many events, one too large, an empty one: one letter for each row."""
    with valkey.client() as client:
        stream = PARTITION.waiting(SOURCE)
        client.xadd(stream, {"evnt": encode(delta(1))})
        push(client, SOURCE, [delta(number) for number in range(EVENTS_PER_CALL_MAX + 1)])
        push(client, SOURCE, [b"x" * 70_000, b""], [delta(9)])
        push(client, SOURCE, [delta(10, source="erp")])
        async with workers(store_url):
            await drained(client)
        rejected = 1 + EVENTS_PER_CALL_MAX + 1 + 2 + 1
        assert {"applied": 1, "rejected": rejected} == outcomes(client, SOURCE)
        found = letters(client, SOURCE)
        assert rejected == len(found)
        assert {
            "the entry has no field named event": 1,
            "the entry has 1001 events, at most 1000 are allowed": 1_001,
            "must have at most 65536 bytes, has 70000": 1,
            "is not JSON: Input is a zero-length, empty document, at character 1": 1,
            "source must be wms as the feed's, or left out, got erp": 1,
        } == Counter(letter[2] for letter in found)


async def test_memory_is_bounded_before_a_huge_backlog(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """However much waits, and however large its entries are, a worker holds little of it."""
    event = encode(delta(1))
    wide = event[:-1] + b',"reason":"' + b"r" * 40_000 + b'"}'  # refused: 40 KB each
    with valkey.client() as client:
        push(client, SOURCE, *([wide] * 20 for _ in range(300)))  # 240 MB
        async with workers(store_url, 1) as (worker,):
            most = 0

            async def empty() -> bool:
                nonlocal most
                most = max(most, worker.rss_kib)
                return not waiting(client, [SOURCE])

            await eventually_async(empty, LONG_S)
            assert 30_000 < most < 120_000
        assert {"rejected": 6_000} == outcomes(client, SOURCE)


async def test_a_busy_source_does_not_starve_the_others(
    valkey: ValkeyProcess, store_url: str, store: Store
) -> None:
    """A row of a quiet source is applied while another source has a large backlog."""
    with valkey.client() as client:
        push(client, "quiet", [delta(1, source="quiet")])
        async with workers(store_url, 1, ingest_batch_rows_max=20):
            await drained(client, "quiet")  # from now on it is known
            backlog = ([delta(n) for n in range(at, at + 20)] for at in range(0, 20_000, 20))
            push(client, SOURCE, *backlog)

            async def begun() -> bool:
                return bool(outcomes(client, SOURCE))

            await eventually_async(begun, LONG_S)
            push(client, "quiet", [delta(2, source="quiet")])
            await drained(client, "quiet")
            assert waiting(client, [SOURCE])
            await drained(client)


async def test_a_worker_without_its_store_says_so(store_url: str) -> None:
    """At the start a store that does not answer ends a worker, with the exit code for it."""
    async with workers("unix:///nowhere/at/all") as (worker,):
        assert 3 == await worker.ended()
        assert "did not answer" in worker.text
