"""50 that plan at once on scarce stock and scarce days: nobody oversells, and nothing is lost."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.planned import LostRace
from sellable.store.scripts import SCRIPTS
from support.connections import script
from support.planning import (
    DAY,
    PLACES,
    count,
    differences,
    document,
    first_fit,
    hold,
    look,
    opened,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.store.store import Store

TASKS: Final = 50
CONNECTIONS: Final = 5
TRIES_MAX: Final = TASKS  # each lost race is somebody else's hold
CHECKS: Final = "if #short > 0 then"
MARKS: Final = "  mark_short(reservation)\n"  # a hold of what is not there cannot be, for it


async def plan_and_hold(store: Store, name: str, capacities: Mapping[str, int]) -> bool:
    """Plan, hold, and plan again where that was a lost race; False where nothing is left."""
    for _ in range(TRIES_MAX):
        chosen = first_fit(await look(store), capacities)
        if chosen is None:
            return False
        try:
            await store.sourced.reserve(hold(name, chosen))
        except LostRace:
            continue
        return True
    raise AssertionError


async def contest(
    url: str, capacities: Mapping[str, int], units: Mapping[str, int], *, checks: bool
) -> tuple[int, dict[str, int], dict[str, int], list[object]]:
    """Let everybody hold one unit at once; return holds, units and orders, and differences."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(opened(url)) for _ in range(CONNECTIONS)]
        await stores[0].networks.apply(document(capacities))
        await count(stores[0], "A", **units)
        if not checks:
            source = SCRIPTS["reserve_planned"].source
            assert CHECKS in source
            assert MARKS in source
            blind = script(source.replace(CHECKS, "if false then").replace(MARKS, ""))
            for store in stores:
                _exchange(store, blind)
        held = await asyncio.gather(
            *(
                plan_and_hold(stores[at % CONNECTIONS], f"cart-{at}", capacities)
                for at in range(TASKS)
            )
        )
        positions, _ = await stores[0].inventory.positions("A")
        seen = (await look(stores[0])).stock
        return (
            sum(held),
            {one.location: one.reserved for one in positions},
            {place: seen.capacity_taken[place, DAY] for place in PLACES},
            await differences(stores[0]),
        )


def _exchange(store: Store, blind: object) -> None:
    """Have a store run another script in the place of the planned hold."""
    connection = store.runner.connection
    run = connection.script

    async def exchanged(asked: object, keys: object, args: object) -> object:
        is_hold = asked is SCRIPTS["reserve_planned"]
        return await run(blind if is_hold else asked, keys, args)  # type: ignore[arg-type]

    connection.script = exchanged  # type: ignore[method-assign,assignment]


async def test_planning_and_then_taking_oversells(store_url: str) -> None:
    """Without the check in the script both the units and the days are given out too often."""
    capacities, units = {"DC": 3, "SHOP": 4}, {"DC": 5, "SHOP": 2}
    _, reserved, orders, _ = await contest(store_url, capacities, units, checks=False)
    assert reserved["DC"] > units["DC"] or reserved["SHOP"] > units["SHOP"]
    assert orders["DC"] > capacities["DC"] or orders["SHOP"] > capacities["SHOP"]


@pytest.mark.parametrize(
    ("capacities", "units", "held"),
    [
        ({"DC": 3, "SHOP": 4}, {"DC": 5, "SHOP": 2}, {"DC": 3, "SHOP": 2}),
        ({"DC": 100, "SHOP": 100}, {"DC": 6, "SHOP": 7}, {"DC": 6, "SHOP": 7}),
        ({"DC": 6, "SHOP": 7}, {"DC": 100, "SHOP": 100}, {"DC": 6, "SHOP": 7}),
    ],
    ids=["both scarce", "units scarce", "days scarce"],
)
async def test_exactly_what_is_there_is_held(
    capacities: dict[str, int], units: dict[str, int], held: dict[str, int], store_url: str
) -> None:
    """No unit and no order too many, and none is left over while somebody still wants it."""
    found = await contest(store_url, capacities, units, checks=True)
    assert (sum(held.values()), held, held, []) == found
