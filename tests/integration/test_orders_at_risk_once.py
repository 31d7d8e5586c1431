"""Several workers on one finding: what keeps them from doing a thing twice."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from sellable.dispatch.risk import dangers
from sellable.dispatch.worker import acting
from sellable.store.following import Follower
from support.client import Want, bound
from support.risk import DAY_MS, caught_up, needless, noted, placed, worker_of
from support.service import service
from support.sourcing import network

if TYPE_CHECKING:
    from support.server import ValkeyProcess
    from support.service import Service


async def test_two_workers_that_found_the_same_move_it_once(
    risky: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the request id that names the state, the same finding moves an order twice."""
    client = risky.client

    async def moved_twice() -> int:
        """Have two workers act on one look at an order, without any claim between them."""
        found = [
            await risky.store.at_risk.look(["order"], acting_of[0]._policy.late_after_ms)
            for _ in acting_of
        ]
        wrong = [dangers(orders[0], DAY_MS) for orders in found]
        for one, orders, what in zip(acting_of, found, wrong, strict=True):
            await one._sourced_anew(orders[0], what)
        (kept,) = [await risky.store.sourced.kept("order")]
        assert kept is not None
        return kept.sourced_count - 1

    acting_of = [worker_of(risky.store, name)._acting for name in ("a", "b")]
    await placed(client, "order", Want("A"))
    await client.count("A", "DC", 5)
    await client.count("A", "NEAR", 0)
    assert 1 == await moved_twice()
    await client.count("A", "DC", 0)
    await client.count("A", "FAR", 5)
    names = iter("xy")
    monkeypatch.setattr(acting, "request_id", lambda _: next(names))
    assert 3 == await moved_twice()


@pytest.mark.parametrize("guarded", [True, False])
async def test_workers_side_by_side(
    risky: Service, valkey: ValkeyProcess, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """Each order moves once; without claims and request ids the replay of the ledger sees more."""
    client = risky.client
    await client.count("A", "NEAR", 10)
    for number in range(10):
        await placed(client, f"order-{number}", Want("A"))
    await client.count("A", "DC", 50)
    await client.count("A", "NEAR", 0)
    if not guarded:
        names = itertools.count()
        monkeypatch.setattr(acting, "request_id", lambda _: f"any-{next(names)}")
        monkeypatch.setattr(Follower, "claim", lambda *_: asyncio.sleep(0, result=True))
    crowd = [worker_of(risky.store, name) for name in "abc"]
    await asyncio.gather(*(worker.look_through() for worker in crowd))
    assert {"DC": 1} == bound(await client.get("order-0"))
    with valkey.client() as store:
        assert guarded == (needless(store) == [])
        assert guarded == (sum(noted(store, "SOURCED").values()) == 20)


async def test_store_that_nobody_has_used_is_waited_for(store_url: str) -> None:
    """A worker may run before the first network is applied, and then begins at the beginning."""
    async with service(store_url) as one:
        worker = worker_of(one.store)
        assert await worker.follow()
        assert {} == await caught_up(worker)
        await one.client.apply_network(network())
        await one.client.count("A", "NEAR", 1)
        await placed(one.client, "order", Want("A"))
        await one.client.count("A", "NEAR", 0)
        assert 1 == (await caught_up(worker))["escalated"]
