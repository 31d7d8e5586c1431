"""What is read for a plan, who sees what it holds, and what verify and followers make of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.errors import BugError, IdempotencyConflict, UnknownMarket, UnknownReservation
from sellable.limits import PLAN_BYTES_MAX
from sellable.names import capacity_sku
from sellable.reservation import Line, ReservationFilter, ReserveRequest
from sellable.sourcing.order import SourcingStock
from sellable.store.following import BEGINNING, Due, Follower, escalated, overdue
from sellable.store.keys import Partition
from sellable.store.listing import list_reservations
from sellable.store.planned import Units, open_units
from sellable.store.sourcing_reads import CELLS_PER_CALL, SCRIPTS_PER_TRIP
from support.client import Want
from support.planning import (
    DAY,
    DAYS,
    FR,
    PLACES,
    WANTED,
    count,
    differences,
    document,
    hold,
    look,
    move,
    opened,
)
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.store import Store

KEYS: Final = Partition("0")
CAPACITY: Final = capacity_sku("DC", DAY)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with five units at each of two locations, of which one ships two orders."""
    async with opened(store_url) as store:
        await store.networks.apply(document({"DC": 2}))
        await count(store, "A", DC=5, SHOP=5)
        yield store


async def test_everything_is_read_in_one_round_trip(store: Store) -> None:
    """Numbers, positions, days, reservation and its plan come with one batch of commands."""
    await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
    await look(store, "r1")  # loads the scripts
    batches = []
    pipeline = store.runner.connection.pipeline

    def counted(commands: Any) -> Any:
        batches.append(len(commands))
        return pipeline(commands)

    store.runner.connection.pipeline = counted  # type: ignore[method-assign]
    seen = await look(store, "r1")
    assert [3] == batches
    assert seen.stock == SourcingStock(
        now_ms=seen.stock.now_ms,
        network_version=1,
        skus=("A",),
        locations=PLACES,
        sellable=(10,),
        available=((5, 5),),
        on_hand=((5, 5),),
        daily_outflow=((0.0, 0.0),),
        capacity_taken=dict.fromkeys(DAYS, 0),
    )
    assert seen.reservation is not None
    assert (Units(0, "DC", 1),) == open_units(seen.reservation)
    assert seen.kept is not None
    assert (WANTED, b"plan", 1) == (seen.kept.wanted, seen.kept.plan, seen.kept.sourced_count)
    assert seen.kept == await store.sourced.kept("r1")
    assert await store.sourced.kept("r2") is None
    assert {("DC", DAY): 1, ("SHOP", DAY): 0} == (await look(store)).stock.capacity_taken


async def test_the_largest_order_is_read_in_bounded_scripts(store: Store) -> None:
    """100 SKUs at 4,096 locations, of which two are known, are read by many small scripts."""
    skus = ["A", *(f"S{at}" for at in range(99))]
    places = [*(f"L{at}" for at in range(4_094)), *PLACES]
    days = [(place, DAY + timedelta(at)) for place in places for at in range(2)]
    sent: list[int] = []
    pipeline = store.runner.connection.pipeline

    def kept(commands: Any) -> Any:
        sent.append(len(commands))
        return pipeline(commands)

    store.runner.connection.pipeline = kept  # type: ignore[method-assign]
    seen = (await store.sourced.observe(FR, skus, places, days)).stock
    assert (0, 5, 5) == seen.available[0][-3:]
    assert {-1} == set(seen.sellable[1:])
    assert sum(sent) >= 100 * 4_096 // CELLS_PER_CALL
    assert max(sent) == SCRIPTS_PER_TRIP


async def test_what_cannot_be_read_is_named(store: Store) -> None:
    """A market and a reservation that are not there."""
    with pytest.raises(UnknownMarket):
        await store.sourced.observe("web/IT", ["A"], PLACES, [])
    with pytest.raises(UnknownReservation):
        await look(store, "nobody")


async def test_another_request_under_the_same_id_is_a_conflict(store: Store) -> None:
    """Also where one of the two was not planned."""
    held = await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
    with pytest.raises(IdempotencyConflict) as refused:
        await store.sourced.reserve(hold("r1", Units(0, "DC", 1), wanted=2))
    assert "lines" == refused.value.metadata["field"]
    request = ReserveRequest(reservation_id="r2", market=FR, lines=(Line(sku="A", quantity=1),))
    await store.reservations.reserve(request)
    with pytest.raises(IdempotencyConflict):
        await store.sourced.reserve(hold("r2", Units(0, "DC", 1)))
    await store.sourced.rebind(move(held.reservation, "q", Units(0, "SHOP", 1)))
    other = move(held.reservation, "q", Units(0, "SHOP", 1), content={"moves": "other"})
    with pytest.raises(IdempotencyConflict) as refused:
        await store.sourced.rebind(other)
    assert "moves" == refused.value.metadata["field"]


async def test_a_plan_is_kept_up_to_its_bound(store: Store) -> None:
    """One byte more is refused before anything is held."""
    await store.sourced.reserve(hold("r1", Units(0, "SHOP", 1), plan=b"\xff" * PLAN_BYTES_MAX))
    kept = await store.sourced.kept("r1")
    assert kept is not None
    assert b"\xff" * PLAN_BYTES_MAX == kept.plan
    longer = hold("r2", Units(0, "SHOP", 1), plan=b"x" * (PLAN_BYTES_MAX + 1))
    with pytest.raises(BugError):
        await store.sourced.reserve(longer)
    assert (9,) == (await look(store)).stock.sellable


@pytest.mark.parametrize(
    ("command", "counter"),
    [
        (("HSET", KEYS.sku(CAPACITY), "DC", b"\xff\x01\x00\x00"), "used at DC"),
        (("HSET", KEYS.sku(CAPACITY), "DC", b"\x00\x02\x00\x00"), "reserved at DC"),
        (("HSET", KEYS.sku(CAPACITY), "u:r9", "1"), "used at DC"),
        (("HSET", KEYS.sku(CAPACITY), "u:r1", "1"), f"use of {CAPACITY} of r1"),
        (("HSET", KEYS.view(FR), CAPACITY, "1"), f"sellable in {FR}"),
        (("ZREM", KEYS.index(f"k:{CAPACITY}"), "r1"), "reserved at DC"),
        (("ZREM", KEYS.ship_by, "r1"), "shipby of r1"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
async def test_verify_finds_what_was_planted(
    command: tuple[Any, ...], counter: str, store: Store
) -> None:
    """A day that is wrong in any of its counters is told; one that is right is not."""
    await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
    assert [] == await differences(store)
    await store.runner.connection.execute(*command)
    found: list[Any] = await differences(store)
    assert counter in [difference.counter for difference in found]


async def test_clients_do_not_see_days(store_url: str) -> None:
    """No answer about reservations and no list shows what a plan holds of days."""
    async with service(store_url) as served:
        store, client = served.store, served.client
        await store.networks.apply(document({"DC": 2}))
        await count(store, "A", DC=5, SHOP=5)
        held = await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
        assert ["A"] == [line.sku for line in held.reservation.lines]
        told = await client.confirm("r1")
        assert ["A"] == [line.sku for line in told.lines]
        for wanted in (ReservationFilter(location="DC"), ReservationFilter()):
            (listed,), _ = await list_reservations(store.reservations, wanted, 10, "")
            assert ["A"] == [line.sku for line in listed.lines]
        assert [] == await client.differences()
        with pytest.raises(Exception, match="must not begin with capacity:"):
            await client.reserve("r2", FR, Want(CAPACITY))
        with pytest.raises(Exception, match="must not begin with capacity:"):
            await client.sellable(FR, CAPACITY)


async def test_a_follower_reads_in_order_and_nobody_moves_it_back(store: Store) -> None:
    """Pages follow each other; of two workers the slower one does not undo the faster one's."""
    one, two = (Follower(store.runner, "sourcing", worker) for worker in ("one", "two"))
    await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
    assert BEGINNING == await one.position()
    first = await one.page(BEGINNING, 2)
    rest = await one.page(first[-1].position)
    kinds = [entry.kind for entry in (*first, *rest)]
    assert ["NETWORK", "ON_HAND", "ON_HAND"] == kinds[:3]
    assert ["HELD", "HELD", "SOURCED"] == sorted(kinds[3:])
    last = rest[-1].position
    assert last == await one.advance(BEGINNING, last) == await one.position()
    assert last == await two.advance(BEGINNING, first[-1].position)
    waiting = asyncio.ensure_future(two.page(last, wait_ms=5_000))
    await store.sourced.escalate("r1", "LATE")
    assert [("ESCALATED", "r1", "LATE")] == [
        (entry.kind, entry.reservation_id, entry.source) for entry in await waiting
    ]
    assert [] == await two.page("9999999999999-0", wait_ms=100)


async def test_what_an_entry_causes_is_done_once_by_any_number_of_workers(store: Store) -> None:
    """Two workers that answer one entry at once move the order once, and both know the result."""
    held = await store.sourced.reserve(hold("r1", Units(0, "DC", 1)))
    (entry,) = await Follower(store.runner, "sourcing", "one").page(BEGINNING, 1)
    plans = [
        move(
            held.reservation,
            f"sourcing:{entry.position}",
            Units(0, place, 1),
            content={"entry": entry.position},
        )
        for place in ("SHOP", "DC")
    ]
    answers = await asyncio.gather(*map(store.sourced.rebind, plans))
    assert [False, True] == [answer.replayed for answer in answers]
    assert [(Units(0, "SHOP", 1),)] * 2 == [open_units(one.reservation) for one in answers]


async def test_a_claim_is_one_workers_until_it_gives_up(store: Store) -> None:
    """Another one gets it only then, and cannot give up what is not its own."""
    one, two = (Follower(store.runner, "sourcing", worker) for worker in ("one", "two"))
    assert [True, False] == [await who.claim("r1", 60_000) for who in (one, two)]
    await two.give_up("r1")
    assert await two.claim("r1", 60_000) is False
    await one.give_up("r1")
    assert await two.claim("r1", 60_000) is True


async def test_orders_are_found_by_when_they_should_ship(store: Store) -> None:
    """Open ones in their order, page after page; and those that somebody must decide about."""
    for at in range(3):
        await store.sourced.reserve(hold(f"r{at}", Units(0, "SHOP", 1), ship_by_ms=30 - 10 * at))
    await store.sourced.reserve(hold("never", Units(0, "SHOP", 1), ship_by_ms=0))
    await store.sourced.escalate("r0", "LATE", "no carrier goes there")
    assert [Due("r2", 10), Due("r1", 20)] == await overdue(store.runner, 20)
    assert [Due("r0", 30)] == await overdue(store.runner, 99, after=Due("r1", 20))
    assert ["r0"] == [name for name, _ in await escalated(store.runner)]
    kept = await store.sourced.kept("r0")
    assert kept is not None
    assert {"LATE": "no carrier goes there"} == kept.escalated
    for at in range(3):
        await store.reservations.release(f"r{at}")
    assert [] == await overdue(store.runner, 99)
    assert [] == await escalated(store.runner)


async def test_large_orders_at_risk_are_looked_at_few_at_a_time(store: Store) -> None:
    """However many are asked for, one script looks at about a thousand parts of them."""
    lines = tuple(Line(sku=f"S{at}", quantity=14) for at in range(100))
    for line in lines:
        await count(store, line.sku, DC=7, SHOP=7)
    units = tuple(Units(at, place, 1) for at in range(100) for place in PLACES)
    ids = [f"r{number}" for number in range(7)]
    await store.networks.apply(document({}))
    for name in ids:
        await store.sourced.reserve(hold(name, *units, lines=lines, capacities=()))
        await store.reservations.confirm(name)
    looked_at, found = await store.at_risk._look(ids, 0)
    assert 0 < looked_at == len(found) < 7
    assert ids == [one.reservation.reservation_id for one in await store.at_risk.look(ids, 0)]
