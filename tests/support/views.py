"""Views of markets, written by the test in place of the scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.store.keys import Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

FR = "web/FR"
DE = "web/DE"
NEVER = 2**53 - 1
COMPLETE = f"1 7 3 5 {NEVER} 0 0"
PARTITION = Partition("0")


class Refreshes:
    """Records what is to be recomputed, and lets the test answer for the scripts."""

    def __init__(self, client: redis.Redis) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.epoch = 7
        self.views: list[dict[str | bytes, object]] = []
        self._client = client

    async def __call__(self, market: str, skus: Sequence[str]) -> int:
        """Write the next view, as the scripts would, and answer the epoch."""
        self.asked.append((market, list(skus)))
        if self.views:
            put(self._client, market, self.views.pop(0))
        return self.epoch


def put(client: redis.Redis, market: str, view: dict[str | bytes, object]) -> None:
    """Write fields of a market's view."""
    client.hset(PARTITION.view(market), mapping=view)  # type: ignore[arg-type] # any number does


def calls(client: redis.Redis, command: str) -> int:
    """Return how often the engine ran a command since the test began."""
    count: int = client.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0)
    return count


async def nothing_to_refresh(market: str, skus: Sequence[str]) -> int:
    """Stand in for the scripts where every market is complete."""
    raise AssertionError(f"{market} is complete, yet {len(skus)} SKUs are to be recomputed")


async def nothing_is_limited(market: str, skus: Sequence[str]) -> list[int]:
    """Stand in for the scripts where no quota is in force."""
    raise AssertionError(f"{market} has no quota, yet {len(skus)} SKUs are asked for again")
