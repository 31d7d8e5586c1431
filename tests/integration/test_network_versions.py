"""Versions of the network: kept, listed, restored, refused, and tried out beforehand."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from sellable.errors import (
    InvalidNetwork,
    LocationInUse,
    NetworkVersionConflict,
    UnknownVersion,
)
from sellable.maintenance.rollout import Rollout
from sellable.reservation import Line, ReserveRequest
from support.moments import FR, START_MS, Moment, count, network, sellable, stores, switches, window

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.preview import Preview
    from sellable.store.store import Store

VERSIONS_MAX = 3


@pytest.fixture
def clock() -> Moment:
    """Give the time of the test."""
    return Moment()


@pytest.fixture
async def store(store_url: str, clock: Moment) -> AsyncIterator[Store]:
    """Give an empty store that keeps three versions."""
    async with stores(store_url, 1, clock, network_versions_max=VERSIONS_MAX) as (opened,):
        yield opened


def buffered(units: int) -> str:
    """Write a network that differs by the buffer of web/FR."""
    return network(fr={"protection_buffer": units})


def without_store() -> str:
    """Write a network without STORE and what sells from it."""
    document = json.loads(network(fr={"locations": ["DC"]}))
    document["locations"].pop()
    document["markets"].pop()
    return json.dumps(document, indent=1)


def feeds(number: int) -> str:
    """Write a network of so many locations that keep a unit back for each minute of silence."""
    patience = {"stale_after": "1m", "stale_protection_buffer": 1}
    places = [
        {"id": f"L{at}", "type": "store", "country": "FR", **patience} for at in range(number)
    ]
    names = [place["id"] for place in places]
    markets = [{"channel": "web", "country": "FR", "locations": names}]
    return json.dumps({"locations": places, "markets": markets})


async def test_versions_are_kept_with_what_was_said(store: Store, clock: Moment) -> None:
    """Each has its document, author, comment and time, newest first."""
    for units in (1, 2):
        clock.after(units)
        await store.networks.apply(buffered(units), author=f"a{units}", comment=f"c{units}")
    found, before = await store.networks.versions(100, 10)
    told = [(each.version, each.apply_ms, each.author, each.comment) for each in found]
    assert [(2, START_MS + 2, "a2", "c2"), (1, START_MS + 1, "a1", "c1")] == told
    assert 0 == before
    assert buffered(1) == (await store.networks.version(1)).document
    current = await store.networks.in_force()
    assert (2, buffered(2), "a2") == (current.version, current.document, current.author)


async def test_versions_beyond_the_last_few_are_forgotten(store: Store) -> None:
    """As many are kept as the setting says, the one in force with them."""
    for units in range(6):
        await store.networks.apply(buffered(units))
    found, _ = await store.networks.versions(100, 10)
    assert [6, 5, 4] == [each.version for each in found]
    with pytest.raises(UnknownVersion):
        await store.networks.version(3)
    with pytest.raises(UnknownVersion):
        await store.networks.parsed(7)


async def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    """Page by page, every version is listed once; one applied while paging is not."""
    for units in range(3):
        await store.networks.apply(buffered(units))
    first, before = await store.networks.versions(2**63 - 1, 2)
    second, end = await store.networks.versions(before, 2)
    assert ([3, 2], [1]) == ([v.version for v in first], [v.version for v in second])
    assert (2, 0) == (before, end)


async def test_an_old_version_comes_back(store: Store) -> None:
    """A restore is the next version, with the old document; a repeat makes none."""
    await store.networks.apply(buffered(4))
    await store.networks.apply(buffered(0))
    await count(store, 10, "S0")
    dry = await store.networks.restore(1, dry_run=True)
    assert (2, ["market web/FR: protection_buffer 0 -> 4"]) == (dry.version, dry.changes)
    for _ in range(2):
        assert 3 == (await store.networks.restore(1)).version
    assert [6] == await sellable(store, "S0")
    assert "restored from version 1" == (await store.networks.version(3)).comment


async def test_a_restore_names_what_is_gone(store: Store) -> None:
    """Every location that the network no longer has, with its place in that document."""
    await store.networks.apply(json.dumps(json.loads(network()), indent=1))
    await store.networks.apply(without_store())
    with pytest.raises(InvalidNetwork) as refused:
        await store.networks.restore(1)
    (problem,) = refused.value.problems
    assert (9, 10, "locations[1].id") == (problem.line, problem.column, problem.field)
    assert "location 'STORE' is no longer in the network" in problem.description
    assert 3 == (await store.networks.restore(1, bring_back_locations=True)).version


async def test_a_restore_does_not_drop_what_is_held(store: Store) -> None:
    """A location that the old version does not have stays while units are held there."""
    await store.networks.apply(without_store())
    await store.networks.apply(network())
    await count(store, 10, "S0", location="STORE")
    line = Line(sku="S0", quantity=1)
    request = ReserveRequest(reservation_id="r1", market=FR, lines=(line,), ttl_ms=60_000)
    await store.reservations.reserve(request)
    with pytest.raises(LocationInUse) as refused:
        await store.networks.restore(1)
    assert {"location": "STORE", "reservation_count": "1"} == refused.value.metadata
    await store.reservations.release("r1", ())
    assert 3 == (await store.networks.restore(1)).version


async def test_an_expected_version_is_held(store: Store) -> None:
    """Apply and restore are refused where another version is in force, and nothing changes."""
    await store.networks.apply(buffered(1), expected_version=0)
    for call in (
        store.networks.apply(buffered(2), expected_version=0),
        store.networks.restore(1, expected_version=7),
    ):
        with pytest.raises(NetworkVersionConflict) as refused:
            await call
        assert "1" == refused.value.metadata["current"]
    assert 1 == (await store.networks.in_force()).version


async def test_of_two_changes_at_once_one_comes_second(store: Store) -> None:
    """Changes that were made from the same version do not undo each other in silence."""
    await store.networks.apply(buffered(0))
    told = await asyncio.gather(
        *(store.networks.apply(buffered(n), expected_version=1) for n in (1, 2, 3)),
        return_exceptions=True,
    )
    assert 1 == sum(not isinstance(each, Exception) for each in told)
    assert 2 == (await store.networks.in_force()).version


async def test_a_change_meets_a_switch(store: Store, clock: Moment) -> None:
    """A version applied after a switch that nobody had made yet holds what is in force now."""
    rule = {"market": FR, "protection_buffer": 4, **window(1_000)}
    await store.networks.apply(network(rule))
    await count(store, 10, "S0")
    clock.after(1_500)
    await store.networks.apply(network(rule, de={"cap": 3}))
    assert [6] == await sellable(store, "S0")
    clock.after(1_600)
    await store.networks.apply(network(de={"cap": 3}))
    assert [10] == await sellable(store, "S0")


async def test_silence_goes_on_over_versions(store: Store, clock: Moment) -> None:
    """A version that leaves a location's patience alone leaves its silence alone."""
    patience = {"stale_after": "1m", "stale_protection_buffer": 2}
    await store.networks.apply(network(dc=patience))
    await count(store, 10, "S0")
    clock.after(130_000)
    assert [6] == await sellable(store, "S0")
    await store.networks.apply(network(dc=patience | {"tags": ["x"]}))
    assert [6] == await sellable(store, "S0")
    await store.networks.apply(network(dc=patience | {"stale_after": "2m"}))
    assert [8] == await sellable(store, "S0")
    await store.networks.apply(network())
    assert [10] == await sellable(store, "S0")
    await store.networks.apply(network(dc=patience))
    assert [6] == await sellable(store, "S0")
    clock.after(180_000)
    assert [4] == await sellable(store, "S0")


async def test_feeds_that_fall_silent_one_after_the_other_are_few_changes(
    store: Store, clock: Moment
) -> None:
    """Moments of hundreds of feeds do not move the network faster than it can be read."""
    await store.networks.apply(feeds(60))
    for at in range(60):
        clock.after(at * 10)
        await count(store, 10, "S0", location=f"L{at}")
    for passed_ms in range(59_990, 61_010, 10):
        clock.after(passed_ms)
        (number,) = await sellable(store, "S0")
        assert number == (600 if passed_ms < 60_000 else 599 if passed_ms < 61_000 else 540)
    assert ["staleness"] * 5 == await switches(store)
    for at in range(60):
        clock.after(61_010 + at * 10)
        await count(store, 10, "S0", location=f"L{at}")
        assert [540] == await sellable(store, "S0")
    clock.after(62_000)
    assert [600] == await sellable(store, "S0")
    assert ["staleness"] * 9 == await switches(store)


async def previewed(store: Store, document: str) -> Preview:
    """Try a document out, and return the last that was told."""
    told = [each async for each in store.networks.preview(document)]
    assert [False] * (len(told) - 1) + [True] == [each.done for each in told]
    assert sorted(each.fraction for each in told) == [each.fraction for each in told]
    return told[-1]


async def test_a_preview_says_what_would_change(store: Store) -> None:
    """By market: what enters and leaves sale, and units; a SKU of two locations counts once."""
    await store.networks.apply(network())
    await count(store, 2, "S0", "S1")
    await count(store, 5, "S1", "S2", location="STORE")
    told = await previewed(store, network(fr={"protection_buffer": 3}, de={"cap": 4}))
    rows = [(m.market, m.entering, m.leaving, m.changed, m.added, m.removed) for m in told.markets]
    assert [("web/DE", 0, 0, 2, 0, 2), ("web/FR", 0, 1, 3, 0, 8)] == rows
    assert (3, 1.0, 1) == (told.checked, told.fraction, told.version)
    assert 2 == len(told.changes)
    assert [2, 7, 5] == await sellable(store, "S0", "S1", "S2")
    keys = await store.runner.connection.execute("KEYS", "*:net:*")
    assert [] == keys


async def test_a_preview_of_what_is_in_force_changes_nothing(store: Store, clock: Moment) -> None:
    """Also where a switch is due that nobody made, and before any network."""
    assert [] == (await previewed(store, network())).markets
    rule = {"market": FR, "protection_buffer": 4, **window(1_000)}
    await store.networks.apply(network(rule))
    await count(store, 10, "S0")
    clock.after(1_500)
    assert [] == (await previewed(store, network(rule))).markets
    (market,) = (await previewed(store, network())).markets
    assert (FR, 4) == (market.market, market.added)


async def test_a_preview_of_a_wrong_document_is_refused(store: Store) -> None:
    """With the places of its problems."""
    document: dict[str, Any] = json.loads(network())
    document["locations"][0]["country"] = "XX"
    with pytest.raises(InvalidNetwork):
        await previewed(store, json.dumps(document))


async def test_a_roll_out_is_through(store: Store) -> None:
    """After a change and its roll-out nothing is left to do."""
    await store.networks.apply(network())
    await count(store, 10, "S0")
    await store.networks.apply(buffered(2))
    assert 0.0 == await store.networks.rollout_fraction()
    assert await Rollout(store.runner).step()
    assert 1.0 == await store.networks.rollout_fraction()
