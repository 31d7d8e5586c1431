"""The oldest counts of many SKUs at many locations: bounded scripts, one after the other."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Final

import pytest

from sellable.stock import Fact, FactKind
from sellable.store.observed import oldest_counts
from support.engine_time import EngineTime
from support.stocking import store_at

if TYPE_CHECKING:
    from support.server import ValkeyProcess

LOCATIONS: Final = 200
SKUS: Final = [f"SKU-{at}" for at in range(80)]
WORK_MAX: Final = 5_000
ENGINE_MS_MAX: Final = 5.0
COUNTED: Final = 60  # of the locations, for each SKU


def network() -> str:
    """Write a network of one market that sells from everywhere."""
    places = [{"id": f"L{at}", "type": "store", "country": "FR"} for at in range(LOCATIONS)]
    market = {"channel": "web", "country": "FR", "locations": [place["id"] for place in places]}
    return json.dumps({"locations": places, "markets": [market]})


@pytest.mark.parametrize("skus", [SKUS, [*SKUS, "unknown"], ["unknown"]], ids=len)
async def test_the_oldest_count_is_found_over_several_scripts(
    skus: list[str], store_url: str, valkey: ValkeyProcess
) -> None:
    """Whatever a script has no room for, the next one looks at; none takes longer than 5 ms."""
    dice, now_us = random.Random(5), time.time_ns() // 1_000
    counted: dict[str, dict[str, int]] = {
        sku: {
            f"L{at}": now_us - dice.randrange(10**9)
            for at in dice.sample(range(LOCATIONS), COUNTED)
        }
        for sku in SKUS
    }
    async with store_at(store_url, retention_ms=10**7) as store:
        await store.networks.apply(network())
        await store.inventory.apply(
            [
                Fact(
                    kind=FactKind.COUNT,
                    event_id=f"{sku}-{location}",
                    source="test",
                    sku=sku,
                    location=location,
                    observe_us=observe_us,
                    quantity=1,
                )
                for sku, places in counted.items()
                for location, observe_us in places.items()
            ]
        )
        expected = [min(counted.get(sku, {"": 0}).values()) for sku in skus]
        engine, scripts = EngineTime(valkey.pid), 0
        read = store.runner.read

        async def measured(name: str, *args: bytes | str | int) -> object:
            nonlocal scripts
            scripts += 1
            with engine.measured(name):
                return await read(name, *args)

        store.runner.read = measured  # type: ignore[method-assign, assignment]
        assert expected == await oldest_counts(store.runner, "web/FR", skus)
        work = len(skus) * (LOCATIONS + 3) + 2 * COUNTED * (len(skus) - skus.count("unknown"))
        assert scripts == -(-work // WORK_MAX)
        assert engine.longest_ms()["observe_times"] < ENGINE_MS_MAX
