"""Sourcing workers as processes, killed again and again: every order at risk is seen to once."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from support.client import Want, event
from support.risk import PARTITION, needless, noted, placed, to_decide
from support.service import service
from support.serving import scrape
from support.sourcing import PLACES, network
from support.wait import eventually_async
from support.workers import ForkedWorkers, workers

if TYPE_CHECKING:
    import redis

    from sellable.store.store import Store
    from support.server import ValkeyProcess
    from support.workers import WorkerProcess

SEED: Final = 20_261_129
KILLS: Final = 10
ORDERS: Final = 40
SKUS: Final = tuple("ABCDEF")
DAY_MS: Final = 24 * 3600 * 1000
QUICK: Final = {
    "sourcing_look_interval_ms": 100,
    "sourcing_claim_after_ms": 200,
    "sourcing_retry_after_ms": 300,
    "log_level": "info",
}


def overcommitted(client: redis.Redis) -> dict[bytes, float]:
    """Return the positions that owe units, and how many."""
    found: Any = client.zrange(PARTITION.overcommitted, 0, -1, withscores=True)
    return dict(found)


async def sourced_by(worker: WorkerProcess) -> float:
    """Return how many orders a worker says that it has sourced anew, as Prometheus hears it."""
    await eventually_async(lambda: asyncio.sleep(0, worker.logged("metrics")))
    samples = await scrape(worker.logged("metrics")[0]["address"])
    return samples["sellable_orders_at_risk_total", (("outcome", "sourced"),)]


async def test_three_workers_see_to_each_order_once(store_url: str, valkey: ValkeyProcess) -> None:
    """The youngest orders move, each once, and the books are right."""
    async with service(store_url) as served:
        client = served.client
        await client.apply_network(network())
        await client.count("A", "NEAR", 30)
        for number in range(30):
            await placed(client, f"order-{number:02}", Want("A"))
        await client.count("A", "DC", 100)
        quick = {**QUICK, "metrics_listen": "127.0.0.1:0"}
        async with workers(store_url, 3, group="sourcing", **quick) as running:
            await client.count("A", "NEAR", 10)
            with valkey.client() as store:

                async def whole() -> bool:
                    return not overcommitted(store)

                async def counted() -> bool:
                    return 20 <= sum([await sourced_by(one) for one in running])

                await eventually_async(whole)
                await eventually_async(counted)
                told_sourced = sum([await sourced_by(one) for one in running])
                assert [0, 0, 0] == [await one.terminate() for one in running]
                told = noted(store, "SOURCED", "ESCALATED")
        wanted = {("SOURCED", f"order-{n:02}"): 1 if n < 10 else 2 for n in range(30)}
        assert (wanted, 20) == (told, told_sourced)
        positions = await client.positions("A")
        assert [(10, 10), (100, 20)] == [
            (positions[name].on_hand_quantity, positions[name].reserved_quantity)
            for name in ("NEAR", "DC")
        ]
        assert [] == await client.differences()


async def at_risk(store: Store) -> set[str]:
    """Return every order that is at risk at this moment."""
    found, after = set(), 0
    while page := await store.at_risk.confirmed(after):
        after = page[-1][1]
        for order in await store.at_risk.look([name for name, _ in page], DAY_MS):
            short = any(one.short for line in order.reservation.lines for one in line.allocations)
            found |= {order.reservation.reservation_id} if short else set()
    return found


async def test_killed_workers_do_nothing_twice_and_leave_nothing(
    store_url: str, valkey: ValkeyProcess
) -> None:
    """While counts flow: in the end each order at risk is listed, and no move was needless."""
    chance = random.Random(SEED)
    async with service(store_url) as served:
        client = served.client
        await client.apply_network(network(split_lines=True))
        await client.apply(
            *(event(sku, place, on_hand_quantity=40) for sku in SKUS for place in PLACES)
        )
        for number in range(ORDERS):
            wants = [
                Want(sku, chance.randint(1, 3)) for sku in chance.sample(SKUS, chance.randint(1, 3))
            ]
            await placed(client, f"order-{number:02}", *wants)
        with ForkedWorkers(store_url, "sourcing", **QUICK) as running, valkey.client() as store:
            for _ in range(3):
                running.start()
            for _ in range(KILLS):
                for _ in range(4):
                    sku, place = chance.choice(SKUS), chance.choice(list(PLACES))
                    await client.count(sku, place, chance.choice((0, 3, 8, 15, 25)))
                before = sum(noted(store, "SOURCED", "ESCALATED").values())

                async def busy(seen: int = before) -> bool:
                    done = sum(noted(store, "SOURCED", "ESCALATED").values()) > seen
                    return done or await at_risk(served.store) <= await listed()

                async def listed() -> set[str]:
                    return {order.reservation.reservation_id for order in await to_decide(client)}

                await eventually_async(busy)
                running.kill(chance.randrange(3))
                running.start()

            async def settled() -> bool:
                return await at_risk(served.store) == await listed() == asked_about(store)

            await eventually_async(settled)
            told = noted(store, "SOURCED", "ESCALATED")
            assert [] == needless(store)
            # Enough went on for something to be done twice.
            assert sum(told.values()) > 1.5 * ORDERS
            assert any(kind == "ESCALATED" for kind, _ in told)
        assert [] == await client.differences()


def asked_about(client: redis.Redis) -> set[str]:
    """Return the orders that somebody is asked about, as the store has noted it."""
    found: Any = client.zrange(PARTITION.escalated, 0, -1)
    return {name.decode() for name in found}


def test_replay_finds_what_is_done_twice(valkey: ValkeyProcess, store_url: str) -> None:
    """The check itself sees a move too many, and a second question."""
    del store_url  # the store is empty

    def note(*entry: object) -> None:
        packed = msgspec.msgpack.encode([*entry, "", 0, []])
        client.xadd(PARTITION.ledger, {b"e": packed})

    with valkey.client() as client:
        for name in ("old", "young"):
            note("HELD", "A", "NEAR", 1, name)
            note("CONFIRMED", "", "", 0, name)
        note("OVERCOMMITTED", "A", "NEAR", 1, "")
        note("SOURCED", "", "", 0, "young")
        note("TRANSFERRED", "A", "NEAR", -1, "young")
        note("TRANSFERRED", "A", "DC", 1, "young")
        note("OVERCOMMITMENT_CLEARED", "A", "NEAR", 0, "")
        assert [] == needless(client)
        note("SOURCED", "", "", 0, "young")
        note("ESCALATED", "", "", 0, "old")
        note("ESCALATED", "", "", 0, "old")
        assert ["young moved without need", "old escalated twice"] == needless(client)
