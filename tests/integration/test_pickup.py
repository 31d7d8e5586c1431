"""Click and collect: which locations are answered, in which order, and with what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from support.client import Want, event
from support.pickups import PARIS, SKUS, World, document, find, place, worlds
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Service

TRANSPORTS: Final = pytest.mark.parametrize("transport", ["native", "grpcio"])
LYON: Final = (45.7640, 4.8357)
LILLE: Final = (50.6292, 3.0573)


@pytest.fixture
async def served(store_url: str, transport: str) -> AsyncIterator[Service]:
    """Serve a store that is empty."""
    async with service(store_url, transport=transport) as started:
        yield started


@TRANSPORTS
async def test_nearest_complete_locations_come_first(served: Service) -> None:
    """Only locations that have all come, nearest first, within the radius and up to the limit."""
    client = served.client
    places = (place("LYON", LYON), place("PARIS", PARIS), place("LILLE", LILLE))
    await served.store.networks.apply(document(*places))
    for name, quantity in (("LYON", 9), ("PARIS", 1), ("LILLE", 5)):
        await client.count("A", name, quantity)
    wide: Any = {"radius_km": 1_000.0}
    wanted = Want("A", 2)
    assert [("LILLE", [5], True), ("LYON", [9], True)] == await find(client, wanted, **wide)
    everywhere = await find(client, wanted, include_incomplete=True, **wide)
    assert [("PARIS", [1], False), ("LILLE", [5], True), ("LYON", [9], True)] == everywhere
    assert [("LILLE", [5], True)] == await find(client, wanted, limit=1, **wide)
    assert [("LILLE", [5], True)] == await find(client, wanted, radius_km=250.0)
    assert [] == await find(client, wanted)  # the default radius is 50 km
    assert [("PARIS", [1], True)] == await find(client, Want("A", 1))


@TRANSPORTS
async def test_lines_of_one_sku_are_summed(served: Service) -> None:
    """Two lines of a SKU share what there is, and together they must be covered."""
    await served.store.networks.apply(document(place("PARIS", PARIS)))
    await served.client.count("A", "PARIS", 3)
    await served.client.count("B", "PARIS", 1)
    lines = (Want("A", 2), Want("B", 1), Want("A", 1))
    assert [("PARIS", [3, 1, 3], True)] == await find(served.client, *lines)
    more = (Want("A", 2), Want("B", 1), Want("A", 2))
    assert [] == await find(served.client, *more)
    shown = await find(served.client, *more, include_incomplete=True)
    assert [("PARIS", [3, 1, 3], False)] == shown


@TRANSPORTS
async def test_locations_that_are_no_pickup_location_are_left_out(served: Service) -> None:
    """No pickup, disabled, of another market or without coordinates: not an answer."""
    places = (
        place("OPEN", PARIS),
        place("DC", PARIS, pickup=False),
        place("SHUT", PARIS, enabled=False),
        place("NOWHERE", None),
        place("OTHER", PARIS),
    )
    members = ["OPEN", "DC", "SHUT", "NOWHERE"]
    await served.store.networks.apply(document(*places, members=members))
    for one in places:
        await served.client.count("A", one["id"], 4)
    found = await find(served.client, Want("A"), include_incomplete=True)
    assert [("OPEN", [4], True)] == found


@TRANSPORTS
async def test_market_number_bounds_what_a_location_hands_over(served: Service) -> None:
    """A cap, a buffer and a reservation count here as in every answer of the market."""
    await served.store.networks.apply(document(place("PARIS", PARIS), cap=3))
    await served.client.count("A", "PARIS", 10)
    assert [("PARIS", [3], True)] == await find(served.client, Want("A", 3))
    assert [] == await find(served.client, Want("A", 4))
    await served.store.networks.apply(document(place("PARIS", PARIS), protection_buffer=8))
    assert [("PARIS", [2], True)] == await find(served.client, Want("A", 2))
    await served.client.reserve("r", "web/FR", Want("A", 2))
    found = await find(served.client, Want("A"), include_incomplete=True)
    assert [("PARIS", [0], False)] == found


@TRANSPORTS
async def test_recalled_goods_are_not_handed_over(served: Service) -> None:
    """A location where the SKU is blocked has none of it, and its neighbour still has."""
    await served.store.networks.apply(document(place("ONE", PARIS), place("TWO", PARIS)))
    for name in ("ONE", "TWO"):
        await served.client.count("A", name, 5)
    assert ["APPLIED"] == await served.client.apply(event("A", "ONE", blocked=True))
    found = await find(served.client, Want("A"), include_incomplete=True)
    assert [("ONE", [0], False), ("TWO", [5], True)] == found


@TRANSPORTS
async def test_rules_quotas_and_windows_count(served: Service) -> None:
    """A recall by rule, the rest of a quota and a market that has closed decide here as well."""
    places = (place("ONE", PARIS), place("TWO", PARIS))
    written = json.loads(document(*places))
    written["protections"] = [{"sku": "A", "location": "ONE", "blocked": True}]
    written["quotas"] = [{"market": "web/FR", "sku": "B", "units": 3}]
    await served.store.networks.apply(json.dumps(written))
    for sku in ("A", "B"):
        for name in ("ONE", "TWO"):
            await served.client.count(sku, name, 5)
    shown = await find(served.client, Want("A"), Want("B"), include_incomplete=True)
    assert [("ONE", [0, 3], False), ("TWO", [5, 3], True)] == shown
    await served.client.reserve("r", "web/FR", Want("B", 2))
    assert [("TWO", [5, 1], True)] == await find(served.client, Want("A"), Want("B"))
    assert [] == await find(served.client, Want("A"), Want("B", 2))
    written["markets"][0]["until"] = "2026-01-01T00:00:00Z"
    await served.store.networks.apply(json.dumps(written))
    closed = await find(served.client, Want("A"), include_incomplete=True)
    assert [("ONE", [0], False), ("TWO", [0], False)] == closed


async def test_default_radius_is_a_setting(store_url: str) -> None:
    """Without a radius the service takes the one that it is set to."""
    for radius_km, found in ((300, [("LILLE", [1], True)]), (100, [])):
        async with service(store_url, pickup_radius_km_default=radius_km) as served:
            await served.store.networks.apply(document(place("LILLE", LILLE)))
            await served.client.count("A", "LILLE", 1)
            assert found == await find(served.client, Want("A"))


@TRANSPORTS
async def test_network_change_is_followed_at_once(served: Service) -> None:
    """A location that moves, or is shut, counts so in the first answer after the change."""
    await served.store.networks.apply(document(place("PARIS", PARIS)))
    await served.client.count("A", "PARIS", 1)
    assert [("PARIS", [1], True)] == await find(served.client, Want("A"))
    await served.store.networks.apply(document(place("PARIS", LYON)))
    assert [] == await find(served.client, Want("A"))
    assert [("PARIS", [1], True)] == await find(served.client, Want("A"), near=LYON)
    await served.store.networks.apply(document(place("PARIS", LYON, pickup=False)))
    assert [] == await find(served.client, Want("A"), near=LYON)


@TRANSPORTS
async def test_many_locations_are_asked_for_in_bounded_calls(served: Service) -> None:
    """More locations than one call of the store reads are all found, in order."""
    names = [f"L{at:03}" for at in range(150)]
    places = [place(name, (48 + at / 1_000, 2)) for at, name in enumerate(names)]
    await served.store.networks.apply(document(*places))
    await served.client.count("A", names[-1], 1)
    await served.client.count("A", names[40], 1)
    found = await find(served.client, Want("A"), near=(48, 2))
    assert [(names[40], [1], True), (names[-1], [1], True)] == found
    shown = await find(served.client, Want("A"), near=(48, 2), include_incomplete=True, limit=100)
    assert names[:100] == [name for name, _, _ in shown]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
@pytest.mark.parametrize("transport", ["native"])
async def test_answer_is_that_of_looking_at_every_place(served: Service, world: World) -> None:
    """Whatever the places, their stock and the question: the answer is the simplest one."""
    more: Any = {} if world.cap is None else {"cap": world.cap}
    await served.store.networks.apply(document(*world.places, **more))
    facts = [
        fact
        for one in world.places
        for sku in SKUS
        for fact in (
            event(sku, one["id"], on_hand_quantity=world.stock[one["id"]].get(sku, 0)),
            event(sku, one["id"], blocked=(one["id"], sku) in world.blocked),
        )
    ]
    assert {"APPLIED", "UNCHANGED"} >= set(await served.client.apply(*facts))
    told = await find(
        served.client,
        *world.lines,
        near=world.near,
        radius_km=world.radius_km,
        limit=world.limit,
        include_incomplete=world.include_incomplete,
    )
    assert world.answer() == told
