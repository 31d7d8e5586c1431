"""A base says whether deltas are kept of its position; one of an earlier release does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.connection import Connection
from support.bench import Bench
from support.keyspace import TAG, state_text, values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import redis

    from support.server import ValkeyProcess

SKU: Final = f"{TAG}k:A"
BASE: Final = "b:L0"


@pytest.fixture
async def bench(store_url: str) -> AsyncIterator[Bench]:
    """Give a store with a position that was counted, and compare its counters in the end."""
    async with await Connection.open(store_url) as connection:
        bench = Bench(connection)
        await bench.open()
        await bench.call("count A L0 9 at=-9")
        yield bench
        assert [] == await bench.differences()


def base(client: redis.Redis) -> bytes:
    """Return the base as it is stored."""
    found = client.hget(SKU, BASE)
    assert isinstance(found, bytes)
    return found


async def test_a_base_without_deltas_says_so(bench: Bench, valkey: ValkeyProcess) -> None:
    """The mark follows what is kept: none, some, and none again once a count knew them."""
    with valkey.client() as client:
        assert 0 == values(base(client), 7)[6]
        await bench.call("delta A L0 -2 at=-5")
        assert 1 == values(base(client), 7)[6]
        await bench.call("count A L0 9 at=-7")
        assert 1 == values(base(client), 7)[6]
        await bench.call("count A L0 6 at=-3")
        assert 0 == values(base(client), 7)[6]
        assert "A@L0=6/0" in state_text(client)


@pytest.mark.parametrize("call", ["count A L0 4 at=-7", "delta A L0 -2 at=-5", "net A L0 4 at=-7"])
async def test_a_base_of_an_earlier_release_is_asked_for_its_deltas(
    bench: Bench, valkey: ValkeyProcess, call: str
) -> None:
    """Without the mark a late count still takes later deltas in, and a repeat is known."""
    await bench.call("delta A L0 -2 at=-5")
    with valkey.client() as client:
        client.hset(SKU, BASE, base(client)[:-1])
        assert 6 == len(values(base(client), 6))
        answer = await bench.call(call)
        wanted = "DUPLICATE" if call.startswith("delta") else "APPLIED"
        assert f"DONE {wanted}" == answer
        shown = "7" if call.startswith("delta") else "2"
        assert f"A@L0={shown}/0" in state_text(client)
