"""What sourcing costs in the engine: a look at the stock of an order, and carrying out its plan.

    python loadtests/plan_cost.py

Engine time is that of EVALSHA in `commandstats`, of the quietest of several rounds. A look is
several scripts that are sent together; the longest of them reads 1,000 cells. A third of the
locations have the SKUs. Exits with 1 if a script of a look takes longer than 2 ms.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from typing import Final

from rich.console import Console
from rich.table import Table

from script_cost import Case, engine_us, stocked
from sellable.reservation import Line
from sellable.store.planned import DayCapacity, PlannedHold, PlannedMove, Units, Wanted
from sellable.store.sourcing_reads import CELLS_PER_CALL

ROUNDS = 10
CALLS = 100
LONGEST_US_MAX = 2_000.0
FR: Final = "web0/FR"
DAY: Final = date(2100, 1, 1)
WANTED: Final = Wanted(country="FR", latitude=48.9, longitude=2.4)
LOOKS: Final = tuple(
    Case(
        name=f"{skus} SKUs x {locations} locations",
        markets=1,
        locations=locations,
        stocked=range(0, locations, 3),
        skus=skus,
    )
    for skus, locations in ((3, 50), (10, 50), (12, 500), (100, 1_000))
)


async def measure_look(case: Case) -> tuple[float, float, float]:
    """Return microseconds of a look, of its longest script, and of the days of all locations."""
    skus = [case.sku(at) for at in range(case.skus)]
    places = [f"L{at}" for at in range(case.locations)]
    days = [(place, DAY) for place in places]
    width = max(1, CELLS_PER_CALL // len(skus))
    async with stocked(case) as store:
        observe = store.sourced.observe
        calls = (
            lambda _: observe(FR, skus, places, []),
            lambda _: observe(FR, skus, places[:width], []),
            lambda _: observe(FR, skus, [], []),
            lambda _: observe(FR, [], [], days),
        )
        look, part, head, only_days = [
            min([await engine_us(store, 5, call) for _ in range(ROUNDS)]) for call in calls
        ]
    return look, max(head, part - head), only_days


def hold(case: Case, name: str, at: int, *, day: bool) -> PlannedHold:
    """Plan a hold of one unit."""
    return PlannedHold(
        reservation_id=name,
        market=FR,
        lines=(Line(sku=case.sku(at), quantity=1),),
        ttl_ms=600_000,
        content={},
        units=(Units(0, "L0", 1),),
        capacities=(DayCapacity("L0", DAY),) if day else (),
        wanted=WANTED,
        plan=b"x" * 1_000,
        ship_by_ms=1,
    )


async def measure_plans() -> dict[str, float]:
    """Return microseconds of holds and moves of one unit, and of shipping it."""
    case = Case(name="two", markets=1, locations=2, stocked=range(2))
    found: dict[str, list[float]] = {}
    async with stocked(case) as store:
        for turn in range(ROUNDS):
            for day in (False, True):

                async def reserve(at: int, turn: int = turn, day: bool = day) -> None:  # noqa: FBT001
                    await store.sourced.reserve(hold(case, f"p{turn}-{day}-{at}", at, day=day))

                async def rebind(at: int, turn: int = turn, day: bool = day) -> None:  # noqa: FBT001
                    days = (DayCapacity("L1", DAY),) if day else ()
                    planned = PlannedMove(
                        reservation_id=f"p{turn}-{day}-{at}",
                        request_id="q",
                        content={},
                        seen=(Units(0, "L0", 1),),
                        units=(Units(0, "L1", 1),),
                        capacities=days,
                        wanted=WANTED,
                        plan=b"x" * 1_000,
                        ship_by_ms=1,
                    )
                    await store.sourced.rebind(planned)

                async def fulfil(at: int, turn: int = turn, day: bool = day) -> None:  # noqa: FBT001
                    await store.reservations.fulfil(f"p{turn}-{day}-{at}")

                for name, call in (("hold", reserve), ("move", rebind), ("fulfilment", fulfil)):
                    row = f"{name} of one unit" + (" and a day" if day else "")
                    found.setdefault(row, []).append(await engine_us(store, CALLS, call))
    return {name: min(costs) for name, costs in found.items()}


async def main() -> int:
    """Measure everything and print the tables."""
    looks = Table("a look at", "engine time", "the longest script", "and the days")
    longest_us = 0.0
    for case in LOOKS:
        look, longest, days = await measure_look(case)
        longest_us = max(longest_us, longest)
        looks.add_row(case.name, f"{look:,.0f} us", f"{longest:,.0f} us", f"{days:,.0f} us")
    plans = Table("planned", "engine time")
    for name, cost in (await measure_plans()).items():
        plans.add_row(name, f"{cost:.1f} us")
    Console().print(looks, plans)
    return int(longest_us > LONGEST_US_MAX)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
