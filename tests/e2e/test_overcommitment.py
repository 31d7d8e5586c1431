"""A back end reports less than is already reserved: whom the shortage falls on, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from sellable.store.keys import Partition
from support.arena import FR, MARKETPLACE, network
from support.client import Client, Want, bound, state_of
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.server import ValkeyProcess

SKU: Final = "SCARCE"
IDS: Final = ("order", "old hold", "young hold")


@pytest.fixture(params=["native", "grpcio"])
async def client(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Have 10 units at DC, all reserved: an order of 4 and two holds of 3, the younger last."""
    async with service(store_url, transport=request.param) as one:
        await one.client.apply_network(network())
        await one.client.count(SKU, "DC", 10)
        # The order is the youngest of all, and yet the last to go short.
        await one.client.reserve("old hold", FR, Want(SKU, 3))
        await one.client.reserve("young hold", FR, Want(SKU, 3))
        await one.client.reserve("order", FR, Want(SKU, 4))
        await one.client.confirm("order")
        yield one.client
        assert [] == await one.client.differences()


async def short(client: Client) -> dict[str, int]:
    """Return the units that each reservation is told to be short of."""
    found = {}
    for name in IDS:
        reservation = await client.get(name)
        found[name] = sum(a.short_quantity for line in reservation.lines for a in line.allocations)
    return found


async def overcommitted(client: Client) -> int:
    """Return the units that DC owes."""
    return (await client.positions(SKU))["DC"].overcommitted_quantity


@pytest.mark.parametrize(
    ("on_hand", "expected"),
    [
        (10, {"order": 0, "old hold": 0, "young hold": 0}),
        (8, {"order": 0, "old hold": 0, "young hold": 2}),
        (5, {"order": 0, "old hold": 2, "young hold": 3}),
        (4, {"order": 0, "old hold": 3, "young hold": 3}),
        (1, {"order": 3, "old hold": 3, "young hold": 3}),
    ],
)
async def test_shortage_falls_on_holds_first_the_youngest_first(
    client: Client, on_hand: int, expected: dict[str, int]
) -> None:
    """What is confirmed is kept whole as long as holds can bear the shortage."""
    await client.count(SKU, "DC", on_hand)
    assert expected == await short(client)
    assert 10 - on_hand == await overcommitted(client)


async def test_shortage_is_not_sold_over(client: Client) -> None:
    """New stock elsewhere goes to those who are owed first: only what is beyond is for sale."""
    await client.count(SKU, "DC", 5)
    await client.count(SKU, "STORE", 4)
    assert [[0], [0]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]
    await client.count(SKU, "STORE", 7)
    assert [[2], [0]] == [await client.sellable(market, SKU) for market in (FR, MARKETPLACE)]


async def test_confirm_moves_a_short_hold_to_where_stock_is(client: Client) -> None:
    """Confirmed, a short hold is bound elsewhere in its market; without that it stays short.

    The order that was whole before stays whole: it does not pay for the hold's confirmation.
    """
    await client.count(SKU, "DC", 5)
    await client.count(SKU, "STORE", 3)
    moved = await client.confirm("young hold")
    assert ("CONFIRMED", {"STORE": 3}) == (state_of(moved), bound(moved))
    assert {"order": 0, "old hold": 2, "young hold": 0} == await short(client)
    stuck = await client.confirm("old hold")
    assert ("CONFIRMED", {"DC": 3}) == (state_of(stuck), bound(stuck))
    assert 2 == stuck.lines[0].allocations[0].short_quantity
    assert {"order": 0, "old hold": 2, "young hold": 0} == await short(client)
    assert 2 == await overcommitted(client)


async def test_clearing_count_is_recorded(client: Client, valkey: ValkeyProcess) -> None:
    """The count that clears the shortage gives everybody their units; the ledger has both."""
    await client.count(SKU, "DC", 5)
    await client.count(SKU, "DC", 12)
    assert dict.fromkeys(IDS, 0) == await short(client)
    assert 0 == await overcommitted(client)
    assert [2] == await client.sellable(FR, SKU)
    assert [("OVERCOMMITTED", 5), ("OVERCOMMITMENT_CLEARED", 0)] == overcommitments(valkey)


async def test_shipping_ends_the_shortage_of_what_is_left(client: Client) -> None:
    """What is shipped or released is owed no more; on hand and reserved fall together."""
    await client.count(SKU, "DC", 5)
    await client.fulfil("order")
    assert 5 == await overcommitted(client)
    assert {"order": 0, "old hold": 2, "young hold": 3} == await short(client)
    await client.release("young hold")
    assert {"order": 0, "old hold": 2, "young hold": 0} == await short(client)
    await client.release("old hold")
    assert 0 == await overcommitted(client)
    assert [1] == await client.sellable(FR, SKU)


def overcommitments(valkey: ValkeyProcess) -> list[tuple[str, int]]:
    """Return what the ledger says about shortages: the kind and the units."""
    with valkey.client() as redis:
        entries = [
            msgspec.msgpack.decode(fields[b"e"])
            for _, fields in redis.xrange(Partition("0").ledger)
        ]
    return [(entry[0], entry[3]) for entry in entries if entry[0].startswith("OVERCOMM")]
