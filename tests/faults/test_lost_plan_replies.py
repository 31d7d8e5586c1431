"""The reply to a planned call is lost after its script ran: the same call again counts once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.errors import StoreUnavailable
from sellable.reservation import Refusal
from sellable.store.keys import Partition
from sellable.store.planned import RefusedUnits, Units
from sellable.store.scripts import SCRIPTS
from support.connections import answers
from support.planning import count, differences, document, hold, look, move, opened
from support.proxy import Proxy
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from sellable.store.store import Store
    from support.server import ValkeyProcess


async def lose_reply(
    call: Awaitable[object], proxy: Proxy, store: Store, valkey: ValkeyProcess
) -> None:
    """Make a call, and cut the connection once the store has carried it out."""
    with valkey.client() as client:
        before = client.xlen(Partition("0").ledger)

        async def is_done() -> bool:
            return bool(client.xlen(Partition("0").ledger) > before)

        proxy.hold_replies()
        pending = asyncio.ensure_future(call)
        await eventually_async(is_done)
        proxy.cut()
        with pytest.raises(StoreUnavailable) as lost:
            await pending
        assert lost.value.outcome_unknown
        proxy.heal()
    await eventually_async(lambda: answers(store.runner.connection))


async def test_a_planned_call_whose_reply_is_lost_counts_once(
    valkey: ValkeyProcess, store_url: str
) -> None:
    """Hold, move and escalation, sent again with the same id, find what they did before.

    The anomaly first: another id holds twice.
    """
    async with (
        Proxy(valkey.socket_path) as proxy,
        opened(store_url) as direct,
        opened(proxy.url) as store,
    ):
        await direct.networks.apply(document({"DC": 9, "SHOP": 9}))
        await count(direct, "A", DC=5, SHOP=5)
        for script in SCRIPTS.values():
            await direct.runner.connection.load(script)

        await lose_reply(store.sourced.reserve(hold("a", Units(0, "DC", 1))), proxy, store, valkey)
        await store.sourced.reserve(hold("b", Units(0, "DC", 1)))
        assert [5 - 2] == [row[0] for row in (await look(direct)).stock.available]
        await store.reservations.release("b")

        again = await store.sourced.reserve(hold("a", Units(0, "DC", 1)))
        assert again.replayed
        assert again.kept is not None
        assert (b"plan", 1) == (again.kept.plan, again.kept.sourced_count)
        assert [(4, 5)] == list((await look(direct)).stock.available)

        refused = (RefusedUnits(0, "DC", 1, Refusal.NOT_FOUND),)
        planned = move(again.reservation, "q", Units(0, "SHOP", 1), refusals=refused)
        await lose_reply(store.sourced.rebind(planned), proxy, store, valkey)
        moved = await store.sourced.rebind(planned)
        assert moved.replayed
        assert moved.kept is not None
        assert (b"other plan", 2) == (moved.kept.plan, moved.kept.sourced_count)
        stock = (await look(direct)).stock
        assert ([(4, 4)], [(4, 5)]) == (list(stock.available), list(stock.on_hand))

        await lose_reply(store.sourced.escalate("a", "LATE"), proxy, store, valkey)
        assert await store.sourced.escalate("a", "LATE") is False
        assert [] == await differences(direct)
