"""A call of facts that fails at one row has written nothing: sent again, every row counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.errors import BugError
from sellable.store.connection import Connection
from support.bench import Bench
from support.keyspace import TAG, keyspace, state_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import redis

    from support.server import ValkeyProcess

# Each fails at its last row, whose SKU, supply or reservation is damaged.
POISONED: Final = {
    "count A L0 7 ; count POISON L0 1": "k:POISON",
    "delta A L0 -2 ; delta POISON L0 1": "k:POISON",
    "delta A L0 -2 ; count A L0 4 ; delta POISON L0 1": "k:POISON",
    "delta A L0 -2 ; delta B L0 1": "f:L0:B",
    "count A L0 7 ; count B L0 9": "d:L0:B",
    "shipment A L0 1 r1 ; count POISON L0 1": "k:POISON",
    "shipment A L0 1 r1 ; shipment A L0 1 r2": "r:r2",
    "safety A L0 3 ; blocked A L1 1 ; count POISON L0 1": "k:POISON",
    "future A L0 9 supply=P ; receipt A L0 4 supply=P ; count POISON L0 1": "k:POISON",
    "future A L1 9 supply=R ; count POISON L0 1": "k:POISON",
    "net A L0 1 ; count POISON L0 1": "k:POISON",
    "count A L0 1 ; count B L0 1": "seen",
    "count A L0 1 ; count B L0 2": "feed:erp",
}


@pytest.fixture
async def bench(store_url: str) -> AsyncIterator[Bench]:
    """Give a store with stock, an order, a hold that is due and supplies of which some are over."""
    async with await Connection.open(store_url) as connection:
        bench = Bench(connection)
        await bench.open()
        for line in (
            "future A L1 0 supply=Q",
            "future A L1 0 supply=S",
            "wait 60001",
            "count A L0 9 at=-10",
            "delta A L0 -1 at=-5",
            "delta B L0 3 at=-5",
            "reserve r1 FR A=3",
            "reserve r3 FR A=2 ttl=1000",
            "wait 1000",
        ):
            await bench.call(line)
        yield bench


def poison(client: redis.Redis, name: str) -> Any:
    """Damage a key as a stray client would, and return what it held."""
    kept = client.dump(TAG + name)
    client.delete(TAG + name)
    client.sadd(TAG + name, "stray")
    return kept


def heal(client: redis.Redis, name: str, kept: Any) -> None:
    """Put back what a key held."""
    client.delete(TAG + name)
    if kept is not None:
        client.restore(TAG + name, 0, kept)


@pytest.mark.parametrize(("call", "damaged"), POISONED.items(), ids=POISONED)
async def test_a_row_that_fails_leaves_the_rows_before_it_to_be_sent_again(
    call: str, damaged: str, bench: Bench, valkey: ValkeyProcess
) -> None:
    """Nothing is written while a row fails; later the same call does what it always does."""
    with valkey.client() as client:
        kept = poison(client, damaged)
        before = keyspace(client)
        with pytest.raises(BugError):
            await bench.call(call)
        assert before == keyspace(client)
        heal(client, damaged, kept)
        answer = await bench.call(call)
        assert "DUPLICATE" not in answer
        assert "STALE" not in answer
        assert "A@L0=" in state_text(client)
    assert [] == await bench.differences()
